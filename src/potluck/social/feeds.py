"""Fan-out: new objects and boosts are written into the feeds of local readers, set by set.

Who gets what follows Mastodon: a follower gets posts, but replies only to people they follow too (or to the author
themselves, or to the reader); boosts once; nothing of or to those they muted or blocked; only languages they chose.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.db.base import fixed
from potluck.db.engine import insert_ignoring, insert_or_ignore
from potluck.social.model import (
    Actor,
    Announce,
    Block,
    DomainMute,
    FeedEntry,
    Follow,
    GroupPost,
    HashtagFollow,
    List,
    ListMember,
    Mention,
    Mute,
    Object,
    ObjectTag,
)

_ENTRY: Any = FeedEntry.__table__
_NO_ANNOUNCE = cast(null(), _ENTRY.c.announce_id.type)  # PostgreSQL takes a bare NULL for text
_COLUMNS = ["feed_id", "entry_id", "object_id", "announce_id", "source_id", "kind"]
_FOR_FOLLOWERS = ("public", "unlisted", "followers", "local")
_FOR_MEMBERS = ("public", "unlisted", "local", "group")

KEEP = 1000
"""Entries kept per feed; older ones are swept."""


async def add_objects(session: AsyncSession, rows: Sequence[Object]) -> None:
    """Put new objects into the homes and lists of local readers, and into their author's own home."""
    spread = [row.id for row in rows if row.visibility in _FOR_FOLLOWERS]
    direct = [row.id for row in rows if row.visibility == "direct"]
    own = [row for row in rows if row.local]
    if own:
        await _insert_rows(session, [(row.author_id, row.id, row.id, None, row.author_id, row.kind) for row in own])
    if spread:
        await _add(session, _homes_of_followers, spread)
        await _add(session, _lists_with_author, spread)
    if any(row.visibility == "public" for row in rows):
        await _add(session, _followers_of_hashtags, spread)
    if direct:
        await _add(session, _mentioned_followers, direct)
    await add_to_members(session, [row.id for row in rows if row.group_id and row.visibility in _FOR_MEMBERS])


async def add_to_members(session: AsyncSession, object_ids: Sequence[int], reader_id: int | None = None) -> None:
    """Put posts of communities into the homes of local members (or of one of them).

    Comments do not flood home: the post carries its discussion.
    """
    if object_ids and reader_id is None:
        await _add(session, _homes_of_members, object_ids)
    elif object_ids:
        await _insert_select(session, _homes_of_members(object_ids).where(Follow.follower_id == reader_id))


async def add_announces(session: AsyncSession, announce_ids: Sequence[int]) -> None:
    """Put boosts into the homes and lists of local followers of the booster who have not had the object yet."""
    if announce_ids:
        await _add(session, _homes_for_announces, announce_ids)
        await _add(session, _lists_for_announces, announce_ids)


async def _insert_rows(session: AsyncSession, rows: list[tuple[Any, ...]]) -> None:
    await session.execute(insert_or_ignore(session, _ENTRY), [dict(zip(_COLUMNS, row, strict=True)) for row in rows])


async def _add(session: AsyncSession, entries_of: Callable[[Any], Any], ids: Sequence[int]) -> None:
    """Add the entries that a query over ids gives."""
    await session.execute(_adding(session.get_bind().dialect.name, entries_of), {"ids": ids})


@cache
def _adding(dialect: str, entries_of: Callable[[Any], Any]) -> Any:
    """The statement of `_add`, put together once: that costs more than to run it."""
    return insert_ignoring(dialect, _ENTRY).from_select(_COLUMNS, entries_of(bindparam("ids", expanding=True)))


async def _insert_select(session: AsyncSession, query: Any) -> None:
    await session.execute(insert_or_ignore(session, _ENTRY).from_select(_COLUMNS, query))


def _welcome(reader: Any, author: Any) -> ColumnElement[bool]:
    """The reader has neither muted nor blocked the author (nor the other way round), nor their server."""
    other = aliased(Actor)
    return and_(
        ~exists().where(Mute.muter_id == reader, Mute.muted_id == author),
        ~exists().where(Block.blocker_id == reader, Block.blocked_id == author),
        ~exists().where(Block.blocker_id == author, Block.blocked_id == reader),
        ~exists().where(DomainMute.actor_id == reader, other.id == author, DomainMute.host == other.host),
    )


def _understood(languages: Any) -> ColumnElement[bool]:
    """The object's language is among those chosen (`en` takes in `en-GB`), or one of the two is not known."""
    chosen = cast(languages, Text)
    return or_(
        languages.is_(None), Object.language.is_(None), _holds(chosen, Object.language),
        and_(Object.language.like("__-%"), _holds(chosen, func.substr(Object.language, 1, 2))),
        and_(Object.language.like("___-%"), _holds(chosen, func.substr(Object.language, 1, 3))),
    )


def _holds(chosen: Any, language: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = chosen.like(literal('%"') + language + literal('"%'))
    return found


def _reply_fits(reader: Any) -> ColumnElement[bool]:
    """Not a reply, or one to its own author, to the reader, or to someone the reader follows and has not hidden."""
    also = aliased(Follow)
    followed = exists().where(also.follower_id == reader, also.followed_id == Object.in_reply_to_author_id,
                              also.state == "accepted")
    return or_(
        Object.in_reply_to_uri.is_(None),
        Object.in_reply_to_author_id == Object.author_id,
        Object.in_reply_to_author_id == reader,
        and_(followed, _welcome(reader, Object.in_reply_to_author_id)),
    )


def _not_exclusive(reader: Any, author: Any) -> ColumnElement[bool]:
    return ~exists().where(List.owner_id == reader, List.exclusive, ListMember.list_id == List.id,
                           ListMember.actor_id == author)


def _columns(feed: Any) -> list[Any]:
    return [feed, Object.id, Object.id, _NO_ANNOUNCE, Object.author_id, Object.kind]


def _homes_of_followers(object_ids: Any) -> Any:
    reader = aliased(Actor)
    return (
        select(*_columns(Follow.follower_id))
        .join(Follow, and_(Follow.followed_id == Object.author_id, Follow.state == "accepted"))
        .join(reader, and_(reader.id == Follow.follower_id, reader.host == ""))
        .where(Object.id.in_(object_ids), _reply_fits(Follow.follower_id), _understood(Follow.languages),
               _welcome(Follow.follower_id, Object.author_id),
               _not_exclusive(Follow.follower_id, Object.author_id))
    )


def _homes_of_members(object_ids: Any) -> Any:
    reader, group = aliased(Actor), aliased(Actor)
    return (
        select(Follow.follower_id, Object.id, Object.id, _NO_ANNOUNCE, Object.group_id, Object.kind)
        .join(Follow, and_(Follow.followed_id == Object.group_id, Follow.state == "accepted"))
        .join(reader, and_(reader.id == Follow.follower_id, reader.host == ""))
        .join(group, and_(group.id == Object.group_id, group.suspended_at.is_(None)))
        .where(Object.id.in_(object_ids), Object.in_reply_to_uri.is_(None), _understood(Follow.languages),
               _not_had(Follow.follower_id), _welcome(Follow.follower_id, Object.author_id),
               _welcome(Follow.follower_id, Object.group_id), _not_exclusive(Follow.follower_id, Object.group_id))
    )


def _lists_with_author(object_ids: Any) -> Any:
    peer = aliased(ListMember)
    same_list = exists().where(peer.list_id == List.id, peer.actor_id == Object.in_reply_to_author_id)
    also = aliased(Follow)
    followed = exists().where(also.follower_id == List.owner_id, also.state == "accepted",
                              also.followed_id == Object.in_reply_to_author_id)
    fits = or_(
        Object.in_reply_to_uri.is_(None),
        Object.in_reply_to_author_id == Object.author_id,
        and_(List.replies_policy != "none", Object.in_reply_to_author_id == List.owner_id),
        and_(List.replies_policy == "list", same_list, _welcome(List.owner_id, Object.in_reply_to_author_id)),
        and_(List.replies_policy == "followed", followed, _welcome(List.owner_id, Object.in_reply_to_author_id)),
    )
    return (
        select(*_columns(List.id))
        .join(ListMember, ListMember.actor_id == Object.author_id)
        .join(List, List.id == ListMember.list_id)
        .where(Object.id.in_(object_ids), fits, _is_followed_or_self(), _welcome(List.owner_id, Object.author_id))
    )


def _is_followed_or_self(*, boosts: bool = False) -> ColumnElement[bool]:
    """The member is the list's owner, or followed by them with the object's language (and with boosts)."""
    link = aliased(Follow)
    wanted = [link.show_boosts] if boosts else []
    return or_(
        ListMember.actor_id == List.owner_id,
        exists().where(link.follower_id == List.owner_id, link.followed_id == ListMember.actor_id,
                       link.state == "accepted", _understood(link.languages), *wanted),
    )


def _followers_of_hashtags(object_ids: Any) -> Any:
    author = aliased(Actor)
    return (
        select(HashtagFollow.actor_id, Object.id, Object.id, _NO_ANNOUNCE, literal(0), Object.kind)
        .distinct()
        .join(ObjectTag, ObjectTag.object_id == Object.id)
        .join(HashtagFollow, HashtagFollow.hashtag_id == ObjectTag.hashtag_id)
        .join(author, and_(author.id == Object.author_id, author.silenced_at.is_(None)))
        .where(Object.id.in_(object_ids), Object.visibility == fixed("public"),
               _welcome(HashtagFollow.actor_id, Object.author_id),
               _not_exclusive(HashtagFollow.actor_id, Object.author_id))
    )


def _mentioned_followers(object_ids: Any) -> Any:
    reader = aliased(Actor)
    return (
        select(*_columns(Mention.actor_id))
        .join(Mention, Mention.object_id == Object.id)
        .join(reader, and_(reader.id == Mention.actor_id, reader.host == ""))
        .join(Follow, and_(Follow.follower_id == Mention.actor_id, Follow.followed_id == Object.author_id,
                           Follow.state == "accepted"))
        .where(Object.id.in_(object_ids), _welcome(Mention.actor_id, Object.author_id))
    )


def _not_had(feed: Any) -> ColumnElement[bool]:
    had = aliased(FeedEntry)
    return ~exists().where(had.object_id == Object.id, had.feed_id == feed)


def _announce_columns(feed: Any) -> list[Any]:
    return [feed, Announce.id, Object.id, Announce.id, Announce.actor_id, Object.kind]


def _homes_for_announces(announce_ids: Any) -> Any:
    reader = aliased(Actor)
    return (
        select(*_announce_columns(Follow.follower_id))
        .join(Announce, Announce.object_id == Object.id)
        .join(Follow, and_(Follow.followed_id == Announce.actor_id, Follow.state == "accepted", Follow.show_boosts))
        .join(reader, and_(reader.id == Follow.follower_id, reader.host == ""))
        .where(Announce.id.in_(announce_ids), Announce.visibility.in_(_FOR_FOLLOWERS),
               _not_had(Follow.follower_id), _understood(Follow.languages),
               Object.author_id != Follow.follower_id,
               _welcome(Follow.follower_id, Announce.actor_id), _welcome(Follow.follower_id, Object.author_id),
               _not_exclusive(Follow.follower_id, Announce.actor_id))
    )


def _lists_for_announces(announce_ids: Any) -> Any:
    return (
        select(*_announce_columns(List.id))
        .join(Announce, Announce.object_id == Object.id)
        .join(ListMember, ListMember.actor_id == Announce.actor_id)
        .join(List, List.id == ListMember.list_id)
        .where(Announce.id.in_(announce_ids), Announce.visibility.in_(_FOR_FOLLOWERS),
               _not_had(List.id), _is_followed_or_self(boosts=True),
               _welcome(List.owner_id, Announce.actor_id), _welcome(List.owner_id, Object.author_id))
    )


async def backfill(session: AsyncSession, reader_id: int, actor_id: int, *, limit: int = 40) -> None:
    """Put the newest known posts of a newly followed actor into the reader's home."""
    newest = (
        select(Object.id)
        .where(Object.author_id == actor_id, Object.deleted_at.is_(None), Object.state == fixed("published"),
               Object.visibility.in_(_FOR_FOLLOWERS),
               or_(Object.in_reply_to_uri.is_(None), Object.in_reply_to_author_id == actor_id))
        .order_by(Object.id.desc()).limit(limit)
    )
    link = aliased(Follow)
    unread = exists().where(link.follower_id == reader_id, link.followed_id == Object.author_id,
                            ~_understood(link.languages))
    query = select(*_columns(literal(reader_id))).where(
        Object.id.in_(newest), ~unread, _not_exclusive(reader_id, Object.author_id),
        _welcome(reader_id, Object.author_id))
    await _insert_select(session, query)
    posted = select(GroupPost.object_id).where(GroupPost.community_id == actor_id, GroupPost.listed).order_by(
        GroupPost.published_s.desc()).limit(limit)
    await add_to_members(session, list((await session.scalars(posted)).all()), reader_id)


async def backfill_list(session: AsyncSession, list_id: int, owner_id: int, actor_ids: Sequence[int]) -> None:
    """Put new list members' posts that are in the owner's home into the list; an exclusive list takes them over."""
    of_member = and_(_ENTRY.c.feed_id == owner_id, _ENTRY.c.source_id.in_(actor_ids))
    query = select(literal(list_id), _ENTRY.c.entry_id, _ENTRY.c.object_id, _ENTRY.c.announce_id,
                   _ENTRY.c.source_id, _ENTRY.c.kind).where(of_member)
    await _insert_select(session, query)
    if await session.scalar(select(List.exclusive).where(List.id == list_id)):
        await session.execute(delete(_ENTRY).where(of_member))


async def remove_source(session: AsyncSession, feed_id: int, source_id: int) -> None:
    """Take everything that came because of an actor out of a feed (unfollowed, or off the list)."""
    await session.execute(delete(_ENTRY).where(_ENTRY.c.feed_id == feed_id, _ENTRY.c.source_id == source_id))


async def remove_author(session: AsyncSession, reader_id: int, author_id: int) -> None:
    """Take an actor's posts and boosts out of a reader's home and lists (muted, blocked)."""
    feeds_of = select(literal(reader_id)).union_all(select(List.id).where(List.owner_id == reader_id))
    theirs = select(Object.id).where(Object.author_id == author_id)
    await session.execute(delete(_ENTRY).where(
        _ENTRY.c.feed_id.in_(feeds_of), or_(_ENTRY.c.source_id == author_id, _ENTRY.c.object_id.in_(theirs))))


async def remove_host(session: AsyncSession, reader_id: int, host: str) -> None:
    """Take everything by actors of a server out of a reader's home and lists."""
    feeds_of = select(literal(reader_id)).union_all(select(List.id).where(List.owner_id == reader_id))
    actors = select(Actor.id).where(Actor.host == host)
    theirs = select(Object.id).where(Object.author_id.in_(actors))
    await session.execute(delete(_ENTRY).where(
        _ENTRY.c.feed_id.in_(feeds_of), or_(_ENTRY.c.source_id.in_(actors), _ENTRY.c.object_id.in_(theirs))))


async def remove_objects(session: AsyncSession, object_ids: Sequence[int]) -> list[int]:
    """Take deleted objects out of all feeds; returns the feeds that had them (at most 1,000)."""
    query = select(_ENTRY.c.feed_id).distinct().where(_ENTRY.c.object_id.in_(object_ids)).limit(1000)
    holders = list((await session.scalars(query)).all())
    await session.execute(delete(_ENTRY).where(_ENTRY.c.object_id.in_(object_ids)))
    return holders


async def remove_of_members(session: AsyncSession, object_ids: Sequence[int], group_ids: Collection[int]) -> None:
    """Take posts out of the homes that have them as members of these communities alone."""
    if object_ids and group_ids:
        await session.execute(delete(_ENTRY).where(
            _ENTRY.c.object_id.in_(object_ids), _ENTRY.c.source_id.in_(group_ids),
            ~exists().where(Follow.follower_id == _ENTRY.c.feed_id, Follow.followed_id == Object.author_id,
                            Object.id == _ENTRY.c.object_id, Follow.state == "accepted").correlate(_ENTRY)))


async def remove_announce(session: AsyncSession, announce_id: int, object_id: int) -> list[int]:
    """Take a boost out of all feeds; returns the feeds that had it (at most 1,000)."""
    mine = and_(_ENTRY.c.object_id == object_id, _ENTRY.c.announce_id == announce_id)
    holders = list((await session.scalars(select(_ENTRY.c.feed_id).distinct().where(mine).limit(1000))).all())
    await session.execute(delete(_ENTRY).where(mine))
    return holders


async def sweep(session: AsyncSession, feed_id: int) -> None:
    """Forget all but the newest `KEEP` entries of a feed."""
    oldest_kept = select(_ENTRY.c.entry_id).where(_ENTRY.c.feed_id == feed_id).order_by(
        _ENTRY.c.entry_id.desc()).offset(KEEP).limit(1).scalar_subquery()
    await session.execute(delete(_ENTRY).where(_ENTRY.c.feed_id == feed_id, _ENTRY.c.entry_id <= oldest_kept))


async def add_own_announce(session: AsyncSession, boost: Announce) -> None:
    """Put a local person's boost into their own home, unless what they boosted is there already."""
    await _insert_select(session, select(*_announce_columns(Announce.actor_id)).join(
        Announce, Announce.object_id == Object.id
    ).where(Announce.id == boost.id, _not_had(Announce.actor_id)))
