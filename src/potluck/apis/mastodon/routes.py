"""Every endpoint of the Mastodon API, area by area."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response

from potluck.apis.mastodon import (
    account_actions,
    accounts,
    admin_accounts,
    admin_blocks,
    admin_figures,
    admin_reports,
    admin_trends,
    announcements,
    annual_reports,
    apps,
    async_refreshes,
    compose,
    consent,
    conversations,
    credentials,
    filters,
    filters_old,
    instance,
    instance_texts,
    lists,
    markers,
    media,
    notification_requests,
    notifications,
    oauth,
    oembed,
    people_lists,
    polls,
    profile,
    push,
    quotes,
    reports,
    scheduled_statuses,
    search,
    sign_up,
    status_actions,
    statuses,
    streaming,
    suggestions,
    tags,
    timelines,
    translation,
    trends,
)
from potluck.apis.mastodon.errors import body_of, from_exception

MODULES: tuple[Any, ...] = (
    apps,
    oauth,
    consent,
    instance,
    instance_texts,
    announcements,
    credentials,
    profile,
    sign_up,
    accounts,
    account_actions,
    people_lists,
    suggestions,
    statuses,
    quotes,
    async_refreshes,
    translation,
    status_actions,
    compose,
    media,
    scheduled_statuses,
    polls,
    timelines,
    search,
    tags,
    trends,
    lists,
    markers,
    conversations,
    notification_requests,
    notifications,
    filters,
    filters_old,
    push,
    reports,
    admin_accounts,
    admin_reports,
    admin_blocks,
    admin_figures,
    admin_trends,
    streaming,
    oembed,
    annual_reports,
)
"""Every area of endpoints, in the order of the documentation."""

route_handlers: list[Any] = [handler for module in MODULES for handler in module.route_handlers]
"""Every endpoint."""


def exception_response(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The answer to a call that reached no endpoint."""
    refusal = from_exception(error)
    return Response(msgspec.json.encode(body_of(refusal)), status_code=refusal.status, media_type="application/json",
                    headers=refusal.headers)
