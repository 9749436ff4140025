"""A reverse proxy that writes down what apps asked and how they were answered, streams and sockets included."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

from support.servers import free_port

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "content-length"}
_SERVERS = re.compile(r"potluck/|http\.rb", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and how it was answered."""

    method: str
    path: str
    status: int
    agent: str
    sent: str
    got: str

    def __str__(self) -> str:
        return f"{self.status} {self.method} {self.path} ({self.agent}) {self.sent} -> {self.got}"

    @property
    def is_trouble(self) -> bool:
        """Whether it looks like a gap: no such address, input not understood, or a fault."""
        return self.status in {400, 404, 405, 415, 422} or self.status >= 500


@dataclass(slots=True)
class Recorder:
    """Listens on a loopback port and hands everything on.

    Attributes:
        target: base URL of the server behind.
        exchanges: what apps asked; other servers' requests go through unrecorded.
    """

    target: str = ""
    port: int = field(default_factory=free_port)
    exchanges: list[Exchange] = field(default_factory=list)
    _allowed: list[tuple[int, re.Pattern[str]]] = field(default_factory=list)
    _client: aiohttp.ClientSession | None = None
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where apps find it."""
        return f"http://127.0.0.1:{self.port}"

    def fresh(self) -> None:
        """Forget everything."""
        self.exchanges.clear()
        self._allowed.clear()

    def expect(self, status: int, request: str) -> None:
        """Say that an answer is right although it looks like a gap.

        Args:
            status: the status.
            request: regular expression for "METHOD /path".
        """
        self._allowed.append((status, re.compile(request)))

    def troubles(self) -> list[Exchange]:
        """What looks like a gap and was not expected."""
        return [one for one in self.exchanges if one.is_trouble and not any(
            status == one.status and pattern.fullmatch(f"{one.method} {one.path}")
            for status, pattern in self._allowed)]

    def unmet(self) -> list[str]:
        """Expectations of `expect` that did not happen."""
        return [f"{status} {pattern.pattern}" for status, pattern in self._allowed if not any(
            status == one.status and pattern.fullmatch(f"{one.method} {one.path}") for one in self.exchanges)]

    async def start(self) -> None:
        """Listen."""
        self._client = aiohttp.ClientSession(
            auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(total=None),
            connector=aiohttp.TCPConnector(limit=0))
        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None and self._client is not None:
            await self._runner.cleanup()
            await self._client.close()

    def _note(self, request: web.Request, status: int, got: str) -> None:
        agent = request.headers.get("User-Agent", "")
        if not _SERVERS.search(agent):
            self.exchanges.append(Exchange(request.method, request.path, status, agent.split("/")[0],
                                           request.headers.get("Content-Type", ""), got))

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request)
        assert self._client is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        url = URL(f"{self.target}{request.raw_path}", encoded=True)
        async with self._client.request(request.method, url, headers=headers, data=await request.read() or None,
                                        allow_redirects=False) as answer:
            self._note(request, answer.status, answer.headers.get("Content-Type", ""))
            response = web.StreamResponse(status=answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    response.headers.add(name, value)
            await response.prepare(request)
            with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
            return response

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        """Hand on a WebSocket: only a subprotocol that the server itself chose is given back."""
        assert self._client is not None
        asked = [word.strip() for word in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if word.strip()]
        headers = {name: value for name, value in request.headers.items()
                   if name.lower() not in _HOP_BY_HOP and not name.lower().startswith("sec-websocket")}
        url = URL(f"{self.target}{request.raw_path}", encoded=True)
        try:
            upstream = await self._client.ws_connect(url, headers=headers, protocols=asked)
        except aiohttp.WSServerHandshakeError as error:
            self._note(request, error.status, "")
            return web.Response(status=error.status)
        self._note(request, 101, "websocket")
        response = web.WebSocketResponse(protocols=[upstream.protocol] if upstream.protocol else [])
        await response.prepare(request)
        ways = [asyncio.create_task(_pump(response, upstream)), asyncio.create_task(_pump(upstream, response))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await upstream.close()
        await response.close()
        return response


_Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: _Socket, sink: _Socket) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await sink.send_bytes(message.data)
