"""From a draft to an article: what stands in the editor becomes a request, is shown as it will look, and goes out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import Database
from potluck.kinds.article import actions, bringing, drafts
from potluck.kinds.article.actions import ArticleRequest, Prepared
from potluck.kinds.article.drafts import KIND, Writing
from potluck.kinds.authoring import HandleResolver
from potluck.kinds.publishing_later import Later
from potluck.media import attachments
from potluck.social import draft_history, scheduled
from potluck.social.draft_history import Save
from potluck.social.drafts import MediaDetail
from potluck.social.errors import Invalid
from potluck.social.model import Actor, Article, Media, Object, ScheduledPost

_IMAGE = re.compile(r"<img\b[^>]*>")
_ATTRIBUTE = re.compile(r'\s(src|alt)="([^"]*)"')
_PARTS = re.compile(r"[,\n]+")
_MAX_ALT = 1500


@dataclass(frozen=True, slots=True)
class Ready:
    """What is to be published, rendered."""

    writing: Writing
    request: ArticleRequest
    prepared: Prepared
    object_id: int | None = None  # the article it is a new version of


async def get_ready(db: Database, federation: HandleResolver | None, writer: Actor, writing: Writing, *,
                    media_ids: Sequence[int] = (), object_id: int | None = None, app_name: str | None = None,
                    app_website: str | None = None) -> Ready:
    """Before the transaction: render a text, and see which pictures it uses.

    Raises:
        Invalid: a field cannot be used.
        NotFound: there is no such article that the writer may change.
    """
    before = ArticleRequest("")
    if object_id is not None:
        async with db.read() as session:
            _, before = await actions.source(session, writer, object_id)
    request = replace(
        before, text=writing.text, title=writing.title, content_type=writing.content_type, summary=writing.summary,
        slug=writing.slug, language=writing.language or None, sensitive=writing.sensitive,
        warning=writing.warning, comments=writing.comments or None, page=writing.page, cover_id=writing.cover_id,
        tags=tags_of(writing.tags), app_name=app_name, app_website=app_website)
    if object_id is None:
        request = replace(request, blog_id=writing.blog_id, visibility=writing.visibility)
    prepared = await actions.prepare(db, federation, request)
    async with db.read() as session:
        if object_id is None and writing.community.strip():
            group = await bringing.community_of(session, writing.community)
            request = replace(request, community_id=group.id)
        request = await _with_pictures(session, writer, request, prepared, [*media_ids, *before.media_ids])
    return Ready(writing, request, prepared, object_id)


def tags_of(typed: str) -> list[str]:
    """Tags as somebody typed them: parted by commas; words that begin with '#' need none."""
    parts = [part.strip() for part in _PARTS.split(typed)]
    return list(dict.fromkeys(
        tag for part in parts for tag in (part.split() if part.count("#") > 1 else [part]) if tag))


def pictures_of(html: str) -> dict[str, str]:
    """Addresses of the pictures in a text, with what is said about each."""
    found: dict[str, str] = {}
    for element in _IMAGE.findall(html):
        said = {name: unescape(value) for name, value in _ATTRIBUTE.findall(element)}
        if said.get("src"):
            found.setdefault(said["src"], said.get("alt", ""))
    return found


async def _with_pictures(session: AsyncSession, writer: Actor, request: ArticleRequest, prepared: Prepared,
                         media_ids: Sequence[int]) -> ArticleRequest:
    """The request with the uploads that stand in its text (and files that are no pictures), described as it says."""
    if not media_ids:
        return request
    owners = [writer.id, *([request.blog_id] if request.blog_id else [])]
    rows = (await session.scalars(select(Media).where(
        Media.id.in_(list(media_ids)), or_(Media.owner_id.in_(owners), Media.object_id.is_not(None))))).all()
    alts = pictures_of(prepared.long.rendered.html)
    used = [row for row in rows if row.type != "image" or (row.url or "") in alts]
    details: Mapping[int, MediaDetail] = {
        row.id: MediaDetail(alts[row.url or ""][:_MAX_ALT]) for row in used if alts.get(row.url or "")}
    order = {media_id: index for index, media_id in enumerate(media_ids)}
    return replace(request, media_ids=sorted((row.id for row in used if row.id != request.cover_id),
                                             key=lambda media_id: order[media_id]), media_details=details)


async def publish(session: AsyncSession, writer: Actor, ready: Ready) -> Object:
    """Publish what is ready now, or make it the new version of its article.

    Raises:
        Invalid, NotFound, NotAllowed: as `actions.publish` and `actions.revise`.
    """
    if ready.object_id is not None:
        return await actions.revise(session, writer, ready.object_id, ready.request, ready.prepared)
    await _describe(session, ready.request)
    return await actions.publish(session, writer, ready.request, ready.prepared)


async def _describe(session: AsyncSession, request: ArticleRequest) -> None:
    if not request.media_details:
        return
    rows = await session.scalars(select(Media).where(Media.id.in_(request.media_details), Media.object_id.is_(None)))
    for row in rows.all():
        await attachments.describe(session, row, description=request.media_details[row.id].description)


async def publish_draft(session: AsyncSession, writer: Actor, ready: Ready, place: Save) -> Object:
    """Publish, and the draft it was is gone.

    Raises:
        ChangedElsewhere: somebody else saved the draft meanwhile.
        Invalid, NotFound, NotAllowed: as `publish`.
    """
    draft = await draft_history.finish(session, writer.id, KIND, place)
    row = await publish(session, writer, ready)
    if draft is not None and ready.object_id is None:
        (await session.get_one(Article, row.id)).draft_id = draft.id
        await session.flush()
    return row


async def schedule_draft(session: AsyncSession, writer: Actor, ready: Ready, place: Save, when: datetime,
                         ) -> ScheduledPost:
    """Have a draft published later; what would be refused then is refused now.

    Raises:
        ChangedElsewhere: somebody else saved the draft meanwhile.
        Invalid, NotFound, NotAllowed: as `publish`, or the time cannot be used.
    """
    if ready.object_id is not None:
        raise Invalid("publish_at", "A new version of something published cannot wait")
    await draft_history.finish(session, writer.id, KIND, place)
    await actions.check_places(session, writer, ready.request)
    return await scheduled.schedule(session, writer.id, KIND, drafts.as_words(ready.writing), when,
                                    media_ids=ready.request.media_ids)


async def _get_ready(db: Database, federation: HandleResolver, row: ScheduledPost) -> Ready:
    async with db.read() as session:
        writer = await session.get_one(Actor, row.owner_id)
    return await get_ready(db, federation, writer, drafts.from_words(row.request), media_ids=row.media_ids)


LATER = Later(KIND, _get_ready, publish)


def writing_of(request: ArticleRequest) -> Writing:
    """A published article as it stands in the editor."""
    return Writing(
        title=request.title, text=request.text, content_type=request.content_type, summary=request.summary,
        tags=", ".join(request.tags), language=request.language or "", visibility=request.visibility,
        slug=request.slug, blog_id=request.blog_id, sensitive=request.sensitive, warning=request.warning,
        comments=request.comments or "", page=request.page, cover_id=request.cover_id)
