"""All pages of administration."""

from __future__ import annotations

from potluck.web.admin import (
    appeals,
    audit_log,
    blocks,
    jobs,
    measures,
    moderation,
    overview,
    people,
    queues,
    reports,
    rules,
    servers,
    spam,
)

route_handlers = [
    *overview.route_handlers, *people.route_handlers, *reports.route_handlers, *servers.route_handlers,
    *queues.route_handlers, *moderation.route_handlers, *measures.route_handlers, *appeals.route_handlers,
    *audit_log.route_handlers, *rules.route_handlers, *jobs.route_handlers, *blocks.route_handlers,
    *spam.route_handlers,
]
