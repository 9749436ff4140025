"""The statements behind every page of statuses: versions, stamps of authors, and the reader's own marks, in one go.

They are prepared once and give plain tuples; `STATUS` and `BOOST` say what stands where.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from potluck.apis.source import Source
from potluck.db.engine import Database
from potluck.db.prepared import Prepared, among, as_ids
from potluck.social import remote_counts
from potluck.social.model import (
    Actor,
    Announce,
    Bookmark,
    FeedEntry,
    Media,
    Object,
    Pin,
    Reaction,
    ThreadMute,
)
from potluck.social.paging import Page
from potluck.social.timelines import public_conditions
from potluck.social.visibility import not_hidden_by, visible_to

Row = Sequence[Any]

# What stands where in a row about a status.
OBJECT, VERSION, AUTHOR, AUTHOR_STAMP, MARKS = 0, 1, 2, slice(3, 7), slice(7, 12)
# In a row of home, behind that; the first five also make a row about a boost.
BOOST = slice(12, 22)
BOOST_ID, BOOST_URI, BOOST_TIME, BOOST_VISIBILITY, BOOSTER, BOOSTER_STAMP = 0, 1, 2, 3, 4, slice(5, 9)
ENTRY = 21
# In a row for an audience: whom it is for; a reply; with media; fit for streams of everyone's posts.
VIEWER, IS_REPLY, HAS_MEDIA, FOR_EVERYONE = 12, 13, 14, 15

NO_MARKS = (False, False, False, False, False)
"""Liked, boosted, bookmarked, pinned, conversation muted."""

_OLDEST, _NEWEST = 0, 2**62
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_VIEWER: Any = bindparam("viewer", type_=Object.id.type)
# Aliases, because conditions of other modules speak of `Actor` in subqueries of their own.
_AUTHOR, _BOOSTER = aliased(Actor), aliased(Actor)


def _stamp(actor: Any) -> tuple[Any, ...]:
    return (actor.updated_at, actor.followers_count, actor.following_count, actor.posts_count)


def _marks(viewer: Any = _VIEWER, *correlated: Any) -> tuple[Any, ...]:
    return (
        exists().where(Reaction.actor_id == viewer, Reaction.object_id == Object.id, Reaction.kind == "like"),
        exists().where(Announce.actor_id == viewer, Announce.object_id == Object.id).correlate(Object, *correlated),
        exists().where(Bookmark.actor_id == viewer, Bookmark.object_id == Object.id),
        exists().where(Pin.actor_id == viewer, Pin.object_id == Object.id),
        exists().where(ThreadMute.actor_id == viewer,
                       ThreadMute.thread_root_id == func.coalesce(Object.thread_root_id, Object.id)),
    )


_STATUS = (Object.id, Object.version, Object.author_id, *_stamp(_AUTHOR))
_BOOST = (Announce.id, Announce.uri, Announce.published, Announce.visibility, Announce.actor_id, *_stamp(_BOOSTER))


def _statuses(viewer: Any, marks: tuple[Any, ...]) -> Prepared:
    return Prepared(select(*_STATUS, *marks).join(_AUTHOR, _AUTHOR.id == Object.author_id).where(
        among(Object.id, "ids"), visible_to(viewer, author=_AUTHOR)))


_FOR_VIEWER = _statuses(_VIEWER, _marks())
_FOR_NOBODY = _statuses(None, ())
_LISTENER: Any = aliased(Actor)
_FOR_AUDIENCE = Prepared(
    select(*_STATUS, *_marks(_LISTENER.id, _LISTENER), _LISTENER.id, Object.in_reply_to_uri.is_not(None),
           exists().where(Media.object_id == Object.id),
           and_(_AUTHOR.silenced_at.is_(None), not_hidden_by(_LISTENER.id, Object.author_id)))
    .select_from(Object).join(_AUTHOR, _AUTHOR.id == Object.author_id).join(_LISTENER, among(_LISTENER.id, "viewers"))
    .where(Object.id == bindparam("object", type_=Object.id.type), visible_to(_LISTENER.id, author=_AUTHOR)))
_BOOSTS = Prepared(select(*_BOOST).join(_BOOSTER, _BOOSTER.id == Announce.actor_id).where(
    among(Announce.id, "ids"), _BOOSTER.suspended_at.is_(None), _BOOSTER.deleted_at.is_(None)))


def _feed(*, upwards: bool) -> Prepared:
    query: Select[Any] = (
        select(*_STATUS, *_marks(), *_BOOST, FeedEntry.entry_id)
        .select_from(FeedEntry)
        .join(Object, Object.id == FeedEntry.object_id)
        .join(_AUTHOR, _AUTHOR.id == Object.author_id)
        .outerjoin(Announce, Announce.id == FeedEntry.announce_id)
        .outerjoin(_BOOSTER, and_(_BOOSTER.id == Announce.actor_id, _BOOSTER.suspended_at.is_(None),
                                  _BOOSTER.deleted_at.is_(None)))
        .where(FeedEntry.feed_id == bindparam("feed"), FeedEntry.entry_id < bindparam("below"),
               FeedEntry.entry_id > bindparam("above"), visible_to(_VIEWER, author=_AUTHOR),
               or_(FeedEntry.announce_id.is_(None), _BOOSTER.id.is_not(None)))
    )
    order = FeedEntry.entry_id.asc() if upwards else FeedEntry.entry_id.desc()
    return Prepared(query.order_by(order).limit(bindparam("number")))


_FEED_DOWN, _FEED_UP = _feed(upwards=False), _feed(upwards=True)
_STAMPS = Prepared(select(Actor.id, *_stamp(Actor)).where(among(Actor.id, "ids"), Actor.deleted_at.is_(None)))
_COUNTED = Prepared(select(Actor.id, Actor.counted_at).where(
    among(Actor.id, "ids"), Actor.host != "", Actor.suspended_at.is_(None), Actor.deleted_at.is_(None)))


@lru_cache(maxsize=64)
def _public(*, signed_in: bool, local: bool, remote: bool, only_media: bool, upwards: bool) -> Prepared:
    query: Select[Any] = select(*_STATUS, *(_marks() if signed_in else ())).join(
        _AUTHOR, _AUTHOR.id == Object.author_id
    ).where(Object.id < bindparam("below"), Object.id > bindparam("above"), *public_conditions(
        _VIEWER if signed_in else None, local=local, remote=remote, only_media=only_media))
    order = Object.id.asc() if upwards else Object.id.desc()
    return Prepared(query.order_by(order).limit(bindparam("number")))


async def of_statuses(source: Source, object_ids: Sequence[int], viewer_id: int | None) -> Sequence[Row]:
    """A row for each of the statuses that the viewer may see."""
    if viewer_id is None:
        return await source.db.fetch_by_ids(_FOR_NOBODY, object_ids)
    return await source.db.fetch(_FOR_VIEWER, ids=as_ids(object_ids), viewer=viewer_id)


async def of_audience(db: Database, object_id: int, viewer_ids: Sequence[int]) -> Sequence[Row]:
    """A row about one status for each of the viewers who may see it, with `VIEWER` and what streams ask behind it."""
    return await db.fetch(_FOR_AUDIENCE, object=object_id, viewers=as_ids(viewer_ids))


async def of_boost(db: Database, announce_id: int) -> Sequence[Row]:
    """The row about a boost, if its booster is in good standing."""
    return await db.fetch(_BOOSTS, ids=as_ids([announce_id]))


async def of_boosts(source: Source, announce_ids: Sequence[int]) -> Sequence[Row]:
    """A row for each of the boosts by people in good standing."""
    return await source.db.fetch(_BOOSTS, ids=as_ids(announce_ids)) if announce_ids else ()


async def of_feed(source: Source, feed_id: int, viewer_id: int, page: Page) -> list[Row]:
    """A page of a home or list, newest first: rows of statuses with `BOOST` and `ENTRY`."""
    upwards = page.min_id is not None
    rows = await source.db.fetch(_FEED_UP if upwards else _FEED_DOWN, feed=feed_id, viewer=viewer_id, **_bounds(page))
    return list(reversed(rows)) if upwards else list(rows)


async def of_public(source: Source, viewer_id: int | None, page: Page, *, local: bool, remote: bool,
                    only_media: bool) -> list[Row]:
    """A page of everyone's public posts, newest first: rows of statuses."""
    upwards = page.min_id is not None
    prepared = _public(signed_in=viewer_id is not None, local=local, remote=remote, only_media=only_media,
                       upwards=upwards)
    rows = await source.db.fetch(prepared, viewer=viewer_id, **_bounds(page))
    return list(reversed(rows)) if upwards else list(rows)


def _bounds(page: Page) -> dict[str, int]:
    floor = page.min_id if page.min_id is not None else page.since_id
    return {"below": _NEWEST if page.max_id is None else page.max_id, "above": _OLDEST if floor is None else floor,
            "number": page.limit}


async def stamps_of_actors(source: Source, actor_ids: Sequence[int]) -> Sequence[Row]:
    """(id, stamp…) of actors."""
    return await source.db.fetch_by_ids(_STAMPS, actor_ids) if actor_ids else ()


async def want_counts(source: Source, actor_id: int) -> bool:
    """Whether an actor lives elsewhere and its numbers are to be asked for there."""
    rows = await source.db.fetch_by_ids(_COUNTED, [actor_id])
    return any(remote_counts.are_due(None if row[1] is None else moment(row[1])) for row in rows)


def moment(value: Any) -> datetime:
    """A time as the driver gives it, as a `datetime`."""
    return value if isinstance(value, datetime) else _EPOCH + timedelta(microseconds=value)


def microseconds(value: Any) -> int:
    """A time as the driver or the model gives it, in whole microseconds since 1970."""
    if isinstance(value, int):
        return value
    since: timedelta = value - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
