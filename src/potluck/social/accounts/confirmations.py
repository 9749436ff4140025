"""Confirming that an e-mail address is one's own: at sign-up, and when it changes."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.settings import current
from potluck.social.accounts import mail_tokens, tokens
from potluck.social.accounts.addresses import normalise_email
from potluck.social.accounts.email import Mail, send
from potluck.social.accounts.mail_texts import fill
from potluck.social.accounts.rate_limits import Limiter
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import User

__all__ = ["Mail", "begin", "begin_change", "confirm", "link", "send", "taken"]

LIFETIME = timedelta(days=3)

_mails = Limiter(burst=4, seconds_each=900)

_CONFIRM = """\
Welcome to %(title)s!

Please confirm that this is your e-mail address:
%(link)s

The link works once, within three days. If you did not ask for an account, ignore this mail."""
_CHANGE = """\
Please confirm that this is your new e-mail address at %(title)s:
%(link)s

The link works once, within three days. If you did not ask for this, ignore this mail."""
_TAKEN = """\
Somebody, probably you, wanted to make an account at %(title)s with this e-mail address.

You have an account there already. If you forgot your password, ask for a new one:
%(link)s

If it was not you, ignore this mail; nothing has changed."""


def link(secret: str) -> str:
    """Address of the page that confirms."""
    return f"{current().url}/confirm/{secret}"


async def begin(session: AsyncSession, user: User) -> Mail:
    """Ask a user to confirm their address. Send the mail after the commit.

    Raises:
        TooMany: they were asked several times just now.
    """
    _mails.take(str(user.id), "We just sent you a mail. Please look for it, or wait a while")
    secret = await mail_tokens.make(session, user.id, "confirm", LIFETIME, {"email": user.email})
    return Mail(user.email, fill(user.locale, "Confirm your e-mail address"),
                fill(user.locale, _CONFIRM, title=current().title, link=link(secret)))


async def begin_change(session: AsyncSession, user: User, address: str) -> Mail | None:
    """Ask to confirm a new address; until then the old one counts.

    Returns:
        The mail to send after the commit. Whether the address is another account's is told to nobody but its owner.

    Raises:
        Invalid: it is no address, or the present one.
        TooMany: there were several mails just now.
    """
    _mails.take(str(user.id), "We just sent you a mail. Please look for it, or wait a while")
    email = normalise_email(address)
    if email == user.email:
        raise Invalid("email", "This is your address already")
    if await session.scalar(select(User.id).where(User.email == email)):
        return taken(email, user.locale)
    secret = await mail_tokens.make(session, user.id, "change", LIFETIME, {"email": email})
    return Mail(email, fill(user.locale, "Confirm your new e-mail address"),
                fill(user.locale, _CHANGE, title=current().title, link=link(secret)))


def taken(email: str, locale: str) -> Mail:
    """Tell the owner of an address that somebody wanted to use it for another account."""
    return Mail(email, fill(locale, "You have an account already"),
                fill(locale, _TAKEN, title=current().title, link=f"{current().url}/reset"))


async def confirm(session: AsyncSession, secret: str) -> User:
    """Confirm an address by the secret of a mail: the first one or a new one.

    Raises:
        NotFound: the link is unknown, over or used up, or the address became another account's meanwhile.
    """
    purpose = "change" if await mail_tokens.is_valid(session, secret, "change") else "confirm"
    user_id, data = await mail_tokens.use(session, secret, purpose)
    user = await session.get_one(User, user_id)
    if purpose == "confirm" and data.get("email") != user.email:
        raise NotFound("This link does not work any more")
    if purpose == "change":
        if await session.scalar(select(User.id).where(User.email == data["email"], User.id != user.id)):
            raise NotFound("This link does not work any more")
        user.email = data["email"]
    user.confirmed_at = user.confirmed_at or now()
    await session.flush()
    tokens.forget_user(session, user.id)
    return user
