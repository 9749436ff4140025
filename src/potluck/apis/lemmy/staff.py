"""Who may look after this server by this API."""

from __future__ import annotations

from potluck.apis.lemmy.endpoint import Call
from potluck.apis.lemmy.errors import refused
from potluck.social.accounts import roles
from potluck.social.model import User


def check_staff(call: Call) -> User:
    """The login of somebody who looks after this server.

    Raises:
        ApiError: the asker does not.
    """
    if call.user.role not in roles.STAFF:
        raise refused("not_an_admin")
    return call.user


def check_admin(call: Call) -> User:
    """The login of an administrator: moderators of the server may not give roles or delete accounts.

    Raises:
        ApiError: the asker is none.
    """
    if call.user.role not in roles.ADMINS:
        raise refused("not_an_admin")
    return call.user
