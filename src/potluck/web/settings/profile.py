"""Editing one's profile."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.media import attachments
from potluck.media.purposes import FOR_PROFILES, let_go
from potluck.social.errors import Invalid
from potluck.social.profiles import update_profile
from potluck.web import attaching, flashes, pages, redirects
from potluck.web.asking import Me, SentForm
from potluck.web.auth import Viewer, acting
from potluck.web.bringing_files import WITH_FILES
from potluck.web.composing import form_errors
from potluck.web.forms import Form
from potluck.web.i18n import _
from potluck.web.presenters.people import profile_path
from potluck.web.trusted import plain_text
from potluck.web.types import AnyRequest

FIELDS = 4
_WAIT_SECONDS = 15.0
FLAGS = ("locked", "discoverable", "indexable", "hide_collections")
TABS = ("show_media", "show_media_replies")


@get("/settings/profile")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """The form, filled with what is there."""
    actor = me.actor
    values: dict[str, Any] = {"display_name": actor.display_name, "summary": actor.summary_source or "",
                              "bot": actor.type == "Service", "avatar_url": actor.avatar_url or "",
              "header_url": actor.header_url or "", "avatar_description": actor.avatar_description,
              "header_description": actor.header_description}
    values |= {name: getattr(actor, name) for name in FLAGS}
    values |= {name: bool(actor.extra.get(name, True)) for name in TABS}
    rows = [{"name": item.get("name", ""), "value": item.get("source") or plain_text(str(item.get("value", "")), 1000)}
            for item in actor.fields]
    return await _form(request, values, rows, {})


async def _form(request: AnyRequest, values: dict[str, Any], rows: list[dict[str, str]],
                errors: dict[str, str]) -> Response[Any]:
    padded = rows + [{"name": "", "value": ""}] * max(0, FIELDS - len(rows))
    return await pages.render(request, "settings/profile.html", heading=_("Profile"), values=values, rows=padded,
                              errors=errors, status=422 if errors else 200)


@post("/settings/profile", status_code=303, **WITH_FILES)
async def save(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Save the profile; followers' servers are told."""
    names = [(form.text(f"field_name_{number}", limit=1000), form.text(f"field_value_{number}", limit=2000))
             for number in range(max(FIELDS, len(me.actor.fields)))]
    flags = {name: form.flag(name) for name in (*FLAGS, *TABS, "bot")}
    try:
        await _take_pictures(request, me, form)
        async with request.app.state.db.write() as session:
            await update_profile(
                session, await acting(session, me), display_name=form.text("display_name"),
                note=form.text("summary", limit=20_000), fields=[pair for pair in names if any(pair)], **flags,
                **{f"{name}_description": form.text(f"{name}_description", limit=2000) for name in FOR_PROFILES
                   if form.has(f"{name}_description")},
                **{f"{name}_url": None for name in FOR_PROFILES if form.flag(f"{name}_remove")})
            for name in FOR_PROFILES:
                if form.flag(f"{name}_remove"):
                    await let_go(session, me.actor.id, name)
    except Invalid as error:
        rows = [{"name": name, "value": value} for name, value in names]
        errors = {"summary" if field == "note" else field: text for field, text in form_errors(error).items()}
        kept = form.kept("display_name", "summary", "avatar_description", "header_description")
        pictures = {"avatar_url": me.actor.avatar_url or "", "header_url": me.actor.header_url or ""}
        return await _form(request, {**kept, **flags, **pictures}, rows, errors)
    return flashes.with_flash(redirects.see_other(profile_path(me.actor)), "good", _("Your profile is saved."))


async def _take_pictures(request: AnyRequest, me: Viewer, form: Form) -> None:
    """Take new pictures and wait a moment, since one wants to see them on the next page.

    Raises:
        Invalid: one of them cannot be used.
    """
    for name in FOR_PROFILES:
        for file in form.files(name)[:1]:
            media = await attaching.accept(request, me.actor, file, purpose=name)
            media = await attachments.until_prepared(request.app.state.db, me.actor, media, seconds=_WAIT_SECONDS)
            if media.state == "failed":
                raise Invalid(name, media.error or "This picture cannot be used")


route_handlers = [show, save]
