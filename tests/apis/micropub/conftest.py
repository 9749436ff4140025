"""The APIs on each database in turn, Alice's browser, an app with a page of its own, and tokens for her sites."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from hashlib import sha256
from ipaddress import ip_network
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pyvips
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from potluck import settings
from potluck.apis.edge import Edge
from potluck.apis.indieauth import clients
from potluck.federation.addresses import AddressPolicy
from potluck.federation.fetch import SafeClient
from potluck.jobs.engine import JobEngine
from potluck.media import processing  # noqa: F401 - the job
from potluck.social.accounts import oauth_apps, tokens
from potluck.social.blogs import authors, making
from potluck.social.live import Waker
from potluck.social.model import Actor, Object, User
from support import applications
from support.cast import Cast
from support.consenting import Visitor, ports_of

URL = "https://potluck.test"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SCOPES = "create update delete undelete media"
T = TypeVar("T")
Prepare = Callable[[Coroutine[Any, Any, T]], Awaitable[T]]


@dataclass
class FakeFederation:
    """Finds what a test put into `known`; asks the web by the real client."""

    client: SafeClient
    known: dict[str, Any] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)

    async def resolve(self, text: str, viewer: Actor | None = None) -> Any:
        return self.known.get(text)

    async def actor_by_handle(self, handle: str) -> Actor | None:
        return None

    async def is_blocked(self, host: str) -> bool:
        return host in self.blocked


class AppPage:
    """A web server of loopback that has an app's page, and counts how often it is asked."""

    def __init__(self) -> None:
        self.body, self.type, self.headers = "", "text/html", {}  # type: str, str, dict[str, str]
        self.asked: list[str] = []
        self.files: dict[str, tuple[bytes, str]] = {}
        self.server: TestServer | None = None

    @property
    def url(self) -> str:
        """Its client id."""
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.port}/"

    async def answer(self, request: web.Request) -> web.Response:
        """The page, or one of the files."""
        self.asked.append(request.path)
        if request.path in self.files:
            body, kind = self.files[request.path]
            return web.Response(body=body, content_type=kind)
        return web.Response(text=self.body.replace("{url}", self.url), content_type=self.type, headers=self.headers)


@dataclass
class Server:
    """The application under test."""

    http: httpx.AsyncClient
    cast: Cast
    federation: FakeFederation
    page: AppPage
    prepare: Prepare[Any]
    visitor: Visitor | None = None
    pages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    form_targets: list[str] = field(default_factory=list)

    async def user(self, actor: Actor) -> User:
        """The login of one of the cast."""
        async with self.cast.database.read() as session:
            return await session.get_one(User, actor.owner_id)

    async def visits(self, actor: Actor) -> None:
        """Somebody is signed in with their browser."""
        self.visitor = Visitor(await self.user(actor), actor)

    async def blog(self, owner: Actor, name: str, **wishes: Any) -> Actor:
        """A blog."""
        async with self.cast.database.write() as session:
            return await making.create(session, await session.get_one(Actor, owner.id), name,
                                       making.Wishes(**{"title": name.title(), **wishes}))

    async def let_write(self, blog: Actor, person: Actor, role: str = "author") -> None:
        """Somebody writes in a blog, too."""
        async with self.cast.database.write() as session:
            owner = await session.get_one(Actor, self.cast.alice.id)
            await authors.invite(session, owner, await session.get_one(Actor, blog.id),
                                 await session.get_one(Actor, person.id), role)

    async def app(self, who: Actor, *, scopes: str = SCOPES, site: Actor | None = None) -> App:
        """An app with a token."""
        async with self.cast.database.write() as session:
            user = await session.get_one(User, who.owner_id)
            app = await oauth_apps.remember(
                session, "https://quill.test/", "micropub", name="Quill", website=None,
                redirect_uri="https://quill.test/back", scopes=scopes.split())
            issued = await tokens.issue(session, user, scopes.split(), app=app, family="micropub",
                                        site_id=(site or who).id)
        return App(self, issued.secret)

    async def row(self, url: str) -> Object:
        """The post at an address, as it is stored."""
        async with self.cast.database.read() as session:
            found = re.search(r"/(\d+)$", url)
            query = select(Object).where(Object.id == int(found[1])) if found else select(Object).where(
                Object.url == url, Object.deleted_at.is_(None))
            return (await session.scalars(query)).one()


@dataclass
class App:
    """A Micropub client."""

    server: Server
    token: str

    async def send(self, method: str = "POST", path: str = "/micropub", **options: Any) -> httpx.Response:
        """A call with the token in its header."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return await self.server.http.request(method, path, headers=headers, **options)

    async def made(self, expect: int = 201, **options: Any) -> str:
        """The address of what was created."""
        answer = await self.send(**options)
        assert answer.status_code == expect, f"{answer.status_code} {answer.text}"
        return answer.headers["location"]

    async def form(self, expect: int = 201, **fields: Any) -> str:
        """An entry as a form; `_` in names stands for `-`, lists become `name[]`."""
        data = {(f"{name.replace('_', '-')}[]" if isinstance(value, list) else name.replace("_", "-")): value
                for name, value in fields.items()}
        return await self.made(expect, data={"h": "entry", **data})

    async def json(self, expect: int = 201, **properties: Any) -> str:
        """An entry as JSON."""
        return await self.made(expect, json={"type": ["h-entry"], "properties": {
            name.replace("_", "-"): value for name, value in properties.items()}})

    async def query(self, expect: int = 200, **params: Any) -> Any:
        """What a question is answered."""
        answer = await self.send("GET", params=params)
        assert answer.status_code == expect, f"{answer.status_code} {answer.text}"
        return answer.json()

    async def source(self, url: str) -> dict[str, list[Any]]:
        """All properties of a post."""
        found = await self.query(q="source", url=url)
        assert found["type"] == ["h-entry"]
        return found["properties"]  # type: ignore[no-any-return]

    async def refused(self, status: int, word: str, **options: Any) -> None:
        """A call that is refused in the shape of Micropub: a status, and a JSON object with `error`."""
        refusal(await self.send(**options), status, word)


def refusal(answer: httpx.Response, status: int, word: str) -> None:
    """The shape of every refusal."""
    assert (answer.status_code, answer.json()["error"]) == (status, word), answer.text
    assert answer.json()["error_description"]
    assert answer.headers["content-type"] == "application/json"


def picture(form: str = ".jpg") -> bytes:
    """A picture made by a real encoder."""
    shades = pyvips.Image.xyz(64, 48)[0].bandjoin([pyvips.Image.xyz(64, 48)[1], 90]).cast("uchar")
    found: bytes = shades.copy(interpretation="srgb").write_to_buffer(form)
    return found


@pytest.fixture
async def web_client() -> AsyncIterator[SafeClient]:
    """The guarded client, which may reach this machine here."""
    async with SafeClient(AddressPolicy([ip_network("127.0.0.0/8")]), user_agent="Potluck test") as client:
        yield client


@pytest.fixture
async def page() -> AsyncIterator[AppPage]:
    """The app's web server."""
    made = AppPage()
    app = web.Application()
    app.router.add_route("GET", "/{path:.*}", made.answer)
    made.server = TestServer(app, host="127.0.0.1")
    await made.server.start_server()
    yield made
    await made.server.close()


@pytest.fixture
async def server(cast: Cast, page: AppPage, web_client: SafeClient) -> AsyncIterator[Server]:
    """The APIs, on each database in turn."""
    before = settings.current()
    configured = settings.use(replace(before, secret="s" * 32, rate_limits=False))
    clients.forget()
    federation = FakeFederation(web_client)
    async with Waker(cast.database) as waker:
        engine = JobEngine(cast.database, waker)

        async def prepare(call: Coroutine[Any, Any, Any]) -> Any:
            """A call that waits for the engine, which works meanwhile."""
            asking = asyncio.create_task(call)
            while not asking.done():
                await engine.drain()
                await asyncio.sleep(0.02)
            return await asking

        calls = applications.client_apis(settings=configured, db=cast.database, federation=federation)
        transport = httpx.ASGITransport(app=Edge(calls))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=URL) as http:
            made = Server(http, cast, federation, page, prepare)
            calls.app.state.api_ports = ports_of(made)
            yield made
    settings.use(before)


def query_of(answer: httpx.Response) -> dict[str, str]:
    """What an app is told on the way back."""
    assert answer.status_code == 302, f"{answer.status_code} {answer.text}"
    return {name: values[-1] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
