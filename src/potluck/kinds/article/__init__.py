"""Articles: long texts with a title, of a blog or of a person, as WriteFreely, WordPress, Ghost and Plume know them."""

from __future__ import annotations

from potluck.kinds.article import rows, showing, wire
from potluck.social import registry

KIND = registry.Kind(
    name="article",
    types=frozenset({"Article"}),
    label="Article",
    lens="Articles",
    read=wire.read,
    write=wire.write,
    store=rows.store,
    update=rows.update,
    forget=rows.forget,
    load=rows.load,
    glance=showing.glance,
    interactions=frozenset({"reply", "like", "react", "boost", "quote", "bookmark"}),
    card="article/card.html",
    page="article/page.html",
    editor="article",
    dialects=frozenset({"lemmy", "mbin", "folding", "misskey"}),
)


def install() -> None:
    """Register the kind."""
    registry.register(KIND)
