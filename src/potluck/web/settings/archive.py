"""Bringing an archive of one's posts along: given in, looked through, taken over."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Response

from potluck import jobs
from potluck.handlers import get, post
from potluck.media.multipart_form import read_form
from potluck.media.quotas import TooLarge
from potluck.media.storage import storage_of
from potluck.settings import current
from potluck.social.accounts.rate_limits import Limiter
from potluck.social.errors import Invalid
from potluck.transfer import archive_in, archives
from potluck.web import csrf, flashes, pages, redirects
from potluck.web.asking import Me, SentForm
from potluck.web.auth import Viewer, check_may_post
from potluck.web.composing import form_errors
from potluck.web.i18n import _
from potluck.web.presenters.jobs import shown_job
from potluck.web.types import AnyRequest

MOST = 8 << 30
_archives = Limiter(burst=6, seconds_each=1800)


@get("/settings/archive")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """The form; what was found in an archive; how far it is."""
    return await _page(request, me, {})


async def _page(request: AnyRequest, me: Viewer, errors: dict[str, str]) -> Response[Any]:
    key = archive_in.key_of(me.actor.id)
    async with request.app.state.db.read() as session:
        job = (await jobs.progress(session, [key])).get(key)
    summary = await asyncio.to_thread(archive_in.summary_of, me.actor.id)
    return await pages.render(
        request, "settings/archive.html", heading=_("Bring your posts along"), up="/settings/import", errors=errors,
        job=shown_job(job) if job else None, busy=job is not None and job.unfinished,
        summary=summary if not (job and job.unfinished) else None, status=422 if errors else 200)


@post("/settings/archive", status_code=303, opt=(csrf.READS_ITSELF,), max_body=None)
async def give(request: AnyRequest, me: Me) -> Response[Any]:
    """Take an archive in and have it looked through. The body goes to disk as it comes."""
    check_may_post(me)
    _archives.take(str(me.user.id))
    folder = storage_of(current()).local
    try:
        async with read_form(request.headers.get("content-type", ""), request.stream(), folder, most=MOST) as form:
            csrf.check_token(request, form.text(csrf.FIELD))
            sent = form.files.get("file")
            if sent is None or not sent.size:
                return await _page(request, me, {"file": _("Please choose a file")})
            await _refuse_while_busy(request, me)
            await asyncio.to_thread(archives.keep, sent.path, archive_in.folder_of(me.actor.id), "archive")
    except (Invalid, TooLarge) as error:
        return await _page(request, me, form_errors(error))
    async with request.app.state.db.write() as session:
        await jobs.enqueue(session, archive_in.LOOK, owner_id=me.actor.id, key=archive_in.key_of(me.actor.id))
    return flashes.with_flash(redirects.see_other("/settings/archive"), "good",
                              _("Your archive is being looked through. Load this page again in a moment."))


async def _refuse_while_busy(request: AnyRequest, me: Viewer) -> None:
    key = archive_in.key_of(me.actor.id)
    async with request.app.state.db.read() as session:
        job = (await jobs.progress(session, [key])).get(key)
    if job is not None and job.unfinished:
        raise Invalid("file", "An archive of yours is being worked on already")


@post("/settings/archive/start", status_code=303)
async def start(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Take over what was looked through."""
    check_may_post(me)
    if await asyncio.to_thread(archive_in.summary_of, me.actor.id) is None:
        return redirects.see_other("/settings/archive")
    async with request.app.state.db.write() as session:
        await jobs.enqueue(session, archive_in.TAKE, form.flag("files"), form.flag("profile"), form.flag("marks"),
                           owner_id=me.actor.id, key=archive_in.key_of(me.actor.id))
    return flashes.with_flash(redirects.see_other("/settings/jobs"), "good", _("Your posts are coming."))


@post("/settings/archive/drop", status_code=303)
async def drop(request: AnyRequest, me: Me) -> Response[Any]:
    """Forget an archive that was looked through."""
    await _refuse_while_busy(request, me)
    await asyncio.to_thread(archives.remove, archive_in.folder_of(me.actor.id))
    return redirects.see_other("/settings/archive")


route_handlers = [show, give, start, drop]
