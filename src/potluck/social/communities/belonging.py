"""To which communities somebody belongs, which they look after, and whom they do not want to see."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.model import Actor, Block, Community, Follow, Moderator

MOST = 2000
"""Entries of each list; nobody has read more."""


async def followed(session: AsyncSession, actor_id: int) -> list[Actor]:
    """The communities somebody follows or wants to, by name."""
    return list((await session.scalars(select(Actor).join(Follow, Follow.followed_id == Actor.id).where(
        Follow.follower_id == actor_id, Actor.type == "Group", Actor.deleted_at.is_(None),
        Actor.suspended_at.is_(None)).order_by(Actor.name, Actor.id).limit(MOST))).all())


async def moderated(session: AsyncSession, actor_id: int) -> list[Actor]:
    """The communities somebody looks after, by name."""
    return list((await session.scalars(select(Actor).join(Moderator, Moderator.community_id == Actor.id).where(
        Moderator.actor_id == actor_id, Actor.deleted_at.is_(None), Actor.suspended_at.is_(None)
    ).order_by(Actor.name, Actor.id).limit(MOST))).all())


async def blocked(session: AsyncSession, actor_id: int) -> tuple[list[Actor], list[Actor]]:
    """The people and the communities somebody blocks, the latest first."""
    rows = (await session.scalars(select(Actor).join(Block, Block.blocked_id == Actor.id).where(
        Block.blocker_id == actor_id, Actor.deleted_at.is_(None)).order_by(Block.id.desc()).limit(MOST))).all()
    return [row for row in rows if row.type != "Group"], [row for row in rows if row.type == "Group"]


async def moderators_of(session: AsyncSession, community_ids: Collection[int]) -> dict[int, list[Actor]]:
    """The moderators of communities, the leading one first, in one query."""
    if not community_ids:
        return {}
    rows = await session.execute(select(Moderator.community_id, Actor).join(
        Actor, Actor.id == Moderator.actor_id).where(
        Moderator.community_id.in_(community_ids), Actor.deleted_at.is_(None), Actor.suspended_at.is_(None)
    ).order_by(Moderator.community_id, Moderator.rank))
    found: dict[int, list[Actor]] = {community_id: [] for community_id in community_ids}
    for community_id, actor in rows.all():
        found[community_id].append(actor)
    return found


async def totals(session: AsyncSession) -> tuple[int, int, int]:
    """How many communities live here, and the posts and comments in them that everyone may read."""
    row = (await session.execute(select(
        func.count(), func.coalesce(func.sum(Community.posts_count), 0),
        func.coalesce(func.sum(Community.comments_count), 0)).join(Actor, Actor.id == Community.actor_id).where(
        Actor.host == "", Actor.deleted_at.is_(None), Community.removed_at.is_(None),
        Community.visibility == "public"))).one()
    return int(row[0]), int(row[1]), int(row[2])
