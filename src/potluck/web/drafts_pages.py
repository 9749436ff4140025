"""Posts that were put aside, and posts that wait for their time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.kinds.note.actions import NoteRequest
from potluck.kinds.note.scheduled import REQUESTS
from potluck.social import kept_drafts, scheduled
from potluck.social.errors import NotFound
from potluck.social.paging import Page
from potluck.web import attaching, composing, flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.attaching import Sent
from potluck.web.auth import Viewer, acting
from potluck.web.forms import Form
from potluck.web.i18n import _
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

_MOST = 500
_PAGES = {"article": "/write/{}", "link": "/communities/drafts/{}"}


async def put_aside(request: AnyRequest, me: Viewer, form: Form, wanted: NoteRequest, sent: Sent) -> Response[Any]:
    """Keep what was written as a draft, or have it published at its time.

    Raises:
        Invalid: the time, or what is to be published, cannot be used.
    """
    when = composing.publish_time(form)
    async with request.app.state.db.write() as session:
        author = await acting(session, me)
        await attaching.describe(session, author, form, sent)
        if form.flag("keep"):
            await kept_drafts.save(session, author.id, REQUESTS.kind, REQUESTS.as_words(wanted),
                                   media_ids=wanted.media_ids, draft_id=form.whole("draft_id"))
        elif when is not None:
            await REQUESTS.schedule(session, author, wanted, when)
            await forget(session, me, form)
    text = _("Your draft is kept.") if form.flag("keep") else _("Your post comes out at its time.")
    return flashes.with_flash(redirects.see_other("/drafts"), "good", text)


async def forget(session: AsyncSession, me: Viewer, form: Form) -> None:
    """The draft a post was made of is not needed any more."""
    draft_id = form.whole("draft_id")
    if draft_id:
        await kept_drafts.delete(session, me.actor.id, draft_id)


def _excerpt(words: dict[str, Any]) -> str:
    return kept_drafts.opening(words) or _("Without words")


@get("/drafts")
async def index(request: AnyRequest, me: Me) -> Response[Any]:
    """Drafts, and what waits for its time."""
    async with request.app.state.db.read() as session:
        drafts = await kept_drafts.listed(session, me.actor.id)
        waiting = await scheduled.page(session, me.actor.id, Page(limit=_MOST))
    return await pages.render(
        request, "compose/drafts.html",
        drafts=[{"id": row.id, "text": row.opening or _("Without words"), "time": shown_time(row.updated_at),
                 "files": len(row.media_ids), "url": _PAGES.get(row.kind, "/drafts/{}").format(row.id),
                 "article": row.kind == "article", "edit": row.object_id is not None} for row in drafts],
        waiting=[{"id": row.id, "text": _excerpt(row.request), "time": shown_time(row.scheduled_at),
                  "files": len(row.media_ids), "error": _(row.error) if row.error else ""}
                 for row in sorted(waiting, key=lambda row: row.scheduled_at)])


@get("/drafts/{draft_id:int}")
async def resume(request: AnyRequest, me: Me, draft_id: PathId) -> Response[Any]:
    """Go on with a draft."""
    async with request.app.state.db.read() as session:
        row = await kept_drafts.one(session, me.actor.id, draft_id)
        if row.kind != REQUESTS.kind:
            raise NotFound
        wanted = REQUESTS.from_words(row.request)
        files = await attaching.shown(session, me.actor, row.media_ids)
    return await _composer(request, me, wanted, files, draft_id)


async def _composer(request: AnyRequest, me: Viewer, wanted: NoteRequest, files: list[Any],
                    draft_id: int | None) -> Response[Any]:
    base = composing.blank(me, back="/drafts")
    base = replace(base, reply_id=str(wanted.in_reply_to_id or ""), quote_id=str(wanted.quote_id or ""))
    composer = replace(composing.for_kept(me, wanted, base, draft_id=draft_id), files=files)
    return await pages.render(request, "compose/compose.html", composer=composer, heading=_("Draft"))


@post("/drafts/{draft_id:int}/delete", status_code=303)
async def delete(request: AnyRequest, me: Me, draft_id: PathId) -> Response[Any]:
    """Throw a draft away."""
    async with request.app.state.db.write() as session:
        await kept_drafts.delete(session, me.actor.id, draft_id)
    return flashes.with_flash(redirects.see_other("/drafts"), "good", _("The draft is gone."))


@post("/scheduled/{post_id:int}/{verb:str}", status_code=303)
async def change(request: AnyRequest, me: Me, form: SentForm, post_id: PathId, verb: PathWord) -> Response[Any]:
    """Give a waiting post up, or make a draft of it again."""
    if verb not in {"cancel", "draft"}:
        raise NotFound
    async with request.app.state.db.write() as session:
        row = await scheduled.one(session, me.actor.id, post_id)
        if verb == "draft":
            await kept_drafts.save(session, me.actor.id, row.kind, row.request, media_ids=row.media_ids)
        await scheduled.cancel(session, me.actor.id, post_id)
    text = _("It is a draft again.") if verb == "draft" else _("It will not come out.")
    return flashes.with_flash(redirects.see_other("/drafts"), "good", text)


route_handlers = [index, resume, delete, change]
