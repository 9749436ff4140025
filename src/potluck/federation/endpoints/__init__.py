"""The wire's HTTP side: every address other servers ask, in one table."""

from __future__ import annotations

from typing import Any

from litestar import Router
from litestar.connection import ASGIConnection
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler

from potluck.federation.endpoints import actors, discovery, inboxes, objects

_MOST_ID = 2**53


async def _possible_ids(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: a number in the path that no id can have leads nowhere (the database could not compare with it)."""
    if any(isinstance(value, int) and not 0 <= value < _MOST_ID for value in connection.path_params.values()):
        raise NotFoundException


route_handlers = [Router(path="/", guards=[_possible_ids], route_handlers=[
    *inboxes.route_handlers, *actors.route_handlers, *objects.route_handlers, *discovery.route_handlers,
])]
"""What `server.create_app` mounts."""
