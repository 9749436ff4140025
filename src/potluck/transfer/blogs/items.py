"""What every form of export is read into: an article as it was elsewhere, or what is wrong with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any, Protocol

import msgspec

from potluck.text.hashtags import is_hashtag
from potluck.text.longform import MAX_TEXT
from potluck.text.sanitise import to_plain_text

MAX_TAGS = 30
_MAX_TITLE = 300
_MAX_SUMMARY = 1000
_MAX_ADDRESS = 2000
_MAX_UID = 500

PUBLIC, UNLISTED, FOLLOWERS, CLOSED = "public", "unlisted", "followers", "closed"
DRAFT, PRIVATE, PASSWORD, SCHEDULED = "draft", "private", "password", "scheduled"
OPEN_STATES = (PUBLIC, UNLISTED, FOLLOWERS, CLOSED)
"""States of what was published: 'closed' for readers of a closed blog only."""
HIDDEN = (PRIVATE, PASSWORD)
"""What fewer people could read than can read any blog here: it comes as a draft, whatever is wanted."""

_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_NO_TAG = re.compile(r"[^\w\u0300-\u036f]+")
_NO_DATE = re.compile(r"\s*0000-")


class Item(msgspec.Struct, omit_defaults=True):
    """An article as it was elsewhere.

    Attributes:
        uid: what it is called there, the same in every export of it.
        state: who could read it (one of the words above).
        origin: which blog of several in one export it was in.
        base: the address its relative links start from.
        file: its name in the archive, from where its pictures are looked for.
        cover: address of the picture on top.
    """

    uid: str
    text: str = ""
    content_type: str = "text/html"
    title: str = ""
    summary: str = ""
    slug: str = ""
    tags: list[str] = []
    language: str = ""
    warning: str = ""
    sensitive: bool = False
    published: datetime | None = None
    edited: datetime | None = None
    state: str = PUBLIC
    page: bool = False
    pinned: bool = False
    comments: str = ""
    cover: str = ""
    cover_alt: str = ""
    author: str = ""
    origin: str = ""
    base: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What cannot come along: whose name, and why (a message id with its values)."""

    name: str
    message: str
    data: dict[str, Any] = field(default_factory=dict)


class Unreadable(Exception):
    """An export that is none, or that ends in the middle. The text is for people (a message id)."""

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message % data if data else message)
        self.message, self.data = message, data


Found = Iterator[Item | Problem]


class Aside(Protocol):
    """Where a reader puts what it will need later (pictures by number, tags by article): on disk, not in memory."""

    def put(self, kind: str, ref: str, value: str) -> None:
        """Put something aside; a second one of the same name replaces it."""

    def get(self, kind: str, ref: str) -> str:
        """What was put aside, '' if nothing was."""

    def fact(self, name: str, value: str) -> None:
        """Something about the whole: its name, how many comments it has."""

    def count(self, name: str, number: int) -> None:
        """Add to a number about the whole."""


def tidy(text: Any, most: int = 0) -> str:
    """Text without characters that no database takes; at most so many."""
    if not isinstance(text, str):
        return ""
    found = _UNUSABLE.sub("", text)
    return found[:most] if most else found


def text_of(entry: dict[str, Any], *names: str) -> str:
    """The first of these fields that holds a text or a number, '' if none does."""
    for name in names:
        value = entry.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


def one_line(text: Any, most: int) -> str:
    """A title and its like: without markup, on one line."""
    if not isinstance(text, str):
        return ""
    text = tidy(text, most * 20)
    if "<" in text or "&" in text:
        text = unescape(to_plain_text(text)) if "<" in text else unescape(text)
    return " ".join(tidy(text).split())[:most]


def uid_of(kind: str, name: str) -> str:
    """What an article is called, with the kind of its export in front."""
    made = f"{kind}:{name}"
    return made if len(made) <= _MAX_UID else f"{kind}:sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def when(value: Any) -> datetime | None:
    """A time in any of the forms exports have; those without a zone are taken for UTC. None where there is none."""
    if isinstance(value, datetime):
        found: datetime | None = value
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        found = _of_number(float(value))
    else:
        found = _of_text(str(value).strip()) if isinstance(value, str) or hasattr(value, "isoformat") else None
    if found is None:
        return None
    try:
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return found if 1900 <= found.year < 2200 else None


def _of_number(value: float) -> datetime | None:
    seconds = value / 1000 if abs(value) > 1e11 else value
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None


def _of_text(text: str) -> datetime | None:
    if not text or len(text) > 80 or _NO_DATE.match(text):
        return None
    if text.isdecimal() and len(text) >= 9:
        return _of_number(float(text))
    plain = text.replace(" UTC", "Z").replace(" GMT", "Z") if text[:4].isdigit() else text
    for form in (plain, plain.replace("/", "-")):
        try:
            return datetime.fromisoformat(form)
        except ValueError:
            continue
    for wanted in ("%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M %z", "%B %d, %Y"):
        try:
            return datetime.strptime(text, wanted)  # noqa: DTZ007 - `when` adds the zone
        except ValueError:
            continue
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def tags_of(names: Iterable[Any]) -> list[str]:
    """Tags and categories as hashtags: `Home cooking` becomes `HomeCooking`; what cannot be one falls away."""
    found: dict[str, str] = {}
    for name in names:
        text = one_line(name, 300).lstrip("#")
        parts = _NO_TAG.split(text)
        made = text if len(parts) == 1 else "".join(part[:1].upper() + part[1:] for part in parts)
        if made and is_hashtag(made):
            found.setdefault(made.lower(), made)
        if len(found) == MAX_TAGS:
            break
    return list(found.values())


def checked(item: Item) -> Item | Problem:
    """An item within all bounds, or why it cannot come."""
    name = item.title or item.file or item.uid
    if len(item.text) > MAX_TEXT:
        return Problem(name[:200], "This article is longer than %(most)s characters.", {"most": MAX_TEXT})
    item.text = tidy(item.text)
    item.title = one_line(item.title, _MAX_TITLE)
    item.summary = _summary(item.summary)
    item.warning = one_line(item.warning, 500)
    for word in ("slug", "origin", "author"):
        setattr(item, word, tidy(getattr(item, word), 200).strip())
    for word in ("cover", "base", "file"):
        setattr(item, word, tidy(getattr(item, word), _MAX_ADDRESS).strip())
    item.cover_alt = one_line(item.cover_alt, 1500)
    item.language = tidy(item.language, 64).strip()
    item.uid = tidy(item.uid, _MAX_UID)
    if not item.text.strip():
        return Problem((item.title or item.file or item.uid)[:200], "There is no text in this article.")
    return item


def _summary(text: str) -> str:
    text = tidy(text, 50_000)
    plain = unescape(to_plain_text(text)) if "<" in text else unescape(text)
    return tidy(plain).strip()[:_MAX_SUMMARY].strip()
