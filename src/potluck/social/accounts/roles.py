"""Who may do what to run the server: owner, administrator, moderator, in this order.

A moderator deals with reports, accounts, posts, servers and blocks. An administrator also gives roles below their own
and sees the settings. The owner is an administrator whom nobody else can act against. Nobody acts on their own account
or on somebody of the same or a higher rank; only the owner acts on administrators.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.errors import NotAllowed
from potluck.social.model import Actor, User

OWNER, ADMIN, MODERATOR, USER = "owner", "admin", "moderator", "user"
ALL = (USER, MODERATOR, ADMIN, OWNER)
STAFF = (MODERATOR, ADMIN, OWNER)
ADMINS = (ADMIN, OWNER)


def rank(role: str) -> int:
    """0 for people, more for those who run the server."""
    return ALL.index(role) if role in ALL else 0


def may_give(user: User) -> tuple[str, ...]:
    """Roles a user may give to others."""
    if user.role == OWNER:
        return ALL
    return (USER, MODERATOR) if user.role == ADMIN else ()


async def check_over(session: AsyncSession, user: User, target: Actor) -> None:
    """Whether a moderator may act against an account.

    Raises:
        NotAllowed: it is their own, or belongs to somebody of their rank or above.
    """
    if target.id == user.actor_id or (target.owner_id is not None and target.owner_id == user.id):
        raise NotAllowed("You cannot do this to yourself")
    role = await session.scalar(select(User.role).where(
        (User.actor_id == target.id) | (User.id == (target.owner_id or 0)))) or USER
    if rank(role) and rank(role) >= rank(user.role):
        raise NotAllowed("You cannot do this to somebody of your own rank or above")
