"""The addresses that only IndieAuth has; the others are those of the Mastodon API's OAuth."""

from __future__ import annotations

from typing import Any

from potluck.apis.indieauth import granting

MODULES = (granting,)
"""Where endpoints are."""

route_handlers: list[Any] = [*granting.route_handlers]
"""Every endpoint."""
