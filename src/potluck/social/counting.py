"""Keeps followers_count and following_count right: a fixed number of statements for any number of follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, case, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.model import Actor

_ACTOR: Any = Actor.__table__


async def count_follows(session: AsyncSession, pairs: Iterable[tuple[int, int]], step: int) -> None:
    """Add `step` (1 or -1) to the counts of (follower, followed) pairs whose accepted follow came or went."""
    following: Counter[int] = Counter()
    followers: Counter[int] = Counter()
    for follower_id, followed_id in pairs:
        following[follower_id] += step
        followers[followed_id] += step
    rows = [{"b_id": actor_id, "following": following[actor_id], "followers": followers[actor_id]}
            for actor_id in sorted(following.keys() | followers.keys())]  # in one order, against deadlocks
    if not rows:
        return
    statement = update(_ACTOR).where(_ACTOR.c.id == bindparam("b_id")).values(
        following_count=_at_least_zero(_ACTOR.c.following_count + bindparam("following")),
        followers_count=_at_least_zero(_ACTOR.c.followers_count + bindparam("followers")))
    await (await session.connection()).execute(statement, rows)


def _at_least_zero(value: Any) -> Any:
    return case((value < 0, 0), else_=value)
