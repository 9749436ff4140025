"""What another server says of people and itself: banned from all of its communities, its own person's things gone.

A server that bans one of its own people lets them say no more; what they said is taken down here only when it says so.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.social.communities import mod_log, reporting, sweeping
from potluck.social.model import Actor, CommunityBan, Object

_BAN: Any = CommunityBan.__table__
MAX_COMMUNITIES = 2000


async def _communities(session: AsyncSession, site: Actor) -> list[int]:
    """The communities of the server that `site` lives on, as far as they are known here."""
    if site.server_id is None:
        return []
    return list((await session.scalars(select(Actor.id).where(
        Actor.server_id == site.server_id, Actor.type == "Group", Actor.deleted_at.is_(None)
    ).limit(MAX_COMMUNITIES))).all())


async def _elsewhere(session: AsyncSession, author: Actor) -> list[int]:
    """The communities of other servers in which somebody's things were taken down."""
    return list((await session.scalars(select(Actor.id).where(Actor.host != "", Actor.id.in_(
        select(Object.group_id).where(Object.author_id == author.id, Object.state == sweeping.REMOVED))
    ).limit(MAX_COMMUNITIES))).all())


async def ban(session: AsyncSession, moderator: Actor, target: Actor, *, reason: str = "",
              expires_at: datetime | None = None, with_content: bool = False) -> None:
    """The moderator's server bans somebody from itself, and so from all of its communities.

    Args:
        moderator: somebody of that server.
        target: somebody of it or of any other server.
        with_content: what they said goes: of its own people everywhere, of others in its communities.
    """
    communities = await _communities(session, moderator)
    if communities:
        await session.execute(delete(_BAN).where(_BAN.c.actor_id == target.id, _BAN.c.community_id.in_(communities)))
        await session.execute(insert_or_ignore(session, CommunityBan), [
            {"community_id": community_id, "actor_id": target.id, "reason": reason, "expires_at": expires_at,
             "created_at": now()} for community_id in communities])
    if with_content:
        own = target.server_id == moderator.server_id
        gone = await sweeping.of_author(session, target.id, None if own else communities)
        await reporting.resolve_all_of(session, moderator, gone)
    await mod_log.write(session, "ban", community_id=None, moderator_id=moderator.id, target_id=target.id,
                        reason=reason, expires_at=expires_at)


async def unban(session: AsyncSession, moderator: Actor, target: Actor, *, reason: str = "",
                with_content: bool = False) -> None:
    """The moderator's server lets somebody take part again."""
    communities = await _communities(session, moderator)
    await session.execute(delete(_BAN).where(_BAN.c.actor_id == target.id, _BAN.c.community_id.in_(communities)))
    if with_content:
        # What moderators of communities here took down is for them alone to put back.
        own = target.server_id == moderator.server_id
        await sweeping.of_author(session, target.id, await _elsewhere(session, target) if own else communities,
                                 removed=False)
    await mod_log.write(session, "unban", community_id=None, moderator_id=moderator.id, target_id=target.id,
                        reason=reason)
