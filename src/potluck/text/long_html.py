"""Makes the HTML of long texts safe: articles from elsewhere, and what our own authors wrote.

Beside what `potluck.text.sanitise` keeps, headings have anchors, tables their alignment and footnotes their links
both ways. Ids get a prefix, so that none meets one of the page's own.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from typing import Final
from urllib.parse import urljoin

import nh3
import structlog

from potluck.text import sanitise
from potluck.text.balance import Dialect, balance
from potluck.text.markup import UNREADABLE, escape_text

MAX_LONG: Final = 4 * 1_048_576
"""Characters of HTML that are read; the rest is cut."""

PREFIX: Final = "text-"
"""Before every id that a text brings along."""

_TAGS: Final = sanitise.BLOCK_TAGS | sanitise.INLINE_TAGS | {"img"}
_DIALECT: Final = Dialect(_TAGS, {**sanitise.STAND_INS, "dir": "ul", "menu": "ul"}, "div")
_ID: Final = re.compile(r"[\w.:-]{1,150}")
_CLASS: Final = re.compile(r"footnote-ref|footnotes|footnote-backref|math-inline|math-display")
_SCHEME: Final = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_ALIGN: Final = re.compile(r"left|right|center")
_REL: Final = "nofollow noopener noreferrer"

_log = structlog.get_logger(__name__)


class TooManyReferences(ValueError):
    """A text of an author here has more character references than are read; nothing may be cut from it in silence."""


def sanitise_long(html: str, *, base_url: str | None = None, strict: bool = False) -> str:
    """A long text reduced to harmless markup; stable under being sanitised again.

    Args:
        html: hostile HTML of any size.
        base_url: against which relative addresses are resolved; without it they are dropped.
        strict: raise instead of cutting what is too large.

    Raises:
        TooManyReferences: only with `strict`.
    """
    if len(html) > MAX_LONG or html.count("&") > sanitise.MAX_REFERENCES:
        if strict:
            raise TooManyReferences
        html = sanitise.cut_references(html[:MAX_LONG], sanitise.MAX_REFERENCES)
    try:
        return _clean(html, _cleaner(base_url or ""))
    except UnicodeEncodeError:
        # A lone surrogate, which JSON can smuggle in as an escape.
        return sanitise_long(html.encode("utf-8", "replace").decode(), base_url=base_url, strict=strict)
    except BaseException as error:
        # A panic of the Rust code is no `Exception`, and has no importable class.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        _log.warning("html_not_sanitised", error=repr(error), length=len(html))
        return escape_text(html)


def _clean(html: str, cleaner: nh3.Cleaner) -> str:
    cleaned = cleaner.clean(balance(html, _DIALECT))
    if sanitise.LINK_WITHOUT_TARGET.search(cleaned):
        # What a link held apart may now touch, and would be read differently next time.
        cleaned = cleaner.clean(balance(sanitise.unlink(cleaned), _DIALECT))
    return sanitise.tidy(cleaned)


@lru_cache(maxsize=64)
def _cleaner(base_url: str) -> nh3.Cleaner:
    allowed = {name: set(values) for name, values in sanitise.ATTRIBUTES.items()}
    allowed["*"] |= {"id"}
    allowed["img"] = {"src", "alt", "title", "width", "height"}
    for cell in ("td", "th"):
        allowed[cell] |= {"align"}

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name in ("href", "src"):
            return _address(name, value, base_url)
        if name == "id":
            return _anchor(value)
        if name == "align":
            return value if _ALIGN.fullmatch(value) else None
        return _classes(value) if name == "class" else sanitise.attribute(tag, name, value)

    return nh3.Cleaner(
        tags=set(_TAGS), clean_content_tags=set(UNREADABLE) | {"math"}, attributes=allowed,
        attribute_filter=attribute, link_rel=_REL, url_schemes=set(sanitise.LINK_SCHEMES), url_relative="pass_through")


def _anchor(value: str) -> str | None:
    value = value.removeprefix(PREFIX)
    return f"{PREFIX}{value}" if _ID.fullmatch(value) else None


def _address(name: str, value: str, base_url: str) -> str | None:
    """An address as it is kept: absolute and of a scheme readers know, or a place in the same text."""
    value = value.strip()
    if name == "href" and value.startswith("#"):
        target = _anchor(unescape(value[1:]))
        return f"#{target}" if target else None
    scheme = _SCHEME.match(value)
    if scheme is None:
        if not base_url or not value:
            return None
        try:
            value = urljoin(base_url, value)
        except ValueError:
            return None
        scheme = _SCHEME.match(value)
    known = ("http", "https") if name == "src" else sanitise.LINK_SCHEMES
    return value if scheme is not None and scheme[1].lower() in known and not any(map(str.isspace, value)) else None


def _classes(value: str) -> str | None:
    if len(value) > 1000:
        return None
    names = [name for name in value.split() if _CLASS.fullmatch(name) or sanitise.is_known_class(name)]
    return " ".join(names) or None
