"""The addresses of these calls."""

from __future__ import annotations

from typing import Any

from potluck.apis.metaweblog import endpoint, methods, rsd

MODULES = (methods,)
"""Where methods are."""

route_handlers: list[Any] = [endpoint.rpc, rsd.rsd]
"""Every endpoint."""
