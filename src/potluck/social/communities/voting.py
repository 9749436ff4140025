"""Who voted on a post or comment, for those who look after its community."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.model import Actor, Reaction


async def votes(session: AsyncSession, object_id: int, *, limit: int = 20, offset: int = 0,
                ) -> list[tuple[Actor, int]]:
    """Voters with 1 or -1, the first ones first."""
    rows = await session.execute(select(Actor, Reaction.kind).join(Actor, Actor.id == Reaction.actor_id).where(
        Reaction.object_id == object_id, Reaction.kind.in_(("like", "dislike")), Actor.deleted_at.is_(None),
        Actor.suspended_at.is_(None)).order_by(Reaction.id).limit(limit).offset(offset or None))
    return [(actor, 1 if kind == "like" else -1) for actor, kind in rows.all()]
