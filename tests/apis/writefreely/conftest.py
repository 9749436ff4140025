"""The server's WriteFreely API round the cast of the tests, on SQLite and on PostgreSQL."""

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
from potluck.apis.ports import Ports
from potluck.social.accounts import app_passwords, tokens
from potluck.social.model import User
from support import applications
from support.cast import Cast

URL = "https://potluck.test"


@dataclass
class Api:
    """The application under test."""

    http: httpx.AsyncClient
    cast: Cast
    tokens: dict[str, str] = field(default_factory=dict)

    async def app_password(self, who: str) -> str:
        """An app password of somebody of the cast."""
        async with self.cast.database.write() as session:
            user = await session.get_one(User, getattr(self.cast, who).owner_id)
            return await app_passwords.create(session, user, "editor", "writefreely")

    async def token(self, who: str, family: str = "writefreely") -> str:
        """A token for somebody of the cast."""
        key = f"{family}:{who}"
        if key not in self.tokens:
            async with self.cast.database.write() as session:
                user = await session.get_one(User, getattr(self.cast, who).owner_id)
                self.tokens[key] = (await tokens.issue(session, user, (), family=family)).secret
        return self.tokens[key]

    async def call(self, method: str, path: str, who: str | None = "alice", body: Any = None) -> httpx.Response:
        """Ask as somebody of the cast, or as nobody; the content type is JSON as these clients have it, always."""
        headers = {"Content-Type": "application/json"}
        if who:
            headers["Authorization"] = f"Token {await self.token(who)}"
        return await self.http.request(method, f"/api{path}", headers=headers, json=body)

    async def ask(self, method: str, path: str, body: Any = None, *, who: str | None = "alice",
                  status: int = 200) -> Any:
        """What a call that must work answers."""
        found = await self.call(method, path, who, body)
        assert found.status_code == status, f"{method} {path}: {found.status_code} {found.text}"
        if status == 204:
            assert found.content == b""
            return None
        answer = found.json()
        assert answer.keys() == {"code", "data"}
        assert answer["code"] == status
        return answer["data"]

    async def refused(self, method: str, path: str, body: Any = None, *, who: str | None = "alice") -> int:
        """The status of a call that must be refused."""
        found = await self.call(method, path, who, body)
        answer = found.json()
        assert answer.keys() == {"code", "error_msg"}
        assert answer["code"] == found.status_code >= 400, found.text
        assert answer["error_msg"]
        return found.status_code


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
    before = settings.current()
    configured = settings.use(replace(before, secret="s" * 32, rate_limits=False))
    async with AsyncExitStack() as stack:
        app = applications.client_apis(settings=configured, db=cast.database, api_ports=_site())
        transport = httpx.ASGITransport(app=Edge(app))  # type: ignore[arg-type]
        yield Api(await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=URL)), cast)
    settings.use(before)
