"""Turns a small function into an endpoint of WriteFreely's API: token, limits, errors are dealt with here.

Every answer is `{"code": N, "data": …}` with the HTTP status N; a deletion answers 204 without a body.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec
from litestar.response.base import ASGIResponse

from potluck.apis import calls
from potluck.apis.calls import Answer
from potluck.apis.errors import ApiError
from potluck.apis.limits import LIMIT, WINDOW_SECONDS, Windows
from potluck.apis.params import Params, read
from potluck.apis.writefreely.errors import body_of, from_exception
from potluck.social.accounts import tokens
from potluck.switchboard import AnyRequest, Endpoint

__all__ = ["FAMILY", "GONE", "LIST", "Answer", "Call", "data", "endpoint"]

FAMILY = "writefreely"
"""What tokens of this API are marked with; those of other families mean nothing here."""

MAX_BODY = 12 * 1024 * 1024  # a long book in JSON
LIST = "_list"

Who = Literal["anyone", "user"]
_limits = Windows(LIMIT, WINDOW_SECONDS)
_encode = msgspec.json.Encoder().encode
_TROUBLES: dict[calls.Trouble, str] = {
    "disabled": "This account is suspended", "unconfirmed": "Please confirm your e-mail address first",
    "unapproved": "This account is waiting for approval"}

GONE = Answer(b"", 204)
"""The answer to a deletion."""


class Call(calls.Call):
    """One call of an endpoint."""

    __slots__ = ()

    def nobody(self) -> ApiError:
        """The refusal where a person is needed and the token stands for none."""
        return ApiError(401, "Invalid or expired access token")

    async def read(self) -> Params:
        """The parameters; a body that is a JSON array is found under `LIST`."""
        return await read(self.request, most=MAX_BODY, array=LIST)


Function = Callable[[Call], Awaitable[Answer]]


def data(value: Any, status: int = 200) -> Answer:
    """An answer in the envelope of this API."""
    return Answer(_encode({"code": status, "data": value}), status)


def endpoint(method: str, *paths: str, who: Who = "user") -> Callable[[Function], Endpoint]:
    """Make a function an endpoint.

    Args:
        method: HTTP method.
        paths: below `/api`.
        who: `anyone` (with or without token) or `user`.
    """

    def decorate(function: Function) -> Endpoint:
        async def admit(call: Call, headers: calls.Headers) -> None:
            await _admit(call, headers, who)

        async def handle(request: AnyRequest) -> ASGIResponse:
            return await calls.run(Call(request), function, admit, _refuse)

        handle.__doc__ = function.__doc__
        return Endpoint(frozenset((method,)), tuple(f"/api{path}" for path in paths), handle, MAX_BODY)

    return decorate


def _refuse(error: Exception) -> Answer:
    refusal = from_exception(error)
    return Answer(_encode(body_of(refusal)), refusal.status, list(refusal.headers.items()))


async def _admit(call: Call, headers: calls.Headers, who: Who) -> None:
    await calls.check_network(call)
    secret = token_of(call)
    if secret:
        found = tokens.remembered(secret) or await tokens.authenticate(await call.reader(), secret)
        if found is None or found.family != FAMILY:
            raise call.nobody()
        call.access = found
        trouble = calls.trouble_with(found)
        if trouble:
            raise ApiError(403, _TROUBLES[trouble])
    headers += calls.count(call, _limits, call.settings.account_calls)
    if who == "user" and call.viewer_id is None:
        raise call.nobody()


def token_of(call: Call) -> str:
    """The token of a call: `Token T` or `Bearer T`, or the token alone."""
    value = calls.header_of(call.request.scope, b"authorization").strip()
    scheme, _, secret = value.partition(" ")
    if not secret:
        return scheme
    return secret.strip() if scheme.lower() in ("token", "bearer") else ""
