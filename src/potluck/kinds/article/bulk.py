"""Many articles at once, as imports bring them: rendered together, stored together, sent to nobody.

What publishing one article does for each in a query of its own is done here in one for all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.kinds.article import actions
from potluck.kinds.article.actions import ArticleRequest, Prepared
from potluck.kinds.authoring import MAX_MENTIONS, actors_by_handle, local_emojis
from potluck.settings import current
from potluck.social import objects
from potluck.social.addresses import hashtag_url, profile_url
from potluck.social.blogs import places
from potluck.social.blogs.places import Place
from potluck.social.drafts import Draft, EmojiDraft
from potluck.social.errors import Invalid, SocialError
from potluck.social.model import Actor, Article, Media, Object
from potluck.text.longform import LongType, Parsed, extract_parsed, parse_long, render_parsed
from potluck.text.names import Handle
from potluck.text.render import Extracted, MentionTarget, TextTooLong
from potluck.text.sanitise import excerpt, to_plain_text


@dataclass(frozen=True, slots=True)
class Coming:
    """An article that comes from elsewhere, rendered.

    Attributes:
        edited: when it was last changed there.
        pinned: it stood on top of its blog.
        mark: by which the same text is known again, kept with the article until it is edited here.
    """

    request: ArticleRequest
    prepared: Prepared
    edited: datetime | None = None
    pinned: bool = False
    mark: str = ""


@dataclass(slots=True)
class _Read:
    """A text that was read, before its names are known."""

    title: str
    text: str
    parsed: Parsed
    found: Extracted


async def prepare_all(db: Database, requests: Sequence[ArticleRequest]) -> list[Prepared | SocialError]:
    """`actions.prepare` for many: one walk through a thread before, one after, and two queries in between.

    Returns:
        For each request what was made of it, or why it cannot be used.
    """
    read = await asyncio.to_thread(lambda: [_read(request) for request in requests])
    good = [item for item in read if isinstance(item, _Read)]
    async with db.read() as session:
        people = await actors_by_handle(session, list({
            handle for item in good for handle in item.found.mentions[:MAX_MENTIONS]}))
        emojis = {emoji.shortcode: emoji for emoji in await local_emojis(
            session, {name for item in good for name in item.found.emojis})}
    return await asyncio.to_thread(lambda: [
        _rendered(item, people, emojis) if isinstance(item, _Read) else item for item in read])


def _read(request: ArticleRequest) -> _Read | SocialError:
    try:
        actions.check(request)
        title, text = actions.titled(request)
        parsed = parse_long(text, cast(LongType, request.content_type), base_url=current().url)
    except TextTooLong as error:
        return Invalid("text", "Validation failed: Text character limit of %(most)s exceeded", "too_long",
                       most=error.limit)
    except SocialError as error:
        return error
    return _Read(title, text, parsed, extract_parsed(parsed))


def _rendered(item: _Read, people: Mapping[Handle, Actor], emojis: Mapping[str, EmojiDraft]) -> Prepared:
    known = {handle: people[handle] for handle in item.found.mentions[:MAX_MENTIONS] if handle in people}
    targets = {handle: MentionTarget(url=actor.url or profile_url(actor.name), uri=actor.uri, acct=actor.acct)
               for handle, actor in known.items()}
    long = render_parsed(item.parsed, mentions=targets, hashtag_url=hashtag_url)
    by_uri = {actor.uri: actor for actor in known.values()}
    plain = to_plain_text(long.rendered.html[:5000])
    return Prepared(item.title or excerpt(plain, 80), item.text, long,
                    [by_uri[target.uri] for target in long.rendered.mentions_used],
                    [emojis[name] for name in item.found.emojis if name in emojis])


async def publish_all(session: AsyncSession, writer: Actor, coming: Sequence[Coming]) -> list[Object | None]:
    """Store articles of one author (all requests name the same blog), quietly, each with its date.

    Returns:
        The objects in the same order; None for what the rules of this server do not let in.

    Raises:
        NotFound, NotAllowed: as `actions.publish`.
    """
    author, blog = await actions.author_of(session, writer, coming[0].request.blog_id)
    slugs = await places.free_slugs(session, author.id, [
        item.request.slug.strip() or item.prepared.title for item in coming])
    covers = await _covers(session, author, coming)
    drafts = []
    for item, slug in zip(coming, slugs, strict=True):
        draft = actions.draft_of(author, blog, item.request, item.prepared)
        draft.kind_data = Place(writer.id, slug, item.request.page, item.request.comments)
        draft.url = places.article_url(author, slug)
        _dress(draft, item, covers)
        drafts.append(draft)
    stored = [found.object for found in await objects.store(session, drafts)]
    for item, row in zip(coming, stored, strict=True):
        if item.pinned and row is not None:
            await _pin(session, row)
    return stored


def _dress(draft: Draft, item: Coming, covers: Mapping[int, Media]) -> None:
    request = item.request
    cover = covers.get(request.cover_id or 0)
    draft.media_ids = list(dict.fromkeys([*([cover.id] if cover else []), *request.media_ids]))
    if cover is not None:
        draft.extra |= {"cover_id": cover.id, "cover": {"url": cover.url, "alt": cover.description}}
    draft.published = min(request.published, now()) if request.published else draft.published
    draft.edited_at = item.edited if item.edited and draft.published < item.edited <= now() else None
    draft.quiet = True
    if item.mark:
        draft.extra["import_mark"] = item.mark


async def _covers(session: AsyncSession, author: Actor, coming: Sequence[Coming]) -> dict[int, Media]:
    wanted = [item.request.cover_id for item in coming if item.request.cover_id]
    rows = await session.scalars(select(Media).where(
        Media.id.in_(wanted), Media.owner_id == author.id, Media.type == "image", Media.url.is_not(None),
    )) if wanted else None
    return {row.id: row for row in rows.all()} if rows is not None else {}


async def _pin(session: AsyncSession, row: Object) -> None:
    place: Any = await session.get_one(Article, row.id)
    try:
        await places.pin(session, place, pinned=True)
    except Invalid:
        return  # enough are up there
