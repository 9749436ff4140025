"""Leaving: a user goes, with everything they own."""

from __future__ import annotations

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import actors
from potluck.social.accounts import roles, tokens
from potluck.social.errors import Conflict
from potluck.social.model import Actor, User


async def delete_account(session: AsyncSession, user: User) -> None:
    """Delete a user with their actors. Other servers are told; the names are never given again.

    The caller has asked for the password.

    Raises:
        Conflict: it is the last administrator.
    """
    row = await session.get_one(User, user.id)
    if await _is_last_admin(session, row):
        raise Conflict("You are the last administrator: make somebody else one before you leave")
    await tokens.revoke_all(session, row.id)
    for actor in await actors.owned_by(session, row.id):
        await actors.delete_local(session, actor)
    main = await session.get_one(Actor, row.actor_id)
    await actors.delete_local(session, main)
    await session.execute(update(Actor).where(Actor.owner_id == row.id).values(owner_id=None))
    await session.execute(delete(User).where(User.id == row.id))  # sessions, tokens, passkeys, invitations go with it


async def _is_last_admin(session: AsyncSession, user: User) -> bool:
    if user.role not in roles.ADMINS:
        return False
    return not await session.scalar(select(exists().where(
        User.role.in_(roles.ADMINS), User.id != user.id, User.disabled_at.is_(None))))
