"""Account passwords: argon2id in a thread, so that a sign-in never holds up the others."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.accounts import sessions, tokens
from potluck.social.errors import Invalid
from potluck.social.model import Actor, User

MIN_LENGTH = 10
MAX_LENGTH = 1000  # argon2 takes any length; nobody types more

_hasher = PasswordHasher()  # argon2id with RFC 9106's second recommended choice (64 MiB)
_pool = ThreadPoolExecutor(2, "argon2")  # 64 MiB each: many sign-ins at once must not fill the memory


def check(password: str, *, name: str = "", email: str = "") -> None:
    """Whether a new password may be used.

    Raises:
        Invalid: it is too short, too long, or one's own name or address.
    """
    if not password:
        raise Invalid("password", "Please choose a password", "blank")
    if len(password) < MIN_LENGTH:
        raise Invalid("password", "A password has at least %(least)s characters", "too_short", least=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        raise Invalid("password", "A password has at most %(most)s characters", "too_long", most=MAX_LENGTH)
    if len(set(password)) < 4 or password.lower() in {name.lower(), email.lower(), email.partition("@")[0].lower()}:
        raise Invalid("password", "This password is too easy to guess")


async def hash_password(password: str) -> str:
    """The hash that is kept."""
    return await asyncio.get_running_loop().run_in_executor(_pool, _hasher.hash, password)


async def verify(password: str, kept: str) -> bool:
    """Whether a password is the one `kept` was made of. Takes as long for a wrong one."""
    if len(password) > MAX_LENGTH:
        return False
    return await asyncio.get_running_loop().run_in_executor(_pool, _verify, password, kept)


def _verify(password: str, kept: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


async def verify_nobody(password: str) -> None:
    """Take the time of a check although there is no such user, so that nobody can tell who has an account."""
    await verify(password, _nobody())


@cache
def _nobody() -> str:
    return _hasher.hash("there is no such user")


async def name_of(session: AsyncSession, user: User) -> str:
    """Name of the user's main actor."""
    name: str = (await session.scalars(select(Actor.name).where(Actor.id == user.actor_id))).one()
    return name


async def replace(session: AsyncSession, user: User, password: str, *, keep_session: int | None = None) -> None:
    """Give a user a new password and sign every browser and app out.

    Args:
        keep_session: the session that asks for it, which stays.

    Raises:
        Invalid: the password cannot be used.
    """
    check(password, name=await name_of(session, user), email=user.email)
    row = await session.get_one(User, user.id)
    row.password_hash = await hash_password(password)
    await session.flush()
    await sessions.end_all(session, row.id, but=keep_session)
    await tokens.revoke_all(session, row.id)


def outdated(kept: str) -> bool:
    """Whether the hash was made with weaker parameters than today's and should be made anew."""
    return _hasher.check_needs_rehash(kept)
