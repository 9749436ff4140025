"""Cuts the entries of lists out of a JSON file of any size, one after the other, without reading it whole.

Only strings and brackets are looked at, in place on disk; each entry is then decoded by itself. What is no JSON at all
gives no entries or ends early, which whoever wants to know it is told.
"""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from potluck.transfer import encodings

MAX_ENTRY = 16 << 20
_MAX_DEPTH = 500
_MAX_FACTS = 60
_MARK = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]:,]|[^\s{}\[\]:,"]++', re.DOTALL)


class Damaged(ValueError):
    """The file is no JSON, or ends in the middle of something."""


class TooLarge:
    """Stands for an entry that is larger than is read."""


Facts = dict[str, Any]
"""Plain values that stand in an object before a list of it."""


def entries(path: Path, wanted: frozenset[str], *, texts: bool = False, whole: bool = False,
            ) -> Iterator[tuple[str, Any, Facts]]:
    """Entries of lists that lie at one of the wanted places, in the file's order: the objects in them.

    Args:
        wanted: places such as `db.data.posts`; '' is a list at the top. Lists on the way have no name of their own.
        texts: strings in these lists are entries, too.
        whole: what is there of a damaged file is not enough.

    Yields:
        The place; the entry decoded, or `TooLarge`; and what stood before the list in the object it belongs to.
        Entries that cannot be decoded are passed over.

    Raises:
        Damaged: at the end, if `whole` is asked for.
    """
    if not path.stat().st_size:
        return
    with path.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        cutter = _Cutter(mapped, wanted, texts=texts)
        yield from cutter.cut()
        if whole and not cutter.is_whole:
            raise Damaged(path.name)


@dataclass(slots=True)
class _Frame:
    """A list or object that is open."""

    bracket: bytes
    place: str
    facts: Facts


class _Cutter:
    """Walks over the marks of one file."""

    def __init__(self, data: mmap.mmap, wanted: frozenset[str], *, texts: bool) -> None:
        self._data = data
        self._wanted = wanted
        self._texts = texts
        self._begun = self._odd = False
        self._stack: list[_Frame] = []
        self._key = ""
        self._last = ""  # the string that was read last
        self._due = False  # the value of a key comes next
        self._begin: int | None = None
        self._depth = 0  # of the entry that is being passed
        self._place = ""

    def cut(self) -> Iterator[tuple[str, Any, Facts]]:
        for found in _MARK.finditer(self._data):
            mark = self._data[found.start():found.start() + 1]
            if self._begin is not None:
                if mark in b"{[":
                    self._depth += 1
                elif mark in b"}]":
                    self._depth -= 1
                    if not self._depth:
                        yield from self._entry(found.end())
            elif mark == b'"' and self._is_entry():
                yield from self._text(found)
            elif not self._take(mark, found):
                self._odd = True
                return

    @property
    def is_whole(self) -> bool:
        """Whether all that was opened was closed again, and nothing but lists stood where they are wanted."""
        return self._begun and not (self._odd or self._stack or self._begin is not None)

    def _is_entry(self) -> bool:
        """Whether a string is an entry of a list that is wanted."""
        return self._texts and not self._due and bool(self._stack) and self._stack[-1].bracket == b"[" \
            and self._stack[-1].place in self._wanted

    def _text(self, found: re.Match[bytes]) -> Iterator[tuple[str, Any, Facts]]:
        place = self._stack[-1].place
        text = decoded(self._data[found.start():found.end()]) if found.end() - found.start() <= MAX_ENTRY else TooLarge
        if text is not None:
            yield place, text, {}

    def _take(self, mark: bytes, found: re.Match[bytes]) -> bool:
        """One mark outside of an entry; gives False where nothing sensible can follow."""
        if mark == b":":
            self._key, self._due = self._last, True
        elif mark in b"{[":
            self._open(mark, found.start())
        elif mark in b"}]":
            if not self._stack:
                return False
            self._stack.pop()
        elif mark != b",":
            self._value(found)
        return len(self._stack) < _MAX_DEPTH

    def _value(self, found: re.Match[bytes]) -> None:
        raw = self._data[found.start():min(found.end(), found.start() + 1000)]
        if not self._due:
            self._last = raw[1:-1][:200].decode("utf-8", "replace")
            return
        self._due = False
        self._odd |= bool(self._stack) and self._below(self._stack[-1]) in self._wanted
        facts = self._stack[-1].facts if self._stack else {}
        if len(facts) < _MAX_FACTS and found.end() - found.start() <= 1000:
            facts[self._key] = decoded(raw)

    def _open(self, mark: bytes, start: int) -> None:
        self._due, self._begun = False, True
        above = self._stack[-1] if self._stack else _Frame(b"", "", {})
        place = above.place
        if above.bracket == b"[" and place in self._wanted and mark == b"{":
            self._begin, self._depth, self._place = start, 1, place
            return
        if above.bracket == b"{":
            place = self._below(above)
            self._odd |= mark == b"{" and place in self._wanted
        self._stack.append(_Frame(mark, place, {}))

    def _below(self, above: _Frame) -> str:
        """The place of what a key of an object holds."""
        return f"{above.place}.{self._key}"[-1000:] if above.place else self._key

    def _entry(self, end: int) -> Iterator[tuple[str, Any, Facts]]:
        begin, self._begin = self._begin or 0, None
        facts = self._stack[-2].facts if len(self._stack) > 1 else {}
        if end - begin > MAX_ENTRY:
            yield self._place, TooLarge, facts
            return
        found = decoded(self._data[begin:end])
        if isinstance(found, dict):
            yield self._place, found, facts


def decoded(raw: bytes) -> Any:
    """A piece of JSON; None if it cannot be read. Bytes that are no UTF-8 are taken for Windows' Latin letters."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, ValueError):
        pass
    try:  # halves of surrogate pairs, bytes that are no UTF-8
        return json.loads(raw.decode("utf-8", encodings.LETTERS))
    except (RecursionError, ValueError):
        return None
