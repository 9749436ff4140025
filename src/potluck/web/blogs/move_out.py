"""Taking a blog away: as text files with their pictures, or in the form of WordPress' export."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Response

from potluck import jobs
from potluck.handlers import get, post
from potluck.media.quotas import readable
from potluck.social.accounts.rate_limits import Limiter
from potluck.social.blogs import authors
from potluck.social.errors import NotFound
from potluck.transfer.blogs import leaving, packing
from potluck.web import downloads, flashes, pages, redirects
from potluck.web.asking import Me, PathWord, SentForm
from potluck.web.blogs.move_in import own_or_blog
from potluck.web.i18n import _
from potluck.web.presenters.jobs import shown_job
from potluck.web.presenters.moving import FORMS
from potluck.web.presenters.people import shown_person
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

_packings = Limiter(burst=10, seconds_each=600)
_TYPES = {"markdown": "application/zip", "wxr": "application/xml"}


@get("/{handle:str}/desk/export")
async def show(request: AnyRequest, me: Me, handle: PathWord) -> Response[Any]:
    """What can be had; how far it is; what is ready."""
    async with request.app.state.db.read() as session:
        target = await own_or_blog(session, me, handle, authors.OWNER)
        key = packing.key_of(me.actor.id, target.id)
        job = (await jobs.progress(session, [key])).get(key)
        count = await leaving.total(session, target.id)
    found = await asyncio.to_thread(packing.ready, me.actor.id, target.id)
    return await pages.render(
        request, "blogs/export.html", person=shown_person(target), own=target.id == me.actor.id,
        action=f"/{handle}/desk/export", count=count, job=shown_job(job) if job else None,
        busy=job is not None and job.unfinished, kept_days=packing.KEPT_DAYS,
        forms=[{"value": form, "label": _(label), "hint": _(hint)} for form, (label, hint) in FORMS.items()],
        ready={"size": readable(found.size), "time": shown_time(found.made_at), "label": _(FORMS[found.form][0]),
               "url": f"/{handle}/desk/export/{found.form}.{packing.FORMS[found.form]}"} if found else None)


@post("/{handle:str}/desk/export", status_code=303)
async def pack(request: AnyRequest, me: Me, form: SentForm, handle: PathWord) -> Response[Any]:
    """Have the blog packed; what was packed before is thrown away."""
    async with request.app.state.db.write() as session:
        target = await own_or_blog(session, me, handle, authors.OWNER)
        _packings.take(str(me.user.id))
        await jobs.enqueue(session, packing.PACK, target.id, form.one_of("form", tuple(packing.FORMS), "markdown"),
                           form.flag("drafts"), owner_id=me.actor.id, key=packing.key_of(me.actor.id, target.id),
                           subject=target.display_name or target.name)
    return flashes.with_flash(redirects.see_other(f"/{handle}/desk/export"), "good",
                              _("It is being packed. You find it here when it is ready."))


@post("/{handle:str}/desk/export/drop", status_code=303)
async def drop(request: AnyRequest, me: Me, handle: PathWord) -> Response[Any]:
    """Throw away what is packed."""
    async with request.app.state.db.read() as session:
        target = await own_or_blog(session, me, handle, authors.OWNER)
    await asyncio.to_thread(packing.remove, me.actor.id, target.id)
    return redirects.see_other(f"/{handle}/desk/export")


@get("/{handle:str}/desk/export/{name:str}")
async def packed(request: AnyRequest, me: Me, handle: PathWord, name: PathWord) -> Response[Any]:
    """The packed blog."""
    async with request.app.state.db.read() as session:
        target = await own_or_blog(session, me, handle, authors.OWNER)
    found = await asyncio.to_thread(packing.ready, me.actor.id, target.id)
    if found is None or found.path.name != name:
        raise NotFound
    return downloads.answer(request, found.path, found.size,
                            f"{target.name}-{found.made_at:%Y-%m-%d}.{packing.FORMS[found.form]}", _TYPES[found.form])


route_handlers = [show, pack, drop, packed]
