"""Signing in with a password and, where it is on, a second factor.

In three steps, because checking a password takes long and must not hold the database: `check_password` with a session
for reading, `begin` with one for writing, and `second_factor` when a code is asked for. Nobody learns from answer or
time whether an account exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.accounts import mail_tokens, passwords, recovery, sessions, totp
from potluck.social.accounts.rate_limits import Limiter, address_key
from potluck.social.actors import handle_key
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, User

TICKET_LIFETIME = timedelta(minutes=10)
_TICKET = "second-factor"

# Narrow from one address, so that guessing is hopeless; wide over all of them, so that a stranger cannot lock anyone
# out by guessing wrong, and yet many addresses together get nowhere either.
_by_account_and_address = Limiter(burst=10, seconds_each=60)
_by_account = Limiter(burst=200, seconds_each=20)
_by_address = Limiter(burst=40, seconds_each=15)
_codes = Limiter(burst=6, seconds_each=60)


class WrongCredentials(Invalid):
    """Name or password is wrong; which of them is not said."""

    def __init__(self) -> None:
        super().__init__("password", "The name or password is wrong")


@dataclass(frozen=True, slots=True)
class Checked:
    """Someone whose password is right. `new_hash`: to be kept instead, made with today's parameters."""

    user: User
    new_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """Either `session_secret` (signed in), or `ticket` (a second factor is asked for)."""

    session_secret: str | None = None
    ticket: str | None = None


def login_key(login: str) -> str:
    """What tries are counted under: a login in one spelling."""
    return login.strip().lower()[:320]


def count_try(login: str, ip: str) -> None:
    """Count a try before it is checked.

    Raises:
        TooMany: there were too many for this login or from this address.
    """
    address = address_key(ip)
    _by_address.take(address)
    _by_account_and_address.take(f"{login_key(login)} {address}")
    _by_account.take(login_key(login))


def forget_tries(login: str, ip: str) -> None:
    """A try was right: those before it count no longer for this login from this address."""
    _by_account_and_address.reset(f"{login_key(login)} {address_key(ip)}")


async def find_user(session: AsyncSession, login: str) -> User | None:
    """The user with this e-mail address or main actor's name, if that actor is not gone."""
    login = login.strip()
    query = select(User).join(Actor, Actor.id == User.actor_id).where(Actor.deleted_at.is_(None))
    if "@" in login.lstrip("@"):
        found: User | None = await session.scalar(query.where(User.email == login.lower()))
        if found is not None:
            return found
    key = handle_key(login)
    return await session.scalar(query.where(Actor.handle == key)) if key else None


async def check_password(session: AsyncSession, login: str, password: str, *, ip: str) -> Checked:
    """Check a login (name, handle or e-mail address) and password. A session for reading is enough.

    Raises:
        WrongCredentials: one of them is wrong.
        NotAllowed: both are right, but the login is disabled.
        TooMany: there were too many tries.
    """
    count_try(login, ip)
    user = await find_user(session, login)
    if user is None:
        await passwords.verify_nobody(password)
        raise WrongCredentials
    if not await passwords.verify(password, user.password_hash):
        raise WrongCredentials
    forget_tries(login, ip)
    if user.disabled_at is not None:
        raise NotAllowed("This account is disabled")
    fresh = await passwords.hash_password(password) if passwords.outdated(user.password_hash) else None
    return Checked(user, fresh)


async def begin(session: AsyncSession, checked: Checked, *, ip: str = "", user_agent: str = "") -> Begun:
    """Sign in someone whose password was right, or ask for the second factor."""
    user = await session.get_one(User, checked.user.id)
    if checked.new_hash is not None:
        user.password_hash = checked.new_hash
        await session.flush()
    if user.totp_enabled_at is not None:
        return Begun(ticket=await mail_tokens.make(session, user.id, _TICKET, TICKET_LIFETIME))
    return Begun(session_secret=await sessions.start(session, user, ip=ip, user_agent=user_agent))


async def second_factor(session: AsyncSession, ticket: str, code: str, *, ip: str = "", user_agent: str = "") -> str:
    """Sign in with a code from the authenticator app, or a recovery code.

    Returns:
        The secret of the session.

    Raises:
        NotFound: the ticket is unknown or over: sign in from the start.
        Invalid: the code is wrong or was used; the ticket still works.
        TooMany: there were too many wrong codes.
    """
    user_id = await mail_tokens.owner(session, ticket, _TICKET)
    if user_id is None:
        raise NotFound("This took too long. Please sign in again")
    _codes.take(str(user_id))
    user = await session.get_one(User, user_id)
    if user.disabled_at is not None:
        raise NotAllowed("This account is disabled")
    if not (await totp.verify(session, user, code) or await recovery.use(session, user, code)):
        raise Invalid("code", "This code is wrong or was used already")
    await mail_tokens.use(session, ticket, _TICKET)
    _codes.reset(str(user_id))
    return await sessions.start(session, user, ip=ip, user_agent=user_agent)
