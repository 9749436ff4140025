"""The types by which a page says what it needs of a request: who is looking, the form, parts of the path."""

from __future__ import annotations

from typing import Any, TypeAlias

from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from potluck.social.errors import NotFound
from potluck.web.auth import Viewer
from potluck.web.forms import Form

Me: TypeAlias = NamedDependency[Viewer]
"""Someone signed in: as `me` anyone, as `staff` a moderator, as `admin` an administrator."""

Guest: TypeAlias = NamedDependency[Viewer | None]
"""As `viewer`: who is looking, perhaps nobody."""

SentForm: TypeAlias = NamedDependency[Form]
"""As `form`: what was sent."""

_MOST_ID = 2**53


async def check_ids(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of every page: a number in the path that no id can have leads nowhere.

    Raises:
        NotFound: there is one (the database could not even compare with it).
    """
    if any(isinstance(value, int) and not 0 <= value < _MOST_ID for value in connection.path_params.values()):
        raise NotFound


PathId: TypeAlias = FromPath[int]
PathWord: TypeAlias = FromPath[str]
