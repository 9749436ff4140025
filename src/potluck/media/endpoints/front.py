"""Answers requests for files before the web framework sees them: they are many, large, and need none of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import structlog
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from potluck.media.endpoints.wire import Asked, Refusal, preflight, refuse, respond
from potluck.media.places import StorageError
from potluck.social.errors import SocialError

log = structlog.get_logger(__name__)

Answerer = Callable[[Asked, Send], Awaitable[None]]
READING = ("GET", "HEAD")


class Front:
    """ASGI application round the whole server.

    Args:
        app: what answers everything else.
        routes: who answers paths that begin so.
    """

    def __init__(self, app: ASGIApp, routes: dict[str, Answerer]) -> None:
        self._app = app
        self._routes = routes
        self._paths = tuple(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        answerer = self._answerer(scope)
        if answerer is None:
            await self._app(scope, receive, send)
            return
        asked = Asked(cast("HTTPScope", scope), receive)
        begun = False

        async def noting(message: Any) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await _answer(answerer, asked, noting)
        except Exception:
            if begun:
                raise  # too late for another answer; the connection breaks off
            log.exception("file_request_failed", path=asked.path)
            await refuse(send, Refusal(500, "Something went wrong here"), head=asked.method == "HEAD")

    def _answerer(self, scope: Scope) -> Answerer | None:
        if str(scope["type"]) != "http" or not scope["path"].startswith(self._paths):
            return None
        path = scope["path"]
        return next((found for prefix, found in self._routes.items() if path.startswith(prefix)), None)


async def _answer(answerer: Answerer, asked: Asked, send: Send) -> None:
    try:
        if asked.method == "OPTIONS" and b"access-control-request-method" in asked.headers:
            await preflight(send, asked)
        else:
            await answerer(asked, send)
    except Refusal as refusal:
        await refuse(send, refusal, head=asked.method == "HEAD")
    except StorageError as error:
        log.warning("storage_failed", path=asked.path, error=str(error))
        await refuse(send, Refusal(503, "The storage of files does not answer", {"retry-after": "30"}),
                     head=asked.method == "HEAD")
    except SocialError as error:
        await refuse(send, Refusal(error.status, error.text), head=asked.method == "HEAD")


def reading_only(answerer: Answerer) -> Answerer:
    """An answerer that knows GET and HEAD only."""

    async def checked(asked: Asked, send: Send) -> None:
        if asked.method == "OPTIONS":
            await respond(send, 204, [("allow", "GET, HEAD, OPTIONS")])
            return
        if asked.method not in READING:
            raise Refusal(405, "Files can only be read here", {"allow": "GET, HEAD, OPTIONS"})
        await answerer(asked, send)

    return checked
