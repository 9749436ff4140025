"""How long a text is by Mastodon's count, which apps show while people type."""

from typing import Final

from potluck.text.graphemes import count_graphemes
from potluck.text.tokens import Token, tokenise

CHARACTERS_PER_URL: Final = 23
"""What any address counts; `characters_reserved_per_url` in Mastodon's instance document."""


def count(text: str) -> int:
    """Return the length of plain `text`: visible characters, web addresses as 23, mentions without their host."""
    return count_graphemes("".join(_counted(token) for token in tokenise(text)))


def _counted(token: Token) -> str:
    """Return what stands for a token while counting."""
    if token.kind == "url":
        return "x" * CHARACTERS_PER_URL
    return f"@{token.handle.name}" if token.handle else token.text
