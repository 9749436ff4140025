"""The fallback: whatever type nobody owns is still shown, by name, summary and a link to the original."""

from __future__ import annotations

from potluck.kinds.fallback import wire
from potluck.social import registry

KIND = registry.Kind(
    name="unknown",
    types=frozenset(),
    label="Something else",
    lens=None,
    read=wire.read,
    write=wire.write,
    interactions=frozenset({"reply", "like", "react", "boost", "bookmark"}),
    card="fallback/card.html",
    page="fallback/page.html",
    dialects=frozenset(),
)


def install() -> None:
    """Register the kind as the fallback."""
    registry.register(KIND, fallback=True)
