"""What a call of an endpoint is in every API: parameters, the caller, the database, the answer, refusals.

An API makes its own `Call` (how its apps sign in) and its own decorator (who may call what); `run` does the rest.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis import files as files_of
from potluck.apis.errors import ApiError
from potluck.apis.limits import Windows
from potluck.apis.params import Params, of_query, parse_id, read
from potluck.apis.ports import ports
from potluck.apis.source import Source
from potluck.db.engine import Database
from potluck.settings import Settings, current
from potluck.social import gatekeeping
from potluck.social.accounts import tokens
from potluck.social.accounts.rate_limits import address_key
from potluck.social.model import Actor, User
from potluck.switchboard import AnyRequest

_encode = msgspec.json.Encoder().encode


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

    def nobody(self) -> ApiError:
        """The refusal where a person is needed and the token stands for none."""
        return ApiError(401, "This method requires an authenticated user")

    @property
    def me(self) -> Actor:
        """The person the token stands for. Only in endpoints for users."""
        if self.access is None or self.access.actor is None:
            raise self.nobody()
        return self.access.actor

    async def acting(self, session: AsyncSession) -> Actor:
        """The person the token stands for, as a row of this session that may be changed."""
        return await session.get_one(Actor, self.me.id)

    @property
    def user(self) -> User:
        """The login the token stands for. Only in endpoints for users."""
        if self.access is None or self.access.user is None:
            raise self.nobody()
        return self.access.user

    @property
    def base_url(self) -> str:
        """Scheme and host of addresses in answers."""
        return current().url

    @property
    def address(self) -> str:
        """The IP address the call comes from."""
        return ports(self.request).client_address(self.request)

    def missing(self) -> ApiError:
        """The refusal where an id in the path can be no id."""
        return ApiError(404, "Record not found")

    def ident(self, name: str = "id") -> int:
        """An id out of the path.

        Raises:
            ApiError: it can be no id (404).
        """
        found = parse_id(self.request.path_params[name])
        if found is None:
            raise self.missing()
        return found

    def word(self, name: str) -> str:
        """A word out of the path."""
        found: str = self.request.path_params[name]
        return found

    async def read(self) -> Params:
        """The parameters of a call that takes no files."""
        return await read(self.request)

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


C = TypeVar("C", bound=Call)
Headers = list[tuple[str, str]]


async def run(call: C, function: Callable[[C], Awaitable[Answer]], admit: Callable[[C, Headers], Awaitable[None]],
              refuse: Callable[[Exception], Answer], *, files: bool = False) -> ASGIResponse:
    """Read the parameters, find out who calls, do it, and answer; whatever goes wrong has the API's shape.

    Args:
        call: the call.
        function: the endpoint.
        admit: finds out who calls and whether they may; adds headers of every answer.
        refuse: the answer to a refusal or fault.
        files: it takes files, of any size: the caller is found out first, by header or query only.
    """
    return Ready(*await settle(call, function, admit, refuse, files=files))


async def settle(call: C, function: Callable[[C], Awaitable[Answer]], admit: Callable[[C, Headers], Awaitable[None]],
                 refuse: Callable[[Exception], Answer], *, files: bool = False) -> tuple[Answer, Headers]:
    """As `run`: the answer, and the headers that every answer of this call has."""
    headers: Headers = []
    try:
        if files:
            call.params = of_query(call.request.scope["query_string"])
            await admit(call, headers)
            result = await _with_files(call, function)
        else:
            call.params = await call.read()
            await admit(call, headers)
            result = await function(call)
    except Exception as error:  # noqa: BLE001 - the edge: every refusal and fault has one shape
        result = refuse(error)
    finally:
        await call.stop_reading()
    if headers:
        taken = {name for name, _ in result.headers}
        headers = [header for header in headers if header[0] not in taken]
    return result, headers


async def _with_files(call: C, function: Callable[[C], Awaitable[Answer]]) -> Answer:
    async with AsyncExitStack() as stack:
        await call.stop_reading()
        call.params = await files_of.read(call.request, stack, call.settings)
        return await function(call)


class Ready(ASGIResponse):
    """An answer as it goes out, with nothing left to be worked out."""

    __slots__ = ("_start",)

    def __init__(self, made: Answer, headers: Sequence[tuple[str, str]] = ()) -> None:
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


async def check_network(call: Call) -> None:
    """Refuse those who come from a network that moderators have shut out."""
    blocked = gatekeeping.known_networks(call.db.engine_for_reading.url)
    if blocked is None:
        blocked = await gatekeeping.networks(await call.reader())
    if blocked and gatekeeping.severity_in(blocked, call.address) == gatekeeping.NO_ACCESS:
        raise ApiError(403, "This server cannot be used from your network")


Trouble = Literal["disabled", "unconfirmed", "unapproved"]


def trouble_with(access: tokens.Access, *, unconfirmed: bool = False) -> Trouble | None:
    """Why a login may not be used at the moment, None if it may.

    Args:
        access: what the token stands for.
        unconfirmed: also for a login whose address is not confirmed, or that is not approved, yet.
    """
    user = access.user
    if user is None:
        return None
    if user.disabled_at is not None or (access.actor is not None and access.actor.suspended_at is not None):
        return "disabled"
    if unconfirmed:
        return None
    if user.confirmed_at is None and current().confirm_email:
        return "unconfirmed"
    return "unapproved" if user.approved_at is None else None


def counted_as(call: Call) -> str:
    """What calls are counted under: the account, or the address of those without."""
    if call.access and call.access.user:
        return f"user {call.access.user.id}"
    return f"at {address_key(call.address)}"


def count(call: Call, windows: Windows, limit: int | None = None) -> Headers:
    """Count a call, where calls are limited; gives the headers that tell how many are left.

    Raises:
        ApiError: there were too many (429).
    """
    return windows.count(counted_as(call), limit) if call.settings.rate_limits else []


def header_of(scope: Scope, name: bytes) -> str:
    """A header (lower-case name), empty when it is not there; without taking all of them apart."""
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return ""


def bearer_of(scope: Scope) -> str:
    """The token in the `Authorization` header, '' without one."""
    scheme, _, secret = header_of(scope, b"authorization").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""
