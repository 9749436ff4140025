"""Turns a small function into an endpoint: token, scope, rate limit, parameters and errors are dealt with here.

An endpoint is `async def f(call: Call) -> Answer`. It reads with `await call.reader()` (one session for the whole
call, on one consistent state) and writes with `async with call.write() as session`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.types import Empty, Receive, Scope, Send
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.mastodon import files as files_of
from potluck.apis.mastodon import limits, scopes
from potluck.apis.mastodon.errors import ApiError, from_exception, not_found
from potluck.apis.mastodon.params import Params, of_query, parse_id, read
from potluck.apis.mastodon.source import Source
from potluck.apis.ports import ports
from potluck.db.engine import Database
from potluck.settings import Settings, current
from potluck.social import gatekeeping
from potluck.social.accounts import tokens
from potluck.social.accounts.rate_limits import address_key
from potluck.social.model import Actor, User

Who = Literal["anyone", "app", "user"]
AnyRequest = Request[Any, Any, Any]

_encode = msgspec.json.Encoder().encode
_runners: dict[HTTPRouteHandler, Callable[[AnyRequest], Awaitable[ASGIResponse]]] = {}
_windows = limits.Windows(limits.LIMIT, limits.WINDOW_SECONDS)
_strict_windows = limits.Windows(limits.STRICT_LIMIT, limits.STRICT_WINDOW_SECONDS)


@dataclass(slots=True)
class Answer:
    """What an endpoint answers: JSON bytes."""

    body: bytes
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer out of plain values; ready bytes within are wrapped in `msgspec.Raw`."""
    return Answer(_encode(value), status, list((headers or {}).items()))


def json_list(items: Sequence[bytes], headers: Sequence[tuple[str, str]] = ()) -> Answer:
    """An answer out of ready JSON items."""
    return Answer(b"[" + b",".join(items) + b"]", 200, list(headers))


EMPTY = b"{}"


class Call:
    """One call of an endpoint."""

    __slots__ = ("access", "params", "request", "source")

    def __init__(self, request: AnyRequest) -> None:
        self.request = request
        self.access: tokens.Access | None = None
        self.params = Params({})
        self.source = Source(request.app.state.db)

    @property
    def db(self) -> Database:
        """The database."""
        return self.source.db

    @property
    def settings(self) -> Settings:
        """The settings of this process."""
        return current()

    @property
    def viewer_id(self) -> int | None:
        """Actor id of the person the token stands for; None for nobody, and for an app's own token."""
        return self.access.actor.id if self.access and self.access.actor else None

    @property
    def me(self) -> Actor:
        """The person the token stands for. Only in endpoints for users."""
        if self.access is None or self.access.actor is None:
            raise ApiError(422, "This method requires an authenticated user")
        return self.access.actor

    async def acting(self, session: AsyncSession) -> Actor:
        """The person the token stands for, as a row of this session that may be changed."""
        return await session.get_one(Actor, self.me.id)

    @property
    def user(self) -> User:
        """The login the token stands for. Only in endpoints for users."""
        if self.access is None or self.access.user is None:
            raise ApiError(422, "This method requires an authenticated user")
        return self.access.user

    @property
    def base_url(self) -> str:
        """Scheme and host of addresses in answers."""
        return current().url

    def ident(self, name: str = "id") -> int:
        """An id out of the path.

        Raises:
            ApiError: it can be no id (404).
        """
        found = parse_id(self.request.path_params[name])
        if found is None:
            raise not_found()
        return found

    def word(self, name: str) -> str:
        """A word out of the path."""
        found: str = self.request.path_params[name]
        return found

    async def reader(self) -> AsyncSession:
        """The session for reading of this call."""
        return await self.source.session()

    async def stop_reading(self) -> None:
        """Give the session for reading back; the next one sees what was written since."""
        await self.source.close()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session for changes, committed at the end of the block."""
        await self.stop_reading()
        async with self.db.write() as session:
            yield session


Function = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call an endpoint."""

    who: Who
    scopes: tuple[str, ...]
    strict: bool
    unconfirmed: bool
    files: bool = False


def endpoint(
    method: str | Sequence[str], *paths: str, scope: str | Sequence[str] = (), who: Who | None = None,
    strict: bool = False, unconfirmed: bool = False, files: bool = False,
) -> Callable[[Function], HTTPRouteHandler]:
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
    """
    wanted = tuple(scope.split()) if isinstance(scope, str) else tuple(scope)
    rule = Rule(who or ("user" if wanted else "anyone"), wanted, strict, unconfirmed, files)
    methods: Any = [method] if isinstance(method, str) else list(method)

    def decorate(function: Function) -> HTTPRouteHandler:
        async def handle(request: Request) -> ASGIResponse:  # type: ignore[type-arg]
            return await _run(request, function, rule)

        handle.__doc__ = function.__doc__
        made = HTTPRouteHandler(path=list(paths), http_method=methods, status_code=200, include_in_schema=False,
                                request_max_body_size=None if files else Empty,
                                name=f"mastodon:{function.__module__.rpartition('.')[2]}.{function.__name__}",
                                )(handle)
        _runners[made] = handle
        return made

    return decorate


def runner_of(handler: HTTPRouteHandler) -> Callable[[AnyRequest], Awaitable[ASGIResponse]]:
    """What answers a call of an endpoint, without the web framework."""
    return _runners[handler]


async def _run(request: AnyRequest, function: Function, rule: Rule) -> ASGIResponse:
    call = Call(request)
    headers: list[tuple[str, str]] = []
    stack = AsyncExitStack()
    try:
        call.params = of_query(request.scope["query_string"]) if rule.files else await read(request)
        await _admit(call, rule, headers)
        if rule.files:
            await call.stop_reading()
            call.params = await files_of.read(request, stack, call.settings)
        result = await function(call)
    except Exception as error:  # noqa: BLE001 - the edge: every refusal and fault has one shape
        refusal = from_exception(error)
        result = Answer(_encode(refusal.body()), refusal.status, list(refusal.headers.items()))
        taken = {name for name, _ in result.headers}
        headers = [header for header in headers if header[0] not in taken]
    finally:
        await call.stop_reading()
        await stack.aclose()
    return _Ready(result, headers)


class _Ready(ASGIResponse):
    """An answer as it goes out, with nothing left to be worked out."""

    __slots__ = ("_start",)

    def __init__(self, made: Answer, headers: Sequence[tuple[str, str]]) -> None:
        self.body = made.body
        self._start: Any = {
            "type": "http.response.start", "status": made.status, "headers": [
                *((name.encode("latin-1").lower(), value.encode("latin-1"))
                  for name, value in (*headers, *made.headers)),
                (b"content-type", b"application/json"), (b"content-length", b"%d" % len(made.body))]}

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await send(self._start)
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


async def _admit(call: Call, rule: Rule, headers: list[tuple[str, str]]) -> None:
    await _check_network(call)
    secret = token_of(call.request, call.params)
    if secret:
        call.access = tokens.remembered(secret) or await check_token(await call.reader(), secret)
    elif rule.who != "anyone":
        _count(call, rule, headers)
        raise ApiError(401, "The access token is invalid")
    _count(call, rule, headers)
    if call.access is not None:
        check_access(call.access, rule.scopes, rule.who, unconfirmed=rule.unconfirmed)


async def _check_network(call: Call) -> None:
    """Refuse those who come from a network that moderators have shut out."""
    blocked = gatekeeping.known_networks(call.db.engine_for_reading.url)
    if blocked is None:
        blocked = await gatekeeping.networks(await call.reader())
    if blocked and gatekeeping.severity_in(
            blocked, ports(call.request).client_address(call.request)) == gatekeeping.NO_ACCESS:
        raise ApiError(403, "This server cannot be used from your network")


def _count(call: Call, rule: Rule, headers: list[tuple[str, str]]) -> None:
    if not call.settings.rate_limits:
        return
    if call.access and call.access.user:
        key = f"user {call.access.user.id}"
    else:
        key = f"at {address_key(ports(call.request).client_address(call.request))}"
    headers += _windows.count(key, call.settings.account_calls)
    if rule.strict:
        _strict_windows.count(key)


def token_of(request: AnyRequest, params: Params) -> str:
    """The token of a request: in the header, or (old apps, sockets) as a parameter."""
    scheme, _, secret = header_of(request.scope, b"authorization").partition(" ")
    if scheme.lower() == "bearer":
        return secret.strip()
    return params.text("access_token")


def header_of(scope: Scope, name: bytes) -> str:
    """A header (lower-case name), empty when it is not there; without taking all of them apart."""
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return ""


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


def check_access(access: tokens.Access, wanted: Sequence[str], who: Who, *, unconfirmed: bool = False) -> None:
    """Whether a token may be used for something.

    Raises:
        ApiError: the login may not be used (403), the token has not the scope (403), or stands for an app only (422).
    """
    user = access.user
    if user is not None:
        if user.disabled_at is not None:
            raise ApiError(403, "Your login is currently disabled")
        if access.actor is not None and access.actor.suspended_at is not None:
            raise ApiError(403, "Your login is currently disabled")
        if user.confirmed_at is None and current().confirm_email and not unconfirmed:
            raise ApiError(403, "Your login is missing a confirmed e-mail address")
        if user.approved_at is None and not unconfirmed:
            raise ApiError(403, "Your login is currently pending approval")
    if wanted and not any(scopes.covers(access.scopes, scope) for scope in wanted):
        raise ApiError(403, "This action is outside the authorized scopes")
    if who == "user" and user is None:
        raise ApiError(422, "This method requires an authenticated user")


def forget() -> None:
    """Forget what was counted (tests)."""
    _windows.clear()
    _strict_windows.clear()
