"""Rewrites any HTML into a balanced, shallow form of known elements, in linear time.

An HTML5 parser repairs broken markup by rules that cost quadratic time (100 000 nested `<div>` take half a minute) or
quadratic memory (open formatting elements are repeated in each paragraph), and some of its repairs do not survive
being parsed again. This rewriting comes first and leaves it nothing to repair. It is no sanitiser: attribute values
pass through.
"""

import re
from typing import Final, NamedTuple

from potluck.text.markup import (
    BLOCK,
    VOID,
    Piece,
    attributes,
    escape_attribute,
    escape_text,
    scan,
    start_tag_attributes,
)

MAX_DEPTH: Final = 50
"""Elements inside each other; deeper ones lose their tags and keep their text."""

_CELL: Final = frozenset({"table", "td", "th", "caption"})
_SECTION: Final = frozenset({"thead", "tbody", "tfoot"})
_TABLE_PARTS: Final = _SECTION | {"caption", "tr", "td", "th"}
_HOLDS_PARTS_ONLY: Final = _SECTION | {"table", "tr"}
_ITEM_SCOPE: Final = BLOCK - {"div", "p", "address", "li", "dd", "dt"}
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CLOSES_PARAGRAPH: Final = (BLOCK - {"td", "th", "tr", "tbody", "thead", "tfoot", "caption"}) | {"hr"}

# A start tag on the left ends an open element of the middle set, looked for up to one of the right set.
_IMPLIED_ENDS: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    "li": (frozenset({"li"}), _ITEM_SCOPE),
    "dd": (frozenset({"dd", "dt"}), _ITEM_SCOPE),
    "dt": (frozenset({"dd", "dt"}), _ITEM_SCOPE),
    **dict.fromkeys(_HEADINGS, (_HEADINGS, BLOCK - _HEADINGS)),
    "a": (frozenset({"a"}), _CELL),
    "rt": (frozenset({"rt", "rp"}), frozenset({"ruby"}) | BLOCK),
    "rp": (frozenset({"rt", "rp"}), frozenset({"ruby"}) | BLOCK),
}
_END_SCOPE: Final[dict[str, frozenset[str]]] = {
    "table": frozenset(),
    **dict.fromkeys(_TABLE_PARTS, frozenset({"table"})),
}

_PLAYER: Final = frozenset({"video", "audio", "source", "embed", "iframe"})
_WEB: Final = re.compile(r"https?://[^\s<>\"']{1,2048}", re.IGNORECASE)
_TEX: Final = re.compile(
    r"<annotation\b[^<>]*encoding\s*=\s*[\"']?application/x-tex\b[^<>]*>([^<]*+)</annotation", re.IGNORECASE
)
_BLOCK_MATH: Final = re.compile(r"<math\b[^<>]*\bdisplay\s*=\s*[\"']?block", re.IGNORECASE)
_ANY_TAG: Final = re.compile(r"<[^<>]*+>?")


class Dialect(NamedTuple):
    """What elements come out of the rewriting.

    tags: names kept.
    renamed: names written as another one; to "" if only their tags go. Other unknown blocks become `block`,
        other unknown elements lose their tags.
    block: the element that stands in for an unknown block.
    """

    tags: frozenset[str]
    renamed: dict[str, str]
    block: str

    def name_for(self, name: str) -> str:
        """Return the element written for `name`, or "" when its tags are dropped."""
        if name in self.tags:
            return name
        replacement = self.renamed.get(name)
        if replacement is None:
            return self.block if name in BLOCK else ""
        return replacement


def balance(html: str, dialect: Dialect) -> str:
    """Rewrite `html` with the elements of `dialect`, every one closed, at most `MAX_DEPTH` deep.

    Pictures that the dialect does not keep leave their alternative text, players a link, formulas their TeX between
    dollar signs (as Mastodon does, FEP-dc88).
    """
    balancer = _Balancer(dialect)
    for piece in scan(html):
        balancer.take(piece)
    return balancer.finish()


class _Balancer:
    """The state of one rewriting: what is open, and what has been written."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._open: list[str] = []
        self._dropped: dict[str, int] = {}
        self._out: list[str] = []

    def take(self, piece: Piece) -> None:
        """Write one piece."""
        if piece.kind == "text":
            self._text(piece.source)
        elif piece.kind == "start":
            self._start(piece)
        elif piece.kind == "end":
            self._end(self._dialect.name_for(piece.name))
        elif piece.name == "math":
            self._text(_formula(piece.source))
        elif piece.name in _PLAYER:
            self._link(start_tag_attributes(piece.source).get("src", ""))

    def finish(self) -> str:
        """Close what is open and return all that was written."""
        self._close_down_to(0)
        return "".join(self._out)

    def _start(self, piece: Piece) -> None:
        name = self._dialect.name_for(piece.name)
        if not name:
            self._stand_in(piece)
            return
        values = attributes(piece.source) if piece.source else {}
        if not self._make_room(name, values):
            self._dropped[name] = self._dropped.get(name, 0) + 1
            return
        if name not in VOID:
            self._open.append(name)
        self._write_start(name, values)

    def _make_room(self, name: str, values: dict[str, str]) -> bool:
        """Close and open what must be before element `name`; tell whether it may come at all."""
        if name in _TABLE_PARTS:
            return self._place_table_part(name)
        self._open_cell()
        if name in _CLOSES_PARAGRAPH:
            self._close_nearest(frozenset({"p"}), _CELL)
        if name in _IMPLIED_ENDS:
            self._close_nearest(*_IMPLIED_ENDS[name])
        if name in VOID:
            return True
        return len(self._open) < MAX_DEPTH and (name != "a" or "href" in values)

    def _place_table_part(self, name: str) -> bool:
        """Go back to where a row, cell or section may stand in the innermost table, opening what is left out."""
        if "table" not in self._open:
            return False
        table = len(self._open) - 1 - self._open[::-1].index("table")
        within = self._open[table + 1 : table + 3]
        if name in ("td", "th"):
            if within[1:] != ["tr"]:
                self._place_table_part("tr")
                self._open_bare("tr")
            self._close_down_to(table + 3)
        elif name == "tr":
            self._close_down_to(table + (2 if within and within[0] in _SECTION else 1))
            if self._open[-1] == "table":
                self._open_bare("tbody")
        else:
            self._close_down_to(table + 1)
        return True

    def _open_cell(self) -> None:
        """Open a cell for content that stands between the parts of a table, where the parser would move it out."""
        if self._open and self._open[-1] in _HOLDS_PARTS_ONLY:
            self._place_table_part("td")
            self._open_bare("td")

    def _open_bare(self, name: str) -> None:
        self._open.append(name)
        self._out.append(f"<{name}>")

    def _text(self, source: str) -> None:
        if source and not source.isspace():
            self._open_cell()
        self._out.append(source.replace("<", "&lt;").replace(">", "&gt;"))

    def _write_start(self, name: str, values: dict[str, str]) -> None:
        written = "".join(f' {key}="{escape_attribute(value)}"' for key, value in values.items())
        self._out.append(f"<{name}{written}>")

    def _stand_in(self, piece: Piece) -> None:
        """Write what is left of an element that is not kept."""
        if piece.name == "img":
            self._text(escape_text(attributes(piece.source).get("alt", "")))
        elif piece.name in _PLAYER:
            self._link(attributes(piece.source).get("src", ""))
        elif piece.name in {"td", "th"}:
            self._out.append(" ")

    def _link(self, url: str) -> None:
        if not _WEB.fullmatch(url):
            return
        self._open_cell()
        self._close_nearest(frozenset({"a"}), _CELL)
        self._out.append(f'<a href="{escape_attribute(url)}">{escape_text(url)}</a> ')

    def _end(self, name: str) -> None:
        if not name:
            return
        if self._dropped.get(name, 0):
            self._dropped[name] -= 1
            return
        self._close_nearest(frozenset({name}), _END_SCOPE.get(name, _CELL))

    def _close_nearest(self, names: frozenset[str], boundary: frozenset[str]) -> None:
        """Close the innermost open element of `names`, and all in it, unless one of `boundary` is nearer."""
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index] in names:
                self._close_down_to(index)
                return
            if self._open[index] in boundary:
                return

    def _close_down_to(self, index: int) -> None:
        while len(self._open) > index:
            self._out.append(f"</{self._open.pop()}>")


def _formula(source: str) -> str:
    """Write a MathML element as TeX, if it has an annotation that says it in TeX, else as its bare text."""
    tex = _TEX.search(source)
    if tex is None:
        return _ANY_TAG.sub("", source)
    fence = "$$" if _BLOCK_MATH.match(source) else "$"
    return f"{fence}{tex[1].strip()}{fence}"
