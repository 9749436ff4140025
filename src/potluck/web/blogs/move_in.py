"""Bringing a blog along: an export or the address of a feed is given in, looked through, taken over as one wants."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import jobs
from potluck.handlers import get, post
from potluck.jobs import Progress
from potluck.media.multipart_form import Form, read_form
from potluck.media.quotas import TooLarge
from potluck.media.storage import storage_of
from potluck.settings import current
from potluck.social.accounts.rate_limits import Limiter
from potluck.social.blogs import authors, making
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor
from potluck.transfer import archives
from potluck.transfer.blogs import looking, taking
from potluck.transfer.blogs.spool import opened
from potluck.transfer.blogs.storing import Choices
from potluck.web import csrf, flashes, pages, redirects
from potluck.web.actor_pages import find_actor
from potluck.web.asking import Me, PathWord, SentForm
from potluck.web.auth import Viewer, check_may_post
from potluck.web.composing import form_errors
from potluck.web.i18n import _
from potluck.web.presenters.jobs import shown_job
from potluck.web.presenters.moving import shown_import
from potluck.web.presenters.people import profile_path, shown_person
from potluck.web.types import AnyRequest

MOST = 8 << 30
SHOWN = 50
_PROBLEMS = 200
_MAX_URL = 2000
_looks = Limiter(burst=20, seconds_each=600)


async def own_or_blog(session: AsyncSession, me: Viewer, handle: str, least: str = authors.AUTHOR) -> Actor:
    """One's own profile, or a blog to which one is at least this. Others do not learn what there is.

    Raises:
        NotFound: neither.
    """
    actor = await find_actor(session, handle)
    if actor.id == me.actor.id:
        return actor
    role = await authors.role_of(session, actor.id, me.actor.id) if making.is_blog(actor) else None
    if role is None or authors.ROLES.index(role) > authors.ROLES.index(least):
        raise NotFound
    return actor


@get("/{handle:str}/desk/import")
async def show(request: AnyRequest, me: Me, handle: PathWord) -> Response[Any]:
    """The form; how far it is; what was found; what came of it."""
    return await _page(request, me, handle, {})


async def _state(request: AnyRequest, me: Viewer, handle: str) -> tuple[Actor, Progress | None]:
    async with request.app.state.db.read() as session:
        target = await own_or_blog(session, me, handle)
        key = looking.key_of(me.actor.id, target.id)
        return target, (await jobs.progress(session, [key])).get(key)


async def _page(request: AnyRequest, me: Viewer, handle: str, errors: dict[str, str], url: str = "") -> Response[Any]:
    target, job = await _state(request, me, handle)
    busy = job is not None and job.unfinished
    after = request.query_params.get("after", "")
    found = None if busy else await asyncio.to_thread(
        _found, looking.spool_of(me.actor.id, target.id), int(after) if after.isdecimal() and len(after) < 10 else 0)
    own = target.id == me.actor.id
    return await pages.render(
        request, "blogs/import.html", person=shown_person(target), own=own, errors=errors, url=url, busy=busy,
        job=shown_job(job) if job else None, found=found, action=f"/{handle}/desk/import",
        back=profile_path(target) if own or target.is_local else "/blogs", status=422 if errors else 200)


def _found(path: Path, after: int) -> dict[str, Any] | None:
    summary = looking.summary(path)
    if summary is None:
        return None
    with opened(path) as spool:
        rows = spool.page(after, SHOWN + 1)
        return shown_import(summary, rows[:SHOWN], spool.problems(0, _PROBLEMS),
                            more=rows[SHOWN - 1].number if len(rows) > SHOWN else 0)


@post("/{handle:str}/desk/import", status_code=303, opt=(csrf.READS_ITSELF,), max_body=None)
async def give(request: AnyRequest, me: Me, handle: PathWord) -> Response[Any]:
    """Take an export in, or the address of a feed, and have it looked through. A file goes to disk as it comes."""
    check_may_post(me)
    target, job = await _state(request, me, handle)
    _looks.take(str(me.user.id))
    url = ""
    room = await asyncio.to_thread(lambda: shutil.disk_usage(current().data).free // 2)
    try:
        async with read_form(request.headers.get("content-type", ""), request.stream(), storage_of(current()).local,
                             most=min(MOST, room)) as form:
            csrf.check_token(request, form.text(csrf.FIELD))
            _check_free(job)
            url = form.text("url").strip()
            name = await asyncio.to_thread(_keep, form, _checked(url), looking.folder_of(me.actor.id, target.id))
    except (Invalid, TooLarge) as error:
        return await _page(request, me, handle, form_errors(error), url[:_MAX_URL])
    async with request.app.state.db.write() as session:
        await jobs.enqueue(session, looking.LOOK, target.id, name, "" if name else url, owner_id=me.actor.id,
                           key=looking.key_of(me.actor.id, target.id), subject=name or url)
    return flashes.with_flash(redirects.see_other(f"/{handle}/desk/import"), "good",
                              _("It is being looked through. Load this page again in a moment."))


def _check_free(job: Progress | None) -> None:
    if job is not None and job.unfinished:
        raise Invalid("file", "An export for this blog is being worked on already")


def _checked(url: str) -> str:
    if url and (len(url) > _MAX_URL or not url.lower().startswith(("https://", "http://"))):
        raise Invalid("url", "An address begins with https://")
    return url


def _keep(form: Form, url: str, folder: Path) -> str:
    """Put the file where it is looked for; gives its name, '' where there is only an address.

    Raises:
        Invalid: there is neither.
    """
    sent = form.files.get("file")
    if sent is None or not sent.size:
        if not url:
            raise Invalid("file", "Please choose a file")
        archives.remove(folder)
        folder.mkdir(parents=True)
        return ""
    archives.keep(sent.path, folder, "export")
    return sent.name[:200] or "export"


@post("/{handle:str}/desk/import/start", status_code=303)
async def start(request: AnyRequest, me: Me, form: SentForm, handle: PathWord) -> Response[Any]:
    """Take over what was looked through."""
    check_may_post(me)
    target, _job = await _state(request, me, handle)
    if await asyncio.to_thread(looking.summary, looking.spool_of(me.actor.id, target.id)) is None:
        return redirects.see_other(f"/{handle}/desk/import")
    wanted = Choices(form.text("as") == "drafts", form.flag("pictures"),
                     form.one_of("again", ("skip", "draft"), "skip"), form.text("origin", limit=200))
    async with request.app.state.db.write() as session:
        await jobs.enqueue(session, taking.TAKE, target.id, msgspec.to_builtins(wanted), owner_id=me.actor.id,
                           key=looking.key_of(me.actor.id, target.id), subject=target.display_name or target.name)
    return flashes.with_flash(redirects.see_other(f"/{handle}/desk/import"), "good", _("Your articles are coming."))


@post("/{handle:str}/desk/import/drop", status_code=303)
async def drop(request: AnyRequest, me: Me, handle: PathWord) -> Response[Any]:
    """Forget an export that was looked through, or the report of one that was taken over."""
    target, job = await _state(request, me, handle)
    if job is None or not job.unfinished:
        await asyncio.to_thread(archives.remove, looking.folder_of(me.actor.id, target.id))
    return redirects.see_other(f"/{handle}/desk/import")


route_handlers = [show, give, start, drop]
