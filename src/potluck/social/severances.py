"""Tells local people that follows of theirs ended because a server or account was blocked or suspended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social import notifications
from potluck.social.model import Actor, Follow, Severance
from potluck.social.notifications import Notice

TYPES = ("domain_block", "user_domain_block", "account_suspension")


async def tell(session: AsyncSession, rows: Iterable[Follow], type_name: str, target_name: str, *,
               readers: Sequence[int] | None = None) -> None:
    """Write an event and a notification for each local person who lost follows.

    Args:
        rows: the follows that ended (`severing.sever` gives them).
        type_name: one of `TYPES`.
        target_name: the domain or handle because of which.
        readers: only these people are told; by default all who lost something.
    """
    followers: Counter[int] = Counter()
    following: Counter[int] = Counter()
    for row in rows:
        if row.state == "accepted":
            followers[row.followed_id] += 1
            following[row.follower_id] += 1
    people = set(followers) | set(following)
    local = (await session.scalars(select(Actor.id).where(
        Actor.id.in_(people if readers is None else people & set(readers)), Actor.host == "",
        Actor.deleted_at.is_(None)))).all() if people else ()
    if not local:
        return
    events = {reader: ids.new() for reader in local}
    session.add_all([Severance(
        id=event_id, reader_id=reader, type=type_name, target_name=target_name, followers_count=followers[reader],
        following_count=following[reader], created_at=now()) for reader, event_id in events.items()])
    await session.flush()
    await notifications.notify(session, [
        Notice(reader, "severed_relationships", reader, event_id=event_id) for reader, event_id in events.items()])
