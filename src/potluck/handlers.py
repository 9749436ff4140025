"""Functions that answer requests, and what those of one part of the server have in common.

A function says by the names of its arguments what it needs: `request`, parts of its path, and what its part provides
(who is looking, the form that was sent). Litestar does the same, but keeps some 35 KiB for each of hundreds of
addresses, half of it for the OPTIONS nobody asks, and takes a millisecond to register one.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from litestar import Response
from litestar.datastructures import FormMultiDict
from litestar.exceptions import NotFoundException
from litestar.types import ASGIApp, Empty
from litestar.utils.scope.state import ScopeState

from potluck.switchboard import MAX_BODY, AnyRequest, Endpoint

Function = Callable[..., Awaitable[Response[Any]]]
Provide = Callable[[AnyRequest], Awaitable[Any]]

_PARAMETER = re.compile(r"\{(\w+):(str|int)\}")
_MOST_ID = 2**53


@dataclass(frozen=True, slots=True, eq=False)
class Handler:
    """A function that answers the requests of one method at some paths.

    Attributes:
        paths: full paths; a parameter stands for one segment: `{name:str}`, or `{id:int}` for a number below 2^53.
        fn: answers.
        status_code: of answers that bring none of their own.
        max_body: bytes that a body may have; None where that is looked after elsewhere.
        opt: words for the guards of its part.
    """

    http_methods: frozenset[str]
    paths: tuple[str, ...]
    fn: Function
    status_code: int
    max_body: int | None = MAX_BODY
    opt: frozenset[str] = frozenset()


Guard = Callable[[AnyRequest, Handler], Awaitable[None]]


def get(*paths: str) -> Callable[[Function], Handler]:
    """A function that answers GET (and HEAD, see `apis.edge`)."""

    def made(fn: Function) -> Handler:
        return Handler(frozenset({"GET"}), paths, fn, 200)

    return made


def post(*paths: str, status_code: int, max_body: int | None = MAX_BODY, opt: Iterable[str] = (),
         ) -> Callable[[Function], Handler]:
    """A function that answers POST; the arguments are those of `Handler`."""

    def made(fn: Function) -> Handler:
        return Handler(frozenset({"POST"}), paths, fn, status_code, max_body, frozenset(opt))

    return made


@dataclass(frozen=True, slots=True)
class Part:
    """What the handlers of one part of the server have in common.

    Attributes:
        guards: called one after the other before anything else; they raise what they refuse.
        provided: how arguments are made, by name, in this order.
        wrapped: put round every answer.
    """

    guards: Sequence[Guard] = ()
    provided: Mapping[str, Provide] = field(default_factory=dict)
    wrapped: Callable[[ASGIApp], ASGIApp] = lambda answer: answer

    def endpoints(self, handlers: Iterable[Handler]) -> list[Endpoint]:
        """The endpoints of handlers, for the switchboard.

        Raises:
            ValueError: a function wants something that nobody provides.
        """
        return [Endpoint(handler.http_methods, handler.paths, self._answering(handler), handler.max_body)
                for handler in handlers]

    def _answering(self, handler: Handler) -> Callable[[AnyRequest], Awaitable[ASGIApp]]:
        wanted = set(inspect.signature(handler.fn).parameters)
        of_path = {name: kind for name, kind in _PARAMETER.findall(handler.paths[0]) if name in wanted}
        providing = [(name, provide) for name, provide in self.provided.items() if name in wanted]
        unknown = wanted - of_path.keys() - self.provided.keys() - {"request"}
        if unknown:
            raise ValueError(f"{handler.fn.__qualname__} wants {', '.join(sorted(unknown))}, which nobody provides")

        async def answer(request: AnyRequest) -> ASGIApp:
            arguments: dict[str, Any] = {name: _parsed(request.path_params[name], kind)
                                         for name, kind in of_path.items()}
            if "request" in wanted:
                arguments["request"] = request
            try:
                for guard in self.guards:
                    await guard(request, handler)
                for name, provide in providing:
                    arguments[name] = await provide(request)
                made = await handler.fn(**arguments)
                return self.wrapped(made.to_asgi_response(None, request, status_code=handler.status_code))
            finally:
                await _close_files(request)

        return answer


def _parsed(given: str, kind: str) -> str | int:
    """A part of the path.

    Raises:
        NotFoundException: no id can be like this (the database could not even compare with it).
    """
    if kind == "str":
        return given
    if not (given.isascii() and given.isdigit() and len(given) <= 16) or int(given) >= _MOST_ID:
        raise NotFoundException
    return int(given)


async def _close_files(request: AnyRequest) -> None:
    """Close the files that came with a form, if one was read."""
    form = ScopeState.from_scope(request.scope).form
    if form is not Empty:
        await FormMultiDict.from_form_data(form).close()
