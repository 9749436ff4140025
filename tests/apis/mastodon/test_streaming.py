"""Live streams over server-sent events and WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from potluck.apis.edge import Edge
from potluck.social.model import Actor

from . import fields
from .conftest import Person, Server

SECONDS = 5


class Connection:
    """One ASGI connection driven by hand."""

    def __init__(self, server: Server, kind: str, path: str, query: str, headers: dict[str, str]) -> None:
        self.to_app: asyncio.Queue[Any] = asyncio.Queue()
        self.from_app: asyncio.Queue[Any] = asyncio.Queue()
        scope = {
            "type": kind, "asgi": {"version": "3.0"}, "http_version": "1.1", "path": path,
            "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "app": server.calls.app,
            "scheme": "wss" if kind == "websocket" else "https", "client": ("127.0.0.1", 1),
            "server": ("potluck.test", 443), **({"method": "GET"} if kind == "http" else {}),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "subprotocols": [headers["Sec-WebSocket-Protocol"]] if "Sec-WebSocket-Protocol" in headers else [],
            "state": {}, "extensions": {},
        }
        self.task = asyncio.create_task(Edge(server.calls)(scope, self.to_app.get, self.from_app.put))  # type: ignore[arg-type]

    async def next(self) -> Any:
        async with asyncio.timeout(SECONDS):
            return await self.from_app.get()

    async def end(self, kind: str) -> None:
        await self.to_app.put({"type": kind, "code": 1000})
        async with asyncio.timeout(SECONDS):
            await self.task


class Events:
    """A stream of server-sent events."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def next(self) -> tuple[str, Any]:
        """The next event and its data; comments are passed over."""
        while True:
            text = (await self.connection.next()).get("body", b"").decode()
            if text.startswith("event: "):
                name, data = text.split("\n")[:2]
                return name.removeprefix("event: "), msgspec.json.decode(data.removeprefix("data: "))


@asynccontextmanager
async def events(server: Server, person: Person, path: str, query: str = "") -> AsyncIterator[Events]:
    connection = Connection(server, "http", f"/api/v1/streaming/{path}", query,
                            {"Authorization": f"Bearer {person.token}"})
    await connection.to_app.put({"type": "http.request", "body": b"", "more_body": False})
    start = await connection.next()
    assert start["status"] == 200
    assert dict(start["headers"])[b"content-type"].startswith(b"text/event-stream")
    assert (await connection.next())["body"] == b":thump\n\n"
    await _listening(server)
    yield Events(connection)
    await connection.end("http.disconnect")


async def _listening(server: Server, count: int = 1) -> None:
    async with asyncio.timeout(SECONDS):
        while server.calls.app.state.hub.listeners < count:  # noqa: ASYNC110 - the hub tells nobody
            await asyncio.sleep(0.01)


class Socket:
    """A WebSocket."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.to_app.put({"type": "websocket.receive", "text": msgspec.json.encode(message).decode()})

    async def next(self) -> Any:
        frame = msgspec.json.decode((await self.connection.next())["text"])
        if "payload" in frame and frame["event"] != "delete":
            frame["payload"] = msgspec.json.decode(frame["payload"])
        return frame


@asynccontextmanager
async def socket(server: Server, query: str = "", **headers: str) -> AsyncIterator[tuple[Socket, Any]]:
    connection = Connection(server, "websocket", "/api/v1/streaming", query,
                            {name.replace("_", "-"): value for name, value in headers.items()})
    await connection.to_app.put({"type": "websocket.connect"})
    accepted = await connection.next()
    assert accepted["type"] == "websocket.accept"
    await _listening(server)
    yield Socket(connection), accepted
    await connection.end("websocket.disconnect")


async def test_the_user_stream(server: Server, alice: Person, bob: Person) -> None:
    """New, edited and deleted statuses of home, and notifications, rendered for the reader."""
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    async with events(server, alice, "user") as stream:
        status = await bob.say("@alice hi")
        found = dict([await stream.next(), await stream.next()])
        fields.check(found["update"], "SignedInStatus")
        fields.check(found["notification"], "Notification")
        assert found["notification"]["type"] == "mention"
        await bob.put(f"/api/v1/statuses/{status['id']}", json={"status": "@alice hello"})
        name, payload = await stream.next()
        assert (name, payload["content"].endswith("hello</p>")) == ("status.update", True)
        await bob.delete(f"/api/v1/statuses/{status['id']}")
        assert await stream.next() == ("delete", int(status["id"]))


async def test_boosts_are_streamed_as_boosts(server: Server, alice: Person, bob: Person, dana: Actor) -> None:
    """A boost in home comes wrapped."""
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    row = await server.arrives(dana, "<p>far</p>")
    async with events(server, alice, "user") as stream:
        boost = await bob.post(f"/api/v1/statuses/{row.id}/reblog")
        name, payload = await stream.next()
        assert (name, payload["id"], payload["reblog"]["id"]) == ("update", boost["id"], str(row.id))


async def test_private_things_stay_private(server: Server, alice: Person, bob: Person, carol: Person) -> None:
    """Nobody is told what they may not see; the public stream has neither replies nor muted people."""
    await alice.post(f"/api/v1/accounts/{carol.id}/mute")
    async with events(server, alice, "public") as stream:
        root = await bob.say("root")
        assert (await stream.next())[1]["id"] == root["id"]
        await bob.say("secret", visibility="private")
        await bob.say("@carol direct", visibility="direct")
        await bob.say("reply", in_reply_to_id=root["id"])
        await carol.say("muted")
        last = await bob.say("last")
        assert (await stream.next())[1]["id"] == last["id"]


async def test_hashtags_lists_and_direct(server: Server, alice: Person, bob: Person) -> None:
    """Each stream carries its own."""
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    made = await alice.post("/api/v1/lists", data={"title": "x"})
    await alice.post(f"/api/v1/lists/{made['id']}/accounts", data={"account_ids[]": [bob.id]})
    async with events(server, alice, "hashtag", "tag=Cake") as stream:
        await bob.say("no tag")
        tagged = await bob.say("#cake")
        assert (await stream.next())[1]["id"] == tagged["id"]
    async with events(server, alice, "list", f"list={made['id']}") as stream:
        await alice.say("not on it")
        listed = await bob.say("on it")
        assert (await stream.next())[1]["id"] == listed["id"]
    async with events(server, alice, "direct") as stream:
        await bob.say("@alice psst", visibility="direct")
        name, payload = await stream.next()
        assert name == "conversation"
        fields.check(payload, "Conversation")
    async with events(server, alice, "user/notification") as stream:
        await bob.say("no mention")
        await bob.say("@alice mention")
        assert (await stream.next())[0] == "notification"


@pytest.mark.parametrize(("path", "status"), [("cake", 400), ("hashtag", 400), ("list", 400), ("list?list=7", 404),
                                              ("public/sideways", 400)])
async def test_wrong_streams(alice: Person, path: str, status: int) -> None:
    """Unknown streams and missing parameters are refused in the API's shape."""
    answer = await alice.call("GET", f"/api/v1/streaming/{path}")
    assert answer.status_code == status
    fields.check(answer.json(), "Error")


async def test_streams_need_a_token(server: Server, alice: Person) -> None:
    """Without token, or with a wrong one, there is nothing; plain HTTP on the socket's address is 404."""
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert (await server.http.get("/api/v1/streaming/public", headers=headers)).status_code == 401
    assert (await server.http.get("/api/v1/streaming")).status_code == 404
    assert (await server.http.get("/api/v1/streaming/health")).text == "OK"


async def test_many_streams_on_one_socket(server: Server, alice: Person, bob: Person) -> None:
    """Subscriptions come and go; each frame names the stream it belongs to."""
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    async with socket(server, f"access_token={alice.token}&stream=user") as (ws, _):
        first = await bob.say("one")
        frame = await ws.next()
        assert (frame["stream"], frame["event"], frame["payload"]["id"]) == (["user"], "update", first["id"])
        await ws.send(type="subscribe", stream="hashtag", tag="Cake")
        await ws.send(type="unsubscribe", stream="user")
        await ws.send(type="subscribe", stream="nonsense")
        assert await ws.next() == {"error": "Unknown stream type", "status": 400}
        tagged = await bob.say("#cake")
        frame = await ws.next()
        assert (frame["stream"], frame["payload"]["id"]) == (["hashtag", "cake"], tagged["id"])
        await bob.delete(f"/api/v1/statuses/{tagged['id']}")


async def test_browser_apps_get_their_subprotocol_back(server: Server, alice: Person) -> None:
    """The token as subprotocol is echoed, or browsers drop the socket."""
    async with socket(server, Sec_WebSocket_Protocol=alice.token) as (ws, accepted):
        assert accepted["subprotocol"] == alice.token
        await ws.send(type="subscribe", stream="user")
        await asyncio.sleep(0.05)
        status = await alice.say("mine")
        assert (await ws.next())["payload"]["id"] == status["id"]


async def test_the_token_in_the_header(server: Server, alice: Person) -> None:
    """Programs send it as they send it everywhere."""
    async with socket(server, "stream=public:local", Authorization=f"Bearer {alice.token}") as (ws, _):
        status = await alice.say("mine")
        frame = await ws.next()
        assert (frame["stream"], frame["payload"]["id"]) == (["public:local"], status["id"])


async def test_a_socket_without_token_is_closed(server: Server) -> None:
    """Nobody listens without token."""
    connection = Connection(server, "websocket", "/api/v1/streaming", f"access_token={quote('wrong')}", {})
    await connection.to_app.put({"type": "websocket.connect"})
    assert (await connection.next())["type"] == "websocket.close"
    await connection.task


async def test_junk_on_the_socket_is_passed_over(server: Server, alice: Person) -> None:
    """What is no message changes nothing."""
    async with socket(server, f"access_token={alice.token}") as (ws, _):
        await ws.connection.to_app.put({"type": "websocket.receive", "text": "junk"})
        await ws.send(type="subscribe", stream={"a": 1})
        await ws.send(type="subscribe", stream="user")
        frame = await ws.next()
        assert frame["status"] == 422
        status = await alice.say("still there")
        assert (await ws.next())["payload"]["id"] == status["id"]
