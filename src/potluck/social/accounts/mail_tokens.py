"""Single-use secrets, sent by mail or kept between two steps of signing in; only their hash is kept.

A new one ends those before it that have the same purpose.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social.accounts import secret_values
from potluck.social.errors import NotFound
from potluck.social.model import EmailToken

_TOKEN: Any = EmailToken.__table__


async def make(session: AsyncSession, user_id: int, purpose: str, lifetime: timedelta,
               data: dict[str, Any] | None = None) -> str:
    """Make a secret for one purpose (confirm, reset, change, second-factor)."""
    await session.execute(delete(_TOKEN).where(_TOKEN.c.user_id == user_id, _TOKEN.c.purpose == purpose))
    secret = secret_values.make()
    session.add(EmailToken(id=ids.new(), user_id=user_id, purpose=purpose, token_hash=secret_values.digest(secret),
                           data=data or {}, expires_at=now() + lifetime, created_at=now()))
    await session.flush()
    return secret


async def owner(session: AsyncSession, secret: str, purpose: str) -> int | None:
    """Whose secret it is (user id); None when it is unknown, over or used up. It is not used by this."""
    found: int | None = await session.scalar(select(EmailToken.user_id).where(
        EmailToken.token_hash == secret_values.digest(secret), EmailToken.purpose == purpose,
        EmailToken.expires_at > now()))
    return found


async def is_valid(session: AsyncSession, secret: str, purpose: str) -> bool:
    """Whether a secret could be used now."""
    return await owner(session, secret, purpose) is not None


async def use(session: AsyncSession, secret: str, purpose: str) -> tuple[int, dict[str, Any]]:
    """Use a secret up.

    Returns:
        Whose it was (user id), and what was kept with it.

    Raises:
        NotFound: it is unknown, over or used up.
    """
    row = (await session.execute(delete(_TOKEN).where(
        _TOKEN.c.token_hash == secret_values.digest(secret), _TOKEN.c.purpose == purpose)
        .returning(_TOKEN.c.user_id, _TOKEN.c.data, _TOKEN.c.expires_at))).one_or_none()
    if row is None or row.expires_at <= now():
        raise NotFound("This link does not work any more")
    return row.user_id, row.data
