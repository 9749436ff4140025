"""Giving up a community one leads, and opening it again."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.social import events
from potluck.social.communities import mod_log, posts, roles
from potluck.social.errors import NotAllowed
from potluck.social.model import Actor, Community


async def close(session: AsyncSession, leader: Actor, community: Actor, *, closed: bool = True) -> None:
    """Close a community here: nothing can be posted any more, nobody sees its posts listed. Or open it again.

    Raises:
        NotAllowed: only who leads it may, and not open what the server's staff has taken down.
    """
    leading = await roles.moderators(session, community.id)
    if not community.is_local or not leading or leading[0].id != leader.id:
        raise NotAllowed("Only who leads the community may close it")
    await posts.know(session, [community.id])
    row = await session.get_one(Community, community.id)
    if not closed and row.removed_at is not None and row.closed_at is None:
        raise NotAllowed("This community was removed")
    if (row.removed_at is not None) == closed:
        return
    row.removed_at = row.closed_at = now() if closed else None
    await session.flush()
    act = "remove_community" if closed else "restore_community"
    await mod_log.write(session, act, community_id=community.id, moderator_id=leader.id)
    await events.emit(session, events.CommunityActed(community, leader, act))
