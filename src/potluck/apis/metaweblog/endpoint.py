"""The one address of these calls: finds the method, signs its caller in, answers with a value or a fault."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from litestar import Response

from potluck.apis import calls
from potluck.apis.errors import ApiError
from potluck.apis.limits import LIMIT, WINDOW_SECONDS, Windows
from potluck.apis.metaweblog import xml
from potluck.apis.metaweblog.xml import Fault, MethodCall
from potluck.handlers import post
from potluck.settings import current
from potluck.social.accounts import app_passwords
from potluck.social.errors import Invalid, NotFound, SocialError
from potluck.social.model import Actor
from potluck.switchboard import AnyRequest

log = structlog.get_logger(__name__)

FAMILY = "metaweblog"
BY = "metaweblog"
"""By which word drafts are saved from here."""

_limits = Windows(LIMIT, WINDOW_SECONDS)


class Call(calls.Call):
    """One call: `params` are those of the method, without name and password."""

    __slots__ = ("args", "writer")

    def __init__(self, request: AnyRequest) -> None:
        super().__init__(request)
        self.args: tuple[Any, ...] = ()
        self.writer: Actor | None = None

    @property
    def me(self) -> Actor:
        """Who calls. Only in methods with name and password."""
        if self.writer is None:
            raise Fault(403, "Incorrect username or password.")
        return self.writer

    def at(self, index: int, kind: type, default: Any = None) -> Any:
        """An argument of a type, `default` where there is none."""
        found = self.args[index] if index < len(self.args) else default
        if kind is str and isinstance(found, int):
            found = str(found)
        if found is not None and not isinstance(found, kind):
            raise Fault(400, "An argument has the wrong type")
        return found


    def flag(self, index: int) -> bool:
        """A truth value among the arguments; true where there is none."""
        return bool(self.args[index]) if index < len(self.args) else True


Function = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Method:
    """A method; `login` is where name and password stand among its arguments, None if it asks for none."""

    name: str
    function: Function
    login: int | None


methods: dict[str, Method] = {}
"""Every method by name."""


def method(*names: str, login: int | None) -> Callable[[Function], Function]:
    """Make a function a method, under each of its names."""

    def decorate(function: Function) -> Function:
        for name in names:
            methods[name] = Method(name, function, login)
        return function

    return decorate


async def _body(request: AnyRequest) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > xml.MAX_BYTES:
            raise Fault(413, "The call is too large")
        parts.append(part)
    return b"".join(parts)


async def _sign_in(call: Call, name: Any, password: Any) -> Actor:
    if not isinstance(name, str) or not isinstance(password, str):
        raise Fault(403, "Incorrect username or password.")
    session = await call.reader()
    user = await app_passwords.authenticate(session, name, password, FAMILY, ip=call.address)
    actor = await session.get(Actor, user.actor_id) if user is not None else None
    if user is None or actor is None or actor.suspended_at is not None or actor.deleted_at is not None:
        raise Fault(403, "Incorrect username or password.")
    if user.confirmed_at is None and current().confirm_email:
        raise Fault(403, "Please confirm your e-mail address first")
    return actor


async def _do(call: Call) -> Any:
    await calls.check_network(call)
    calls.count(call, _limits, call.settings.account_calls)
    wanted: MethodCall = await asyncio.to_thread(xml.read, await _body(call.request))
    found = methods.get(wanted.method)
    if found is None:
        raise Fault(-32601, f"There is no method {wanted.method[:100]}")
    call.args = wanted.params
    if found.login is not None:
        if len(wanted.params) < found.login + 2:
            raise Fault(400, "Arguments are missing")
        name, password = wanted.params[found.login:found.login + 2]
        call.writer = await _sign_in(call, name, password)
        call.args = (*wanted.params[:found.login], *wanted.params[found.login + 2:])
    return await found.function(call)


def _as_fault(error: Exception) -> Fault:
    if isinstance(error, Fault):
        return error
    if isinstance(error, ApiError):
        return Fault(error.status, error.text)
    if isinstance(error, NotFound):
        return Fault(404, "There is no such post or blog")
    if isinstance(error, SocialError):
        status = 400 if isinstance(error, Invalid) else error.status
        return Fault(status, error.text.removeprefix("Validation failed: "))
    log.error("api_failed", exc_info=error)
    return Fault(500, "Something went wrong on our side")


@post("/xmlrpc", "/xmlrpc.php", status_code=200, max_body=xml.MAX_BYTES)
async def rpc(request: AnyRequest) -> Response[bytes]:
    """Answer a call."""
    call = Call(request)
    try:
        body = xml.answer(await _do(call))
    except Exception as error:  # noqa: BLE001 - the edge: every refusal and fault has one shape
        body = xml.refusal(_as_fault(error))
    finally:
        await call.stop_reading()
    return Response(body, status_code=200, media_type="text/xml; charset=utf-8")
