"""Makes HTML from strangers safe to store and to show.

The gate is nh3 (a real HTML5 parser that keeps only what is listed below). Input that is large or unusual is first
rewritten by `potluck.text.balance`. What is allowed is the union of what microblogs read: Mastodon's list,
GoToSocial's, and images for long forms (FEP-b2b8).
"""

import re
from functools import lru_cache
from html import unescape
from typing import Final

import nh3
import structlog

from potluck.text.balance import MAX_DEPTH, Dialect, balance
from potluck.text.graphemes import is_joined
from potluck.text.markup import BLOCK, UNREADABLE, VOID, Piece, attributes, escape_text, scan, words

MAX_HTML: Final = 1_048_576
"""Characters of HTML that are read; the rest is cut. A document on the wire is at most 1 MB."""

MAX_REFERENCES: Final = 50_000
"""Ampersands that are read; a document with more of them is cut there."""

LINK_SCHEMES: Final = words("http https dat dweb ipfs ipns ssb gopher xmpp magnet gemini mailto")
"""Schemes a link may have; with another one the link goes and its text stays, as in Mastodon."""

INLINE_TAGS: Final = words(
    "a abbr b bdi bdo br code del em i ins kbd mark q rp rt ruby s samp small span strong sub sup time u var wbr"
)
BLOCK_TAGS: Final = words(
    "article aside blockquote caption dd details div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre section "
    "summary table tbody td tfoot th thead tr ul"
)
ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": {"lang", "dir", "class"},
    "a": {"href", "translate"},
    "span": {"translate"},
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "time": {"datetime"},
    "abbr": {"title"},
    "details": {"open"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
_IMAGE_ATTRIBUTES: Final = {"src", "alt", "title", "width", "height"}
_LINK_REL: Final = "nofollow noopener noreferrer"
# One attribute only: nh3 writes several in an order that differs from process to process.
_FORCED: Final = {"a": {"target": "_blank"}}

_CLASS: Final = re.compile(
    r"(?:h|p|u|dt|e)-[a-z][a-z0-9-]{0,48}|mention|hashtag|ellipsis|invisible|quote-inline|language-[\w.+#-]{1,40}"
)
# Attributes that are not listed here take any value.
_VALUES: Final[dict[str, re.Pattern[str]]] = {
    "lang": re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}"),
    "dir": re.compile(r"ltr|rtl|auto"),
    "translate": re.compile(r"yes|no"),
    "start": re.compile(r"-?[0-9]{1,9}"),
    "value": re.compile(r"-?[0-9]{1,9}"),
    "reversed": re.compile(r"(?:reversed)?"),
    "open": re.compile(r"(?:open)?"),
    "type": re.compile(r"[1aAiI]"),
    "datetime": re.compile(r"[0-9A-Za-z:+. -]{1,64}"),
    "scope": re.compile(r"row|col|rowgroup|colgroup"),
    "colspan": re.compile(r"[0-9]{1,3}"),
    "rowspan": re.compile(r"[0-9]{1,3}"),
    "width": re.compile(r"[0-9]{1,5}"),
    "height": re.compile(r"[0-9]{1,5}"),
    "src": re.compile(r"https?://\S+", re.IGNORECASE),
}

STAND_INS: Final = {
    "strike": "s",
    "tt": "code",
    "acronym": "abbr",
    "dfn": "em",
    "cite": "em",
    "big": "",
    "font": "",
}
_HTML: Final = Dialect(BLOCK_TAGS | INLINE_TAGS, {**STAND_INS, "dir": "ul", "menu": "ul"}, "div")
_LONG_FORM: Final = _HTML._replace(tags=_HTML.tags | {"img"})
_INLINE: Final = Dialect(
    INLINE_TAGS | {"p"},
    {**STAND_INS, **dict.fromkeys(words("ul ol dl dir menu table thead tbody tfoot td th hr"), "")},
    "p",
)

# Tags that need no rewriting first: common in posts, and free of surprises for the parser. All are in every dialect
# but the block ones, hence two patterns.
_SIMPLE_INLINE: Final = "a|p|br|span|strong|em|b|i|u|s|del|ins|code|sub|sup"
_UNUSUAL: Final = re.compile(rf"<(?!/?(?:{_SIMPLE_INLINE}|pre|blockquote|ul|ol|li|h[1-6]|div|hr)[\s/>])")
_UNUSUAL_INLINE: Final = re.compile(rf"<(?!/?(?:{_SIMPLE_INLINE})[\s/>])")

LINK_WITHOUT_TARGET: Final = re.compile(r"<a(?![^>]* href=)[ >]")
_LEADING_NEWLINE: Final = re.compile(r"(<pre(?: [^>]*)?>)\n+")
_RELATIVE_URL: Final = re.compile(r"(?:href|src)\s*=\s*[\"']?\s*(?![a-z][a-z0-9+.-]*:)", re.IGNORECASE)
# PostgreSQL refuses NUL, XML (feeds) refuses the other control characters, and HTML turns a carriage return into LF.
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f]")

_log = structlog.get_logger(__name__)


def sanitise_html(html: str, *, images: bool = False, base_url: str | None = None) -> str:
    """Return `html` reduced to harmless markup; the result is stable under being sanitised again.

    html: hostile HTML of any size; only the first `MAX_HTML` characters are read.
    images: keep `<img>` with an http(s) source (long forms; the page must proxy the source). Otherwise an image
        leaves its alternative text.
    base_url: absolute URL against which relative links are resolved (WriteFreely writes them); without it they are
        turned into text.

    Never raises: what the parser cannot digest comes back as escaped text.
    """
    if images:
        return _guarded(html, _LONG_FORM, _UNUSUAL, base_url)
    return _guarded(html, _HTML, _UNUSUAL, base_url)


def sanitise_inline(html: str, *, base_url: str | None = None) -> str:
    """Return `html` reduced to paragraphs, line breaks and inline markup, for biographies and profile fields.

    Headings, list items, quotes and table rows become paragraphs. Otherwise as `sanitise_html`.
    """
    return _guarded(html, _INLINE, _UNUSUAL_INLINE, base_url)


def _guarded(html: str, dialect: Dialect, unusual: re.Pattern[str], base_url: str | None) -> str:
    html = html[:MAX_HTML]
    try:
        return _clean(html, dialect, unusual, base_url)
    except UnicodeEncodeError:
        # A lone surrogate, which JSON can smuggle in as an escape.
        return _guarded(html.encode("utf-8", "replace").decode(), dialect, unusual, base_url)
    except BaseException as error:
        # A panic of the Rust code is no `Exception`, and has no importable class.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        _log.warning("html_not_sanitised", error=repr(error), length=len(html))
        return escape_text(_CONTROL.sub("", html))


def _clean(html: str, dialect: Dialect, unusual: re.Pattern[str], base_url: str | None) -> str:
    cleaned = _clean_once(html, dialect, unusual, base_url)
    # Escaping makes text longer. Rare, so a second run is cheaper than a tighter limit on what may come in.
    while len(cleaned) > MAX_HTML or cleaned.count("&") > MAX_REFERENCES:
        shorter = cut_references(cleaned[: MAX_HTML - 8192], MAX_REFERENCES * 9 // 10)
        cleaned = _clean_once(shorter, dialect, unusual, base_url)
    return cleaned


def cut_references(html: str, limit: int) -> str:
    """Cut `html` before its `limit`-th ampersand; the parser takes quadratic time for them."""
    if html.count("&") <= limit:
        return html
    position = -1
    for _ in range(limit):
        position = html.find("&", position + 1)
    return html[:position]


def _clean_once(html: str, dialect: Dialect, unusual: re.Pattern[str], base_url: str | None) -> str:
    if html.count("<") > MAX_DEPTH or unusual.search(html):
        html = balance(html, dialect)
    html = cut_references(html, MAX_REFERENCES)
    base = base_url if base_url and _RELATIVE_URL.search(html) else None
    cleaner = _cleaner(dialect.tags, base)
    cleaned = cleaner.clean(html)
    if LINK_WITHOUT_TARGET.search(cleaned):
        # What a link held apart may now touch: a heading in a heading, which would be read differently next time.
        cleaned = cleaner.clean(balance(unlink(cleaned), dialect))
    return tidy(cleaned)


def tidy(html: str) -> str:
    """Repair the few things that the cleaner leaves and that would change when sanitised again."""
    if _CONTROL.search(html):
        html = _CONTROL.sub("", html)
    if "<pre" in html:
        html = _LEADING_NEWLINE.sub(r"\1", html)
    return html


def unlink(html: str) -> str:
    """Drop the tags of links that lost their address. `html` must come from the cleaner."""
    kept: list[str] = []
    dropped: list[bool] = []
    for piece in scan(html):
        drop = False
        if piece.name == "a" and piece.kind == "start":
            drop = "href" not in attributes(piece.source)
            dropped.append(drop)
        elif piece.name == "a" and piece.kind == "end":
            drop = dropped.pop() if dropped else True
        if not drop:
            kept.append(piece.markup)
    return "".join(kept)


@lru_cache(maxsize=64)
def _cleaner(tags: frozenset[str], base_url: str | None) -> nh3.Cleaner:
    allowed = {name: set(values) for name, values in ATTRIBUTES.items()}
    if "img" in tags:
        allowed["img"] = set(_IMAGE_ATTRIBUTES)
    return nh3.Cleaner(
        tags=set(tags),
        clean_content_tags=set(UNREADABLE) | {"math"},
        attributes=allowed,
        attribute_filter=attribute,
        link_rel=_LINK_REL,
        set_tag_attribute_values=_FORCED,
        url_schemes=set(LINK_SCHEMES),
        url_relative=("rewrite_with_base", base_url) if base_url else "deny",
    )


def attribute(_tag: str, name: str, value: str) -> str | None:
    """Decide on one attribute: the value to keep, or None to remove it."""
    if name == "class":
        return _classes(value)
    pattern = _VALUES.get(name)
    return value if pattern is None or pattern.fullmatch(value) else None


@lru_cache(maxsize=512)
def _classes(value: str) -> str | None:
    """Keep the class names that carry meaning between servers: microformats, mentions, tags, links, quotes, code."""
    if len(value) > 1000:
        return None
    return " ".join(name for name in value.split() if _CLASS.fullmatch(name)) or None


def is_known_class(name: str) -> bool:
    """Whether a class carries meaning between servers."""
    return _CLASS.fullmatch(name) is not None


def strip_quote_inline(html: str) -> str:
    """Remove the `quote-inline` paragraph ("RE: <link>") from sanitised HTML, for when the quote itself is shown.

    Source: FEP-044f as Mastodon 4.5 reads it.
    """
    if "quote-inline" not in html:
        return html
    kept: list[str] = []
    hidden: list[str] = []
    for piece in scan(html):
        if hidden:
            _follow(hidden, piece.kind, piece.name)
        elif piece.kind == "start" and "quote-inline" in attributes(piece.source).get("class", "").split():
            hidden.append(piece.name)
        else:
            kept.append(piece.markup)
    return "".join(kept)


def _follow(hidden: list[str], kind: str, name: str) -> None:
    """Keep `hidden`, the open elements from the hidden one inwards, up to date with one more piece."""
    if kind == "start" and name not in VOID:
        hidden.append(name)
    elif kind == "end" and name in hidden:
        while hidden.pop() != name:
            pass


_LINE_BREAK: Final = BLOCK - {"p", "td", "th"}
# A single space is left alone: replacing each by itself would be most of the work.
_SPACES: Final = re.compile(r"[ \t\n\f\r]{2,}|[\t\n\f\r]")
_BLANK_LINES: Final = re.compile(r"\n{3,}")


def to_plain_text(html: str) -> str:
    """Return the text of `html`: paragraphs parted by a blank line, breaks and other blocks by a newline.

    The result is text, not HTML: escape it before it goes into a page. Hidden parts of links are kept, so that
    addresses are complete; pictures give their alternative text; scripts and styles give nothing.
    """
    parts: list[str] = []
    preformatted = 0
    for piece in scan(html[:MAX_HTML]):
        if piece.kind == "text":
            text = unescape(piece.source)
            parts.append(text if preformatted else _SPACES.sub(" ", text))
        elif piece.kind in ("start", "end"):
            preformatted = max(0, preformatted + _depth_change(piece, "pre"))
            parts.append(_separator(piece))
    lines = "".join(parts).split("\n")
    # Indentation means something in code only; telling its lines from others is not worth the trouble.
    stripped = [line.rstrip() for line in lines] if "<pre" in html else [line.strip() for line in lines]
    return _CONTROL.sub("", _BLANK_LINES.sub("\n\n", "\n".join(stripped))).strip()


def _depth_change(piece: Piece, name: str) -> int:
    if piece.name != name:
        return 0
    return 1 if piece.kind == "start" else -1


def _separator(piece: Piece) -> str:
    """Return what stands in plain text for a tag."""
    if piece.name == "p":
        return "\n\n"
    if piece.name == "br":
        return "\n"
    if piece.name == "img":
        return attributes(piece.source).get("alt", "")
    if piece.name == "li" and piece.kind == "start":
        return "\n- "
    if piece.name in ("td", "th"):
        return " "
    return "\n" if piece.name in _LINE_BREAK else ""


def excerpt(text: str, length: int) -> str:
    """Return at most `length` characters of plain `text` on one line, cut between words and marked with `…`."""
    line = " ".join(text[: length * 8 + 1024].split())
    if len(line) <= length:
        return line
    cut = line[: max(0, length - 1)]
    space = cut.rfind(" ")
    if space >= length // 2 and not line[len(cut)].isspace():
        cut = cut[:space]
    while cut and is_joined(line, len(cut)):
        cut = cut[:-1]
    return cut.rstrip() + "…"
