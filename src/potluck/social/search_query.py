"""What people type into a search for posts, read as Mastodon reads it.

Words, "phrases in quotes", and operators: `from:`, `has:`, `is:`, `language:`, `in:`, `before:`, `after:`, `during:`.
A minus before any of them excludes. What looks like an operator and is none is searched for as words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

MAX_QUERY = 500
MAX_WORDS = 10

HAS = frozenset({"media", "image", "video", "audio", "poll", "link"})
IS = frozenset({"reply", "sensitive"})
IN = frozenset({"all", "library", "public"})
_ALIASES = {"embed": "link", "links": "link", "images": "image", "videos": "video", "polls": "poll"}

_PART = re.compile(r'(?P<minus>[-+]?)(?:(?P<name>[A-Za-z]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]+))')
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


@dataclass(slots=True)
class Part:
    """One condition of a search; `wanted` is False for what must not be, `exact` True for what stands in quotes."""

    value: str
    wanted: bool = True
    exact: bool = False


@dataclass(slots=True)
class Question:
    """What a search for posts asks for.

    Attributes:
        words: words and phrases of the text.
        authors: handles after `from:`, or `me`.
        has, kinds, languages: after `has:`, `is:`, `language:`.
        reach: all, library (what one wrote, was named in or did something with), or public.
        since, until: from this moment on, before this moment.
    """

    words: list[Part] = field(default_factory=list)
    authors: list[Part] = field(default_factory=list)
    has: list[Part] = field(default_factory=list)
    kinds: list[Part] = field(default_factory=list)
    languages: list[Part] = field(default_factory=list)
    reach: str = "all"
    since: datetime | None = None
    until: datetime | None = None

    @property
    def asks(self) -> bool:
        """Whether it asks for anything that is to be found (not only for what is to be left out)."""
        asked = (*self.words, *self.authors, *self.has, *self.kinds, *self.languages)
        return any(part.wanted for part in asked) or self.reach != "all" or (
            self.since is not None and self.until is not None)


def parse(query: str) -> Question:
    """Read a query."""
    question = Question()
    for found in _PART.finditer(query[:MAX_QUERY]):
        name = (found["name"] or "").lower()
        value = found["quoted"] if found["quoted"] is not None else found["plain"]
        wanted = found["minus"] != "-"
        if name and _operator(question, name, value, wanted=wanted):
            continue
        text = f"{found['name']}:{value}" if name else value
        if text.strip():
            question.words.append(Part(text, wanted, found["quoted"] is not None))
    question.words = question.words[:MAX_WORDS]
    return question


def _operator(question: Question, name: str, value: str, *, wanted: bool) -> bool:
    """Note an operator; False if it is none."""
    value = value if name == "from" else value.lower()
    part = Part(_ALIASES.get(value, value), wanted)
    lists = {"from": (question.authors, None), "has": (question.has, HAS), "is": (question.kinds, IS),
             "language": (question.languages, None)}
    if name in lists:
        found, allowed = lists[name]
        if not value or (allowed is not None and part.value not in allowed):
            return False
        if len(found) < MAX_WORDS:
            found.append(part)
        return True
    if name == "in" and value in IN:
        question.reach = value
        return True
    return name in {"before", "after", "during"} and wanted and _time(question, name, value)


def _time(question: Question, name: str, value: str) -> bool:
    span = _span(value)
    if span is None:
        return False
    first, after = span
    if name == "before":
        question.until = first
    elif name == "after":
        question.since = after
    else:
        question.since, question.until = first, after
    return True


def _span(text: str) -> tuple[datetime, datetime] | None:
    """Beginning and end of a day, month or year."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
        if day:
            last = first + timedelta(days=1)
        elif month:
            last = date(first.year + month // 12, month % 12 + 1, 1)
        else:
            last = date(first.year + 1, 1, 1)
    except (ValueError, OverflowError):
        return None
    return datetime(*first.timetuple()[:3], tzinfo=UTC), datetime(*last.timetuple()[:3], tzinfo=UTC)
