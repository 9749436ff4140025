"""Ends follows, one or many at once: unfollowed, refused, blocked, a server suspended, someone gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import events
from potluck.social.counting import count_follows
from potluck.social.model import Actor, FeedEntry, Follow, List, ListMember, Notification

_FOLLOW: Any = Follow.__table__
_ENTRY: Any = FeedEntry.__table__
_MEMBER: Any = ListMember.__table__
_NOTIFICATION: Any = Notification.__table__
_CHUNK = 2000  # pairs in one statement; both databases take about 32,000 parameters

Pair = tuple[int, int]


async def sever(session: AsyncSession, condition: ColumnElement[bool], *, by: Actor | None = None) -> list[Follow]:
    """Delete the follows that meet a condition on `Follow`, with counts, list memberships, feed entries, notifications.

    Args:
        by: whose wish it is: their own follows are taken back, follows of them refused, so that other servers learn of
            it. None tells nobody.

    Returns:
        What was deleted, no longer in the session.
    """
    deleted = (await session.execute(delete(_FOLLOW).where(condition).returning(*_FOLLOW.c))).mappings().all()
    rows = [Follow(**row) for row in deleted]
    if rows:
        await count_follows(
            session, [(row.follower_id, row.followed_id) for row in rows if row.state == "accepted"], -1)
        pairs = sorted((row.follower_id, row.followed_id) for row in rows)
        for start in range(0, len(pairs), _CHUNK):
            await _sweep(session, pairs[start:start + _CHUNK])
        if by is not None:
            await _tell(session, rows, by)
    return rows


async def _sweep(session: AsyncSession, pairs: Sequence[Pair]) -> None:
    """Take away what (follower, followed) pairs left in feeds, lists and notifications."""
    members = (await session.execute(
        select(ListMember.id, ListMember.list_id, ListMember.actor_id).join(List, List.id == ListMember.list_id)
        .where(tuple_(List.owner_id, ListMember.actor_id).in_(pairs)))).all()
    if members:
        await session.execute(delete(_MEMBER).where(_MEMBER.c.id.in_([row.id for row in members])))
    in_feeds = [*pairs, *((row.list_id, row.actor_id) for row in members)]
    await session.execute(delete(_ENTRY).where(tuple_(_ENTRY.c.feed_id, _ENTRY.c.source_id).in_(in_feeds)))
    told = [(followed_id, follower_id) for follower_id, followed_id in pairs]
    await session.execute(delete(_NOTIFICATION).where(
        tuple_(_NOTIFICATION.c.reader_id, _NOTIFICATION.c.actor_id).in_(told),
        _NOTIFICATION.c.type.in_(("follow", "follow_request"))))


async def _tell(session: AsyncSession, rows: Iterable[Follow], by: Actor) -> None:
    rows = list(rows)
    wanted = {actor_id for row in rows for actor_id in (row.follower_id, row.followed_id)} - {by.id}
    people = {by.id: by}
    ordered = sorted(wanted)
    for start in range(0, len(ordered), _CHUNK):
        found = await session.scalars(select(Actor).where(Actor.id.in_(ordered[start:start + _CHUNK])))
        people.update((actor.id, actor) for actor in found)
    for row in rows:
        follower, followed = people[row.follower_id], people[row.followed_id]
        kind = events.Unfollowed if follower.id == by.id else events.FollowRejected
        await events.emit(session, kind(row, follower, followed))
