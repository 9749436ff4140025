"""Numbers on the profiles of people elsewhere, as their own server says them.

Of their followers and posts only some are known here. Whoever opens a profile has the numbers asked for, at most once
a day; they are shown where they are larger than what is known here, and never summed with it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.social import events
from potluck.social.model import Actor

_ACTOR: Any = Actor.__table__
_EVERY = timedelta(days=1)
MOST = 2_000_000_000
"""Numbers are somebody's claim; larger ones are cut."""


def are_stale(actor: Actor) -> bool:
    """Whether the numbers of a profile are to be asked for."""
    if actor.is_local or actor.suspended_at is not None or actor.deleted_at is not None:
        return False
    return are_due(actor.counted_at)


def are_due(counted_at: datetime | None) -> bool:
    """Whether the numbers of someone elsewhere, in good standing, that were asked for at that time are stale."""
    return counted_at is None or counted_at < now() - _EVERY


async def want(session: AsyncSession, actor_id: int) -> None:
    """Somebody looks at a profile: ask for its numbers, if they are stale."""
    actor = await session.get(Actor, actor_id)
    if actor is not None and are_stale(actor):
        await session.execute(update(_ACTOR).where(_ACTOR.c.id == actor.id).values(counted_at=now()))
        await events.emit(session, events.CountsWanted(actor))


async def note(
    session: AsyncSession, actor: Actor, *, followers: int | None, following: int | None, posts: int | None,
) -> None:
    """Keep what a server says; what it does not say stays as it was."""
    said = {"remote_followers": followers, "remote_following": following, "remote_posts": posts}
    values = {name: min(max(value, 0), MOST) for name, value in said.items() if value is not None}
    if any(getattr(actor, name) != value for name, value in values.items()):
        await session.execute(update(_ACTOR).where(_ACTOR.c.id == actor.id).values(**values, updated_at=now()))
