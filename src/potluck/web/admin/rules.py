"""The rules of this server: written, put in order, taken away."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social import audit, site_texts
from potluck.social.errors import Invalid, NotFound
from potluck.web import flashes, pages, redirects
from potluck.web.about import USUAL_RULES
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.composing import form_errors
from potluck.web.i18n import _
from potluck.web.types import AnyRequest


@get("/admin/rules")
async def index(request: AnyRequest, admin: Me) -> Response[Any]:
    """All rules, each with its form, and the form for a new one."""
    return await _index(request, {}, {})


async def _index(request: AnyRequest, errors: dict[str, str], values: dict[str, str]) -> Response[Any]:
    async with request.app.state.db.read() as session:
        rows = await site_texts.rules(session)
    return await pages.render(request, "admin/rules.html", heading=_("Rules"), up="/admin", rows=rows, errors=errors,
                              values=values, usual=[_(text) for text in USUAL_RULES],
                              status=422 if errors else 200)


@post("/admin/rules", status_code=303)
async def add(request: AnyRequest, admin: Me, form: SentForm) -> Response[Any]:
    """Write a rule."""
    try:
        async with request.app.state.db.write() as session:
            made = await site_texts.save_rule(session, form.text("text", limit=5000),
                                              hint=form.text("hint", limit=5000))
            await audit.record(session, admin.user.id, "add_rule", made.text)
    except Invalid as error:
        return await _index(request, form_errors(error), form.kept("text", "hint"))
    return flashes.with_flash(redirects.see_other("/admin/rules"), "good", _("Saved."))


@post("/admin/rules/{rule_id:int}/{verb:str}", status_code=303)
async def act(request: AnyRequest, admin: Me, form: SentForm, rule_id: PathId, verb: PathWord) -> Response[Any]:
    """Change a rule, move it up, or take it away."""
    try:
        async with request.app.state.db.write() as session:
            match verb:
                case "change":
                    await site_texts.save_rule(session, form.text("text", limit=5000),
                                               hint=form.text("hint", limit=5000), rule_id=rule_id)
                case "up":
                    await site_texts.move_rule(session, rule_id, -1)
                case "remove":
                    await site_texts.delete_rule(session, rule_id)
                case _:
                    raise NotFound
            await audit.record(session, admin.user.id, f"{verb}_rule", str(rule_id))
    except Invalid as error:
        return await _index(request, form_errors(error), {})
    return flashes.with_flash(redirects.see_other("/admin/rules"), "good", _("Saved."))


route_handlers = [index, add, act]
