"""The site, the APIs and the wire as applications, assembled once per process."""

from __future__ import annotations

from functools import cache
from typing import Any

from litestar import Litestar
from litestar.datastructures import State

from potluck.apis import routes as apis
from potluck.federation import endpoints as wire
from potluck.switchboard import Switchboard
from potluck.web import assets, errors
from potluck.web import routes as web


@cache
def _site() -> Switchboard:
    rest = Litestar(web.route_handlers, exception_handlers={Exception: errors.error_response}, openapi_config=None)
    return Switchboard(rest, {errors.error_response: web.endpoints}, left=[assets.PATH])


@cache
def _apis() -> Switchboard:
    rest = Litestar(apis.route_handlers, exception_handlers={Exception: apis.exception_response}, openapi_config=None)
    return Switchboard(rest, {apis.exception_response: apis.endpoints})


def site(**state: Any) -> Switchboard:
    """The pages, around what this test has; the last one to ask has it."""
    return _with(_site(), state)


def client_apis(**state: Any) -> Switchboard:
    """The APIs for apps, around what this test has; the last one to ask has them."""
    return _with(_apis(), state)


def wire_side(**state: Any) -> Switchboard:
    """What other servers ask, around what this test has."""
    return _with(Switchboard(Litestar(openapi_config=None), {errors.error_response: wire.endpoints}), state)


def _with(answered: Switchboard, state: dict[str, Any]) -> Switchboard:
    answered.app.state = State(state)
    return answered
