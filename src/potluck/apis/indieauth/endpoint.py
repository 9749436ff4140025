"""Turns a small function into an endpoint for tokens given by IndieAuth: token, scope, site, limits and errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from litestar.response.base import ASGIResponse

from potluck.apis import calls
from potluck.apis.calls import Answer
from potluck.apis.errors import ApiError
from potluck.apis.indieauth import sites
from potluck.apis.indieauth.errors import (
    body_of,
    forbidden,
    from_exception,
    insufficient_scope,
    invalid,
    unauthorized,
)
from potluck.apis.indieauth.scopes import FAMILY
from potluck.apis.indieauth.sites import Site
from potluck.apis.limits import LIMIT, WINDOW_SECONDS, Windows
from potluck.apis.params import Params, read
from potluck.social.accounts import tokens
from potluck.switchboard import AnyRequest, Endpoint

MAX_BODY = 12 * 1024 * 1024  # a long article in JSON

Who = Literal["anyone", "user"]
_limits = Windows(LIMIT, WINDOW_SECONDS)
_encode = msgspec.json.Encoder().encode
_TROUBLES: dict[calls.Trouble, str] = {
    "disabled": "This account is suspended", "unconfirmed": "The e-mail address of this account is not confirmed yet",
    "unapproved": "This account is waiting for approval"}


class Call(calls.Call):
    """One call of an endpoint."""

    __slots__ = ("_site",)

    def __init__(self, request: AnyRequest) -> None:
        super().__init__(request)
        self._site: Site | None = None

    def nobody(self) -> ApiError:
        """The refusal where a token is needed."""
        return unauthorized("An access token is needed")

    @property
    def site(self) -> Site:
        """The profile or blog the token is for. Only in endpoints with token."""
        if self._site is None:
            raise self.nobody()
        return self._site

    def may(self, scope: str) -> bool:
        """Whether the token has a scope."""
        return self.access is not None and scope in self.access.scopes

    def need(self, *scopes: str) -> None:
        """Refuse a token that has none of these scopes.

        Raises:
            ApiError: it has none (401).
        """
        if not any(self.may(scope) for scope in scopes):
            raise insufficient_scope(" ".join(scopes))

    async def read(self) -> Params:
        """The parameters."""
        return await read(self.request, most=MAX_BODY)

    async def sign_in(self, secret: str) -> None:
        """Find out what a token stands for.

        Raises:
            ApiError: nothing (401), or it may not be used (403).
        """
        session = await self.reader()
        found = tokens.remembered(secret) or await tokens.authenticate(session, secret)
        if found is None or found.family != FAMILY:
            raise unauthorized("This access token is not known, or was taken back", "invalid_token")
        self.access = found
        trouble = calls.trouble_with(found)
        if trouble:
            raise forbidden(_TROUBLES[trouble])
        self._site = await sites.of_token(session, found)


Function = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call an endpoint."""

    who: Who
    scopes: tuple[str, ...]
    files: bool


def endpoint(method: str, *paths: str, scope: str | Sequence[str] = (), who: Who = "user", files: bool = False,
             ) -> Callable[[Function], Endpoint]:
    """Make a function an endpoint.

    Args:
        method: HTTP method.
        paths: full paths.
        scope: a token needs one of these.
        who: `anyone`, or `user`: with a token.
        files: a multipart body may bring files of any size: then the token has to be in the header.
    """
    rule = Rule(who, tuple(scope.split()) if isinstance(scope, str) else tuple(scope), files)

    def decorate(function: Function) -> Endpoint:
        async def handle(request: AnyRequest) -> ASGIResponse:
            return await run(Call(request), function, rule)

        handle.__doc__ = function.__doc__
        return Endpoint(frozenset((method,)), paths, handle, None if files else MAX_BODY)

    return decorate


async def run(call: Call, function: Function, rule: Rule) -> ASGIResponse:
    """Answer a call."""
    return calls.Ready(*await settle(call, function, rule))


async def settle(call: Call, function: Function, rule: Rule) -> tuple[Answer, calls.Headers]:
    """The answer to a call, and headers that every answer of it has."""
    async def admit(call: Call, headers: calls.Headers) -> None:
        await _admit(call, rule, headers)

    files = rule.files and "multipart/form-data" in call.request.headers.get("content-type", "").lower()
    return await calls.settle(call, function, admit, refuse, files=files)


def refuse(error: Exception) -> Answer:
    """A refusal as an answer."""
    refusal = from_exception(error)
    return Answer(_encode(body_of(refusal)), refusal.status, list(refusal.headers.items()))


async def _admit(call: Call, rule: Rule, headers: calls.Headers) -> None:
    await calls.check_network(call)
    secret = calls.bearer_of(call.request.scope)
    inside = call.params.text("access_token") if call.request.method == "POST" else ""
    if secret and inside:
        raise invalid("The access token stands in the header or in the body, not in both")
    if rule.who == "user":
        if secret or inside:
            await call.sign_in(secret or inside)
        headers += calls.count(call, _limits, call.settings.account_calls)
        if call.access is None:
            raise call.nobody()
        if rule.scopes:
            call.need(*rule.scopes)
    else:
        headers += calls.count(call, _limits, call.settings.account_calls)
