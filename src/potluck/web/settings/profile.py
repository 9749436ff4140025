"""Editing one's profile."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from potluck.social.errors import Invalid
from potluck.social.profiles import update_profile
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, SentForm
from potluck.web.auth import acting
from potluck.web.composing import form_errors
from potluck.web.i18n import _
from potluck.web.presenters.people import profile_path
from potluck.web.trusted import plain_text
from potluck.web.types import AnyRequest

FIELDS = 4
FLAGS = ("locked", "discoverable", "indexable", "hide_collections")


@get("/settings/profile")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """The form, filled with what is there."""
    actor = me.actor
    values: dict[str, Any] = {"display_name": actor.display_name, "summary": actor.summary_source or "",
                              "bot": actor.type == "Service"}
    values |= {name: getattr(actor, name) for name in FLAGS}
    rows = [{"name": item.get("name", ""), "value": item.get("source") or plain_text(str(item.get("value", "")), 1000)}
            for item in actor.fields]
    return await _form(request, values, rows, {})


async def _form(request: AnyRequest, values: dict[str, Any], rows: list[dict[str, str]],
                errors: dict[str, str]) -> Response[Any]:
    padded = rows + [{"name": "", "value": ""}] * max(0, FIELDS - len(rows))
    return await pages.render(request, "settings/profile.html", heading=_("Profile"), values=values, rows=padded,
                              errors=errors, status=422 if errors else 200)


@post("/settings/profile", status_code=303)
async def save(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Save the profile; followers' servers are told."""
    names = [(form.text(f"field_name_{number}", limit=1000), form.text(f"field_value_{number}", limit=2000))
             for number in range(max(FIELDS, len(me.actor.fields)))]
    flags = {name: form.flag(name) for name in (*FLAGS, "bot")}
    try:
        async with request.app.state.db.write() as session:
            await update_profile(
                session, await acting(session, me), display_name=form.text("display_name"),
                note=form.text("summary", limit=20_000), fields=[pair for pair in names if any(pair)], **flags)
    except Invalid as error:
        rows = [{"name": name, "value": value} for name, value in names]
        errors = {"summary" if field == "note" else field: text for field, text in form_errors(error).items()}
        return await _form(request, {**form.kept("display_name", "summary"), **flags}, rows, errors)
    return flashes.with_flash(redirects.see_other(profile_path(me.actor)), "good", _("Your profile is saved."))


route_handlers = [show, save]
