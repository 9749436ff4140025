"""Asks for the password again before something weighty, with a limit on wrong guesses."""

from __future__ import annotations

from potluck.social.accounts import passwords
from potluck.social.accounts.rate_limits import Limiter
from potluck.social.errors import Invalid
from potluck.web.auth import Viewer

_tries = Limiter(burst=10, seconds_each=60)


async def check_password(me: Viewer, password: str, field: str = "password") -> None:
    """Make sure that the one at the keyboard knows the password.

    Raises:
        Invalid: it is wrong; `field` is where the form shows it.
        TooMany: it was wrong too often.
    """
    key = str(me.user.id)
    _tries.take(key)
    if not await passwords.verify(password, me.user.password_hash):
        raise Invalid(field, "This is not your password")
    _tries.reset(key)
