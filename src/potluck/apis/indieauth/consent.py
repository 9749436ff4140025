"""The page where a person lets an app use one of their sites, and the way back to the app with a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from litestar import Response

from potluck.apis import consent_pages
from potluck.apis.errors import ApiError
from potluck.apis.indieauth import clients, scopes, sites
from potluck.apis.indieauth.clients import Client
from potluck.apis.indieauth.sites import Site
from potluck.apis.params import Params
from potluck.apis.ports import AnyRequest, SignedIn, ports
from potluck.social.accounts import oauth_apps, tokens
from potluck.social.addresses import profile_url

_MAX_STATE = 4000


@dataclass(frozen=True, slots=True)
class Wish:
    """What an app asks a person for; app and redirect URI belong together."""

    client: Client
    redirect_uri: str
    scopes: list[str]
    state: str | None
    code_challenge: str


class _Refused(Exception):
    """The wish cannot be granted, and the app is told so."""

    def __init__(self, redirect_uri: str, state: str | None, code: str, text: str) -> None:
        super().__init__(code)
        self.redirect_uri, self.state, self.code, self.text = redirect_uri, state, code, text


async def _wish(request: AnyRequest, params: Params) -> Wish:
    """Check what an app asks for.

    Raises:
        ApiError: app or redirect URI are not acceptable; nobody may be led there, so it is shown to the person.
        _Refused: something else is wrong; the app is told.
    """
    client = await clients.learn(request, params.text("client_id"))
    redirect_uri = params.text("redirect_uri")
    clients.check_redirect(client, redirect_uri)
    state = params.optional_text("state")
    if state is not None and len(state) > _MAX_STATE:
        raise _Refused(redirect_uri, None, "invalid_request", "The state is too long")
    if params.text("response_type") != "code":
        raise _Refused(redirect_uri, state, "unsupported_response_type", "Only response_type=code is known here")
    challenge = params.text("code_challenge")
    if params.text("code_challenge_method") != "S256" or not consent_pages.CHALLENGE.fullmatch(challenge):
        raise _Refused(redirect_uri, state, "invalid_request",
                       "PKCE is needed: a code_challenge with code_challenge_method=S256")
    return Wish(client, redirect_uri, scopes.parse(params.text("scope")), state, challenge)


async def show(request: AnyRequest, params: Params) -> Response[Any]:
    """Ask the person, after signing in. Only then is the app's page fetched."""
    me = await ports(request).current_user(request)
    if me is None:
        return consent_pages.to_sign_in(request)
    try:
        wish = await _wish(request, params)
    except ApiError as error:
        return await _problem(request, error)
    except _Refused as error:
        return _back(request, error.redirect_uri, error.state, error=error.code, error_description=error.text)
    consent_pages.allow_form(request, wish.redirect_uri)
    async with request.app.state.db.read() as session:
        found = await sites.sites_of(session, me.actor)
    wanted = _site_meant(found, params.text("me"))
    hidden = {name: params.text(name) for name in consent_pages.FIELDS if name in params}
    return await ports(request).render(request, "oauth/site.html", {
        "client": wish.client, "scopes": wish.scopes, "hidden": hidden,
        "redirect_host": urlsplit(wish.redirect_uri).netloc or f"{urlsplit(wish.redirect_uri).scheme}:",
        "sites": [{"id": site.actor.id, "name": site.name, "me": site.me, "is_blog": site.is_blog,
                   "wanted": site is wanted} for site in found]})


def _site_meant(found: list[Site], me: str) -> Site:
    """The site that somebody named in the app, else the profile."""
    plain = me.strip().rstrip("/").lower()
    return next((site for site in found if site.me.rstrip("/").lower() == plain
                 or profile_url(site.actor.name).lower() == plain), found[0])


async def decide(request: AnyRequest, params: Params, granted: list[str]) -> Response[Any]:
    """The person's answer. The form's protection has been checked.

    Args:
        granted: the scopes whose boxes are ticked.
    """
    me = await ports(request).current_user(request)
    if me is None:
        return consent_pages.to_sign_in(request)
    try:
        wish = await _wish(request, params)
        if params.text("decision") == "allow":
            return await _allow(request, wish, me, params, granted)
        return _back(request, wish.redirect_uri, wish.state, error="access_denied",
                     error_description="The person said no")
    except ApiError as error:
        return await _problem(request, error)
    except _Refused as error:
        return _back(request, error.redirect_uri, error.state, error=error.code, error_description=error.text)


async def _allow(request: AnyRequest, wish: Wish, me: SignedIn, params: Params, granted: list[str]) -> Response[Any]:
    allowed = scopes.parse(" ".join(scope for scope in wish.scopes if scope in granted))
    async with request.app.state.db.write() as session:
        site = next((site for site in await sites.sites_of(session, me.actor)
                     if site.actor.id == params.ident("site")), None)
        if site is None:
            raise ApiError(400, "This is no profile or blog of yours.")
        app = await oauth_apps.remember(
            session, wish.client.id, scopes.FAMILY, name=wish.client.name,
            website=wish.client.website or wish.client.id, redirect_uri=wish.redirect_uri, scopes=allowed)
        code = await tokens.issue_code(session, app, me.user, wish.redirect_uri, allowed,
                                       code_challenge=wish.code_challenge, site_id=site.actor.id)
    return _back(request, wish.redirect_uri, wish.state, code=code)


def _back(request: AnyRequest, redirect_uri: str, state: str | None, **answer: str) -> Response[Any]:
    return consent_pages.to_app(request, redirect_uri, answer, state, with_issuer=True)


async def _problem(request: AnyRequest, error: ApiError) -> Response[Any]:
    return await consent_pages.problem(request, error.status, error.description or error.text)
