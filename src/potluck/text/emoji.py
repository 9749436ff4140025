"""Emoji: custom ones by shortcode, and single Unicode ones as reactions."""

import re
from collections.abc import Mapping
from typing import Final

from potluck.text.graphemes import EMOJI_CLASS, FLAG_LETTERS
from potluck.text.markup import escape_attribute, scan

MAX_SHORTCODE: Final = 2048
"""Characters of a remote shortcode (Mastodon 4.6 reads as many); local ones are limited to 128 elsewhere."""

SHORTCODE_PATTERN: Final = r"[a-zA-Z0-9_]{2,128}+"
_SHORTCODE: Final = re.compile(rf"[a-zA-Z0-9_]{{2,{MAX_SHORTCODE}}}")
_IN_TEXT: Final = re.compile(rf"(?<![a-zA-Z0-9_]):({SHORTCODE_PATTERN}):(?![a-zA-Z0-9_])")
_IN_PAGE: Final = re.compile(rf":([a-zA-Z0-9_]{{2,{MAX_SHORTCODE}}}+)(?=:)")
_SAFE_URL: Final = re.compile(r"(?:https?://|/(?!/))[^\s<>\"'\\]+", re.IGNORECASE)

# UTS #51: a base with presentation or skin tone or tags; a flag; a keycap; joined by U+200D.
_ELEMENT: Final = (
    rf"(?:[{FLAG_LETTERS}]{{2}}"
    r"|[0-9#*]\ufe0f?\u20e3"
    rf"|[{EMOJI_CLASS}](?:\ufe0f|[\U0001f3fb-\U0001f3ff])?\u20e3?(?:[\U000e0020-\U000e007e]{{1,16}}\U000e007f)?)"
)
_SINGLE: Final = re.compile(rf"{_ELEMENT}(?:\u200d{_ELEMENT}){{0,9}}")


def is_shortcode(name: str) -> bool:
    """Tell whether `name`, without colons, can be a custom emoji's shortcode."""
    return _SHORTCODE.fullmatch(name) is not None


def find_shortcodes(text: str) -> list[str]:
    """Return the shortcodes written in plain `text`, without colons, each once, in order.

    A shortcode stands free of letters and digits on both sides, so that the minutes in "10:30:45" are none.
    """
    return list(dict.fromkeys(match[1] for match in _IN_TEXT.finditer(text)))


def replace_shortcodes(html: str, emoji: Mapping[str, str]) -> str:
    """Put pictures in the place of shortcodes in sanitised `html`: in text only, never in attributes or code.

    emoji: shortcode without colons -> URL of the picture, http(s) or a path on this site; others are left as text.
    """
    if ":" not in html or not emoji:
        return html
    parts: list[str] = []
    code = 0
    for piece in scan(html):
        if piece.kind == "text" and not code:
            parts.append(_replace_in_text(piece.source, emoji))
            continue
        if piece.name in ("code", "pre"):
            code = max(0, code + (1 if piece.kind == "start" else -1))
        parts.append(piece.markup)
    return "".join(parts)


def _replace_in_text(text: str, emoji: Mapping[str, str]) -> str:
    """Replace from left to right; a colon that ends a picture does not begin the next."""
    parts: list[str] = []
    position = 0
    while match := _IN_PAGE.search(text, position):
        url = emoji.get(match[1])
        if url is None or not _SAFE_URL.fullmatch(url):
            parts.append(text[position : match.end()])
            position = match.end()
            continue
        parts.append(text[position : match.start()])
        parts.append(_picture(match[1], url))
        position = match.end() + 1
    return "".join(parts) + text[position:]


def _picture(shortcode: str, url: str) -> str:
    return (
        f'<img class="emoji" src="{escape_attribute(url)}" alt=":{shortcode}:" title=":{shortcode}:" '
        'width="20" height="20" loading="lazy" draggable="false">'
    )


def is_single_emoji(text: str) -> bool:
    """Tell whether `text` is exactly one Unicode emoji, as reactions carry them (Misskey, Pleroma `EmojiReact`).

    Joined sequences, skin tones, flags, subdivision flags and keycaps count as one.
    """
    return len(text) <= 64 and _SINGLE.fullmatch(text) is not None
