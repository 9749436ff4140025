"""Registering an app, and an app asking who it is."""

from __future__ import annotations

from potluck.apis.mastodon import entities, scopes
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint
from potluck.apis.mastodon.errors import ApiError
from potluck.social import push
from potluck.social.accounts import oauth_apps


@endpoint("POST", "/api/v1/apps")
async def register(call: Call) -> Answer:
    """Register an app. It never expires."""
    wanted = scopes.parse(" ".join(call.params.texts("scopes"))) or ["read"]
    if scopes.unknown(wanted):
        raise ApiError(422, "Validation failed: Scopes doesn't match configured on the server.")
    uris = [uri for text in call.params.texts("redirect_uris") for uri in text.split()]
    async with call.write() as session:
        app, secret = await oauth_apps.register(session, name=call.params.text("client_name"), redirect_uris=uris,
                                                scopes=wanted, website=call.params.optional_text("website"))
        key = await push.public_key(session)
    return answer({**entities.application(app, key), "client_id": app.client_id, "client_secret": secret,
                   "client_secret_expires_at": 0})


@endpoint("GET", "/api/v1/apps/verify_credentials", who="app")
async def verify(call: Call) -> Answer:
    """The app a token belongs to; for a token made by hand this server itself."""
    if call.access is None:
        raise ApiError(401, "The access token is invalid")
    key = await push.public_key(await call.reader())
    if call.access.app is None:
        return answer(entities.own_application(call.access.scopes, key))
    return answer(entities.application(call.access.app, key))


route_handlers = [register, verify]
