"""Timelines: which entries belong on a page, with one indexed query each; `views` makes of them what is shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import urldefrag

from sqlalchemy import ColumnElement, and_, exists, null, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import fixed
from potluck.social.model import (
    Actor,
    Announce,
    Bookmark,
    FeedEntry,
    Hashtag,
    Media,
    Object,
    ObjectCard,
    ObjectTag,
    Pin,
    PreviewCard,
    Reaction,
)
from potluck.social.paging import Page, in_order, paged
from potluck.social.views import EntryRef
from potluck.social.visibility import announce_visible_to, live, not_hidden_by, visible_to

MAX_LIMIT = 80


async def _feed(session: AsyncSession, feed_id: int, page: Page, kinds: Collection[str] | None) -> list[EntryRef]:
    query = select(FeedEntry.entry_id, FeedEntry.object_id, FeedEntry.announce_id).where(FeedEntry.feed_id == feed_id)
    if kinds is not None:
        query = query.where(FeedEntry.kind.in_(kinds))
    rows = (await session.execute(paged(query, FeedEntry.entry_id, page.at_most(MAX_LIMIT)))).all()
    return in_order([EntryRef(*row) for row in rows], page)


async def home(session: AsyncSession, reader_id: int, page: Page, *, kinds: Collection[str] | None = None,
               ) -> list[EntryRef]:
    """A page of someone's home, through a lens of kinds or all."""
    return await _feed(session, reader_id, page, kinds)


async def list_(session: AsyncSession, list_id: int, page: Page) -> list[EntryRef]:
    """A page of a list (the caller has checked whose it is)."""
    return await _feed(session, list_id, page, None)


def _wanted(viewer_id: int | None) -> list[ColumnElement[bool]]:
    """For timelines of everyone's posts: authors in good standing, not silenced, not hidden by the viewer."""
    author = Actor.id == Object.author_id
    standing = exists().where(author, Actor.suspended_at.is_(None), Actor.silenced_at.is_(None),
                              Actor.deleted_at.is_(None))
    return [standing] if viewer_id is None else [standing, not_hidden_by(viewer_id, Object.author_id)]


def _has_media() -> ColumnElement[bool]:
    return exists().where(Media.object_id == Object.id)


def _scope(*, local: bool, remote: bool, only_media: bool, kinds: Collection[str] | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if local:
        conditions.append(and_(Object.local))
    if remote:
        conditions.append(~Object.local)
    if only_media:
        conditions.append(_has_media())
    if kinds is not None:
        conditions.append(Object.kind.in_(kinds))
    return conditions


async def _objects(session: AsyncSession, query: Any, page: Page) -> list[EntryRef]:
    rows = (await session.scalars(paged(query, Object.id, page.at_most(MAX_LIMIT)))).all()
    return in_order([EntryRef(row, row) for row in rows], page)


async def public(
    session: AsyncSession, viewer_id: int | None, page: Page, *, local: bool = False, remote: bool = False,
    only_media: bool = False, kinds: Collection[str] | None = None,
) -> list[EntryRef]:
    """A page of everyone's public posts, without replies; those of this server only with `local`."""
    query = select(Object.id).where(
        *public_conditions(viewer_id, local=local, remote=remote, only_media=only_media, kinds=kinds))
    return await _objects(session, query, page)


def public_conditions(
    viewer_id: Any, *, local: bool = False, remote: bool = False, only_media: bool = False,
    kinds: Collection[str] | None = None,
) -> list[ColumnElement[bool]]:
    """What makes an object part of the public timeline (see `public`). `viewer_id` may be a bound parameter."""
    return [Object.visibility == fixed("public"), live(), Object.in_reply_to_uri.is_(None), *_wanted(viewer_id),
            *_scope(local=local, remote=remote, only_media=only_media, kinds=kinds)]


async def hashtag(
    session: AsyncSession, viewer_id: int | None, names: Sequence[str], page: Page, *,
    all_names: Sequence[str] = (), no_names: Sequence[str] = (), local: bool = False, remote: bool = False,
    only_media: bool = False,
) -> list[EntryRef]:
    """A page of public posts with any of `names`, all of `all_names` and none of `no_names` (normalised)."""
    conditions = [_tagged(list(names))] + [_tagged([name]) for name in all_names]
    if no_names:
        conditions.append(~_tagged(list(no_names)))
    query = select(Object.id).where(
        Object.visibility == fixed("public"), live(), *conditions, *_wanted(viewer_id),
        *_scope(local=local, remote=remote, only_media=only_media, kinds=None))
    return await _objects(session, query, page)


async def link(session: AsyncSession, viewer_id: int | None, url: str, page: Page) -> list[EntryRef]:
    """A page of public posts that link to a page known here by this address."""
    query = select(Object.id).join(ObjectCard, ObjectCard.object_id == Object.id).join(
        PreviewCard, PreviewCard.id == ObjectCard.card_id).where(
        PreviewCard.url == urldefrag(url).url, Object.visibility == fixed("public"), live(), *_wanted(viewer_id))
    return await _objects(session, query, page)


def _tagged(names: list[str]) -> ColumnElement[bool]:
    return Object.id.in_(select(ObjectTag.object_id).join(Hashtag).where(Hashtag.name.in_(names)))


async def profile(
    session: AsyncSession, actor_id: int, viewer_id: int | None, page: Page, *, replies: bool = True,
    boosts: bool = True, only_media: bool = False, tagged: str | None = None, pinned: bool = False,
    viewer_is_local: bool = True, kinds: Collection[str] | None = None,
) -> list[EntryRef]:
    """A page of what an actor said and boosted, as far as the viewer may see it. `pinned`: only featured ones."""
    own = select(Object.id.label("entry_id"), Object.id.label("object_id"), null().label("announce_id")).where(
        Object.author_id == actor_id, visible_to(viewer_id, viewer_is_local=viewer_is_local))
    if pinned:
        return await _pinned(session, own, actor_id)
    if not replies:
        own = own.where(or_(Object.in_reply_to_uri.is_(None), Object.in_reply_to_author_id == actor_id))
    if only_media:
        own = own.where(_has_media())
    if tagged is not None:
        own = own.where(_tagged([tagged]))
    if kinds is not None:
        own = own.where(Object.kind.in_(kinds))
    parts = [paged(own, Object.id, page.at_most(MAX_LIMIT))]
    if boosts and not only_media and tagged is None:
        boosted = _boosts_by(actor_id, viewer_id, viewer_is_local)
        if kinds is not None:
            boosted = boosted.where(Object.kind.in_(kinds))
        parts.append(paged(boosted, Announce.id, page.at_most(MAX_LIMIT)))
    refs = [EntryRef(*row) for part in parts for row in (await session.execute(part)).all()]
    refs.sort(key=lambda ref: ref.entry_id, reverse=page.min_id is None)
    return in_order(refs[: page.at_most(MAX_LIMIT).limit], page)


def _boosts_by(actor_id: int, viewer_id: int | None, viewer_is_local: bool) -> Any:
    """Boosts that the viewer may know of, of objects they may see and whose authors they have not hidden."""
    query = select(Announce.id, Announce.object_id, Announce.id).join(Object, Object.id == Announce.object_id).where(
        Announce.actor_id == actor_id, visible_to(viewer_id, viewer_is_local=viewer_is_local),
        announce_visible_to(viewer_id, viewer_is_local=viewer_is_local))
    if viewer_id is not None and viewer_is_local:
        query = query.where(not_hidden_by(viewer_id, Object.author_id))
    return query


async def _pinned(session: AsyncSession, own: Any, actor_id: int) -> list[EntryRef]:
    query = own.join(Pin, and_(Pin.object_id == Object.id, Pin.actor_id == actor_id)).order_by(Pin.id.desc())
    return [EntryRef(*row) for row in (await session.execute(query)).all()]


async def favourites(session: AsyncSession, actor_id: int, page: Page) -> list[EntryRef]:
    """A page of what someone liked, latest like first (the cursor is the like's id)."""
    query = select(Reaction.object_id, Reaction.id).join(Object, Object.id == Reaction.object_id).where(
        Reaction.actor_id == actor_id, Reaction.kind == "like", visible_to(actor_id))
    rows = (await session.execute(paged(query, Reaction.id, page.at_most(MAX_LIMIT)))).all()
    return in_order([EntryRef(object_id, object_id, None, cursor) for object_id, cursor in rows], page)


async def bookmarks(session: AsyncSession, actor_id: int, page: Page) -> list[EntryRef]:
    """A page of what someone bookmarked, latest first (the cursor is the bookmark's id)."""
    query = select(Bookmark.object_id, Bookmark.id).join(Object, Object.id == Bookmark.object_id).where(
        Bookmark.actor_id == actor_id, visible_to(actor_id))
    rows = (await session.execute(paged(query, Bookmark.id, page.at_most(MAX_LIMIT)))).all()
    return in_order([EntryRef(object_id, object_id, None, cursor) for object_id, cursor in rows], page)


async def quotes_of(session: AsyncSession, object_id: int, viewer_id: int | None, page: Page) -> list[EntryRef]:
    """A page of posts that quote an object with its author's consent, as far as the viewer may see them."""
    query = select(Object.id).where(
        Object.quote_id == object_id, visible_to(viewer_id),
        or_(Object.quote_state.is_(None), Object.quote_state == "accepted"))
    if viewer_id is not None:
        query = query.where(not_hidden_by(viewer_id, Object.author_id))
    return await _objects(session, query, page)
