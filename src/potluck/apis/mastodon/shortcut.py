"""Calls of the endpoints that are asked most reach them without the way through the web framework.

Routing, its own request state and its error handling cost more than such a call itself. What an endpoint does - token,
limits, parameters, errors - is the same on both ways; a call with a body, or of any other path, goes the long one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from litestar import Litestar, Request
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from potluck.apis.mastodon import accounts, statuses, timelines
from potluck.apis.mastodon.endpoint import header_of, runner_of

_BY_ID: dict[str, HTTPRouteHandler] = {
    "/api/v1/statuses/": statuses.show,
    "/api/v1/accounts/": accounts.show,
}
_BY_PATH: dict[str, HTTPRouteHandler] = {
    "/api/v1/timelines/home": timelines.home,
    "/api/v1/timelines/public": timelines.public,
}


class Shortcut:
    """ASGI application round the web framework's.

    Args:
        app: the framework's application, which answers everything else.
        measured: wraps what answers here as the framework's own handlers are.
    """

    def __init__(self, app: Litestar, measured: Callable[[ASGIApp], ASGIApp]) -> None:
        self._app = app
        self._answer = measured(self._direct)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        handler = _handler_for(cast("HTTPScope", scope)) if str(scope["type"]) == "http" else None
        if handler is None:
            await self._app(scope, receive, send)
            return
        taken: dict[str, Any] = {"app": self._app, "litestar_app": self._app, "potluck_handler": handler}
        await self._answer(cast("Scope", {"state": {}, **scope, **taken}), receive, send)

    @staticmethod
    async def _direct(scope: Scope, receive: Receive, send: Send) -> None:
        run = runner_of(cast("dict[str, Any]", scope)["potluck_handler"])
        answer = await run(Request(scope, receive, send))
        await answer(scope, receive, send)


def _handler_for(scope: HTTPScope) -> HTTPRouteHandler | None:
    """Who answers, if the call is one of those that are dealt with here; an id is put where the framework puts it."""
    if scope["method"] != "GET":
        return None
    path = scope["path"]
    handler = _BY_PATH.get(path)
    ident = ""
    if handler is None:
        base, _, ident = path.rpartition("/")
        handler = _BY_ID.get(f"{base}/") if ident.isascii() and ident.isdigit() else None
    if handler is None or header_of(scope, b"content-length") or header_of(scope, b"transfer-encoding"):
        return None
    scope["path_params"] = {"id": ident}
    return handler
