"""App passwords: list, make, take back."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social.accounts import app_passwords
from potluck.social.errors import Invalid
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, SentForm
from potluck.web.auth import Viewer
from potluck.web.composing import form_errors
from potluck.web.forms import choices
from potluck.web.i18n import _, _l
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

LABELS = {
    "peertube": _l("Video (PeerTube apps)"), "lemmy": _l("Links and communities (Lemmy apps)"),
    "writefreely": _l("Blogs (WriteFreely apps)"), "subsonic": _l("Music (Subsonic apps)"),
    "metaweblog": _l("Blog editors (MetaWeblog)"), "caldav": _l("Calendars (CalDAV)"),
}


async def _page(request: AnyRequest, me: Viewer, *, made: str = "",
                errors: dict[str, str] | None = None) -> Response[Any]:
    async with request.app.state.db.read() as session:
        rows = await app_passwords.all_of(session, me.user.id)
    shown = [{"id": row.id, "name": row.name, "family": _(LABELS.get(row.family, row.family)),
              "created": shown_time(row.created_at),
              "used": shown_time(row.last_used_at) if row.last_used_at else None} for row in rows]
    families = choices((name, LABELS.get(name, name)) for name in app_passwords.FAMILIES)
    return await pages.render(
        request, "settings/app_passwords.html", heading=_("App passwords"), passwords=shown, families=families,
        made=made, login=me.actor.name, errors=errors or {}, status=422 if errors else 200)


@get("/settings/app-passwords")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """All of them, and the form for a new one."""
    return await _page(request, me)


@post("/settings/app-passwords", status_code=200)
async def create(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Make one, and show it once."""
    try:
        async with request.app.state.db.write() as session:
            made = await app_passwords.create(session, me.user, form.text("name"), form.text("family"))
    except Invalid as error:
        return await _page(request, me, errors=form_errors(error))
    return await _page(request, me, made=made)


@post("/settings/app-passwords/{password_id:int}/revoke", status_code=303)
async def revoke(request: AnyRequest, me: Me, password_id: PathId) -> Response[Any]:
    """Take one back."""
    async with request.app.state.db.write() as session:
        await app_passwords.revoke(session, me.user.id, password_id)
    return flashes.with_flash(redirects.see_other("/settings/app-passwords"), "good",
                              _("The password is taken back."))


route_handlers = [show, create, revoke]
