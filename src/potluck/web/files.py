"""One's own files: posts that wait for theirs, uploads that hang on no post yet, and how much room all of them take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.media import attachments, quotas
from potluck.social import objects, publishing
from potluck.social.errors import NotFound
from potluck.social.model import Actor, Media, Object
from potluck.web import attaching, flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.attaching import AttachedFile
from potluck.web.auth import acting
from potluck.web.i18n import _, post_languages
from potluck.web.presenters.times import Time, shown_time
from potluck.web.trusted import plain_text
from potluck.web.types import AnyRequest

_EXCERPT = 200
_MOST_WAITING = 20


@dataclass(frozen=True, slots=True)
class WaitingPost:
    """A post that is published when its files are ready."""

    id: str
    text: str
    written: Time
    files: list[AttachedFile]

    @property
    def failed(self) -> bool:
        """Whether it waits in vain."""
        return any(file.state == "failed" for file in self.files)


async def waiting_posts(session: AsyncSession, me: Actor) -> list[WaitingPost]:
    """Someone's posts that wait for their files, newest first."""
    rows = await publishing.waiting_of(session, me.id, _MOST_WAITING)
    if not rows:
        return []
    media = (await session.scalars(select(Media).where(
        Media.object_id.in_([row.id for row in rows])).order_by(Media.position))).all()
    files = {int(file.id): file for file in await attaching.shown_files(session, media)}
    return [WaitingPost(str(row.id), plain_text(row.content, _EXCERPT) or row.summary, shown_time(row.created_at),
                        [files[item.id] for item in media if item.object_id == row.id]) for row in rows]


@get("/files")
async def index(request: AnyRequest, me: Me) -> Response[Any]:
    """The page of files."""
    async with request.app.state.db.read() as session:
        waiting = await waiting_posts(session, me.actor)
        loose = await attaching.shown_files(session, await attachments.loose_ones(session, me.actor))
        room = await quotas.room_of(session, me.actor)
    return await pages.render(
        request, "files/index.html", waiting=waiting, loose=loose, used=quotas.readable(room.used + room.reserved),
        quota=quotas.readable(room.quota) if room.quota else "",
        share=min(100, round(100 * (room.used + room.reserved) / room.quota)) if room.quota else 0)


@get("/files/preparing")
async def preparing(request: AnyRequest, me: Me) -> Response[Any]:
    """The part of the home page that shows what waits."""
    async with request.app.state.db.read() as session:
        waiting = await waiting_posts(session, me.actor)
    return await pages.fragment(request, "files/preparing.html", waiting=waiting)


@get("/files/{media_id:int}/item")
async def item(request: AnyRequest, me: Me, media_id: PathId) -> Response[Any]:
    """A file as the composer shows it, for scripts that have sent it."""
    async with request.app.state.db.read() as session:
        shown = await attaching.shown(session, me.actor, [media_id])
    if not shown:
        raise NotFound
    return await pages.fragment(request, "files/item.html", item=shown[0], languages=[
        {"value": tag, "label": name} for tag, name in post_languages()], language=me.user.locale)


@post("/files/{media_id:int}/{verb:str}", status_code=303)
async def act(request: AnyRequest, me: Me, form: SentForm, media_id: PathId, verb: PathWord) -> Response[Any]:
    """Prepare a file again, or throw it away (off the post that waits for it, too)."""
    if verb not in {"retry", "remove"}:
        raise NotFound
    async with request.app.state.db.write() as session:
        media = await attachments.one(session, await acting(session, me), media_id)
        if verb == "retry":
            await attachments.try_again(session, media)
        else:
            await _remove(session, media)
    back = redirects.see_other(redirects.safe_path(form.text("back", limit=2000), "/files"))
    return flashes.with_flash(back, "good", _("The file is being prepared again.") if verb == "retry"
                              else _("The file is removed."))


async def _remove(session: AsyncSession, media: Media) -> None:
    """A file of a waiting post is taken off it, which may be all that the post waited for."""
    object_id = media.object_id
    if object_id is not None:
        row = await session.get(Object, object_id)
        if row is not None and row.state == publishing.PROCESSING:
            media.object_id = None
            await session.flush()
    await attachments.remove(session, media)
    if object_id is not None:
        await publishing.object_ready(session, object_id)


@post("/files/posts/{object_id:int}/discard", status_code=303)
async def discard(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Give up a post that waits for its files; the files stay."""
    async with request.app.state.db.write() as session:
        author = await acting(session, me)
        row = await session.get(Object, object_id)
        if row is None or row.author_id != author.id or row.state != publishing.PROCESSING:
            raise NotFound
        await objects.delete(session, object_id, author)
    back = redirects.see_other(redirects.safe_path(form.text("back", limit=2000), "/files"))
    return flashes.with_flash(back, "good", _("The post is deleted."))


route_handlers = [index, preparing, item, act, discard]
