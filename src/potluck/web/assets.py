"""The files that pages refer to: the bundle and the site's own pictures, kept long by browsers."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.connection import ASGIConnection
from litestar.datastructures import CacheControlHeader
from litestar.handlers import BaseRouteHandler
from litestar.static_files import create_static_files_router

from potluck.social.errors import NotFound
from potluck.web.pages import STATIC

PATH = "static"
"""First segment of their addresses."""

_LONGEST_NAME = 200


def _after(response: Response[Any]) -> Response[Any]:
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


async def _possible_names(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: no file has a name that no file system takes."""
    if any(len(part) > _LONGEST_NAME for part in connection.scope["path"].split("/")):
        raise NotFound


route_handlers = [
    # Names of bundled files hold the hash of their content: a changed file has a new address.
    create_static_files_router(
        path=f"/{PATH}/dist", directories=[STATIC / "dist"], name="bundle", include_in_schema=False,
        cache_control=CacheControlHeader(public=True, max_age=31_536_000, immutable=True), after_request=_after,
        guards=[_possible_names]),
    create_static_files_router(
        path=f"/{PATH}", directories=[STATIC], name="static", include_in_schema=False,
        cache_control=CacheControlHeader(public=True, max_age=86_400), after_request=_after,
        guards=[_possible_names]),
]
