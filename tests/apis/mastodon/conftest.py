"""The server's Mastodon API on a database of the test alone, and a cast of people who use it.

alice, bob and carol live here (carol lets nobody follow without asking); dana lives at far.example.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from potluck import kinds, settings
from potluck.apis.edge import Edge
from potluck.apis.mastodon import endpoint, instance, render
from potluck.db.base import now
from potluck.db.engine import SQLITE_FILE, Database
from potluck.db.ids import ids
from potluck.settings import Settings
from potluck.social import actors, objects, push
from potluck.social.accounts import oauth_apps, tokens
from potluck.social.drafts import ActorDraft, AttachmentDraft, Draft
from potluck.social.live import Hub, Waker
from potluck.social.model import Actor, Object, User
from potluck.switchboard import Switchboard
from support import applications
from support.consenting import Visitor, ports_of
from support.databases import migrated_sqlite

URL = "https://potluck.test"
ALL_SCOPES = ["read", "write", "follow", "push", "profile"]


class FakeFederation:
    """Finds what the test put into `known`."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}
        self.asked: list[str] = []

    async def resolve(self, text: str, viewer: Actor | None = None) -> Any:
        self.asked.append(text)
        return self.known.get(text)

    async def actor_by_handle(self, handle: str) -> Actor | None:
        return None


@dataclass
class Person:
    """Someone with an account here, with an app."""

    actor: Actor
    user: User
    token: str
    server: Server

    @property
    def http(self) -> httpx.AsyncClient:
        return self.server.http

    @property
    def id(self) -> str:
        return str(self.actor.id)

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> Any:
        """The JSON of a call that must work."""
        return _good(await self.call("GET", path, **options))

    async def post(self, path: str, **options: Any) -> Any:
        """The JSON of a call that must work."""
        return _good(await self.call("POST", path, **options))

    async def put(self, path: str, **options: Any) -> Any:
        """The JSON of a call that must work."""
        return _good(await self.call("PUT", path, **options))

    async def patch(self, path: str, **options: Any) -> Any:
        """The JSON of a call that must work."""
        return _good(await self.call("PATCH", path, **options))

    async def delete(self, path: str, **options: Any) -> Any:
        """The JSON of a call that must work."""
        return _good(await self.call("DELETE", path, **options))

    async def say(self, text: str, **more: Any) -> Any:
        """Publish a status."""
        return await self.post("/api/v1/statuses", json={"status": text, **more})


def _good(answer: httpx.Response) -> Any:
    asked = f"{answer.request.method} {answer.request.url}"
    assert answer.status_code == 200, f"{asked}: {answer.status_code} {answer.text}"
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


class Server:
    """The application under test."""

    def __init__(self, db: Database, http: httpx.AsyncClient, calls: Switchboard, federation: FakeFederation) -> None:
        self.db = db
        self.http = http
        self.calls = calls
        self.federation = federation
        self.visitor: Visitor | None = None
        self.pages: list[tuple[str, dict[str, Any]]] = []
        self.form_targets: list[str] = []

    async def person(self, name: str, *, scopes: list[str] | None = None, **profile: Any) -> Person:
        """Someone new with an account here, and a token."""
        async with self.db.write() as session:
            actor = await actors.create_local(session, name, display_name=name.title())
            user = User(id=ids.new(), actor_id=actor.id, email=f"{name}@example.org", password_hash="",
                        confirmed_at=now(), approved_at=now(), role=profile.pop("role", "user"), locale="en",
                        preferences={}, created_at=now())
            session.add(user)
            await session.flush()
            actor.owner_id = user.id
            for key, value in profile.items():
                setattr(actor, key, value)
            app, _ = await oauth_apps.register(session, name="Tusky", redirect_uris=["urn:ietf:wg:oauth:2.0:oob"],
                                               scopes=ALL_SCOPES, website="https://tusky.example")
            issued = await tokens.issue(session, user, scopes or ALL_SCOPES, app=app)
        return Person(actor, user, issued.secret, self)

    async def remote(self, name: str, host: str = "far.example", **more: Any) -> Actor:
        """Someone who lives elsewhere."""
        uri = f"https://{host}/users/{name}"
        async with self.db.write() as session:
            return await actors.upsert_remote(session, ActorDraft(
                uri=uri, type="Person", name=name, host=host, inbox=f"{uri}/inbox", display_name=name.title(),
                url=f"https://{host}/@{name}", followers_uri=f"{uri}/followers", **more), None)

    async def arrives(self, author: Actor, content: str, *, kind: str = "note", number: int = 0, **more: Any) -> Object:
        """Something said elsewhere arrives."""
        new = number or ids.new()
        draft = Draft(kind=kind, type=more.pop("type", "Note"), published=more.pop("published", now()),
                      author_id=author.id, uri=f"https://{author.host}/objects/{new}",
                      url=f"https://{author.host}/@{author.name}/{new}", content=content, **more)
        async with self.db.write() as session:
            stored = await objects.store(session, [draft])
        assert stored[0].object is not None
        return stored[0].object


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """The API on an empty SQLite database."""
    shutil.copy(migrated_sqlite(), tmp_path / SQLITE_FILE)
    configured = settings.use(Settings(url=URL, data=tmp_path, secret="s" * 32, title="Potluck Test",
                                       contact_email="admin@potluck.test", rate_limits=False))
    async for made in running(configured):
        yield made


async def running(configured: Settings) -> AsyncIterator[Server]:
    """The API with these settings, whose database has its tables already, as long as the test runs."""
    kinds.install()
    render.forget()
    instance.forget()
    endpoint.forget()
    db = Database(configured)
    federation = FakeFederation()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        async with db.write() as session:
            await push.private_key(session)
        waker = await stack.enter_async_context(Waker(db))
        hub = await stack.enter_async_context(Hub(db, waker))
        calls = applications.client_apis(settings=configured, db=db, hub=hub, federation=federation)
        transport = httpx.ASGITransport(app=Edge(calls))  # type: ignore[arg-type]
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=URL))
        made = Server(db, http, calls, federation)
        calls.app.state.api_ports = ports_of(made)
        yield made


@pytest.fixture
async def alice(server: Server) -> Person:
    """Lives here."""
    return await server.person("alice")


@pytest.fixture
async def bob(server: Server) -> Person:
    """Lives here."""
    return await server.person("bob")


@pytest.fixture
async def carol(server: Server) -> Person:
    """Lives here; whoever wants to follow must ask."""
    return await server.person("carol", locked=True)


@pytest.fixture
async def dana(server: Server) -> Actor:
    """Lives at far.example."""
    return await server.remote("dana")


@pytest.fixture
def picture() -> AttachmentDraft:
    """A picture at far.example."""
    return AttachmentDraft(type="image", url="https://far.example/cat.jpg", media_type="image/jpeg",
                           description="a cat", blurhash="UBL_:rOpGG-oBUNG", width=800, height=600, focus=(0.1, -0.2))


Say = Callable[..., Awaitable[Any]]
LATER = timedelta(seconds=1)
