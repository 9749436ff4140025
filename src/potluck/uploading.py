"""Who may upload: an app with its token, or someone signed in with this browser, whose page sends the right token.

Here and not in `media`, since it takes what the site and the APIs know.
"""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request

from potluck.apis.mastodon import endpoint as mastodon
from potluck.apis.mastodon.errors import ApiError
from potluck.media.endpoints.tus import WhoUploads
from potluck.media.endpoints.wire import Asked, Refusal
from potluck.social.model import Actor
from potluck.web import auth, csrf

SCOPES = ("write:media",)


def who_uploads(app: Litestar) -> WhoUploads:
    """What finds out who sends a request that came before the web framework."""

    async def find(asked: Asked) -> Actor:
        scope: Any = {**asked.scope, "litestar_app": app, "app": app, "state": {}}
        request: Request[Any, Any, Any] = Request(scope)
        scheme, _, secret = asked.header("authorization").partition(" ")
        if scheme.lower() == "bearer":
            return await _by_token(request, secret.strip())
        return await _by_session(request)

    return find


async def _by_token(request: Request[Any, Any, Any], secret: str) -> Actor:
    try:
        async with request.app.state.db.read() as session:
            access = await mastodon.check_token(session, secret)
        mastodon.check_access(access, SCOPES, "user")
    except ApiError as error:
        raise Refusal(error.status, error.text, error.headers) from error
    return _may_act(access.actor)


async def _by_session(request: Request[Any, Any, Any]) -> Actor:
    viewer = await auth.viewer_of(request)
    if viewer is None:
        raise Refusal(401, "Please sign in first", {"www-authenticate": 'Bearer realm="Potluck"'})
    if request.method != "HEAD":
        await csrf.check_header(request)
    auth.check_may_post(viewer)
    return _may_act(viewer.actor)


def _may_act(actor: Actor | None) -> Actor:
    if actor is None or actor.suspended_at is not None or actor.deleted_at is not None:
        raise Refusal(403, "This account may not upload files")
    return actor
