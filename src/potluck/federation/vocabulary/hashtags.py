"""The one spelling under which a hashtag is stored and looked up."""

from __future__ import annotations

import unicodedata

MAX_HASHTAG_LENGTH = 200
# Letters that have no decomposition but are folded to ASCII all the same, as Mastodon folds them.
_FOLD = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ł": "l",
        "ħ": "h",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "ŋ": "n",
        "ŧ": "t",
    }
)


def _hashtag_characters(written: str) -> str:
    joined = unicodedata.normalize("NFKC", written.strip()[:1000]).strip().lstrip("#")
    # Marks (category M) belong to their letters in the scripts of India and elsewhere; \w leaves them out.
    return "".join(c for c in joined if c.isalnum() or c in "_·\u200c" or unicodedata.category(c)[0] == "M")


def display_hashtag(written: str) -> str:
    """A hashtag as its writer spelled it, without `#` and without characters that hashtags cannot hold."""
    return _hashtag_characters(written)[:MAX_HASHTAG_LENGTH]


def normalise_hashtag(written: str) -> str:
    """The one spelling under which a hashtag is stored and looked up (microblog §4, as Mastodon normalises).

    NFKC, lower case, Latin letters folded to ASCII (`Café` = `cafe`), characters other than letters, marks,
    digits, `_` and `·` removed.

    Returns:
        The name without `#`; empty when nothing is left or when it consists of digits only.
    """
    lowered = _hashtag_characters(written).lower().translate(_FOLD)
    folded = unicodedata.normalize("NFC", _fold_latin(unicodedata.normalize("NFD", lowered)))
    name = "".join(_hashtag_characters(folded))[:MAX_HASHTAG_LENGTH]
    return "" if all(c.isdecimal() or c in "_·\u200c" for c in name) else name


def _fold_latin(decomposed: str) -> str:
    """Drop the marks that follow an ASCII letter; marks of other scripts change the word and stay."""
    kept: list[str] = []
    on_ascii = False
    for c in decomposed:
        if unicodedata.combining(c) and on_ascii:
            continue
        on_ascii = c.isascii()
        kept.append(c)
    return "".join(kept)
