"""The wire's HTTP side: every address other servers ask, in one table."""

from __future__ import annotations

from potluck.federation.endpoints import actors, discovery, inboxes, objects

route_handlers = [
    *inboxes.route_handlers, *actors.route_handlers, *objects.route_handlers, *discovery.route_handlers,
]
"""What `server.create_app` mounts."""
