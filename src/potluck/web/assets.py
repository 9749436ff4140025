"""The files that pages refer to: the bundle and the site's own pictures, kept long by browsers."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router

from potluck.web.pages import STATIC


def _after(response: Response[Any]) -> Response[Any]:
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


route_handlers = [
    # Names of bundled files hold the hash of their content: a changed file has a new address.
    create_static_files_router(
        path="/static/dist", directories=[STATIC / "dist"], name="bundle", include_in_schema=False,
        cache_control=CacheControlHeader(public=True, max_age=31_536_000, immutable=True), after_request=_after),
    create_static_files_router(
        path="/static", directories=[STATIC], name="static", include_in_schema=False,
        cache_control=CacheControlHeader(public=True, max_age=86_400), after_request=_after),
]
