"""Every endpoint of Micropub, area by area."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response

from potluck.apis.indieauth.errors import body_of, from_exception
from potluck.apis.micropub import media, posting, queries

MODULES: tuple[Any, ...] = (posting, queries, media)
"""Every area of endpoints, in the order of the documentation."""

route_handlers: list[Any] = [handler for module in MODULES for handler in module.route_handlers]
"""Every endpoint."""

PREFIXES = ("/micropub", "/oauth/introspect")


def exception_response(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The answer to a call that reached no endpoint."""
    refusal = from_exception(error)
    return Response(msgspec.json.encode(body_of(refusal)), status_code=refusal.status, media_type="application/json",
                    headers=refusal.headers)
