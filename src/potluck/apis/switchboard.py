"""Calls of endpoints reach them without the way through the web framework.

Routing, its own request state and its error handling cost more than most calls themselves, and to register hundreds of
endpoints took a second of each start and a tenth of the memory. What an endpoint does - token, limits, parameters,
errors - is its own business. Pages, streams and sockets stay with the framework.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from litestar import Litestar, Request, Response
from litestar.exceptions import MethodNotAllowedException
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

AnyRequest = Request[Any, Any, Any]
Run = Callable[[AnyRequest], Awaitable[ASGIResponse]]
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
    answers: dict[str, tuple[Endpoint, tuple[str, ...]]] = field(default_factory=dict)


class Switchboard:
    """ASGI application round the web framework's.

    Args:
        app: the framework's application, which answers everything else.
        endpoints: what is answered here.
        refuse: the answer to a call with a method that its path does not have, and to faults.
        measured: wraps what answers here as the framework's own handlers are.
    """

    def __init__(self, app: Litestar, endpoints: Iterable[Endpoint], refuse: Refuse,
                 measured: Callable[[ASGIApp], ASGIApp] = lambda app: app) -> None:
        self.app = app
        self._refuse = refuse
        self._answer = measured(self._direct)
        self._root = _tree(endpoints)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        found = self._find(scope["path"]) if str(scope["type"]) == "http" else None
        if found is None:
            await self.app(scope, receive, send)
            return
        node, values = found
        endpoint, names = node.answers.get(cast("HTTPScope", scope)["method"], (None, ()))
        taken = {"app": self.app, "litestar_app": self.app, "route_handler": endpoint,
                 "path_params": dict(zip(names, values, strict=False)), "potluck_node": node}
        await self._answer(cast("Scope", {"state": {}, **scope, **taken}), receive, send)

    def _find(self, path: str) -> tuple[_Node, list[str]] | None:
        """Where a path leads, and what stands for its parameters; a segment with a name goes before a parameter."""
        node, values = self._root, []
        for segment in path.split("/"):
            if not segment:
                continue
            following = node.named.get(segment)
            if following is None:
                following = node.any
                values.append(segment)
            if following is None:
                return None
            node = following
        return (node, values) if node.answers else None

    async def _direct(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: AnyRequest = Request(scope, receive, send)
        try:
            answer = await _called(request, cast("dict[str, Any]", scope))
        except Exception as error:  # noqa: BLE001 - the edge: every refusal and fault has one shape
            answer = self._refuse(request, error).to_asgi_response(None, request)
        await answer(scope, receive, send)


async def _called(request: AnyRequest, scope: dict[str, Any]) -> ASGIResponse:
    endpoint: Endpoint | None = scope["route_handler"]
    if endpoint is None:
        raise MethodNotAllowedException(headers={"allow": ", ".join(sorted(scope["potluck_node"].answers))})
    return await endpoint.fn(request)


def _tree(endpoints: Iterable[Endpoint]) -> _Node:
    """The tree of all paths.

    Raises:
        ValueError: two endpoints want the same calls.
    """
    root = _Node()
    for endpoint in endpoints:
        for path in endpoint.paths:
            node, names = _place(root, path)
            for method in endpoint.http_methods:
                if method in node.answers:
                    raise ValueError(f"two endpoints answer {method} {path}")
                node.answers[method] = (endpoint, names)
    return root


def _place(root: _Node, path: str) -> tuple[_Node, tuple[str, ...]]:
    """The node of a path, made if need be, and the names of its parameters."""
    node, names = root, []
    for segment in path.strip("/").split("/"):
        if segment.startswith("{"):
            names.append(segment.strip("{}").partition(":")[0])
            node.any = node.any or _Node()
            node = node.any
        else:
            node = node.named.setdefault(segment, _Node())
    return node, tuple(names)
