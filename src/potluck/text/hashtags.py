"""Hashtags: what may be one, and when two are the same."""

import re
from functools import lru_cache
from typing import Final
from unicodedata import category, normalize

MAX_HASHTAG: Final = 255
"""Characters of a hashtag; longer ones are refused."""

# Joiners belong into words of Persian and of Indic scripts; "·" into Catalan ones, "・" into Japanese ones.
_INNER: Final = "\u200c\u200d\u00b7\u30fb"
_SEPARATORS: Final = frozenset("_\u00b7\u30fb\u200c\u200d")

# A word character begins or follows; `\w` takes no combining marks, without which Hindi, Thai or Arabic fall apart.
_MARKS: Final = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u07a6-\u07b0\u0816-\u082d\u0859-\u085b"
    "\u08ca-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc-\u09cd\u09d7\u09e2\u09e3\u0a01-\u0a03"
    "\u0a3c-\u0a51\u0a70\u0a71\u0a75\u0a81-\u0a83\u0abc-\u0acd\u0ae2\u0ae3\u0b01-\u0b03\u0b3c-\u0b57\u0b62\u0b63\u0b82"
    "\u0bbe-\u0bcd\u0bd7\u0c00-\u0c04\u0c3c-\u0c56\u0c62\u0c63\u0c81-\u0c83\u0cbc-\u0cd6\u0ce2\u0ce3\u0d00-\u0d03"
    "\u0d3b-\u0d4d\u0d57\u0d62\u0d63\u0d81-\u0d83\u0dca-\u0df3\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc"
    "\u0ec8-\u0ece\u0f18\u0f19\u0f35-\u0f39\u0f3e\u0f3f\u0f71-\u0f84\u0f86\u0f87\u0f8d-\u0fbc\u102b-\u103e\u1056-\u1059"
    "\u135d-\u135f\u1712-\u1715\u17b4-\u17d3\u17dd\u180b-\u180d\u1920-\u193b\u1a17-\u1a1b\u1a55-\u1a7f\u1b00-\u1b04"
    "\u1b34-\u1b44\u1b80-\u1b82\u1ba1-\u1bad\u1be6-\u1bf3\u1c24-\u1c37\u1dc0-\u1dff\u20d0-\u20dc\u20e1\u302a-\u302f"
    "\u3099\u309a\ua66f\ua674-\ua67d\ua69e\ua69f\ua823-\ua827\ua880\ua881\ua8b4-\ua8c5\ua8e0-\ua8f1\ua926-\ua92d"
    "\ua947-\ua953\ua980-\ua983\ua9b3-\ua9c0\uaa29-\uaa36\uaab0-\uaabf\uaaeb-\uaaef\uabe3-\uabea\ufb1e\ufe20-\ufe2f"
)
WORD_CLASS: Final = rf"\w{_MARKS}{_INNER}"
HASHTAG_PATTERN: Final = rf"(?![{_INNER}])[{WORD_CLASS}]++"

_NAME: Final = re.compile(HASHTAG_PATTERN)
_NOT_WORD: Final = re.compile(rf"[^{WORD_CLASS}]+")


@lru_cache(maxsize=4096)
def normalise_hashtag(name: str) -> str | None:
    """Return the key under which a hashtag is stored and found, or None if `name` cannot be a hashtag.

    name: with or without the `#`. NFKC, case and (for Latin letters) accents do not tell hashtags apart; characters
    that are no part of words are removed, as Mastodon does. A hashtag needs a letter. Keep `name` for display.
    """
    if len(name) > MAX_HASHTAG * 2:
        return None
    text = normalize("NFKC", name).lstrip("#\uff03").casefold()
    key = _fold_latin(_NOT_WORD.sub("", text)).strip("".join(_SEPARATORS - {"_"}))
    if not key or len(key) > MAX_HASHTAG or not has_letter(key):
        return None
    return key


def is_hashtag(name: str) -> bool:
    """Tell whether `name`, without `#`, may stand as a hashtag in typed text."""
    if len(name) > MAX_HASHTAG or not _NAME.fullmatch(name) or not has_letter(normalize("NFKC", name)):
        return False
    # Only a long name can outgrow the limit by normalisation, which makes 18 characters of one at most.
    return len(name) * 18 <= MAX_HASHTAG or normalise_hashtag(name) is not None


def has_letter(text: str) -> bool:
    """Tell whether `text` holds a letter of any script; digits, `_` and `·` are none."""
    return any(map(str.isalpha, text))


_LATIN_LETTERS: Final = str.maketrans(
    {
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "\u0131": "i",
        "ł": "l",
        "ŋ": "n",
        "þ": "th",
        "ŧ": "t",
    }
)


def _fold_latin(text: str) -> str:
    """Replace accented Latin letters by their base; other scripts keep their marks, which change the word."""
    if text.isascii():
        return text
    folded: list[str] = []
    for character in normalize("NFD", text).translate(_LATIN_LETTERS):
        if category(character) == "Mn" and folded and folded[-1].isascii():
            continue
        folded.append(character)
    return normalize("NFC", "".join(folded))
