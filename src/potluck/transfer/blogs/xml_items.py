"""Entries of feeds and of WordPress' exports, one after the other, out of an XML file of any size.

No document types with a body, no entities but those of HTML; an entry has bounded depth and size. What real files do
wrong is mended on the way: control characters, bare ampersands, names of HTML's entities, a wrong encoding. Where a
file breaks off, the entries before that are good.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from typing import Any
from xml.parsers import expat

from potluck.text.longform import MAX_TEXT
from potluck.transfer import encodings
from potluck.transfer.blogs.items import Unreadable

_PIECE = 1 << 16
_MAX_DEPTH = 200
_MAX_PARTS = 50_000
_MAX_CHARACTERS = 4 * MAX_TEXT
_ENTRIES = frozenset({"item", "entry"})
_COUNTED = frozenset({"wp:comment"})  # not kept: there may be thousands below one article
_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_AMPERSAND = re.compile(r"&(#x[0-9a-fA-F]{1,8};|#[0-9]{1,8};|[A-Za-z][A-Za-z0-9]{0,30};)?")
_XML = frozenset({"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"})
_OPENS, _CLOSES = "<![CDATA[", "]]>"
_LONGEST = 40  # of what must not be cut between two pieces


@dataclass(slots=True)
class Node:
    """An element: its parts in order, texts and elements."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    parts: list[Node | str] = field(default_factory=list)
    counted: int = 0
    broken: bool = False

    def all(self, name: str) -> list[Node]:
        """Its elements of a name."""
        return [part for part in self.parts if isinstance(part, Node) and part.name == name]

    def first(self, *names: str) -> Node | None:
        """Its first element of one of these names, tried in their order."""
        for name in names:
            for part in self.parts:
                if isinstance(part, Node) and part.name == name:
                    return part
        return None

    def text(self, *names: str) -> str:
        """The text of its first element of one of these names that has any, '' if none has."""
        for name in names:
            for part in self.parts:
                if isinstance(part, Node) and part.name == name and (found := part.own_text().strip()):
                    return found
        return ""

    def own_text(self) -> str:
        """All text in it."""
        return "".join(part if isinstance(part, str) else part.own_text() for part in self.parts)

    def inner(self) -> str:
        """What is in it as HTML: of Atom's `type="xhtml"`."""
        return "".join(escape(part, quote=False) if isinstance(part, str) else part.markup() for part in self.parts)

    def mixed(self) -> str:
        """HTML that was escaped, with elements among it that were not: of careless RSS."""
        return "".join(part if isinstance(part, str) else part.markup() for part in self.parts)

    def markup(self) -> str:
        """It and what is in it as HTML."""
        name = self.name.rpartition(":")[2]
        attributes = "".join(f' {key}="{escape(value)}"' for key, value in self.attributes.items()
                             if not key.startswith("xmlns"))
        inner = self.inner()
        return f"<{name}{attributes}>{inner}</{name}>" if inner or name not in ("br", "img", "hr") else (
            f"<{name}{attributes}>")


class _Mender:
    """Mends what expat would stumble over; between the pieces of a file it remembers where it is."""

    def __init__(self) -> None:
        self._rest = ""
        self._inside = False  # of a CDATA section, where only characters are mended

    def mend(self, text: str, *, last: bool) -> str:
        text = self._rest + _UNUSABLE.sub("", text)
        cut = len(text) if last else self._safe(text)
        text, self._rest = text[:cut], text[cut:]
        made: list[str] = []
        while text:
            mark = _CLOSES if self._inside else _OPENS
            before, found, text = text.partition(mark)
            made.append(before if self._inside else _AMPERSAND.sub(_reference, before))
            if found:
                made.append(found)
                self._inside = not self._inside
        return "".join(made)

    @staticmethod
    def _safe(text: str) -> int:
        """Up to where no mark and no reference can be cut in two."""
        tail = max(0, len(text) - _LONGEST)
        places = [place for sign in ("&", "<", "]") if (place := text.find(sign, tail)) >= 0]
        return min(places) if places else len(text)


def _reference(found: re.Match[str]) -> str:
    whole = found[0]
    if found[1] is None:
        return "&amp;"
    if whole in _XML:
        return whole
    letter = _UNUSABLE.sub("", unescape(whole))
    return escape(letter) if letter != whole else f"&amp;{whole[1:]}"


class _Reader:
    """Makes nodes of what the parser tells."""

    def __init__(self) -> None:
        self.head = Node("head")
        self.done: list[Node] = []
        self.seen_root = ""
        self._stack: list[Node] = []  # of the entry that is being read
        self._path: list[str] = []
        self._parts = self._characters = 0
        self._skip = 0
        self._head_text: list[str] = []
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._refuse

    def feed(self, text: str, *, last: bool = False) -> None:
        self._parser.Parse(text.encode("utf-8", "replace"), last)

    @property
    def line(self) -> int:
        return self._parser.CurrentLineNumber

    def _doctype(self, _name: str, _system: str | None, _public: str | None, has_body: int) -> None:
        if has_body:
            self._refuse()

    def _refuse(self, *_: Any) -> None:
        raise Unreadable("This file has a document type with definitions, which is not taken.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.seen_root = self.seen_root or name
        if self._skip:
            self._skip += 1
            return
        if self._stack:
            self._start_inside(name, attributes)
        elif name.rpartition(":")[2] in _ENTRIES:
            self._parts = self._characters = 0
            self._stack.append(Node("entry", attributes))
        else:
            self._path.append(name)
            self._head_text.clear()
            if name.rpartition(":")[2] == "link" and attributes.get("href") and len(self.head.parts) < 200:
                self.head.parts.append(Node("link", attributes))

    def _start_inside(self, name: str, attributes: dict[str, str]) -> None:
        entry = self._stack[0]
        self._parts += 1
        if name in _COUNTED:
            entry.counted += 1
        if name in _COUNTED or entry.broken or self._parts > _MAX_PARTS or len(self._stack) > _MAX_DEPTH:
            entry.broken = entry.broken or name not in _COUNTED
            self._skip = 1
            return
        made = Node(name, attributes)
        self._stack[-1].parts.append(made)
        self._stack.append(made)

    def _end(self, name: str) -> None:
        if self._skip:
            self._skip -= 1
        elif self._stack:
            made = self._stack.pop()
            if not self._stack:
                self.done.append(made)
        else:
            if self._path:
                self._path.pop()
            text = "".join(self._head_text).strip()
            if text and len(self._path) <= 3 and len(self.head.parts) < 200:
                self.head.parts.append(Node(name, {}, [text[:1000]]))
            self._head_text.clear()

    def _text(self, data: str) -> None:
        if self._skip:
            return
        if not self._stack:
            if sum(map(len, self._head_text)) < 2000:
                self._head_text.append(data[:2000])
            return
        self._characters += len(data)
        if self._characters > _MAX_CHARACTERS:
            self._stack[0].broken = True
            return
        self._stack[-1].parts.append(data)


def entries(path: Path) -> Iterator[tuple[Node, Node]]:
    """Head of the file so far, and entry, for every `item` or `entry`; one that is too large is `broken`.

    Raises:
        Unreadable: it is no XML, breaks off, or is hostile. What came before is good.
    """
    reader, mender = _Reader(), _Mender()
    with path.open("rb") as opened:
        piece = opened.read(_PIECE)
        decoder = encodings.decoder(piece[:1000])
        while True:
            following = opened.read(_PIECE)
            try:
                reader.feed(mender.mend(decoder.decode(piece, not following), last=not following), last=not following)
            except expat.ExpatError as error:
                yield from _handed(reader)
                raise Unreadable("The file is damaged at line %(line)s; nothing behind that could be read.",
                                 line=reader.line) from error
            yield from _handed(reader)
            if not following:
                return
            piece = following


def _handed(reader: _Reader) -> Iterator[tuple[Node, Node]]:
    done, reader.done = reader.done, []
    for entry in done:
        yield reader.head, entry
