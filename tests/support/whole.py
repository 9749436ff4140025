"""The whole server as it is assembled for a process, in this one, without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from litestar import Litestar

from potluck import server, settings
from potluck.db.engine import Database
from potluck.settings import Settings


@dataclass
class Whole:
    """The running server: a client on its own machine, and its database."""

    http: httpx.AsyncClient
    db: Database


@asynccontextmanager
async def whole_server(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Whole]:
    """The server with these settings, started, without limits on calls; the settings are as before at the end."""
    before = settings.current()
    made: list[Litestar] = []

    def noted(**options: Any) -> Litestar:
        made.append(Litestar(**options))
        return made[0]

    monkeypatch.setattr(server, "Litestar", noted)
    front = server.create_app(settings.use(replace(configured, rate_limits=False, secret="s" * 32)))
    transport = httpx.ASGITransport(app=front, raise_app_exceptions=False, client=("127.0.0.1", 1))  # type: ignore[arg-type]
    try:
        async with made[0].lifespan(), httpx.AsyncClient(transport=transport, base_url=configured.url) as http:
            yield Whole(http, made[0].state.db)
    finally:
        settings.use(before)
