"""What apps get for a code: who the person is, and a token; and what can be asked about tokens.

The addresses are those of the Mastodon API's OAuth, which calls these for apps whose client id is an address.
"""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.apis import calls
from potluck.apis.calls import Answer, answer
from potluck.apis.errors import ApiError
from potluck.apis.indieauth import clients, endpoint, sites
from potluck.apis.indieauth.endpoint import Call, Rule
from potluck.apis.indieauth.errors import insufficient_scope, invalid
from potluck.apis.indieauth.scopes import FAMILY
from potluck.apis.params import Params
from potluck.social.accounts import tokens
from potluck.social.model import Actor, OAuthCode, User
from potluck.switchboard import AnyRequest

_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


def _refusal(code: str, text: str) -> ApiError:
    return ApiError(400, code, text, headers=_NO_STORE)


def is_redemption(form: Params) -> bool:
    """Whether a POST to the authorization endpoint redeems a code, and is no answer of the consent page."""
    return "code" in form and "_csrf" not in form


async def redeem_for_profile(request: AnyRequest, form: Params) -> Response[bytes]:
    """At the authorization endpoint, a code says who the person is, and nothing more."""
    class Sent(Call):
        """A call whose form has been read already."""

        __slots__ = ()

        async def read(self) -> Params:
            return form

    found, headers = await endpoint.settle(Sent(request), _profile, Rule("anyone", (), files=False))
    return Response(found.body, status_code=found.status, media_type="application/json",
                    headers=dict([*headers, *found.headers]))


async def _profile(call: Call) -> Answer:
    row, _ = await _redeem(call, issues=False)
    if row is None:
        raise _bad_code()
    return answer(await _who(call, row), headers=_NO_STORE)


async def token(call: calls.Call) -> Answer:
    """At the token endpoint, a code gives a token as well, if it allows anything."""
    row, issued = await _redeem(call, issues=True)
    if row is None or issued is None:
        raise _bad_code()
    return answer({"access_token": issued.secret, "token_type": "Bearer", "scope": row.scopes,
                   **await _who(call, row)}, headers=_NO_STORE)


def _bad_code() -> ApiError:
    return _refusal("invalid_grant", "The code is not known, was used or has run out, does not belong to this client_id"
                    " and redirect_uri, or the code_verifier is wrong; without any scope it gives no token.")


async def _redeem(call: calls.Call, *, issues: bool) -> tuple[OAuthCode | None, tokens.Issued | None]:
    params = call.params
    if params.text("grant_type") != "authorization_code":
        raise _refusal("unsupported_grant_type", "Only grant_type=authorization_code is known here")
    for name in ("code", "client_id", "redirect_uri", "code_verifier"):
        if not params.text(name):
            raise _refusal("invalid_request", f"Missing parameter: {name}")
    app = await tokens.by_client_id(await call.reader(), params.text("client_id"))
    if app is None or app.family != FAMILY:
        raise _bad_code()
    async with call.write() as session:
        row = await tokens.use_code(session, app, params.text("code"), params.text("redirect_uri"),
                                    verifier=params.text("code_verifier"))
        if row is None or not issues or not row.scopes:
            return row, None
        user = await session.get_one(User, row.user_id)
        return row, await tokens.issue(session, user, row.scopes.split(), app=app, family=FAMILY, code_id=row.id,
                                       site_id=row.site_id)


async def _who(call: calls.Call, row: OAuthCode) -> dict[str, Any]:
    session = await call.reader()
    user = await session.get_one(User, row.user_id)
    actor = await session.get_one(Actor, row.site_id or user.actor_id)
    site = sites.Site(actor, actor.id != user.actor_id, "")
    scopes = frozenset(row.scopes.split())
    return {"me": site.me, **({"profile": sites.shown(site, user, scopes)} if "profile" in scopes else {})}


def concerns(call: calls.Call) -> bool:
    """Whether a call at a shared address is about an app that is known by its address."""
    return clients.is_client_id(call.params.text("client_id"))


async def revoke(call: calls.Call) -> bool:
    """Take a token back (RFC 7009). Who holds it may do so; apps of IndieAuth have no secret to prove more.

    Returns:
        Whether it was one of ours.
    """
    async with call.write() as session:
        return await tokens.revoke_secret(session, call.params.text("token"), FAMILY)


async def userinfo(call: calls.Call) -> Answer:
    """Who the person is, as far as they allowed it."""
    access = call.access
    if access is None or access.user is None or "profile" not in access.scopes:
        raise insufficient_scope("profile")
    site = await sites.of_token(await call.reader(), access)
    return answer(sites.shown(site, access.user, access.scopes))


@endpoint.endpoint("GET", "/oauth/token")
async def verify(call: Call) -> Answer:
    """What a token stands for, as resource servers asked before there was introspection."""
    return answer(_facts(call.access, call.site), headers=_NO_STORE)


@endpoint.endpoint("POST", "/oauth/introspect")
async def introspect(call: Call) -> Answer:
    """What a token stands for (RFC 7662). Who asks needs a token of the same person, which may be this one."""
    if "token" not in call.params:
        raise invalid("Missing parameter: token")
    session = await call.reader()
    found = await tokens.authenticate(session, call.params.text("token"))
    if found is None or found.family != FAMILY or found.user is None or found.user.id != call.user.id:
        return answer({"active": False}, headers=_NO_STORE)
    try:
        site = await sites.of_token(session, found)
    except ApiError:
        return answer({"active": False}, headers=_NO_STORE)
    return answer({"active": True, **_facts(found, site)}, headers=_NO_STORE)


def _facts(access: tokens.Access | None, site: sites.Site) -> dict[str, Any]:
    if access is None:
        return {}
    made = access.created_at
    return {"me": site.me, "client_id": access.app.client_id if access.app else "",
            "scope": " ".join(sorted(access.scopes)), **({"iat": int(made.timestamp())} if made else {})}


route_handlers = [verify, introspect]
