"""Turns a small function into an endpoint: token, scope, rate limit, parameters and errors are dealt with here.

An endpoint is `async def f(call: Call) -> Answer`. It reads with `await call.reader()` (one session for the whole
call, on one consistent state) and writes with `async with call.write() as session`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from litestar.response.base import ASGIResponse
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis import calls, limits
from potluck.apis.calls import EMPTY, Answer, answer, header_of, json_list
from potluck.apis.mastodon import scopes
from potluck.apis.mastodon.errors import ApiError, body_of, from_exception
from potluck.apis.params import Params
from potluck.social.accounts import tokens
from potluck.switchboard import MAX_BODY, AnyRequest, Endpoint

__all__ = [
    "EMPTY",
    "FAMILY",
    "Answer",
    "AnyRequest",
    "Call",
    "answer",
    "check_access",
    "check_token",
    "endpoint",
    "forget",
    "header_of",
    "json_list",
    "token_of",
]

FAMILY = "mastodon"
"""What tokens of this API are marked with; those of other families mean nothing here."""

Who = Literal["anyone", "app", "user"]

_TROUBLES: dict[calls.Trouble, str] = {
    "disabled": "Your login is currently disabled",
    "unconfirmed": "Your login is missing a confirmed e-mail address",
    "unapproved": "Your login is currently pending approval",
}
_encode = msgspec.json.Encoder().encode
_windows = limits.Windows(limits.LIMIT, limits.WINDOW_SECONDS)
_strict_windows = limits.Windows(limits.STRICT_LIMIT, limits.STRICT_WINDOW_SECONDS)


class Call(calls.Call):
    """One call of an endpoint."""

    __slots__ = ()

    def nobody(self) -> ApiError:
        """The refusal where a person is needed and the token stands for none."""
        return ApiError(422, "This method requires an authenticated user")


Function = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call an endpoint."""

    who: Who
    scopes: tuple[str, ...]
    strict: bool
    unconfirmed: bool
    files: bool = False
    families: tuple[str, ...] = (FAMILY,)


def endpoint(
    method: str | Sequence[str], *paths: str, scope: str | Sequence[str] = (), who: Who | None = None,
    strict: bool = False, unconfirmed: bool = False, files: bool = False, families: tuple[str, ...] = (FAMILY,),
) -> Callable[[Function], Endpoint]:
    """Make a function an endpoint.

    Args:
        method: HTTP method or methods.
        paths: full paths; parameters as `{id:str}`.
        scope: a token needs one of these.
        who: `anyone` (without or with any token that has the scope), `app` (any token) or `user` (a person's).
            By default `user` where there is a scope, else `anyone`.
        strict: counted by the narrow limit too (deleting, thirty in half an hour).
        unconfirmed: also for a login whose address is not confirmed, or that is not approved, yet.
        files: it takes files, of any size: the caller is found out first, by header or query only.
        families: whose tokens it takes.
    """
    wanted = tuple(scope.split()) if isinstance(scope, str) else tuple(scope)
    rule = Rule(who or ("user" if wanted else "anyone"), wanted, strict, unconfirmed, files, families)
    methods = [method] if isinstance(method, str) else method

    async def admit(call: Call, headers: calls.Headers) -> None:
        await _admit(call, rule, headers)

    def decorate(function: Function) -> Endpoint:
        async def handle(request: AnyRequest) -> ASGIResponse:
            return await calls.run(Call(request), function, admit, _refuse, files=rule.files)

        handle.__doc__ = function.__doc__
        return Endpoint(frozenset(methods), paths, handle, None if files else MAX_BODY)

    return decorate


def _refuse(error: Exception) -> Answer:
    refusal = from_exception(error)
    return Answer(_encode(body_of(refusal)), refusal.status, list(refusal.headers.items()))


async def _admit(call: Call, rule: Rule, headers: list[tuple[str, str]]) -> None:
    await calls.check_network(call)
    secret = token_of(call.request, call.params)
    if secret:
        call.access = tokens.remembered(secret) or await check_token(await call.reader(), secret)
    elif rule.who != "anyone":
        _count(call, rule, headers)
        raise ApiError(401, "The access token is invalid")
    _count(call, rule, headers)
    if call.access is not None:
        check_access(call.access, rule.scopes, rule.who, unconfirmed=rule.unconfirmed, families=rule.families)


def _count(call: Call, rule: Rule, headers: calls.Headers) -> None:
    headers += calls.count(call, _windows, call.settings.account_calls)
    if rule.strict:
        calls.count(call, _strict_windows)


def token_of(request: AnyRequest, params: Params) -> str:
    """The token of a request: in the header, or (old apps, sockets) as a parameter."""
    return calls.bearer_of(request.scope) or params.text("access_token")


async def check_token(session: AsyncSession, secret: str) -> tokens.Access:
    """What a token stands for.

    Raises:
        ApiError: it is unknown, revoked or expired (401).
    """
    access = await tokens.authenticate(session, secret)
    if access is None:
        raise ApiError(401, "The access token is invalid", headers={
            "www-authenticate": 'Bearer realm="Potluck", error="invalid_token"'})
    return access


def check_access(access: tokens.Access, wanted: Sequence[str], who: Who, *, unconfirmed: bool = False,
                 families: tuple[str, ...] = (FAMILY,)) -> None:
    """Whether a token may be used for something.

    Raises:
        ApiError: the login may not be used (403), the token has not the scope (403), or stands for an app only (422).
    """
    if access.family not in families:
        raise ApiError(401, "The access token is invalid")
    trouble = calls.trouble_with(access, unconfirmed=unconfirmed)
    if trouble:
        raise ApiError(403, _TROUBLES[trouble])
    if wanted and not any(scopes.covers(access.scopes, scope) for scope in wanted):
        raise ApiError(403, "This action is outside the authorized scopes")
    if who == "user" and access.user is None:
        raise ApiError(422, "This method requires an authenticated user")


def forget() -> None:
    """Forget what was counted (tests)."""
    _windows.clear()
    _strict_windows.clear()
