"""App passwords: random, named, revocable, each for one API family, for apps that know no browser sign-in.

They stand in for password and second factor alike; being random, they need no slow hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social.accounts import activity, passwords, secret_values
from potluck.social.accounts.signin import count_try, find_user, forget_tries
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import AppPassword, User

FAMILIES = ("peertube", "lemmy", "writefreely", "subsonic", "metaweblog", "caldav")

READABLE = frozenset({"subsonic"})
"""Families whose protocol computes with the password itself (md5 of password and salt), so that it must be kept."""

MAX_NAME = 100
MOST = 50


async def create(session: AsyncSession, user: User, name: str, family: str) -> str:
    """Make an app password.

    Returns:
        The password, which cannot be read again.

    Raises:
        Invalid: the name or family cannot be used, or there are fifty already.
    """
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME:
        raise Invalid("name", "A name has 1 to %(most)s characters", "too_long" if name else "blank", most=MAX_NAME)
    if family not in FAMILIES:
        raise Invalid("family", "There is no such kind of app")
    if (await session.scalar(select(func.count()).select_from(AppPassword).where(
            AppPassword.user_id == user.id)) or 0) >= MOST:
        raise Invalid("name", "You can have %(most)s app passwords at most", most=MOST)
    secret = secret_values.make()
    session.add(AppPassword(
        id=ids.new(), user_id=user.id, name=name, family=family, secret_hash=secret_values.digest(secret),
        secret=secret if family in READABLE else None, created_at=now()))
    await session.flush()
    return secret


async def all_of(session: AsyncSession, user_id: int) -> Sequence[AppPassword]:
    """A user's app passwords, newest first."""
    return (await session.scalars(select(AppPassword).where(AppPassword.user_id == user_id)
                                  .order_by(AppPassword.id.desc()))).all()


async def revoke(session: AsyncSession, user_id: int, password_id: int) -> None:
    """Take an app password back.

    Raises:
        NotFound: it does not exist or is someone else's.
    """
    gone = await session.scalar(delete(AppPassword).where(
        AppPassword.id == password_id, AppPassword.user_id == user_id).returning(AppPassword.id))
    if gone is None:
        raise NotFound


@dataclass(frozen=True, slots=True)
class Proven:
    """Someone whose password is right. `needs_code`: it is the account's own, behind a second factor."""

    user: User
    needs_code: bool = False


async def prove(session: AsyncSession, login: str, password: str, family: str, *, ip: str) -> Proven | None:
    """Whose name and password these are; None when one of them is wrong.

    Whether the login may be used is for the caller to say, in its API's words. The account password counts only where
    the operator allows it.

    Raises:
        TooMany: there were too many tries.
    """
    count_try(login, ip)
    user = await find_user(session, login)
    if user is None:
        await passwords.verify_nobody(password)
        return None
    row = await session.scalar(select(AppPassword).where(
        AppPassword.secret_hash == secret_values.digest(password), AppPassword.user_id == user.id,
        AppPassword.family == family))
    needs_code = False
    if row is not None:
        activity.note(user_id=user.id, app_password_id=row.id)
    else:
        right = await passwords.verify(password, user.password_hash)  # always, so that the time tells nothing
        if not right or not current().legacy_passwords:
            return None
        needs_code = user.totp_enabled_at is not None
    if not needs_code:  # else a right password would allow any number of tries at the code
        forget_tries(login, ip)
    return Proven(user, needs_code)


async def authenticate(session: AsyncSession, login: str, password: str, family: str, *, ip: str) -> User | None:
    """Who signs in to an API family with name and app password; None when one of them is wrong.

    The account password counts only where the operator allows it, and never past a second factor.

    Raises:
        TooMany: there were too many tries.
    """
    proven = await prove(session, login, password, family, ip=ip)
    if proven is None or proven.needs_code or proven.user.disabled_at is not None or proven.user.approved_at is None:
        return None
    return proven.user


async def readable(session: AsyncSession, login: str, family: str) -> tuple[User, list[AppPassword]] | None:
    """A user with their app passwords in clear, for a family of `READABLE` whose clients send only a hash of it."""
    user = await find_user(session, login)
    if user is None or user.disabled_at is not None or user.approved_at is None or family not in READABLE:
        return None
    rows = await session.scalars(select(AppPassword).where(
        AppPassword.user_id == user.id, AppPassword.family == family, AppPassword.secret.is_not(None)))
    return user, list(rows.all())
