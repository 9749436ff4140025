"""What the tests of the wire's primitives share: a loopback peer."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from ipaddress import ip_network
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from potluck.federation.addresses import AddressPolicy
from potluck.federation.fetch import Limits

LOOPBACK = AddressPolicy([ip_network("127.0.0.0/8")])
QUICK = Limits(connect=1.0, read=0.5, total=1.5)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Peer:
    """A loopback server whose answers a test sets per path; it counts requests and keeps them."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.requests: list[web.Request] = []
        self.connections: set[tuple[str, int]] = set()
        self.server: TestServer | None = None

    def on(self, path: str, handler: Handler) -> None:
        """Answer a path with a handler."""
        self.handlers[path] = handler

    def answer(
        self,
        path: str,
        body: Any,
        content_type: str = "application/activity+json",
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Answer a path with a body: JSON unless text or bytes; `{base}` in text stands for this server."""

        async def handler(_: web.Request) -> web.Response:
            raw = body if isinstance(body, str | bytes) else json.dumps(body)
            if isinstance(raw, str):
                raw = raw.replace("{base}", self.base).encode()
            return web.Response(
                body=raw, status=status, headers={"Content-Type": content_type, **(headers or {})}
            )

        self.on(path, handler)

    def redirect(self, path: str, to: str, status: int = 302) -> None:
        """Redirect a path."""

        async def handler(_: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": to.replace("{base}", self.base)})

        self.on(path, handler)

    @property
    def base(self) -> str:
        """`http://127.0.0.1:port`."""
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.port}"

    def paths(self) -> list[str]:
        """Paths asked for so far, in order."""
        return [request.path for request in self.requests]

    async def dispatch(self, request: web.Request) -> web.StreamResponse:
        """Note the request and answer it."""
        self.requests.append(request)
        assert request.transport is not None
        self.connections.add(request.transport.get_extra_info("peername"))
        handler = self.handlers.get(request.path)
        return await handler(request) if handler else web.Response(status=404)
