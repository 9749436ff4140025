"""A forgotten password: a link by mail, which works once within an hour."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.settings import current
from potluck.social.accounts import mail_tokens, passwords
from potluck.social.accounts.addresses import normalise_email
from potluck.social.accounts.email import Mail, send
from potluck.social.accounts.mail_texts import fill
from potluck.social.accounts.rate_limits import Limiter, address_key
from potluck.social.model import User

__all__ = ["Mail", "begin", "finish", "is_valid", "link", "send"]

LIFETIME = timedelta(hours=1)

_by_ip = Limiter(burst=5, seconds_each=300)
_by_email = Limiter(burst=3, seconds_each=1200)

_RESET = """\
Somebody, probably you, asked for a new password for @%(name)s at %(title)s. Choose it here:
%(link)s

The link works once, within an hour. If it was not you, ignore this mail; nothing has changed."""


async def begin(session: AsyncSession, address: str, *, ip: str) -> Mail | None:
    """Someone forgot their password.

    Returns:
        The mail to send after the commit, None where the address has no account. A page answers the same in both
        cases, and sends the mail in the background, so that the time tells nothing either.

    Raises:
        Invalid: it is no e-mail address.
        TooMany: there were several just now, from there or for this address.
    """
    _by_ip.take(address_key(ip))
    email = normalise_email(address)
    _by_email.take(email)
    user: User | None = await session.scalar(select(User).where(User.email == email, User.disabled_at.is_(None)))
    if user is None:
        return None
    name = await passwords.name_of(session, user)
    return Mail(user.email, fill(user.locale, "Choose a new password"),
                fill(user.locale, _RESET, name=name, title=current().title, link=await link(session, user)))


async def link(session: AsyncSession, user: User) -> str:
    """A link with which a user can choose a new password, for an administrator to hand over."""
    return f"{current().url}/reset/{await mail_tokens.make(session, user.id, 'reset', LIFETIME)}"


async def is_valid(session: AsyncSession, secret: str) -> bool:
    """Whether a link could be used now."""
    return await mail_tokens.is_valid(session, secret, "reset")


async def finish(session: AsyncSession, secret: str, password: str) -> User:
    """Set the new password and sign every browser and app out. The second factor stays in force.

    Raises:
        NotFound: the link is unknown, over or used up.
        Invalid: the password cannot be used; the link then still works.
    """
    user_id, _ = await mail_tokens.use(session, secret, "reset")
    user = await session.get_one(User, user_id)
    await passwords.replace(session, user, password)
    user.confirmed_at = user.confirmed_at or now()  # the mail reached them
    await session.flush()
    return user
