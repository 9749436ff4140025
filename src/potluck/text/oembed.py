"""Reads an oEmbed document (oembed.com, version 1.0) of a stranger: plain texts, and an address to be framed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from potluck.text.markup import attributes, escape_attribute, scan
from potluck.text.page_metadata import MAX_NAME, MAX_TITLE, address, line

TYPES = ("link", "photo", "video", "rich")
_MAX_HTML = 50_000


@dataclass(slots=True)
class Embed:
    """What the document says. `player` is an address to be framed; `photo` the picture of type photo."""

    type: str = "link"
    title: str = ""
    author_name: str = ""
    author_url: str = ""
    provider_name: str = ""
    provider_url: str = ""
    thumbnail: str | None = None
    photo: str | None = None
    player: str | None = None
    width: int = 0
    height: int = 0


def read_oembed(document: Mapping[str, Any], url: str) -> Embed:
    """Read a document that came from `url`."""

    def text(name: str, most: int) -> str:
        value = document.get(name)
        return line(value, most) if isinstance(value, str) else ""

    def link(name: str) -> str | None:
        value = document.get(name)
        return address(url, value) if isinstance(value, str) else None

    kind = document.get("type")
    made = Embed(
        type=kind if kind in TYPES else "link", title=text("title", MAX_TITLE),
        author_name=text("author_name", MAX_NAME), author_url=link("author_url") or "",
        provider_name=text("provider_name", MAX_NAME), provider_url=link("provider_url") or "",
        thumbnail=link("thumbnail_url"), width=_size(document.get("width")), height=_size(document.get("height")))
    if made.type == "photo":
        made.photo = link("url")
    elif made.type in ("video", "rich") and isinstance(document.get("html"), str):
        made.player = _frame(document["html"][:_MAX_HTML], url)
    return made


def _frame(html: str, url: str) -> str | None:
    """The address of the first frame in a piece of HTML; nothing else of it is of use."""
    for piece in scan(html):
        if piece.name == "iframe":
            source = piece.source.partition(">")[0] if piece.kind == "skip" else piece.source
            found = address(url, attributes(source.removeprefix("<iframe")).get("src", ""))
            return found if found and found.startswith("https://") else None
    return None


def _size(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 6:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 20_000 else 0


def frame_html(player: str, width: int, height: int) -> str:
    """The frame for a player, as apps show it: it may run scripts, but nothing of the page round it."""
    size = "".join(f' {name}="{value}"' for name, value in (("width", width), ("height", height)) if value)
    return (f'<iframe src="{escape_attribute(player)}"{size} allowfullscreen="true"'
            ' sandbox="allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-forms">'
            "</iframe>")
