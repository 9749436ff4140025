"""Puts the rooms together: kinds are registered, the wire listens to what happens. Done once in every process."""

from __future__ import annotations

from potluck import kinds
from potluck.federation import outbound


def install() -> None:
    """Register every kind and every subscriber. Calling it again has no effect."""
    kinds.install()
    outbound.install()
