"""Recovery codes: ten codes on paper for the day the second factor is lost; each works once."""

from __future__ import annotations

import hmac
import secrets

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.accounts import secret_values
from potluck.social.model import User

COUNT = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike
_LENGTH = 12  # 59 bits


def _make() -> str:
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(code[start:start + 4] for start in range(0, _LENGTH, 4))


def _normal(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter in _LETTERS)


async def renew(session: AsyncSession, user: User) -> list[str]:
    """Make new codes; the old ones end. They cannot be read again."""
    row = await session.get_one(User, user.id)
    codes = [_make() for _ in range(COUNT)]
    row.recovery_codes = [secret_values.digest(_normal(code)) for code in codes]
    await session.flush()
    return codes


async def use(session: AsyncSession, user: User, code: str) -> bool:
    """Whether a code is right; it is used up by this."""
    # The row is locked, so that two requests at once cannot both use one code (SQLite has one writer anyway).
    row = (await session.scalars(select(User).where(User.id == user.id).with_for_update()
                                 .execution_options(populate_existing=True))).one()
    wanted = secret_values.digest(_normal(code))
    left = [kept for kept in row.recovery_codes if not hmac.compare_digest(kept, wanted)]
    if len(left) == len(row.recovery_codes):
        return False
    row.recovery_codes = left
    await session.flush()
    return True


def left(user: User) -> int:
    """How many codes are left."""
    return len(user.recovery_codes)
