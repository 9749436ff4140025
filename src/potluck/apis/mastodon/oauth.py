"""OAuth 2 for apps: tokens out of codes and for apps themselves, revoking, metadata, who one is.

The rules (codes, PKCE, hashing) are in `social.accounts.tokens`; here they are spoken as RFC 6749, 7009, 7636 and
8414 and Mastodon's documentation say. `consent` is the page where a person agrees. IndieAuth has the same addresses:
its apps are known by a client id that is an address itself, and answered by `apis.indieauth`.
"""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_plus

from potluck.apis.indieauth import granting
from potluck.apis.indieauth import scopes as indieauth_scopes
from potluck.apis.mastodon import entities, scopes
from potluck.apis.mastodon.endpoint import EMPTY, FAMILY, Answer, Call, answer, endpoint
from potluck.apis.mastodon.errors import ApiError
from potluck.social.accounts import tokens
from potluck.social.model import OAuthApp

_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


def refusal(code: str, text: str, status: int = 400) -> ApiError:
    """An OAuth error: a word for the program, a sentence for its author."""
    headers = {"www-authenticate": 'Basic realm="Potluck"'} if status == 401 else {}
    return ApiError(status, code, text, headers={**_NO_STORE, **headers})


def _client_of(call: Call) -> tuple[str, str]:
    """Client id and secret: in the Authorization header (percent-encoded, RFC 6749 §2.3.1) or as parameters."""
    scheme, _, given = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError) as error:
            raise refusal("invalid_client", "The Authorization header cannot be read.", 401) from error
        return unquote_plus(client_id), unquote_plus(secret)
    return call.params.text("client_id"), call.params.text("client_secret")


async def _app(call: Call, *, secret_needed: bool) -> OAuthApp:
    """The app that calls; its secret may be absent where PKCE proves who it is.

    Raises:
        ApiError: unknown app, or wrong secret (401).
    """
    client_id, secret = _client_of(call)
    app = await tokens.by_client_id(await call.reader(), client_id) if client_id else None
    proven = app is not None and (tokens.secret_is_right(app, secret) if secret else not secret_needed)
    if app is None or not proven:
        raise refusal("invalid_client", "Client authentication failed due to unknown client, no client"
                      " authentication included, or unsupported authentication method.", 401)
    return app


@endpoint("POST", "/oauth/token")
async def token(call: Call) -> Answer:
    """A token, for a person (out of a code) or for the app itself."""
    if call.params.text("action") == "revoke":  # as IndieAuth had it before there was an address for that
        await granting.revoke(call)
        return Answer(EMPTY)
    if granting.concerns(call):
        return await granting.token(call)
    grant = call.params.text("grant_type")
    if grant == "authorization_code":
        return await _from_code(call)
    if grant == "client_credentials":
        return await _for_app(call)
    if not grant:
        raise refusal("invalid_request", "Missing required parameter: grant_type.")
    raise refusal("unsupported_grant_type", "The authorization grant type is not supported by the authorization"
                  " server.")


async def _from_code(call: Call) -> Answer:
    verifier = call.params.text("code_verifier")
    app = await _app(call, secret_needed=not verifier)
    async with call.write() as session:
        issued = await tokens.exchange_code(
            session, app, call.params.text("code"), call.params.text("redirect_uri"), verifier=verifier or None,
            client_secret=_client_of(call)[1] or None)
    if issued is None:
        raise refusal("invalid_grant", "The provided authorization grant is invalid, expired, revoked, does not match"
                      " the redirection URI used in the authorization request, or was issued to another client.")
    return issued_token(issued)


async def _for_app(call: Call) -> Answer:
    app = await _app(call, secret_needed=True)
    wanted = scopes.parse(call.params.text("scope")) or ["read"]
    if not scopes.within(app.scopes.split(), wanted):
        raise refusal("invalid_scope", "The requested scope is invalid, unknown, or malformed.")
    async with call.write() as session:
        issued = await tokens.issue(session, None, wanted, app=app)
    return issued_token(issued)


def issued_token(issued: tokens.Issued) -> Answer:
    """Token."""
    return answer({"access_token": issued.secret, "token_type": "Bearer", "scope": issued.token.scopes,
                   "created_at": int(issued.token.created_at.timestamp())}, headers=_NO_STORE)


@endpoint("POST", "/oauth/revoke")
async def revoke(call: Call) -> Answer:
    """Take a token back (RFC 7009): an unknown one is no error, another app's is."""
    if await granting.revoke(call) or granting.concerns(call) or not _client_of(call)[0]:
        return Answer(EMPTY)
    app = await _app(call, secret_needed=True)
    async with call.write() as session:
        allowed = await tokens.revoke(session, app, call.params.text("token"))
    if not allowed:
        raise refusal("unauthorized_client", "You are not authorized to revoke this token", 403)
    return Answer(EMPTY)


@endpoint(["GET", "POST"], "/oauth/userinfo", scope=("profile", "read:accounts"),
          families=(FAMILY, indieauth_scopes.FAMILY))
async def userinfo(call: Call) -> Answer:
    """Who the token stands for, in OpenID Connect's words, or in those of IndieAuth."""
    if call.access is not None and call.access.family == indieauth_scopes.FAMILY:
        return await granting.userinfo(call)
    me = call.me
    shown = entities.account(me)
    return answer({"iss": call.settings.url, "sub": me.uri, "name": me.display_name or me.name,
                   "preferred_username": me.name, "profile": shown["url"], "picture": shown["avatar"]})


@endpoint("GET", "/.well-known/oauth-authorization-server")
async def metadata(call: Call) -> Answer:
    """RFC 8414, for apps of both kinds. Addresses have the scheme and host the app asked."""
    base = call.base_url
    return answer({
        "issuer": f"{base}/", "service_documentation": f"{base}/about", "authorization_endpoint":
        f"{base}/oauth/authorize", "token_endpoint": f"{base}/oauth/token", "app_registration_endpoint":
        f"{base}/api/v1/apps", "revocation_endpoint": f"{base}/oauth/revoke", "introspection_endpoint":
        f"{base}/oauth/introspect", "userinfo_endpoint": f"{base}/oauth/userinfo",
        "scopes_supported": list(dict.fromkeys([*scopes.ALL, *indieauth_scopes.ALL])),
        "response_types_supported": ["code"], "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["bearer"],
        "authorization_response_iss_parameter_supported": True, "client_id_metadata_document_supported": True,
    })


route_handlers = [token, revoke, userinfo, metadata]
