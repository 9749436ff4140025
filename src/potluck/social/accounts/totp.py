"""Time-based one-time codes (RFC 6238) as a second factor; each code works once."""

from __future__ import annotations

import hmac
import time
from typing import Any

import pyotp
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.settings import current
from potluck.social.accounts import recovery
from potluck.social.errors import Conflict, Invalid
from potluck.social.model import User

STEP_SECONDS = 30
_DRIFT = (0, -1, 1)  # steps: clocks are seldom further apart
_USER: Any = User.__table__


async def begin(session: AsyncSession, user: User) -> str:
    """Make a secret for the authenticator app; it counts once `enable` saw a code.

    Returns:
        The secret in base32.

    Raises:
        Conflict: a second factor is in force already.
    """
    row = await session.get_one(User, user.id)
    if row.totp_enabled_at is not None:
        raise Conflict("Two-factor sign-in is on already")
    row.totp_secret = pyotp.random_base32()
    await session.flush()
    return row.totp_secret


def provisioning_uri(user: User, name: str) -> str:
    """What the QR code says: `otpauth://…`."""
    return pyotp.TOTP(user.totp_secret or "").provisioning_uri(
        name=f"{name}@{current().domain}", issuer_name=current().title)


async def enable(session: AsyncSession, user: User, code: str) -> list[str]:
    """Turn the second factor on, once the app gives the right code.

    Returns:
        Recovery codes, which cannot be read again.

    Raises:
        Invalid: the code is wrong.
        Conflict: it is on already, or was never begun.
    """
    row = await session.get_one(User, user.id)
    if row.totp_enabled_at is not None or not row.totp_secret:
        raise Conflict("Two-factor sign-in is on already, or was not begun")
    step = _matching_step(row.totp_secret, code)
    if step is None:
        raise Invalid("code", "This code is wrong. Is the clock of your device right?")
    row.totp_enabled_at, row.totp_last_step = now(), step
    await session.flush()
    return await recovery.renew(session, row)


async def disable(session: AsyncSession, user: User) -> None:
    """Turn the second factor off, with its recovery codes. The caller has asked for the password."""
    row = await session.get_one(User, user.id)
    row.totp_secret = row.totp_enabled_at = None
    row.totp_last_step, row.recovery_codes = 0, []
    await session.flush()


async def verify(session: AsyncSession, user: User, code: str) -> bool:
    """Whether a code is right and was not used before; it is used up by this."""
    if not user.totp_secret or user.totp_enabled_at is None:
        return False
    step = _matching_step(user.totp_secret, code)
    if step is None:
        return False
    done: Any = await session.execute(update(_USER).where(_USER.c.id == user.id, _USER.c.totp_last_step < step)
                                      .values(totp_last_step=step))
    return bool(done.rowcount)


def _matching_step(secret: str, code: str) -> int | None:
    code = "".join(code.split())
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    made = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current_step = int(time.time()) // STEP_SECONDS
    found = None
    for drift in _DRIFT:  # all of them, so that the time tells nothing
        if hmac.compare_digest(made.generate_otp(current_step + drift), code):
            found = current_step + drift
    return found
