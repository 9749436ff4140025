"""What apps ask for in IndieAuth and Micropub."""

from __future__ import annotations

FAMILY = "micropub"
"""What tokens given by IndieAuth are marked with; those of other families mean nothing here."""

ALL = ("profile", "email", "create", "draft", "update", "delete", "undelete", "media")
WRITING = frozenset({"create", "draft", "update", "delete", "undelete"})
_OLD = {"post": "create"}  # as clients named it before Micropub did


def parse(text: str) -> list[str]:
    """The scopes we know among those asked for, each once; e-mail goes with the profile only."""
    asked = [_OLD.get(word, word) for word in text.replace("+", " ").replace(",", " ").split()]
    found = [scope for scope in dict.fromkeys(asked) if scope in ALL]
    return [scope for scope in found if scope != "email" or "profile" in found]
