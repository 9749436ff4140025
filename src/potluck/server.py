"""Assembles the web application: federation, APIs and site behind one front, around one database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import structlog
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.types import ASGIApp
from sqlalchemy.exc import SQLAlchemyError

from potluck import assembly, settings, stopping
from potluck.apis import routes as apis
from potluck.apis.edge import Edge
from potluck.apis.facade import Door
from potluck.apis.ports import Ports as ApiPorts
from potluck.db.engine import Database
from potluck.db.migrate import upgrade
from potluck.db.nodes import NodeLease
from potluck.federation import catching_up, queues
from potluck.federation import endpoints as wire
from potluck.federation.actor_documents import write_actor
from potluck.federation.addresses import AddressPolicy
from potluck.federation.endpoints.negotiate import wants_activity
from potluck.federation.errors import FederationError
from potluck.federation.mail_hosts import MailHosts
from potluck.logs import configure
from potluck.media import addresses, storage
from potluck.media.endpoints import serving, tus
from potluck.media.endpoints.front import Answerer, Front
from potluck.media.endpoints.proxy import Proxy
from potluck.media.endpoints.sending import Sender
from potluck.media.endpoints.tus import Tus
from potluck.media.rejecting import Rejecting
from potluck.media.remote_cache import RemoteCache
from potluck.media.remote_pictures import Pictures
from potluck.media.resumable import Uploads
from potluck.media.storage import storage_of
from potluck.operation import metrics
from potluck.processes import keeping_alive
from potluck.remote_files import GuardedSource
from potluck.settings import Settings
from potluck.social.accounts import activity, signup
from potluck.social.live import Hub, Waker
from potluck.switchboard import MAX_BODY, Switchboard
from potluck.tasks import beside
from potluck.uploading import who_uploads
from potluck.web import assets, errors, for_apis, routes
from potluck.web.blogs.domains import OwnDomains
from potluck.web.ports import Ports as WebPorts

log = structlog.get_logger(__name__)

_ACTIVITY_SECONDS = 60
_Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]
_API_PATHS = ("/api/", "/pictrs/", "/micropub", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/oauth/introspect",
              "/.well-known/", "/nodeinfo/")


def application() -> ASGIApp:
    """The application with the settings of the environment, for web servers that take a factory."""
    found = settings.current()
    configure(found)
    return create_app(found, lifespan=[_told_to_stop])


def create_app(configured: Settings, *, lifespan: Sequence[_Lifespan] = ()) -> ASGIApp:
    """The whole server as an ASGI application; it opens the database when it starts.

    Args:
        configured: its settings.
        lifespan: what else is to be there while it runs.
    """
    settings.use(configured)
    assembly.install()
    app = Litestar(
        route_handlers=[*apis.route_handlers, *routes.route_handlers],
        exception_handlers={Exception: _refusal},
        lifespan=[_running, *lifespan],
        state=State({"settings": configured}),
        openapi_config=None,
        logging_config=None,  # its own would start a thread; see `logs`
        request_max_body_size=MAX_BODY,
    )
    app.state.api_ports = ApiPorts(
        current_user=for_apis.current_user, render=for_apis.render, sign_in_path=for_apis.sign_in_path,
        check_csrf=for_apis.check_csrf, allow_form_target=for_apis.allow_form_target,
        client_address=for_apis.client_address)
    app.state.web_ports = WebPorts(
        wants_activity=wants_activity, queues=queues, write_actor=lambda actor: write_actor(actor, ()),
        unreachable=FederationError)
    answered = Switchboard(app, {
        apis.exception_response: apis.endpoints,
        errors.error_response: routes.endpoints,
        _refusal: [*metrics.endpoints, *wire.endpoints],
    }, left=[assets.PATH])
    served = OwnDomains(Edge(answered, metrics.note), lambda: app.state.db, lambda: app.state.settings)
    return Door(Front(served, _file_routes(app, configured)))


def _file_routes(app: Litestar, configured: Settings) -> dict[str, Answerer]:
    files = storage_of(configured)
    sender, source = Sender(files, configured), GuardedSource(lambda: app.state.federation.client)
    uploads = Tus(lambda: app.state.db, Uploads(files, configured), configured, who_uploads(app))
    app.state.remote_cache = RemoteCache(lambda: app.state.db, files, source, configured,
                                         prepare=Pictures(lambda: app.state.settings).prepare)
    proxy = Proxy(app.state.remote_cache, sender, source, lambda: app.state.settings,
                  Rejecting(lambda: app.state.db).rejects)
    return {storage.PATH: serving.answerer(sender), tus.PATH: uploads.answerer, addresses.PROXY: proxy.answerer}


def _refusal(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer apps in their API's shape, people with a page."""
    for_apps = request.scope["path"].startswith(_API_PATHS)
    return apis.exception_response(request, error) if for_apps else errors.error_response(request, error)


async def _note_activity(db: Database, cache: RemoteCache) -> None:
    """Write who was active, and what was looked at, once a minute, so that no request has to."""
    while True:
        await asyncio.sleep(_ACTIVITY_SECONDS)
        try:
            async with db.write() as session:
                await activity.flush(session)
                await cache.flush_views(session)
        except SQLAlchemyError as error:
            log.warning("activity_not_written", error=str(error))


@asynccontextmanager
async def _told_to_stop(_: Litestar) -> AsyncIterator[None]:
    """As one of several workers, which learn by a signal of their own that they are to stop."""
    asyncio.get_running_loop().add_signal_handler(stopping.SIGNAL, stopping.begin)
    yield


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    """Everything that lives as long as the application."""
    configured = settings.use(settings.with_secret(app.state.settings))
    app.state.settings = configured
    db = Database(configured)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        await upgrade(db)
        await stack.enter_async_context(NodeLease(db, "web"))
        await assembly.make_first(db)
        app.state.db = db
        waker = await stack.enter_async_context(Waker(db))
        app.state.hub = await stack.enter_async_context(Hub(db, waker))
        stack.enter_context(stopping.doing(app.state.hub.close))
        app.state.federation = await stack.enter_async_context(assembly.federation(db, configured))
        await stack.enter_async_context(beside(_note_activity(db, app.state.remote_cache)))
        await stack.enter_async_context(beside(catching_up.keep_beating(db)))
        hosts = MailHosts(AddressPolicy(configured.allow_private))
        stack.push_async_callback(hosts.close)
        signup.use_mail_hosts(hosts.of)
        stack.callback(signup.use_mail_hosts, None)
        await stack.enter_async_context(beside(keeping_alive.have_probed(int(configured.bind.rpartition(":")[2]))))
        yield
