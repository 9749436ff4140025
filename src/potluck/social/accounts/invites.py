"""Invitations: links that let someone sign up, for as many times and as long as they say."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Invite, User

_INVITE: Any = Invite.__table__


async def create(session: AsyncSession, creator: User, *, max_uses: int | None = None,
                 expires_at: datetime | None = None) -> Invite:
    """Make an invitation."""
    row = Invite(id=ids.new(), code=secrets.token_urlsafe(18), creator_id=creator.id, role="user", max_uses=max_uses,
                 uses=0, expires_at=expires_at, created_at=now())
    session.add(row)
    await session.flush()
    return row


def _usable() -> Any:
    return ((Invite.max_uses.is_(None) | (Invite.uses < Invite.max_uses))
            & or_(Invite.expires_at.is_(None), Invite.expires_at > now()))


async def find(session: AsyncSession, code: str, *, role: str = "user") -> Invite | None:
    """An invitation that can still be used. `role` admin: the link with which the first administrator is made."""
    found: Invite | None = await session.scalar(select(Invite).where(
        Invite.code == code, Invite.role == role, _usable()))
    return found


async def use(session: AsyncSession, code: str, *, role: str = "user") -> Invite:
    """Use an invitation up by one.

    Raises:
        Invalid: it does not exist, is over, or used up.
    """
    row = await find(session, code, role=role)
    if row is not None:
        done: Any = await session.execute(update(_INVITE).where(_INVITE.c.id == row.id, _usable())
                                          .values(uses=_INVITE.c.uses + 1))
        if done.rowcount:
            return row
    raise Invalid("invite", "This invitation is not valid any more")


async def all_of(session: AsyncSession, user_id: int) -> Sequence[Invite]:
    """The invitations a user made, newest first."""
    return (await session.scalars(select(Invite).where(Invite.creator_id == user_id).order_by(Invite.id.desc()))).all()


async def withdraw(session: AsyncSession, user_id: int, invite_id: int) -> None:
    """Take an invitation back.

    Raises:
        NotFound: it does not exist or is someone else's.
    """
    gone = await session.scalar(delete(Invite).where(Invite.id == invite_id, Invite.creator_id == user_id)
                                .returning(Invite.id))
    if gone is None:
        raise NotFound
