"""Every endpoint of the Lemmy API, area by area."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response

from potluck.apis.lemmy import (
    admin,
    blocks,
    comments,
    communities,
    images,
    inbox,
    instances,
    media_lists,
    message_reports,
    moderation,
    modlog,
    people,
    post_actions,
    posts,
    private_messages,
    reports,
    search,
    settings,
    signing_in,
    site,
    site_settings,
    taking_along,
)
from potluck.apis.lemmy.errors import body_of, from_exception

MODULES: tuple[Any, ...] = (
    site,
    signing_in,
    people,
    communities,
    posts,
    post_actions,
    comments,
    settings,
    taking_along,
    inbox,
    private_messages,
    search,
    blocks,
    reports,
    message_reports,
    moderation,
    modlog,
    admin,
    site_settings,
    instances,
    images,
    media_lists,
)
"""Every area of endpoints, in the order of the documentation."""

route_handlers: list[Any] = [handler for module in MODULES for handler in module.route_handlers]
"""Every endpoint."""

PREFIXES = ("/api/v3/", "/pictrs/")


def exception_response(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The answer to a call that reached no endpoint."""
    refusal = from_exception(error)
    return Response(msgspec.json.encode(body_of(refusal)), status_code=refusal.status, media_type="application/json",
                    headers=refusal.headers)
