"""Announcements: read and put away by everybody with an account, written by the staff."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social import announcements
from potluck.social.announcements import AnnouncementView
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Announcement
from potluck.web import composing, flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.i18n import _, said
from potluck.web.presenters.times import shown_time
from potluck.web.trusted import trusted_html
from potluck.web.types import AnyRequest


def shown(view: AnnouncementView) -> dict[str, Any]:
    """An announcement for a page."""
    row = view.row
    return {"id": row.id, "html": trusted_html(row.content, row.emojis), "read": view.read,
            "time": shown_time(row.published_at or row.created_at),
            "starts": shown_time(row.starts_at) if row.starts_at else None,
            "ends": shown_time(row.ends_at) if row.ends_at else None}


@get("/announcements")
async def index(request: AnyRequest, me: Me) -> Response[Any]:
    """What the people who run this server tell."""
    async with request.app.state.db.read() as session:
        found = await announcements.for_reader(session, me.actor.id)
    return await pages.render(request, "about/announcements.html", rows=[shown(view) for view in found])


@post("/announcements/{announcement_id:int}/dismiss", status_code=303)
async def dismiss(request: AnyRequest, me: Me, form: SentForm, announcement_id: PathId) -> Response[Any]:
    """Put an announcement away."""
    async with request.app.state.db.write() as session:
        await announcements.dismiss(session, announcement_id, me.actor.id)
    return redirects.see_other(redirects.safe_path(form.text("back", limit=2000), "/announcements"))


@get("/admin/announcements")
async def desk(request: AnyRequest, staff: Me) -> Response[Any]:
    """All announcements, and the form for a new one; `edit` names one to change."""
    return await _desk(request, {}, None)


async def _desk(request: AnyRequest, errors: dict[str, str], values: dict[str, str] | None) -> Response[Any]:
    async with request.app.state.db.read() as session:
        rows = await announcements.all_(session)
    wanted = request.query_params.get("edit", "")
    chosen = next((row for row in rows if str(row.id) == wanted), None)
    return await pages.render(
        request, "admin/announcements.html", heading=_("Announcements"), up="/admin", errors=errors,
        values=values or _values(chosen), status=422 if errors else 200,
        rows=[{"id": row.id, "text": row.source, "published": row.published_at is not None,
               "time": shown_time(row.published_at or row.created_at)} for row in rows])


def _values(row: Announcement | None) -> dict[str, str]:
    if row is None:
        return {"id": "", "text": "", "ends": ""}
    return {"id": str(row.id), "text": row.source, "ends": f"{row.ends_at:%Y-%m-%dT%H:%M}" if row.ends_at else ""}


@post("/admin/announcements", status_code=303)
async def save(request: AnyRequest, staff: Me, form: SentForm) -> Response[Any]:
    """Write an announcement, or change one."""
    try:
        ends = composing.moment_of("ends", form.text("ends", limit=40), 0)
        async with request.app.state.db.write() as session:
            await announcements.save(session, form.text("text", limit=100_000), ends_at=ends,
                                     publish_now=not form.flag("draft"), announcement_id=form.whole("id"))
    except Invalid as error:
        field = {"ends_at": "ends"}.get(error.field, error.field)
        return await _desk(request, {field: said(error).removeprefix("Validation failed: ")},
                           form.kept("id", "text", "ends"))
    return flashes.with_flash(redirects.see_other("/admin/announcements"), "good", _("Saved."))


@post("/admin/announcements/{announcement_id:int}/{verb:str}", status_code=303)
async def change(request: AnyRequest, staff: Me, announcement_id: PathId, verb: PathWord) -> Response[Any]:
    """Take an announcement back, or delete it."""
    acts = {"unpublish": announcements.unpublish, "delete": announcements.delete}
    if verb not in acts:
        raise NotFound
    async with request.app.state.db.write() as session:
        await acts[verb](session, announcement_id)
    return flashes.with_flash(redirects.see_other("/admin/announcements"), "good", _("Done."))


route_handlers = [index, dismiss, desk, save, change]
