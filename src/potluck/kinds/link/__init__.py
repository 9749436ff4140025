"""Links: posts in communities with a title, and a link, a picture or a text, as Lemmy and its neighbours know them."""

from __future__ import annotations

from potluck.kinds.link import wire
from potluck.social import registry

KIND = registry.Kind(
    name="link",
    types=frozenset({"Page"}),
    label="Link",
    lens="Links",
    read=wire.read,
    write=wire.write,
    interactions=frozenset({"reply", "like", "dislike", "react", "boost", "quote", "bookmark"}),
    card="link/card.html",
    page="link/page.html",
    editor="revise",
)


def install() -> None:
    """Register the kind."""
    registry.register(KIND)
