"""The wire's HTTP side: every address other servers ask, in one table."""

from __future__ import annotations

from potluck.federation.endpoints import actors, discovery, inboxes, objects
from potluck.handlers import Part

route_handlers = [*inboxes.route_handlers, *actors.route_handlers, *objects.route_handlers, *discovery.route_handlers]
"""Every address."""

endpoints = Part().endpoints(route_handlers)
"""The same for the switchboard."""
