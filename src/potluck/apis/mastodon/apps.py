"""Registering an app, and an app asking who it is."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from potluck.apis.mastodon import entities, scopes
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.mastodon.params import Params
from potluck.social.accounts import tokens

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"

_MOST_URIS = 20
_LONGEST = 2000
_LONGEST_NAME = 200
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_FORBIDDEN = frozenset({"javascript", "data", "vbscript", "file", "blob", "about", "mailto"})


def check_redirect_uri(uri: str) -> None:
    """Whether an app may be led back to this address: https, http, or a scheme of its own.

    Raises:
        ApiError: it may not (422).
    """
    scheme, colon, rest = uri.partition(":")
    parts = urlsplit(uri)
    bad = (not colon or not rest or not _SCHEME.fullmatch(scheme) or scheme.lower() in _FORBIDDEN
           or len(uri) > _LONGEST or any(ord(letter) <= 32 for letter in uri) or parts.fragment
           or (scheme.lower() in ("http", "https") and not parts.hostname))
    if bad:
        raise ApiError(422, "Validation failed: Redirect URI must be an absolute URI.")


def _redirect_uris(params: Params) -> list[str]:
    found = [uri for text in params.texts("redirect_uris") for uri in text.split()]
    found = list(dict.fromkeys(found))
    if not found:
        raise ApiError(422, "Validation failed: Redirect URI can't be blank")
    if len(found) > _MOST_URIS:
        raise ApiError(422, "Validation failed: There are too many redirect URIs")
    for uri in found:
        if uri != OUT_OF_BAND:
            check_redirect_uri(uri)
    return found


def _website(params: Params) -> str | None:
    text = params.text("website").strip()
    if not text:
        return None
    if urlsplit(text).scheme not in ("http", "https") or len(text) > _LONGEST:
        raise ApiError(422, "Validation failed: Website must be a valid URL")
    return text


@endpoint("POST", "/api/v1/apps")
async def register(call: Call) -> Answer:
    """Register an app. It never expires."""
    name = call.params.text("client_name").strip()
    if not name:
        raise ApiError(422, "Validation failed: Application name can't be blank")
    if len(name) > _LONGEST_NAME:
        raise ApiError(422, "Validation failed: Application name is too long")
    wanted = scopes.parse(" ".join(call.params.texts("scopes"))) or ["read"]
    if scopes.unknown(wanted):
        raise ApiError(422, "Validation failed: Scopes doesn't match configured on the server.")
    uris, website = _redirect_uris(call.params), _website(call.params)
    async with call.write() as session:
        app = await tokens.register_app(session, name=name, redirect_uris=uris, scopes=" ".join(wanted),
                                        website=website)
        return answer({**entities.application(app), "client_id": app.client_id, "client_secret": app.client_secret,
                       "client_secret_expires_at": 0})


@endpoint("GET", "/api/v1/apps/verify_credentials", who="app")
async def verify(call: Call) -> Answer:
    """The app a token belongs to."""
    if call.access is None or call.access.app is None:
        raise ApiError(401, "The access token is invalid")
    return answer(entities.application(call.access.app))


route_handlers = [register, verify]
