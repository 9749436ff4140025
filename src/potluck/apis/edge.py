"""What holds for every answer, whatever the route: CORS, preflight, HEAD, the date, and that it is counted.

It wraps the whole application from outside, because routing errors have to be readable for browser apps as well.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from itertools import count
from typing import Any, cast

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

Note = Callable[[str, int, float], None]

_OPEN_PREFIXES = ("/api/", "/pictrs/", "/.well-known/", "/nodeinfo/", "/micropub", "/oauth/token", "/oauth/revoke",
                  "/oauth/userinfo", "/oauth/introspect", "/oauth/authorize")
_METHODS = b"GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD"
_EXPOSED = (b"Link, Location, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id,"
            b" Mastodon-Async-Refresh, Deprecation")
_CORS: list[tuple[bytes, bytes]] = [(b"access-control-allow-origin", b"*"),
                                    (b"access-control-expose-headers", _EXPOSED)]


def is_open(path: str) -> bool:
    """Whether browser apps of other sites may read this path (browsers send no cookies then)."""
    return path.startswith(_OPEN_PREFIXES)


def without_nul(scope: HTTPScope) -> HTTPScope:
    """A request whose address holds no NUL, which no database takes: it says nothing in a query, and leads nowhere."""
    if "\x00" not in scope["path"] and b"%00" not in scope["query_string"] and b"\x00" not in scope["query_string"]:
        return scope
    query = scope["query_string"].replace(b"%00", b"").replace(b"\x00", b"")
    return cast("HTTPScope", {**scope, "path": scope["path"].replace("\x00", "\ufffd"), "query_string": query})


class Edge:
    """ASGI application round the whole server.

    Args:
        app: what answers.
        note: told of each answer: method, status, seconds until it began.
    """

    def __init__(self, app: ASGIApp, note: Note = lambda *_: None) -> None:
        self._app = app
        self.note = note
        # To ask for random bytes each time costs more than most of what is done here.
        self.request_ids = map(f"{secrets.token_hex(4)}%08x".__mod__, count())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if str(scope["type"]) != "http":
            await self._app(scope, receive, send)
        else:
            await self._http(cast("HTTPScope", scope), receive, send)

    async def _http(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        scope = without_nul(scope)
        if scope["method"] == "OPTIONS" and is_open(scope["path"]):
            await _preflight(scope, send)
            return
        if scope["method"] == "HEAD":
            bodiless = _Bodiless(self, scope, send)
            await self._app(cast("HTTPScope", {**scope, "method": "GET"}), bodiless.receive, bodiless.send)
        else:
            await self._app(scope, receive, _Answer(self, scope, send).send)


class _Answer:
    """One answer on its way out."""

    __slots__ = ("_begun", "_edge", "_scope", "_send")

    def __init__(self, edge: Edge, scope: HTTPScope, send: Send) -> None:
        self._edge, self._scope, self._send = edge, scope, send
        self._begun = time.perf_counter()

    async def send(self, message: Message) -> None:
        """Send a part of it, its head with what every answer has."""
        if message["type"] == "http.response.start":
            self._edge.note(self._scope["method"], message["status"], time.perf_counter() - self._begun)
            headers = list(message["headers"])
            if is_open(self._scope["path"]):
                headers += _CORS
            names = {name.lower() for name, _ in headers}
            if b"date" not in names:
                headers.append((b"date", _date()))
            if b"x-request-id" not in names:
                headers.append((b"x-request-id", next(self._edge.request_ids).encode()))
            message = {**message, "headers": headers}  # type: ignore[misc,typeddict-item,unused-ignore]
        await self._send(message)


class _Bodiless(_Answer):
    """The answer to HEAD: that to GET without its body."""

    __slots__ = ("_done", "_read")

    def __init__(self, edge: Edge, scope: HTTPScope, send: Send) -> None:
        super().__init__(edge, scope, send)
        self._done = asyncio.Event()
        self._read = False

    async def receive(self) -> Any:
        """A request without body whose sender is gone once it has the headers (ends streams too)."""
        if not self._read:
            self._read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._done.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send the head, and an end."""
        if message["type"] == "http.response.start":
            await super().send(message)
        elif not self._done.is_set():
            self._done.set()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await asyncio.sleep(0)  # a stream without end has to notice that nobody listens


def _date() -> bytes:
    return _formatted_date(int(time.time()))


@lru_cache(maxsize=2)
def _formatted_date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


async def _preflight(scope: HTTPScope, send: Send) -> None:
    wanted = next((value for name, value in scope["headers"] if name == b"access-control-request-headers"),
                  b"Authorization, Content-Type, Idempotency-Key")
    headers = [*_CORS, (b"access-control-allow-methods", _METHODS), (b"access-control-allow-headers", wanted),
               (b"access-control-max-age", b"7200"), (b"content-length", b"0"), (b"date", _date())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
