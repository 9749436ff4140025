"""Writes sanitised HTML as Markdown, for apps that know texts in no other form (Lemmy's).

It says the same in the common dialect; what that has no word for keeps its text. What the text itself contains is
escaped, so that nobody's asterisks or brackets become markup by this.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from potluck.text.markup import Piece, attributes, scan, words
from potluck.text.sanitise import MAX_HTML

_MARKS: Final = {"strong": "**", "b": "**", "em": "*", "i": "*", "del": "~~", "s": "~~", "sup": "^", "sub": "~"}
_BREAKS: Final = words(
    "p div section article aside figure figcaption details dl dt dd table tbody thead tfoot caption h1 h2 h3 h4 h5 h6")
_HEADINGS: Final = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_LINKED: Final = re.compile(r"(?:https?|magnet|mailto|gemini|xmpp):\S+", re.IGNORECASE)
_SPACES: Final = re.compile(r"[ \t\n\f\r]+")
_SPECIAL: Final = re.compile(r"[\\`*\[\]<>~^|]|(?<![^\W_])_|_(?![^\W_])")
_AT_START: Final = re.compile(r"(?=[#+:-])|(?<=\d)(?=[.)](?:\s|$))")
_NUMBERED: Final = re.compile(r"\d{1,9}[.)](?:\s|$)|[#+:-]")
_UNSAFE: Final = {" ": "%20", "(": "%28", ")": "%29", "<": "%3C", ">": "%3E", "\\": "%5C"}


def html_markdown(html: str) -> str:
    """The Markdown that says what `html` says; `html` must come from the sanitiser."""
    if "<" not in html and "&" not in html:
        return _escaped(html.strip())
    writer = _Writer()
    for piece in scan(html[:MAX_HTML]):
        writer.take(piece)
    return writer.finish()


def _escaped(text: str) -> str:
    """Text that is text in Markdown, too."""
    return "\n".join(_guarded_start(_SPECIAL.sub(r"\\\g<0>", line)) for line in text.split("\n"))


def _guarded_start(line: str) -> str:
    """A line that begins no list, heading or spoiler by chance."""
    return _AT_START.sub(r"\\", line, count=1) if _NUMBERED.match(line) else line


def address(url: str) -> str:
    """An address as it stands in a Markdown link."""
    return "".join(_UNSAFE.get(letter, letter) for letter in url)


class _Writer:
    """Takes pieces from left to right and keeps lines."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._prefixes: list[str] = []  # of quotes and lists
        self._lists: list[int | None] = []  # the number of the next item; None in bullet lists
        self._marker = ""  # of an item or heading, before the next line
        self._links: list[tuple[str, int]] = []  # address, and where in the line its text begins
        self._apart = False  # a blank line is due
        self._code = 0
        self._pre = 0

    def take(self, piece: Piece) -> None:
        if piece.kind == "text":
            self._text(unescape(piece.source))
        elif piece.kind == "start":
            self._start(piece.name, piece.source)
        elif piece.kind == "end":
            self._end(piece.name)

    def finish(self) -> str:
        self._flush()
        return "\n".join(self._lines).strip("\n")

    def _text(self, text: str) -> None:
        if self._pre:
            self._line.append(text)
            return
        text = _SPACES.sub(" ", text)
        if not self._line:
            text = text.lstrip(" ")
        if text:
            self._line.append(text if self._code else _SPECIAL.sub(r"\\\g<0>", text))

    def _start(self, name: str, source: str) -> None:
        if name in _MARKS:
            self._mark(name)
        elif name == "a":
            self._links.append((attributes(source).get("href", ""), len(self._line)))
        elif name == "code" and not self._pre:
            self._code += 1
            self._line.append("`")
        elif name == "img":
            self._picture(attributes(source))
        elif name == "br":
            self._break()
        else:
            self._start_block(name, source)

    def _start_block(self, name: str, source: str) -> None:
        if name in ("ul", "ol"):
            self._flush(apart=not self._lists)
            start = attributes(source).get("start", "1")
            self._lists.append(int(start) if name == "ol" and start.isdigit() else 1 if name == "ol" else None)
        elif name == "li":
            self._item()
        elif name == "blockquote":
            self._flush(apart=True)
            self._prefixes.append("> ")
        elif name == "pre":
            self._flush(apart=True)
            self._pre += 1
        elif name == "hr":
            self._flush(apart=True)
            self._line.append("---")
            self._flush(apart=True, raw=True)
        elif name in _BREAKS:
            self._flush(apart=True)
            self._marker += _HEADINGS.get(name, "")
        elif name == "tr":
            self._flush()
        elif name in ("td", "th") and self._line:
            self._line.append(" | ")

    def _end(self, name: str) -> None:
        if name in _MARKS:
            self._mark(name)
        elif name == "a" and self._links:
            self._link(*self._links.pop())
        elif name == "code" and self._code:
            self._code -= 1
            self._line.append("`")
        else:
            self._end_block(name)

    def _end_block(self, name: str) -> None:
        if name == "pre" and self._pre:
            self._pre -= 1
            self._block_of_code()
        elif name in ("ul", "ol") and self._lists:
            self._lists.pop()
            self._flush(apart=not self._lists)
        elif name == "li":
            self._flush()
            if self._prefixes and self._prefixes[-1].isspace():
                self._prefixes.pop()
        elif name == "blockquote":
            self._flush(apart=True)
            if "> " in self._prefixes:
                while self._prefixes.pop() != "> ":
                    pass
        elif name in _BREAKS:
            self._flush(apart=True)
            self._marker = ""

    def _mark(self, name: str) -> None:
        if self._code or self._pre:
            return
        mark = _MARKS[name]
        if self._line and self._line[-1] == mark:
            self._line.pop()  # nothing stands between: no emphasis at all
        else:
            self._line.append(mark)

    def _link(self, href: str, begin: int) -> None:
        if self._code or self._pre or not _LINKED.fullmatch(href):
            return
        text = "".join(self._line[begin:])
        plain = text.replace("\\", "")
        if not text.strip():
            return
        del self._line[begin:]
        self._line.append(href if plain in (href, href.rstrip("/")) else f"[{text}]({address(href)})")

    def _picture(self, found: dict[str, str]) -> None:
        src = found.get("src", "")
        if _LINKED.fullmatch(src):
            alt = _SPECIAL.sub(r"\\\g<0>", _SPACES.sub(" ", found.get("alt", "")))
            self._line.append(f"![{alt}]({address(src)})")

    def _item(self) -> None:
        self._flush()
        number = self._lists[-1] if self._lists else None
        self._marker = "- " if number is None else f"{number}. "
        if self._lists and number is not None:
            self._lists[-1] = number + 1
        self._prefixes.append(" " * len(self._marker))

    def _break(self) -> None:
        if self._pre:
            self._line.append("\n")
        elif self._line:
            self._line.append("  ")
            self._flush()

    def _block_of_code(self) -> None:
        text = "".join(self._line).strip("\n")
        self._line = []
        fence = "```" if "```" not in text else "~~~~"
        for line in (fence, *text.split("\n"), fence):
            self._put(line)
        self._apart = True

    def _flush(self, *, apart: bool = False, raw: bool = False) -> None:
        """End the line; with `apart` a blank one parts it from the next."""
        text = "".join(self._line)
        self._line = []
        self._links = []
        if text.strip():
            hard = text.endswith("  ") and not apart
            text = text.strip(" ")
            self._put((text if raw else _guarded_start(text)) + ("  " if hard else ""))
        self._apart = self._apart or (apart and bool(self._lines))

    def _put(self, line: str) -> None:
        prefix = "".join(self._prefixes)
        if self._apart:
            self._lines.append(prefix.rstrip())
            self._apart = False
        if self._marker:
            if self._prefixes and self._prefixes[-1].isspace() and len(self._prefixes[-1]) <= len(self._marker):
                prefix = "".join(self._prefixes[:-1])
            prefix, self._marker = prefix + self._marker, ""
        self._lines.append(prefix + line)
