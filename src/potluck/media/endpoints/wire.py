"""The little of HTTP that answers with files need: headers in, status, headers and body out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from functools import lru_cache
from typing import Any

import msgspec
from litestar.types import HTTPScope, Receive, Send

Headers = list[tuple[bytes, bytes]]

_EXPOSED = (b"Accept-Ranges, Content-Length, Content-Range, ETag, Location, Upload-Offset, Upload-Length,"
            b" Upload-Expires, Upload-Metadata, Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size,"
            b" Tus-Checksum-Algorithm")
CORS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED),
]
"""Apps in other sites' pages may read every answer here: none depends on cookies alone."""


class Asked:
    """A request: its scope, and where the rest of it comes from."""

    __slots__ = ("headers", "receive", "scope")

    def __init__(self, scope: HTTPScope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        self.headers: dict[bytes, bytes] = dict(scope["headers"])

    @property
    def method(self) -> str:
        """The method in capitals."""
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        """The path as text."""
        return self.scope["path"]

    def header(self, name: str) -> str:
        """A header's value, '' if it is absent."""
        return self.headers.get(name.encode(), b"").decode("latin-1")


class Refusal(Exception):
    """A request is answered with this status and these words."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = dict(headers or {})


@contextmanager
def listening(asked: Asked) -> Iterator[Callable[[], bool]]:
    """Notice when the asker closes the connection. Gives a function that says whether they did."""

    async def until_gone() -> None:
        while (await asked.receive())["type"] != "http.disconnect":
            pass

    task = asyncio.ensure_future(until_gone())
    try:
        yield task.done
    finally:
        task.cancel()


async def start(send: Send, status: int, headers: Iterable[tuple[str, str]], extra: Headers = CORS) -> None:
    """Send status and headers."""
    made = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers]
    await send({"type": "http.response.start", "status": status,
                "headers": [*made, *extra, (b"date", _date())]})


async def respond(send: Send, status: int, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> None:
    """A whole answer."""
    await start(send, status, [*headers, ("content-length", str(len(body)))])
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def refuse(send: Send, refusal: Refusal, *, head: bool) -> None:
    """The answer to what is refused: JSON that says why."""
    body = msgspec.json.encode({"error": refusal.text})
    headers = {"content-type": "application/json", "x-content-type-options": "nosniff", "cache-control": "no-store",
               **refusal.headers, "content-length": str(len(body))}
    await start(send, refusal.status, headers.items())
    await send({"type": "http.response.body", "body": b"" if head else body, "more_body": False})


async def preflight(send: Send, asked: Asked) -> None:
    """The answer to a browser that asks whether a page of another site may do something."""
    wanted = asked.header("access-control-request-headers") or "Range"
    await respond(send, 204, [
        ("access-control-allow-methods", "GET, HEAD, POST, PATCH, DELETE, OPTIONS"),
        ("access-control-allow-headers", wanted), ("access-control-max-age", "7200")])


def _date() -> bytes:
    return _formatted_date(int(time.time()))


@lru_cache(maxsize=2)
def _formatted_date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


def message_body(message: Any) -> bytes:
    """The bytes of a piece of a request."""
    found: bytes = message.get("body", b"")
    return found
