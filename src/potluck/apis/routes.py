"""The registry of the APIs: every one of them is reached from here."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response

from potluck.apis.indieauth import routes as indieauth
from potluck.apis.lemmy import routes as lemmy
from potluck.apis.mastodon import routes as mastodon
from potluck.apis.metaweblog import routes as metaweblog
from potluck.apis.micropub import routes as micropub
from potluck.apis.writefreely import routes as writefreely
from potluck.handlers import Handler, Part
from potluck.switchboard import Endpoint

_HANDLERS: list[Any] = [
    *mastodon.route_handlers, *lemmy.route_handlers, *writefreely.route_handlers, *metaweblog.route_handlers,
    *indieauth.route_handlers, *micropub.route_handlers]

endpoints = [
    *(handler for handler in _HANDLERS if isinstance(handler, Endpoint)),
    *Part().endpoints(handler for handler in _HANDLERS if isinstance(handler, Handler)),
]
"""Every endpoint of every API, and the pages and streams that stand at their addresses."""

route_handlers = [handler for handler in _HANDLERS if not isinstance(handler, Endpoint | Handler)]
"""What is answered by the framework: sockets."""

_PREFIXES = ("/api/", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", *lemmy.PREFIXES, *micropub.PREFIXES)


def is_api(path: str) -> bool:
    """Whether what stands at a path speaks to apps, so that refusals must have their shape."""
    return path.startswith(_PREFIXES) or path == "/api"


def exception_response(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The answer to a call that reached no endpoint (unknown path, wrong method) or failed before one."""
    if request.scope["path"].startswith(lemmy.PREFIXES):
        return lemmy.exception_response(request, error)
    if request.scope["path"].startswith(writefreely.PREFIXES):
        return writefreely.exception_response(request, error)
    if request.scope["path"].startswith(micropub.PREFIXES):
        return micropub.exception_response(request, error)
    return mastodon.exception_response(request, error)
