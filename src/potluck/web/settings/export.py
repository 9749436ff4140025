"""Taking one's data along."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Response
from litestar.response import Stream

from potluck import jobs
from potluck.db.base import now
from potluck.handlers import get, post
from potluck.media.quotas import readable
from potluck.social.accounts import export
from potluck.social.accounts.rate_limits import Limiter
from potluck.social.errors import NotFound
from potluck.transfer import archive_out
from potluck.web import downloads, flashes, pages, redirects
from potluck.web.asking import Me, PathWord
from potluck.web.i18n import _, _l
from potluck.web.ports import ports
from potluck.web.presenters.jobs import shown_job
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

LABELS = {
    "following_accounts.csv": _l("Whom I follow"), "followers.csv": _l("Followers"),
    "lists.csv": _l("Lists"), "blocked_accounts.csv": _l("Blocked people"), "muted_accounts.csv": _l("Muted people"),
    "blocked_domains.csv": _l("Hidden servers"), "bookmarks.csv": _l("Bookmarks"),
}

_exports = Limiter(burst=3, seconds_each=600)
_packings = Limiter(burst=3, seconds_each=3600)


@get("/settings/export")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """What the archive has in it; how far the one with files is."""
    key = archive_out.key_of(me.actor.id)
    async with request.app.state.db.read() as session:
        job = (await jobs.progress(session, [key])).get(key)
    found = await asyncio.to_thread(archive_out.ready, me.actor.id)
    return await pages.render(
        request, "settings/export.html", heading=_("Export"), job=shown_job(job) if job else None,
        busy=job is not None and job.unfinished,
        ready={"size": readable(found.size), "time": shown_time(found.made_at)} if found else None,
        kept_days=archive_out.KEPT_DAYS, tables=[{"name": name, "label": _(label)} for name, label in LABELS.items()])


@post("/settings/export", status_code=200)
async def download(request: AnyRequest, me: Me) -> Response[Any]:
    """The archive, made while it is sent."""
    _exports.take(str(me.user.id))
    name = f"potluck-{me.actor.name}-{now():%Y-%m-%d}.zip"
    return Stream(export.archive(request.app.state.db, me.actor.id, ports(request).write_actor),
                  media_type="application/zip",
                  headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"})


@post("/settings/export/pack", status_code=303)
async def pack(request: AnyRequest, me: Me) -> Response[Any]:
    """Have the archive with all files packed; the one before is thrown away."""
    _packings.take(str(me.user.id))
    async with request.app.state.db.write() as session:
        await jobs.enqueue(session, archive_out.NAME, owner_id=me.actor.id, key=archive_out.key_of(me.actor.id))
    return flashes.with_flash(redirects.see_other("/settings/export"), "good",
                              _("Your archive is being packed. You find it here when it is ready."))


@post("/settings/export/drop", status_code=303)
async def drop(me: Me) -> Response[Any]:
    """Throw the packed archive away."""
    await asyncio.to_thread(archive_out.remove, me.actor.id)
    return redirects.see_other("/settings/export")


@get("/settings/export/archive.zip")
async def packed(request: AnyRequest, me: Me) -> Response[Any]:
    """The packed archive, or the part of it that a broken download still wants."""
    found = await asyncio.to_thread(archive_out.ready, me.actor.id)
    if found is None:
        raise NotFound
    return downloads.answer(request, found.path, found.size, f"potluck-{me.actor.name}-{found.made_at:%Y-%m-%d}.zip",
                            "application/zip")


@get("/settings/export/{name:str}")
async def table(request: AnyRequest, me: Me, name: PathWord) -> Response[Any]:
    """One list as CSV."""
    if name not in export.TABLES:
        raise NotFound
    return Stream(export.table(request.app.state.db, me.actor.id, name), media_type="text/csv",
                  headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"})


route_handlers = [show, download, pack, drop, packed, table]
