"""The page where a person lets an app in, and the way back to the app with a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from litestar import Response

from potluck.apis import consent_pages
from potluck.apis.indieauth import clients, granting
from potluck.apis.indieauth import consent as indieauth
from potluck.apis.mastodon import scopes
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.params import Params, of_query
from potluck.apis.ports import AnyRequest, SignedIn, ports
from potluck.handlers import get, post
from potluck.social.accounts import tokens
from potluck.social.model import OAuthApp


@dataclass(frozen=True, slots=True)
class Wish:
    """What an app asks a person for; app and redirect URI belong together."""

    app: OAuthApp
    redirect_uri: str
    scopes: list[str]
    state: str | None
    code_challenge: str | None


class _Refused(Exception):
    """The wish cannot be granted, and the app is told so."""

    def __init__(self, app: OAuthApp, redirect_uri: str, state: str | None, code: str) -> None:
        super().__init__(code)
        self.app, self.redirect_uri, self.state, self.code = app, redirect_uri, state, code


async def _wish(request: AnyRequest, params: Params) -> Wish:
    """Check what an app asks for.

    Raises:
        ApiError: app or redirect URI are not known; nobody may be led there, so it is shown to the person.
        _Refused: something else is wrong; the app is told.
    """
    async with request.app.state.db.read() as session:
        app = await tokens.by_client_id(session, params.text("client_id"))
    if app is None:
        raise ApiError(401, "Client authentication failed due to unknown client.")
    redirect_uri = params.text("redirect_uri")
    if not tokens.may_redirect(app, redirect_uri):
        raise ApiError(400, "The redirect uri included is not valid.")
    state = params.optional_text("state")
    wanted = scopes.parse(params.text("scope")) or ["read"]
    challenge, method = params.text("code_challenge"), params.text("code_challenge_method")
    if params.text("response_type") != "code":
        raise _Refused(app, redirect_uri, state, "unsupported_response_type")
    if scopes.unknown(wanted) or not scopes.within(app.scopes.split(), wanted):
        raise _Refused(app, redirect_uri, state, "invalid_scope")
    if challenge and (method != "S256" or not consent_pages.CHALLENGE.fullmatch(challenge)):
        raise _Refused(app, redirect_uri, state, "invalid_request")
    return Wish(app, redirect_uri, wanted, state, challenge or None)


def _back(request: AnyRequest, redirect_uri: str, state: str | None, params: Params, **answer: str) -> Response[Any]:
    """Lead the browser back to the app.

    `iss` is told to apps that know PKCE: some old ones take everything behind `code=` for the code.
    """
    return consent_pages.to_app(request, redirect_uri, answer, state, with_issuer=bool(params.text("code_challenge")),
                                fragment=params.text("response_mode") == "fragment")


async def _problem(request: AnyRequest, error: ApiError) -> Response[Any]:
    return await consent_pages.problem(request, error.status, error.text)


async def _refuse(request: AnyRequest, error: _Refused, params: Params) -> Response[Any]:
    if error.redirect_uri == tokens.OUT_OF_BAND:
        return await _problem(request, ApiError(400, f"The app asked wrongly: {error.code}"))
    return _back(request, error.redirect_uri, error.state, params, error=error.code)


async def _show(request: AnyRequest) -> Response[Any]:
    """Ask the person, after signing in."""
    params = of_query(request.scope["query_string"])
    if clients.is_client_id(params.text("client_id")):
        return await indieauth.show(request, params)
    try:
        wish = await _wish(request, params)
    except ApiError as error:
        return await _problem(request, error)
    except _Refused as error:
        return await _refuse(request, error, params)
    if await ports(request).current_user(request) is None:
        return consent_pages.to_sign_in(request)
    if wish.redirect_uri != tokens.OUT_OF_BAND:
        consent_pages.allow_form(request, wish.redirect_uri)
    hidden = {name: params.text(name) for name in (*consent_pages.FIELDS, "response_mode") if name in params}
    return await ports(request).render(request, "oauth/authorize.html", {
        "app_name": wish.app.name, "app_website": wish.app.website, "scopes": wish.scopes, "hidden": hidden,
        "redirect_host": "" if wish.redirect_uri == tokens.OUT_OF_BAND else urlsplit(wish.redirect_uri).hostname or ""})


async def _decide(request: AnyRequest) -> Response[Any]:
    """The person's answer. An app of IndieAuth redeems its code here, too, to learn who the person is."""
    params = await _form(request)
    if granting.is_redemption(params):
        return await granting.redeem_for_profile(request, params)
    await ports(request).check_csrf(request)
    if clients.is_client_id(params.text("client_id")):
        return await indieauth.decide(request, params, await _all_of(request, "grant"))
    return await _answered(request, params)


async def _answered(request: AnyRequest, params: Params) -> Response[Any]:
    me = await ports(request).current_user(request)
    if me is None:
        return consent_pages.to_sign_in(request)
    try:
        wish = await _wish(request, params)
    except ApiError as error:
        return await _problem(request, error)
    except _Refused as error:
        return await _refuse(request, error, params)
    if params.text("decision") != "allow":
        denied = _Refused(wish.app, wish.redirect_uri, wish.state, "access_denied")
        return await _refuse(request, denied, params)
    return await _allow(request, wish, me, params)


async def _form(request: AnyRequest) -> Params:
    """The form's fields; the page's protection has read the form already, so it is taken from there."""
    form = await request.form()
    return Params({name: value for name, value in form.items() if isinstance(value, str)})


async def _all_of(request: AnyRequest, name: str) -> list[str]:
    form = await request.form()
    return [value for value in form.getall(name, []) if isinstance(value, str)]


async def _allow(request: AnyRequest, wish: Wish, me: SignedIn, params: Params) -> Response[Any]:
    async with request.app.state.db.write() as session:
        code = await tokens.issue_code(session, wish.app, me.user, wish.redirect_uri, wish.scopes,
                                       code_challenge=wish.code_challenge)
    if wish.redirect_uri == tokens.OUT_OF_BAND:
        return await _show_code(request, code)
    return _back(request, wish.redirect_uri, wish.state, params, code=code)


async def _show_code(request: AnyRequest, code: str) -> Response[Any]:
    return await ports(request).render(request, "oauth/code.html", {"code": code})


async def _native(request: AnyRequest) -> Response[Any]:
    """A code to copy, for apps that watch for this page's address."""
    return await _show_code(request, of_query(request.scope["query_string"]).text("code")[:200])


route_handlers = [get("/oauth/authorize")(_show), post("/oauth/authorize", status_code=200)(_decide),
                  get("/oauth/authorize/native")(_native)]
