"""The server's Lemmy API round the cast of the tests, on SQLite and on PostgreSQL, and a community that Alice leads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from litestar import Request, Response

from potluck import settings
from potluck.apis.edge import Edge
from potluck.apis.lemmy import limits, shapes, site
from potluck.apis.ports import Ports
from potluck.db.engine import Database
from potluck.kinds.link.actions import LinkRequest, compose
from potluck.social import actors
from potluck.social.accounts import tokens
from potluck.social.communities import making
from potluck.social.live import Hub, Waker
from potluck.social.model import Actor, Object, User
from support import applications, lemmy_types
from support.cast import Cast

URL = "https://potluck.test"
OUR_WORDS = {"invalid_email", "not_allowed", "not_found", "not_supported", "too_large"}
"""Words of refusals that Lemmy has no word for."""


class FakeFederation:
    """Finds what the test put into `known`."""

    def __init__(self) -> None:
        self.known: dict[str, Actor | Object] = {}
        self.asked: list[str] = []

    async def resolve(self, text: str, viewer: Actor | None = None) -> Actor | Object | None:
        self.asked.append(text)
        return self.known.get(text)

    async def actor_by_handle(self, handle: str) -> Actor | None:
        self.asked.append(handle)
        found = self.known.get(handle)
        return found if isinstance(found, Actor) else None


@dataclass
class Api:
    """The application under test."""

    http: httpx.AsyncClient
    cast: Cast
    federation: FakeFederation
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.cast.database

    async def call(self, method: str, path: str, who: str | None = None, **options: Any) -> httpx.Response:
        """Ask as somebody of the cast, or as nobody."""
        headers = {"Authorization": f"Bearer {await self.token(who)}"} if who else {}
        return await self.http.request(method, f"/api/v3{path}", headers={**headers, **options.pop("headers", {})},
                                       **options)

    async def token(self, who: str) -> str:
        """A token for somebody of the cast."""
        if who not in self.tokens:
            async with self.database.write() as session:
                user = await session.get_one(User, getattr(self.cast, who).owner_id)
                self.tokens[who] = (await tokens.issue(session, user, (), family="lemmy")).secret
        return self.tokens[who]

    async def get(self, path: str, who: str | None = None, **query: Any) -> Any:
        """The JSON of a call that must work, which is what Lemmy's own client expects of it."""
        return _good(await self.call("GET", path, who, params=query), path)

    async def post(self, path: str, who: str | None = None, **body: Any) -> Any:
        """The JSON of a call that must work, which is what Lemmy's own client expects of it."""
        return _good(await self.call("POST", path, who, json=body), path)

    async def put(self, path: str, who: str | None = None, **body: Any) -> Any:
        """The JSON of a call that must work, which is what Lemmy's own client expects of it."""
        return _good(await self.call("PUT", path, who, json=body), path)

    async def refused(self, method: str, path: str, who: str | None = None, **values: Any) -> tuple[int, str]:
        """Status and word of a call that must be refused."""
        options = {"params": values} if method == "GET" else {"json": values}
        answer = await self.call(method, path, who, **options)
        found = answer.json()
        assert answer.status_code >= 400, f"{method} {path}: {answer.text}"
        assert found.keys() <= {"error", "message"}
        word = found["error"]
        assert word in lemmy_types.load().errors | OUR_WORDS or word.startswith("couldnt_"), found
        return answer.status_code, found["error"]

    async def community(self, name: str = "gardens", who: str = "alice", **wishes: Any) -> Actor:
        """A community that somebody leads."""
        async with self.database.write() as session:
            owner = await session.get_one(Actor, getattr(self.cast, who).id)
            return await making.create(session, owner, name, making.Wishes(**{"title": name.title(), **wishes}))

    async def link(self, who: str, community: Actor, title: str = "Tomatoes in March", **more: Any) -> Object:
        """A post in a community."""
        async with self.database.write() as session:
            author = await session.get_one(Actor, getattr(self.cast, who).id)
            return await compose(session, author, LinkRequest(community.id, title, **more))


def _good(answer: httpx.Response, path: str) -> Any:
    asked = f"{answer.request.method} {answer.request.url}"
    assert answer.status_code == 200, f"{asked}: {answer.status_code} {answer.text}"
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    lemmy_types.load().check_answer(answer.request.method, path, found)
    return found


def _site() -> Ports:
    async def nobody(_: Request[Any, Any, Any]) -> None:
        return None

    async def page(_: Request[Any, Any, Any], template: str, context: dict[str, Any]) -> Response[Any]:
        raise AssertionError(template)

    async def unchecked(_: Request[Any, Any, Any]) -> None:
        return None

    return Ports(nobody, page, lambda _: "/signin", unchecked, lambda *_: None, lambda _: "127.0.0.1")


@pytest.fixture
async def api(cast: Cast) -> AsyncIterator[Api]:
    """The API, with nobody calling yet."""
    configured = settings.use(replace(settings.current(), title="Potluck Test", secret="s" * 32, rate_limits=False,
                                      legacy_passwords=True))
    for module in (site, shapes, limits):
        module.forget()
    federation = FakeFederation()
    async with AsyncExitStack() as stack:
        async with cast.database.write() as session:
            await actors.instance_actor(session)
        waker = await stack.enter_async_context(Waker(cast.database))
        hub = await stack.enter_async_context(Hub(cast.database, waker))
        app = applications.client_apis(settings=configured, db=cast.database, hub=hub, federation=federation,
                                       api_ports=_site())
        transport = httpx.ASGITransport(app=Edge(app))  # type: ignore[arg-type]
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=URL))
        yield Api(http, cast, federation)


@pytest.fixture
async def gardens(api: Api) -> Actor:
    """A community that Alice leads."""
    return await api.community()
