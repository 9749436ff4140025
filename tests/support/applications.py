"""The site and the APIs as Litestar applications, assembled once per process: it takes half a second each time."""

from __future__ import annotations

from functools import cache
from typing import Any

from litestar import Litestar
from litestar.datastructures import State

from potluck.apis import routes as apis
from potluck.apis.switchboard import Switchboard
from potluck.web import errors
from potluck.web import routes as web


@cache
def _site() -> Litestar:
    return Litestar(web.route_handlers, exception_handlers=errors.exception_handlers, openapi_config=None)


@cache
def _apis() -> tuple[Litestar, Switchboard]:
    pages = Litestar(apis.route_handlers, exception_handlers={Exception: apis.exception_response}, openapi_config=None)
    return pages, Switchboard(pages, apis.endpoints, apis.exception_response)


def site(**state: Any) -> Litestar:
    """The pages, around what this test has; the last one to ask has it."""
    return _with(_site(), state)


def client_apis(**state: Any) -> Switchboard:
    """The APIs for apps, around what this test has; the last one to ask has them."""
    pages, calls = _apis()
    _with(pages, state)
    return calls


def _with(app: Litestar, state: dict[str, Any]) -> Litestar:
    app.state = State(state)
    return app
