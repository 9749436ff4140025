"""How long a text is by Mastodon's count, which apps show while people type."""

from typing import Final

from potluck.text.graphemes import count_graphemes
from potluck.text.tokens import tokenise

CHARACTERS_PER_URL: Final = 23
"""What any address counts; `characters_reserved_per_url` in Mastodon's instance document."""


def count(text: str) -> int:
    """Return the length of plain `text`: visible characters, web addresses as 23, mentions without their host."""
    return sum(_length(token.kind, token.text) for token in tokenise(text))


def _length(kind: str, text: str) -> int:
    if kind == "url":
        return CHARACTERS_PER_URL
    if kind == "mention":
        return len(text[1:].partition("@")[0]) + 1
    return count_graphemes(text)
