"""Assembles the web application: federation, APIs and site behind one front, around one database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.static_files import create_static_files_router
from litestar.types import ASGIApp

from potluck import assembly, settings, web
from potluck.apis import mastodon
from potluck.apis.edge import Edge
from potluck.db.engine import Database
from potluck.db.migrate import upgrade
from potluck.db.nodes import NodeLease
from potluck.federation import endpoints
from potluck.federation.resolver import Federation
from potluck.logs import configure
from potluck.operation import metrics
from potluck.ports import plug
from potluck.settings import Settings
from potluck.social import actors
from potluck.social.live import Hub, Waker

_MAX_BODY = 16 << 20


def application() -> ASGIApp:
    """The application with the settings of the environment, for web servers that take a factory."""
    found = settings.current()
    configure(found)
    return create_app(found)


def create_app(configured: Settings) -> ASGIApp:
    """The whole server as an ASGI application; it opens the database when it starts."""
    settings.use(configured)
    assembly.install()
    app = Litestar(
        route_handlers=[*metrics.route_handlers, *endpoints.route_handlers, *mastodon.route_handlers,
                        *web.route_handlers, _static()],
        middleware=[metrics.measure],
        lifespan=[_running],
        state=State({"settings": configured}),
        openapi_config=None,
        request_max_body_size=_MAX_BODY,
    )
    return Edge(app)


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    """Everything that lives as long as the application."""
    configured: Settings = app.state.settings
    db = Database(configured)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        await upgrade(db)
        await stack.enter_async_context(NodeLease(db, "web"))
        async with db.write() as session:
            await actors.instance_actor(session)
        waker = await stack.enter_async_context(Waker(db))
        app.state.db = db
        app.state.hub = await stack.enter_async_context(Hub(db, waker))
        app.state.federation = await stack.enter_async_context(Federation(db, configured))
        plug(app.state)
        yield


def _static() -> Any:
    return create_static_files_router(path="/static", directories=[web.STATIC])
