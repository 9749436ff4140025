"""Turns a small function into an endpoint of the Lemmy API: token, limits, parameters and errors are dealt with here.

An endpoint is `async def f(call: Call) -> Answer`. It reads with `await call.reader()` (one session for the whole
call, on one consistent state) and writes with `async with call.write() as session`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec
from litestar.response.base import ASGIResponse

from potluck.apis import calls
from potluck.apis.calls import Answer, answer
from potluck.apis.lemmy import limits
from potluck.apis.lemmy.errors import ApiError, body_of, from_exception, missing, refused
from potluck.social.accounts import tokens
from potluck.switchboard import MAX_BODY, AnyRequest, Endpoint

__all__ = ["FAMILY", "Answer", "Call", "answer", "endpoint"]

BASE = "/api/v3"
FAMILY = "lemmy"
"""What tokens of this API are marked with; those of other families mean nothing here."""

Who = Literal["anyone", "user"]
_TROUBLES: dict[calls.Trouble, str] = {
    "disabled": "site_ban", "unconfirmed": "email_not_verified", "unapproved": "registration_application_is_pending"}
_encode = msgspec.json.Encoder().encode


class Call(calls.Call):
    """One call of an endpoint."""

    __slots__ = ()

    def nobody(self) -> ApiError:
        """The refusal where a person is needed and the token stands for none."""
        return refused("not_logged_in", 401)

    def missing(self) -> ApiError:
        """The refusal where an id in the path can be no id."""
        return missing("object")

    def number(self, name: str) -> int:
        """An id among the parameters that must be there.

        Raises:
            ApiError: it is absent, or can be no id.
        """
        found = self.params.ident(name)
        if found is None:
            raise refused("invalid_body_field", message=f"Missing parameter: {name}")
        return found

    def flag(self, name: str) -> bool:
        """A truth value that must be there.

        Raises:
            ApiError: it is absent.
        """
        found = self.params.optional_flag(name)
        if found is None:
            raise refused("invalid_body_field", message=f"Missing parameter: {name}")
        return found

    def text(self, name: str) -> str:
        """A text that must be there.

        Raises:
            ApiError: it is absent.
        """
        found = self.params.optional_text(name)
        if found is None:
            raise refused("invalid_body_field", message=f"Missing parameter: {name}")
        return found


Function = Callable[[Call], Awaitable[Answer]]


def endpoint(method: str, path: str, *, who: Who = "user", act: limits.Act = "message", unconfirmed: bool = False,
             files: bool = False, base: str = BASE) -> Callable[[Function], Endpoint]:
    """Make a function an endpoint.

    Args:
        method: HTTP method.
        path: the path below `base`.
        who: `anyone` (with or without token) or `user`.
        act: what it is counted as, besides the general limit.
        unconfirmed: also for a login whose address is not confirmed, or that is not approved, yet.
        files: it takes files, of any size: the caller is found out first, by header, cookie or query only.
        base: in front of the path.
    """

    def decorate(function: Function) -> Endpoint:
        async def admit(call: Call, headers: calls.Headers) -> None:
            await _admit(call, headers, who, act, unconfirmed=unconfirmed)

        async def handle(request: AnyRequest) -> ASGIResponse:
            return await calls.run(Call(request), function, admit, _refuse, files=files)

        handle.__doc__ = function.__doc__
        return Endpoint(frozenset((method,)), (base + path,), handle, None if files else MAX_BODY)

    return decorate


def _refuse(error: Exception) -> Answer:
    refusal = from_exception(error)
    return Answer(_encode(body_of(refusal)), refusal.status, list(refusal.headers.items()))


async def _admit(call: Call, headers: calls.Headers, who: Who, act: limits.Act, *, unconfirmed: bool) -> None:
    await calls.check_network(call)
    secret = token_of(call)
    if secret:
        call.access = await _access(call, secret)
    headers += calls.count(call, limits.general, call.settings.account_calls)
    if act in limits.of_acts:
        calls.count(call, limits.of_acts[act])
    trouble = calls.trouble_with(call.access, unconfirmed=unconfirmed) if call.access else None
    if trouble:
        raise refused(_TROUBLES[trouble])
    if who == "user" and call.viewer_id is None:
        raise call.nobody()


def token_of(call: Call) -> str:
    """The token of a call: in the header, the cookie `jwt`, or (old apps) as the parameter `auth`."""
    return calls.bearer_of(call.request.scope) or _cookie(call.request) or call.params.text("auth")


def _cookie(request: AnyRequest) -> str:
    """The token in the cookie; not of requests that another site makes with the cookies of a browser."""
    if calls.header_of(request.scope, b"sec-fetch-site") in ("cross-site", "same-site"):
        return ""
    return request.cookies.get("jwt", "")


async def _access(call: Call, secret: str) -> tokens.Access | None:
    """What a token stands for. One that was revoked counts as none, as with Lemmy: apps then ask for a sign-in."""
    found = tokens.remembered(secret) or await tokens.authenticate(await call.reader(), secret)
    return found if found is not None and found.family == FAMILY else None
