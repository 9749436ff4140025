"""Rules against spam: what they look for, whom they concern, what they do, how often they did."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social import audit, spam_rules
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import SpamRule
from potluck.social.spam_rules import Wish
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.composing import form_errors
from potluck.web.forms import Form, choices
from potluck.web.i18n import _, _l
from potluck.web.types import AnyRequest

KINDS = {"words": _l("Words or phrases"), "links": _l("Links, from a number on"),
         "mentions": _l("Mentions, from a number on")}
ACTIONS = {"hold": _l("Hold the post back for review"), "silence": _l("Limit the account"),
           "reject": _l("Refuse the post")}
ORIGINS = {"all": _l("Everyone"), "local": _l("People here"), "remote": _l("People of other servers")}


@get("/admin/spam")
async def index(request: AnyRequest, staff: Me) -> Response[Any]:
    """All rules, and the form for a new one."""
    return await _index(request, {}, None)


async def _index(request: AnyRequest, errors: dict[str, str], wish: Wish | None) -> Response[Any]:
    async with request.app.state.db.read() as session:
        rows = await spam_rules.all_(session)
    shown = [{"id": row.id, "title": row.title, "kind": _(KINDS[row.kind]), "action": _(ACTIONS[row.action]),
              "hits": row.hits, "enabled": row.enabled} for row in rows]
    return await pages.render(
        request, "admin/spam.html", heading=_("Rules against spam"), up="/admin", rows=shown, errors=errors,
        rule=wish or Wish("", "words", "hold"), status=422 if errors else 200, **_choices())


def _choices() -> dict[str, Any]:
    return {name: choices(words) for name, words in (("kinds", KINDS), ("actions", ACTIONS), ("origins", ORIGINS))}


@get("/admin/spam/{rule_id:int}")
async def show(request: AnyRequest, staff: Me, rule_id: PathId) -> Response[Any]:
    """One rule."""
    async with request.app.state.db.read() as session:
        row = await spam_rules.one(session, rule_id)
    return await _show(request, row, row, {})


async def _show(request: AnyRequest, row: SpamRule, rule: SpamRule | Wish, errors: dict[str, str]) -> Response[Any]:
    return await pages.render(request, "admin/spam_rule.html", heading=row.title, up="/admin/spam", row=row, rule=rule,
                              errors=errors, status=422 if errors else 200, **_choices())


def _wish(form: Form) -> Wish:
    return Wish(
        title=form.text("title"), kind=form.text("kind"), action=form.text("action"),
        patterns=form.text("patterns", limit=60_000).splitlines(), threshold=form.whole("threshold", 0) or 0,
        new_days=form.whole("new_days", 0) or 0, strangers_only=form.flag("strangers_only"),
        origin=form.text("origin", "all"), enabled=form.flag("enabled"))


@post("/admin/spam", status_code=303)
async def add(request: AnyRequest, staff: Me, form: SentForm) -> Response[Any]:
    """Make a rule."""
    wish = _wish(form)
    try:
        async with request.app.state.db.write() as session:
            row = await spam_rules.save(session, wish)
            await audit.record(session, staff.user.id, "spam_rule_add", row.title)
    except Invalid as error:
        return await _index(request, form_errors(error), wish)
    return flashes.with_flash(redirects.see_other("/admin/spam"), "good", _("Saved."))


@post("/admin/spam/{rule_id:int}/{verb:str}", status_code=303)
async def act(request: AnyRequest, staff: Me, form: SentForm, rule_id: PathId, verb: PathWord) -> Response[Any]:
    """Change a rule, or take it away."""
    if verb not in {"change", "remove"}:
        raise NotFound
    wish = _wish(form)
    async with request.app.state.db.read() as session:
        before = await spam_rules.one(session, rule_id)
    try:
        async with request.app.state.db.write() as session:
            if verb == "change":
                await spam_rules.save(session, wish, rule_id)
            else:
                await spam_rules.remove(session, rule_id)
            await audit.record(session, staff.user.id, f"spam_rule_{verb}", before.title)
    except Invalid as error:
        return await _show(request, before, wish, form_errors(error))
    return flashes.with_flash(redirects.see_other("/admin/spam"), "good", _("Saved."))


route_handlers = [index, show, add, act]
