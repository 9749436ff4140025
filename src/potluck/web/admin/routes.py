"""All pages of administration."""

from __future__ import annotations

from potluck.web.admin import (
    appeals,
    audit_log,
    blocks,
    emoji,
    jobs,
    measures,
    moderation,
    overview,
    people,
    policy_lists,
    queues,
    reports,
    rules,
    servers,
    spam,
    storage,
    texts,
    trends,
)

route_handlers = [
    *overview.route_handlers, *people.route_handlers, *reports.route_handlers, *servers.route_handlers,
    *queues.route_handlers, *moderation.route_handlers, *measures.route_handlers, *appeals.route_handlers,
    *audit_log.route_handlers, *storage.route_handlers, *rules.route_handlers, *jobs.route_handlers,
    *blocks.route_handlers, *policy_lists.route_handlers, *spam.route_handlers,
    *emoji.route_handlers, *trends.route_handlers, *texts.route_handlers,
]
