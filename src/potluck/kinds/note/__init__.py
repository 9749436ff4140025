"""Notes: short posts, with content warnings, polls and quotes, as Mastodon and its neighbours know them."""

from __future__ import annotations

from potluck.kinds.note import polls, wire
from potluck.social import ports, registry

KIND = registry.Kind(
    name="note",
    types=frozenset({"Note", "Question", "ChatMessage"}),
    label="Post",
    lens="Posts",
    read=wire.read,
    write=wire.write,
    store=polls.store,
    update=polls.update_poll,
    forget=polls.forget,
    words=polls.words,
    load=polls.load,
    interactions=frozenset({"reply", "like", "react", "boost", "quote", "bookmark", "pin", "vote"}),
    card="note/card.html",
    page="note/page.html",
    put_back=frozenset({"Note"}),
    dialects=frozenset({"lemmy", "mbin"}),
)


def install() -> None:
    """Register the kind and what it does for others."""
    registry.register(KIND)
    ports.plug_votes(polls.receive_votes)
