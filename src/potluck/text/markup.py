"""A forgiving, linear-time scanner that splits HTML into tags and text.

It serves two masters: already sanitised HTML, which it reads exactly, and hostile HTML, which it reads well enough
to rewrite into an unambiguous form *before* the real parser sees it (see `potluck.text.sanitise`). It never decides
what is safe.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final, NamedTuple


def words(*lines: str) -> frozenset[str]:
    """Return the set of words in `lines`: tables of names read better so than quoted one by one."""
    return frozenset(" ".join(lines).split())


# Possessive quantifiers: the scanner gives up on a broken tag at once instead of trying every other split of it.
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*+)((?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+)>")
_UNFINISHED: Final = re.compile(r"</?[a-zA-Z]")
_ATTRIBUTE: Final = re.compile(
    r"""([^\s"'<>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'=<>`]++)))?""",
)

# The content of these is never text for a reader. `noscript` is absent on purpose: its content is the readable part.
UNREADABLE: Final = words(
    "script style template title textarea xmp plaintext noembed noframes iframe object applet select svg"
)
VOID: Final = words("area base br col embed hr img input link meta source wbr")
BLOCK: Final = words(
    "address article aside blockquote caption center dd details dialog dir div dl dt fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol optgroup option p pre search section summary "
    "table tbody td tfoot th thead tr ul"
)


class Piece(NamedTuple):
    """One run of markup.

    kind: "text", "start", "end" or "skip" (comments and unreadable elements, whole).
    name: lower-case element name; "" for text.
    source: the text between the tags with its character references as written; the raw attributes of a start tag;
        the whole source of a skipped run.
    """

    kind: str
    name: str
    source: str

    @property
    def markup(self) -> str:
        """The piece as HTML again; exactly what was read, for HTML that came from the cleaner."""
        if self.kind == "start":
            return f"<{self.name}{self.source}>"
        return f"</{self.name}>" if self.kind == "end" else self.source


def scan(html: str) -> Iterator[Piece]:
    """Split `html` into pieces from left to right; every character is looked at a bounded number of times."""
    position, length = 0, len(html)
    last_end = html.rfind(">")
    while position < length:
        bracket = html.find("<", position)
        if bracket < 0:
            yield Piece("text", "", html[position:])
            return
        if bracket > position:
            yield Piece("text", "", html[position:bracket])
        if bracket > last_end and _UNFINISHED.match(html, bracket):
            yield Piece("skip", "", html[bracket:])
            return
        tag = _TAG.match(html, bracket)
        if tag is None:
            position, piece = _not_a_tag(html, bracket)
            yield piece
            continue
        position = tag.end()
        name = tag[2].lower()
        if tag[1]:
            yield Piece("end", name, "")
        elif name in UNREADABLE or name == "math":
            end = _end_of_element(html, name, position)
            yield Piece("skip", name, html[bracket:end])
            position = end
        else:
            yield Piece("start", name, tag[3])


def _not_a_tag(html: str, bracket: int) -> tuple[int, Piece]:
    """Read a comment, a declaration or a lone `<` at `bracket`; return where to go on, and the piece."""
    if html.startswith("<!--", bracket):
        end = html.find("-->", bracket + 4)
        end = len(html) if end < 0 else end + 3
        return end, Piece("skip", "", html[bracket:end])
    if html.startswith(("<!", "<?", "</"), bracket):
        end = html.find(">", bracket)
        end = len(html) if end < 0 else end + 1
        return end, Piece("skip", "", html[bracket:end])
    return bracket + 1, Piece("text", "", "<")


# Only the beginning of the end tag is matched: reaching for its ">" here would make `</svg </svg …` quadratic.
_CLOSING: Final[dict[str, re.Pattern[str]]] = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in UNREADABLE | {"math"}
}


def _end_of_element(html: str, name: str, position: int) -> int:
    """Return the position behind the end tag of an element whose content is skipped, or the end of the input."""
    closing = _CLOSING[name].search(html, position)
    end = html.find(">", closing.end()) if closing else -1
    return len(html) if end < 0 else end + 1


def attributes(source: str) -> dict[str, str]:
    """Read the raw attributes of a start tag into names and decoded values; the first of a repeated name wins."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(source):
        name = match[1].lower()
        if name not in found:
            found[name] = unescape(match[2] or match[3] or match[4] or "")
    return found


def start_tag_attributes(source: str) -> dict[str, str]:
    """Read the attributes of the tag that `source` begins with; none if it begins with no tag."""
    tag = _TAG.match(source)
    return attributes(tag[3]) if tag else {}


def escape_text(text: str) -> str:
    """Write plain text as HTML text, fit for a text node only."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_attribute(text: str) -> str:
    """Write plain text as the value of a double-quoted attribute."""
    return escape_text(text).replace('"', "&quot;").replace("'", "&#39;")
