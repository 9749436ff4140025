"""Pages in tests: the site around a fresh database, and a browser of sorts for each of the cast."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar

from potluck import settings
from potluck.db.engine import Database
from potluck.social.accounts import sessions
from potluck.social.live import Hub, Waker
from potluck.social.model import Actor, Object, User
from potluck.web.ports import Ports
from support import applications
from support.cast import Cast

URL = "https://potluck.test"
_TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')


class Unreachable(Exception):
    """Another server does not answer."""


@dataclass
class FakeFederation:
    """Finds what a test put there."""

    known: dict[str, Actor | Object] = field(default_factory=dict)

    async def resolve(self, text: str, viewer: Actor | None = None) -> Actor | Object | None:
        return self.known.get(text)

    async def actor_by_handle(self, handle: str) -> Actor | None:
        found = self.known.get(f"@{handle}")
        return found if isinstance(found, Actor) else None

    async def actor_by_uri(self, uri: str, *, refresh: bool = False) -> Actor | None:
        found = self.known.get(uri)
        return found if isinstance(found, Actor) else None


@dataclass
class FakeState:
    inbox_waiting: int = 3
    inbox_parked: int = 1
    inbox_oldest: Any = None
    deliveries_waiting: int = 2
    deliveries_failed: int = 1
    fetches_waiting: int = 0


class FakeQueues:
    """Queues that remember what was asked of them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    async def state(self, session: Any) -> FakeState:
        return FakeState()

    async def parked(self, session: Any, limit: int = 40) -> list[Any]:
        return []

    async def backlog(self, session: Any, limit: int = 100) -> list[Any]:
        return []

    async def retry_item(self, session: Any, item_id: int | None) -> None:
        self.asked.append(("retry_item", item_id))

    async def drop_item(self, session: Any, item_id: int) -> None:
        self.asked.append(("drop_item", item_id))

    async def retry_host(self, session: Any, host: str) -> None:
        self.asked.append(("retry_host", host))


class Browser:
    """Somebody's browser: keeps cookies, fills in the CSRF token of the last page, follows no redirect by itself."""

    def __init__(self, app: Any) -> None:
        # The same peer for all; tests of addresses set X-Forwarded-For.
        self.client = AsyncClient(transport=ASGITransport(app, client=("127.0.0.1", 1)), base_url=URL)
        self.token = ""

    async def get(self, path: str, **headers: str) -> Response:
        found = await self.client.get(path, headers={"accept": "text/html", **headers})
        if match := _TOKEN.search(found.text):
            self.token = match[1]
        return found

    async def post(self, path: str, data: dict[str, Any] | None = None, *, csrf: bool = True,
                   files: list[Any] | None = None, **headers: str) -> Response:
        """Send a form as a page of ours would."""
        if csrf and not self.token:
            await self.get("/about")
        fields = {**(data or {}), **({"_csrf": self.token} if csrf else {})}
        return await self.client.post(path, data=fields, files=files, headers=headers)

    async def page_after(self, found: Response) -> str:
        """The text of the page a form's answer leads to."""
        assert found.status_code == 303, found.text
        while found.status_code == 303:
            found = await self.get(found.headers["location"])
        return found.text


@dataclass
class Site:
    """The site, its people, and what stands in for other rooms."""

    app: Litestar
    cast: Cast
    database: Database
    federation: FakeFederation
    queues: FakeQueues

    def guest(self) -> Browser:
        """A browser that is not signed in."""
        return Browser(self.app)

    async def browser(self, actor: Actor) -> Browser:
        """A browser signed in as one of the cast."""
        async with self.database.write() as session:
            user = await session.get_one(User, actor.owner_id)
            secret = await sessions.start(session, user, ip="127.0.0.1", user_agent="test")
        made = Browser(self.app)
        made.client.cookies.set("__Host-potluck_session", secret)
        return made

    async def user(self, actor: Actor) -> User:
        """The login of one of the cast as it is now."""
        async with self.database.read() as session:
            return await session.get_one(User, actor.owner_id)


@pytest.fixture
async def site(cast: Cast, database: Database) -> AsyncIterator[Site]:
    """The site with the cast, on each database in turn."""
    before = settings.current()
    settings.use(replace(before, secret="test", rate_limits=False))
    federation, queues = FakeFederation(), FakeQueues()
    async with Waker(database) as waker, Hub(database, waker) as hub:
        app = applications.site(db=database, hub=hub, federation=federation, web_ports=Ports(
            wants_activity=lambda request: "activity+json" in request.headers.get("accept", ""), queues=queues,
            write_actor=lambda actor: {"id": actor.uri}, unreachable=Unreachable))
        yield Site(app, cast, database, federation, queues)
    settings.use(before)
