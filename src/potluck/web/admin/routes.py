"""All pages of administration."""

from __future__ import annotations

from potluck.web.admin import overview, people, queues, reports, servers

route_handlers = [
    *overview.route_handlers, *people.route_handlers, *reports.route_handlers, *servers.route_handlers,
    *queues.route_handlers,
]
