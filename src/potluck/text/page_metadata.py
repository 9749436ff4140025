"""What a web page says about itself: OpenGraph, Twitter cards, oEmbed links, JSON-LD, and plain HTML.

The page is hostile: work and results are bounded, and everything that comes out is plain text or an http(s) address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from potluck.text.languages import normalise_language
from potluck.text.markup import Piece, attributes, scan, start_tag_attributes

MAX_HTML: Final = 2_000_000
MAX_TITLE: Final = 500
MAX_DESCRIPTION: Final = 1500
MAX_NAME: Final = 250
MAX_URL: Final = 2048
_MAX_METAS: Final = 500
_MAX_SCRIPTS: Final = 10
_MAX_SCRIPT: Final = 300_000
_ARTICLES: Final = frozenset({
    "Article", "NewsArticle", "ReportageNewsArticle", "AnalysisNewsArticle", "OpinionNewsArticle", "BlogPosting",
    "SocialMediaPosting", "TechArticle", "ScholarlyArticle", "VideoObject", "WebPage", "Recipe", "Event", "Book",
    "Movie", "MusicRecording", "PodcastEpisode", "Product"})
_CHARSET: Final = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
_OEMBED: Final = frozenset({"application/json+oembed", "text/json+oembed"})
_SIZES: Final = range(1, 20_000)


@dataclass(slots=True)
class PageMetadata:
    """What was found; texts are plain and on one line, "" or None where there is nothing."""

    title: str = ""
    description: str = ""
    image: str | None = None
    image_description: str = ""
    image_width: int = 0
    image_height: int = 0
    author_name: str = ""
    author_url: str = ""
    creator: str = ""  # handle of `fediverse:creator`, without leading @
    provider_name: str = ""
    published: datetime | None = None
    language: str | None = None
    oembed: str | None = None  # address of the oEmbed document
    player: str | None = None  # address of a player to be framed (Twitter card)
    player_width: int = 0
    player_height: int = 0


@dataclass(slots=True)
class _Found:
    """Raw finds of one pass over the page."""

    metas: dict[str, str] = field(default_factory=dict)
    title: str = ""
    language: str = ""
    oembed: str | None = None
    scripts: list[Any] = field(default_factory=list)


def read_page(body: bytes, content_type: str, url: str) -> PageMetadata:
    """Read a page that came from `url`."""
    found = _scan(decoded(body, content_type)[:MAX_HTML], url)
    linked = _best(found.scripts)
    metas = found.metas

    def first(*names: str) -> str:
        return next((metas[name] for name in names if metas.get(name)), "")

    image = first("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
    made = PageMetadata(
        title=line(first("og:title", "twitter:title") or _text(linked, "headline", "name") or found.title, MAX_TITLE),
        description=line(first("og:description", "twitter:description", "description")
                         or _text(linked, "description"), MAX_DESCRIPTION),
        image=address(url, image) or address(url, _image(linked)),
        image_description=line(first("og:image:alt", "twitter:image:alt"), MAX_DESCRIPTION),
        image_width=_size(first("og:image:width")), image_height=_size(first("og:image:height")),
        author_name=line(_author(linked, "name") or first("author", "article:author", "twitter:creator"), MAX_NAME),
        author_url=address(url, _author(linked, "url")) or "",
        creator=line(first("fediverse:creator"), MAX_NAME).removeprefix("@"),
        provider_name=line(first("og:site_name", "application-name") or _text(linked.get("publisher"), "name"),
                           MAX_NAME),
        published=moment(first("article:published_time", "og:published_time", "date")
                         or _text(linked, "datePublished", "uploadDate")),
        language=normalise_language(_text(linked, "inLanguage") or found.language
                                    or first("og:locale", "content-language").replace("_", "-")) or None,
        oembed=found.oembed)
    if first("twitter:card") == "player":
        made.player = address(url, first("twitter:player"))
        made.player_width, made.player_height = _size(first("twitter:player:width")), _size(
            first("twitter:player:height"))
    if made.author_name.startswith(("http://", "https://")):
        made.author_name = ""
    return made


def decoded(body: bytes, content_type: str) -> str:
    """A page as text, by its header, its own words, or as UTF-8."""
    named = re.search(r"charset\s*=\s*[\"']?([\w:.-]{2,40})", content_type, re.IGNORECASE)
    inside = _CHARSET.search(body[:4096])
    for name in (named.group(1) if named else "", inside.group(1).decode() if inside else "", "utf-8"):
        if name:
            try:
                return body.decode(name, "replace")
            except LookupError:
                continue
    return body.decode("utf-8", "replace")


def _scan(html: str, url: str) -> _Found:
    found = _Found()
    for piece in scan(html):
        if piece.kind == "start" and piece.name == "meta" and len(found.metas) < _MAX_METAS:
            _meta(found.metas, attributes(piece.source[:20_000]))
        elif piece.kind == "start" and piece.name == "link" and found.oembed is None:
            _link(found, attributes(piece.source[:8000]), url)
        elif piece.kind == "start" and piece.name == "html" and not found.language:
            found.language = attributes(piece.source[:4000]).get("lang", "")
        elif piece.kind == "skip":
            _skipped(found, piece)
    return found


def _meta(metas: dict[str, str], tag: Mapping[str, str]) -> None:
    name = (tag.get("property") or tag.get("name") or tag.get("itemprop") or tag.get("http-equiv") or "").lower()
    if name and tag.get("content", "").strip():
        metas.setdefault(name, tag["content"].strip())


def _link(found: _Found, tag: Mapping[str, str], url: str) -> None:
    if "alternate" in tag.get("rel", "").lower().split() and tag.get("type", "").lower() in _OEMBED:
        found.oembed = address(url, tag.get("href", ""))


def _skipped(found: _Found, piece: Piece) -> None:
    if piece.name == "title" and not found.title:
        found.title = unescape(_inside(piece.source[:4000]))
    elif piece.name == "script" and len(found.scripts) < _MAX_SCRIPTS and len(piece.source) < _MAX_SCRIPT:
        tag = start_tag_attributes(piece.source[:4000])
        if tag.get("type", "").partition(";")[0].strip().lower() == "application/ld+json":
            try:
                found.scripts.append(json.loads(_inside(piece.source)))
            except (ValueError, RecursionError):
                return


def _inside(source: str) -> str:
    """What stands between the start tag and the end tag of a whole element."""
    return source[source.find(">") + 1:source.rfind("</") if "</" in source else len(source)]


# ---- JSON-LD ----------------------------------------------------------------------------------------------------


def _best(scripts: list[Any]) -> Mapping[str, Any]:
    """The first thing that speaks of the page's content."""
    for script in scripts:
        for item in _things(script):
            kinds = item.get("@type")
            if not _ARTICLES.isdisjoint(kinds if isinstance(kinds, list) else [kinds]):
                return item
    return {}


def _things(script: Any) -> Iterator[Mapping[str, Any]]:
    items = script if isinstance(script, list) else [script]
    for item in items[:50]:
        if isinstance(item, dict):
            yield item
            graph = item.get("@graph")
            yield from (part for part in (graph if isinstance(graph, list) else [])[:100] if isinstance(part, dict))


def _text(item: Any, *names: str) -> str:
    """The first of the named values that is text (or has a text as its `name`)."""
    if isinstance(item, list):
        item = item[0] if item else None
    if not isinstance(item, dict):
        return ""
    for name in names:
        value = item.get(name)
        if isinstance(value, list):
            value = value[0] if value else None
        if isinstance(value, dict):
            value = value.get("name")
        if isinstance(value, str) and value.strip():
            return unescape(value)
    return ""


def _author(item: Mapping[str, Any], name: str) -> str:
    author = item.get("author") or item.get("creator")
    if isinstance(author, str):
        return author if name == "name" else ""
    return _text(author, name)


def _image(item: Mapping[str, Any]) -> str:
    image = item.get("image") or item.get("thumbnailUrl")
    if isinstance(image, list):
        image = image[0] if image else None
    if isinstance(image, dict):
        image = image.get("url") or image.get("contentUrl")
    return image if isinstance(image, str) else ""


# ---- values -----------------------------------------------------------------------------------------------------


def line(text: str, most: int) -> str:
    """Text on one line, without control characters, cut at `most`."""
    plain = "".join(character if character.isprintable() else " " for character in text[:most * 4])
    return " ".join(plain.split())[:most]


def address(base: str, value: str) -> str | None:
    """An http(s) address, made whole; None if it is none."""
    if not value or len(value) > MAX_URL:
        return None
    try:
        found = urljoin(base, value.strip())
        parts = urlsplit(found)
        size = len(found.encode())  # in bytes: what is longer fits into no index of PostgreSQL
    except ValueError:
        return None
    good = parts.scheme in ("http", "https") and parts.hostname and not parts.username and size <= MAX_URL
    return found if good and not any(character.isspace() for character in found) else None


def moment(text: str) -> datetime | None:
    """A time as pages write it; None if it is none, or absurd."""
    try:
        found = datetime.fromisoformat(text.strip()[:40])
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found.astimezone(UTC) if 1970 <= found.year < 2200 else None


def _size(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and int(text) in _SIZES else 0
