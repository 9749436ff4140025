"""Links: posts in communities with a title, and a link, a picture or a text, as Lemmy and its neighbours know them."""

from __future__ import annotations

from potluck.kinds.link import wire
from potluck.social import glances, registry
from potluck.social.glances import Glance
from potluck.social.views import ObjectView


def _glance(view: ObjectView) -> Glance:
    """Title and text, the address it shares, and the picture its site sent with it."""
    row = view.object
    return Glance(row.title or row.type, html=glances.beginning(row), link=row.extra.get("link"),
                  picture=row.extra.get("thumbnail"))


KIND = registry.Kind(
    name="link",
    types=frozenset({"Page"}),
    label="Link",
    lens="Links",
    read=wire.read,
    claims=wire.is_topic,
    write=wire.write,
    glance=_glance,
    interactions=frozenset({"reply", "like", "dislike", "react", "boost", "quote", "bookmark"}),
    card="link/card.html",
    page="link/page.html",
    editor="revise",
    put_back=frozenset({"Page"}),
    dialects=frozenset(),
)


def install() -> None:
    """Register the kind."""
    registry.register(KIND)
