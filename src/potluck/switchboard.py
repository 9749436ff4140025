"""Requests reach their endpoints without the way through the web framework.

Routing, its own request state and its error handling cost more than most calls themselves, and to register hundreds of
endpoints took a second of each start and a tenth of the memory. What an endpoint does - token, limits, parameters - is
its own business. Files of the bundle and sockets stay with the framework, whose requests and responses are used
everywhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from litestar import Litestar, Request, Response
from litestar.exceptions import MethodNotAllowedException
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

AnyRequest = Request[Any, Any, Any]
Run = Callable[[AnyRequest], Awaitable[ASGIApp]]
Refuse = Callable[[AnyRequest, Exception], Response[Any]]

MAX_BODY = 16 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """What answers the calls of some methods at some paths.

    Attributes:
        paths: full paths; a parameter stands for one segment: `{id:str}`.
        fn: answers; its docstring is its documentation.
        max_body: bytes that a body may have; None where that is looked after elsewhere.
    """

    http_methods: frozenset[str]
    paths: tuple[str, ...]
    fn: Run
    max_body: int | None = MAX_BODY

    def resolve_request_max_body_size(self) -> int | None:
        """What the framework's request asks whoever handles it, when the body is read."""
        return self.max_body


@dataclass(slots=True)
class _Node:
    """A point in the tree of paths: the segments that lead on, and who answers here."""

    named: dict[str, _Node] = field(default_factory=dict)
    any: _Node | None = None
    answers: dict[str, tuple[Endpoint, tuple[str, ...], Refuse]] = field(default_factory=dict)

    def nobody(self) -> tuple[None, tuple[str, ...], Refuse]:
        """As one of `answers`, for methods that are not there."""
        return None, (), next(iter(self.answers.values()))[2]


class Switchboard:
    """ASGI application round the web framework's.

    Args:
        app: the framework's application, which answers everything else.
        endpoints: what is answered here, by what answers to faults of theirs, and to methods that their paths do
            not have.
        left: first segments of paths that are the framework's, whatever parameters could stand for them.
    """

    def __init__(self, app: Litestar, endpoints: Mapping[Refuse, Iterable[Endpoint]], left: Iterable[str] = ()) -> None:
        self.app = app
        self._root = _tree(endpoints)
        for name in left:
            self._root.named.setdefault(name, _Node())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if str(scope["type"]) != "http":
            await self.app(scope, receive, send)
            return
        segments = [part for part in scope["path"].split("/") if part]
        found = self._find(segments)
        if found is None:
            await self.app(scope, receive, send)
            return
        node, values = found
        endpoint, names, refuse = node.answers.get(cast("HTTPScope", scope)["method"]) or node.nobody()
        taken = {"app": self.app, "litestar_app": self.app, "route_handler": endpoint, "path": f"/{'/'.join(segments)}",
                 "path_params": dict(zip(names, values, strict=False))}
        request: AnyRequest = Request(cast("Scope", {"state": {}, **scope, **taken}), receive, send)
        try:
            answer = await endpoint.fn(request) if endpoint else _other_method(request, node)
        except Exception as error:  # noqa: BLE001 - the edge: every refusal and fault has one shape
            answer = cast("ASGIApp", refuse(request, error).to_asgi_response(None, request))
        await answer(request.scope, receive, send)

    def _find(self, segments: Sequence[str]) -> tuple[_Node, list[str]] | None:
        """Where a path leads, and what stands for its parameters.

        A segment with a name goes before a parameter; where the name leads nowhere, the parameter is tried. Not for the
        first segment, which says whose address it is: what nobody has below `/api` is no page of somebody called so.
        """
        node, values, at = self._root, list[str](), 0
        others: list[tuple[_Node, int, int]] = []  # parameters passed by: the node, where it stands, values before it
        while True:
            if at == len(segments):
                if node.answers:
                    return node, values
            else:
                segment, named, other = segments[at], node.named.get(segments[at]), node.any
                if named is not None:
                    if other is not None and at:
                        others.append((other, at, len(values)))
                    node, at = named, at + 1
                    continue
                if other is not None:
                    values.append(segment)
                    node, at = other, at + 1
                    continue
            if not others:
                return None
            node, at, known = others.pop()
            values[known:] = [segments[at]]
            at += 1


def _other_method(request: AnyRequest, node: _Node) -> ASGIApp:
    """The methods that a path has.

    Raises:
        MethodNotAllowedException: another one was wanted than OPTIONS.
    """
    allow = {"allow": ", ".join(sorted({"OPTIONS", *node.answers}))}
    if request.method != "OPTIONS":
        raise MethodNotAllowedException(headers=allow)
    answer = Response(b"", status_code=204, headers=allow, media_type="text/plain")
    return cast("ASGIApp", answer.to_asgi_response(None, request))


def _tree(endpoints: Mapping[Refuse, Iterable[Endpoint]]) -> _Node:
    """The tree of all paths.

    Raises:
        ValueError: two endpoints want the same calls.
    """
    root = _Node()
    for refuse, group in endpoints.items():
        for endpoint in group:
            for path in endpoint.paths:
                node, names = _place(root, path)
                for method in endpoint.http_methods:
                    if method in node.answers:
                        raise ValueError(f"two endpoints answer {method} {path}")
                    node.answers[method] = (endpoint, names, refuse)
    return root


def _place(root: _Node, path: str) -> tuple[_Node, tuple[str, ...]]:
    """The node of a path, made if need be, and the names of its parameters."""
    node, names = root, []
    for segment in filter(None, path.split("/")):
        if segment.startswith("{"):
            names.append(segment.strip("{}").partition(":")[0])
            node.any = node.any or _Node()
            node = node.any
        else:
            node = node.named.setdefault(segment, _Node())
    return node, tuple(names)
