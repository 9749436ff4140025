"""Fixtures: a loopback peer, and a client that may reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from potluck.federation.fetch import SafeClient

from .support import LOOPBACK, QUICK, Peer


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    """A running loopback peer."""
    peer = Peer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", peer.dispatch)
    peer.server = TestServer(app, host="127.0.0.1")
    await peer.server.start_server()
    yield peer
    await peer.server.close()


@pytest_asyncio.fixture
async def client() -> AsyncIterator[SafeClient]:
    """A client that may reach loopback addresses, with short times."""
    async with SafeClient(LOOPBACK, user_agent="Potluck test", limits=QUICK) as client:
        yield client
