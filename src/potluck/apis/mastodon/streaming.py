"""Live streams: server-sent events, and many streams over one WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import WebSocket
from litestar.datastructures import State
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import WebsocketRouteHandler
from litestar.response import Response, Stream

from potluck.apis.mastodon import live_events, streams
from potluck.apis.mastodon.audience import Audience
from potluck.apis.mastodon.endpoint import (
    Answer,
    AnyRequest,
    Call,
    check_access,
    check_token,
    endpoint,
    token_of,
)
from potluck.apis.mastodon.errors import ApiError, body_of, from_exception, not_found
from potluck.apis.mastodon.live_events import Event
from potluck.apis.mastodon.streams import Reader, Subscription
from potluck.apis.params import Params, of_query
from potluck.apis.source import Source
from potluck.db.engine import Database
from potluck.handlers import Handler, get
from potluck.social.accounts.tokens import Access, authenticate
from potluck.social.live import Hub, LiveMessage

_THUMP_SECONDS = 15
_RECHECK_SECONDS = 60
_AT_ONCE = 50
_MOST_SUBSCRIPTIONS = 50
_PATHS = {
    "user": "user", "user/notification": "user:notification", "public": "public", "public/local": "public:local",
    "public/remote": "public:remote", "hashtag": "hashtag", "hashtag/local": "hashtag:local", "list": "list",
    "direct": "direct",
}


async def _admitted(db: Database, secret: str) -> Access:
    if not secret:
        raise ApiError(401, "Missing access token")
    async with db.read() as session:
        access = await check_token(session, secret)
    check_access(access, (), "user")
    return access


async def _still_valid(db: Database, secret: str) -> bool:
    async with db.read() as session:
        return await authenticate(session, secret) is not None


async def _batch(queue: asyncio.Queue[LiveMessage | None], seconds: float) -> list[LiveMessage] | None:
    """What waits, at least one message; nothing after `seconds`; None when the stream is over."""
    try:
        async with asyncio.timeout(seconds):
            first = await queue.get()
    except TimeoutError:
        return []
    found = [first]
    while len(found) < _AT_ONCE and not queue.empty():
        found.append(queue.get_nowait())
    if None in found:
        return None
    return [message for message in found if message is not None]


# ---- server-sent events -----------------------------------------------------------------------------------------


async def _stream(request: AnyRequest) -> Response[Any]:
    db: Database = request.app.state.db
    try:
        params = of_query(request.scope["query_string"])
        secret = token_of(request, params)
        access = await _admitted(db, secret)
        async with db.read() as session:
            reader = streams.reader_of(access)
            wanted = await streams.subscription(session, reader, _stream_name(request), params)
    except Exception as error:  # noqa: BLE001 - the edge: refusals have the API's shape
        refusal = from_exception(error)
        return Response(msgspec.json.encode(body_of(refusal)), status_code=refusal.status,
                        media_type="application/json", headers=refusal.headers)
    return Stream(_lines(request.app.state, wanted, reader, secret), media_type="text/event-stream",
                  headers={"cache-control": "private, no-store", "x-accel-buffering": "no"})


def _stream_name(request: AnyRequest) -> str:
    path = request.scope["path"].rstrip("/").partition("/api/v1/streaming/")[2]
    if path not in _PATHS:
        raise ApiError(400, "Unknown channel requested")
    return _PATHS[path]


def audience_of(state: State) -> Audience:
    """Everyone who listens in this process."""
    found: Audience | None = state.get("audience")
    if found is None:
        found = state["audience"] = Audience(state["db"])
    return found


async def _lines(state: State, wanted: Subscription, reader: Reader, secret: str) -> AsyncIterator[bytes]:
    """Events as text; a comment now and then keeps proxies from closing the connection."""
    db, hub, audience = state["db"], state["hub"], audience_of(state)
    yield b":thump\n\n"
    clock = asyncio.get_running_loop().time
    checked = clock()
    with audience.joined(reader.id):
        async with hub.listen(set(wanted.channels)) as queue:
            while (messages := await _batch(queue, _THUMP_SECONDS)) is not None:
                if clock() - checked > _RECHECK_SECONDS:
                    if not await _still_valid(db, secret):
                        return
                    checked = clock()
                if not messages:
                    yield b":thump\n\n"
                    continue
                async with Source(db) as source:
                    found = await live_events.of_messages(source, audience, messages, [wanted], reader.id)
                for event in found:
                    yield f"event: {event.name}\ndata: {event.payload or 'undefined'}\n\n".encode()


def _sse(doc: str, *paths: str) -> Handler:
    async def stream(request: AnyRequest) -> Response[Any]:
        return await _stream(request)

    stream.__doc__ = doc
    return get(*paths)(stream)


@endpoint("GET", "/api/v1/streaming")
async def bare(_: Call) -> Answer:
    """Nothing without an upgrade to WebSocket."""
    raise not_found()


# ---- WebSocket --------------------------------------------------------------------------------------------------


class _Connection:
    """One open socket and what it is subscribed to."""

    __slots__ = ("audience", "channels", "db", "reader", "secret", "socket", "subscriptions")

    def __init__(self, socket: WebSocket[Any, Any, Any], reader: Reader, secret: str) -> None:
        self.socket = socket
        self.reader = reader
        self.secret = secret
        self.audience = audience_of(socket.app.state)
        self.db: Database = socket.app.state.db
        self.channels: set[str] = set()
        self.subscriptions: dict[tuple[str, ...], Subscription] = {}

    async def run(self) -> None:
        """Until either side has enough."""
        hub: Hub = self.socket.app.state.hub
        with self.audience.joined(self.reader.id):
            await self._listen_and_tell(hub)

    async def _listen_and_tell(self, hub: Hub) -> None:
        async with hub.listen(self.channels) as queue:
            tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._tell(queue))]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def change(self, params: Params) -> None:
        """Do what a message of the app asks: subscribe or unsubscribe. Mistakes are told on the socket."""
        try:
            async with self.db.read() as session:
                wanted = await streams.subscription(session, self.reader, params.text("stream"), params)
            self._enter(wanted, unsubscribe=params.text("type") == "unsubscribe")
        except ApiError as error:
            await self.socket.send_text(msgspec.json.encode({"error": error.text, "status": error.status}).decode())

    def _enter(self, wanted: Subscription, *, unsubscribe: bool) -> None:
        if unsubscribe:
            self.subscriptions.pop(wanted.stream, None)
        elif len(self.subscriptions) >= _MOST_SUBSCRIPTIONS:
            raise ApiError(429, "Too many subscriptions")
        else:
            self.subscriptions[wanted.stream] = wanted
        self.channels.clear()
        self.channels.update(*(item.channels for item in self.subscriptions.values()))

    async def _listen(self) -> None:
        while True:
            try:
                message = msgspec.json.decode(await self.socket.receive_text())
            except WebSocketDisconnect:
                return
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            if isinstance(message, dict) and message.get("type") in ("subscribe", "unsubscribe"):
                await self.change(Params(message))

    async def _tell(self, queue: asyncio.Queue[LiveMessage | None]) -> None:
        clock = asyncio.get_running_loop().time
        checked = clock()
        while (messages := await _batch(queue, _RECHECK_SECONDS)) is not None:
            if not messages or clock() - checked > _RECHECK_SECONDS:
                if not await _still_valid(self.db, self.secret):
                    return
                checked = clock()
            async with Source(self.db) as source:
                found = await live_events.of_messages(source, self.audience, messages,
                                                      list(self.subscriptions.values()), self.reader.id)
            for event in found:
                await self.socket.send_text(_frame(event))


def _frame(event: Event) -> str:
    payload = {"payload": event.payload} if event.payload else {}
    return msgspec.json.encode({"stream": event.stream, "event": event.name, **payload}).decode()


async def _socket(socket: WebSocket[Any, Any, Any]) -> None:
    """Many streams on one connection. Browser apps send the token as subprotocol and want it back."""
    offered = socket.headers.get("sec-websocket-protocol", "").split(",")[0].strip()
    params = of_query(socket.scope["query_string"])
    scheme, _, given = socket.headers.get("authorization", "").partition(" ")
    secret = given.strip() if scheme.lower() == "bearer" else params.text("access_token") or offered
    try:
        reader = streams.reader_of(await _admitted(socket.app.state.db, secret))
    except ApiError as error:
        await socket.close(code=1008, reason=error.text)
        return
    await socket.accept(subprotocols=offered or None)
    connection = _Connection(socket, reader, secret)
    if params.text("stream"):
        await connection.change(params)
    await connection.run()
    await _close(socket)


async def _close(socket: WebSocket[Any, Any, Any]) -> None:
    if socket.connection_state != "disconnect":
        try:
            await socket.close()
        except (RuntimeError, WebSocketDisconnect):
            return


@get("/api/v1/streaming/health")
async def _health() -> Response[Any]:
    """Whether streaming is there: `OK`."""
    return Response(b"OK", media_type="text/plain")


socket_handler = WebsocketRouteHandler("/api/v1/streaming")(_socket)

route_handlers: list[Any] = [
    bare, socket_handler, _health,
    *(_sse(f"Stream `{name}`.", f"/api/v1/streaming/{path}") for path, name in _PATHS.items()),
    _sse("Unknown streams: 400.", "/api/v1/streaming/{stream:str}", "/api/v1/streaming/{stream:str}/{more:str}"),
]
