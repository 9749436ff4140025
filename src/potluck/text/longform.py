"""Long texts of authors here: Markdown or HTML of any length becomes the HTML of an article.

CommonMark with tables, footnotes, strikethrough, task and definition lists, and formulas between dollar signs; raw
HTML is kept as far as it is harmless. Mentions, hashtags and addresses become links outside of code, listings get
their colours, formulas become MathML. A megabyte takes some seconds: render it outside of a transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Final, Literal

from potluck.text.commonmark import grows_too_much, long_html
from potluck.text.formulas import formula_html
from potluck.text.highlighting import highlighted, without_marks
from potluck.text.long_html import TooManyReferences, sanitise_long
from potluck.text.markup import Piece, escape_text, scan
from potluck.text.names import Handle
from potluck.text.render import (
    Extracted,
    MentionTarget,
    Rendered,
    TextTooLong,
    TokenWriter,
    collect,
    tidy_typed,
)
from potluck.text.sanitise import to_plain_text
from potluck.text.tokens import Token, tokenise

LongType = Literal["text/markdown", "text/html"]

MAX_TEXT: Final = 2_000_000
"""Characters of source that are taken: a very long book."""

_MAX_FORMULAS: Final = 3000
_MAX_TEX: Final = 200_000  # characters of all formulas that are drawn
_MAX_CODE: Final = 300_000  # characters of all listings that get colours
_MORE: Final = re.compile(r"<!--\s*more\s*-->", re.IGNORECASE)
_TITLE: Final = re.compile(r"\s*#[ \t]([^\n]*)")
_ANCHOR: Final = re.compile(r'<a href="#[^"]*" aria-label="[^"]*" data-heading-content="[^"]*" class="anchor"></a>')
_MATH_SPAN: Final = re.compile(r'<span data-math-style="(inline|display)">')
_MATH_BLOCK: Final = re.compile(r'<code class="language-math" data-math-style="display">')
_BOX: Final = re.compile(r'<input type="checkbox"( checked="")? disabled="" />')
_QUOTES: Final = re.compile(r">[^<]*")  # always matches, so that no `>` is looked at twice
_FORMULA: Final = re.compile(
    r'<span class="math-(?P<style>inline|display)">(?P<tex>[^<]*)</span>'
    r'|<pre><code class="language-math">(?P<block>[^<]*)</code></pre>')
_LISTING: Final = re.compile(r'<code class="(language-([\w.+#-]{1,40}))">([^<]*)</code>')
_TAG: Final = re.compile(r"<[^>]*>|&[a-z]{2,6};")
_SIGNS: Final = re.compile(r"[@#:\uff03]")
_MATH: Final = re.compile(r"<math\b.*?<annotation[^>]*>([^<]*)</annotation></semantics></math>", re.DOTALL)
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_IDEOGRAPH: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
WORDS_A_MINUTE: Final = 230


@dataclass(slots=True)
class LongText:
    """A long text as HTML.

    Attributes:
        rendered: HTML, hashtags and mentions.
        teaser: plain text of what stands before `<!--more-->`, '' without that mark.
        words: how many there are.
    """

    rendered: Rendered
    teaser: str
    words: int


@dataclass(slots=True)
class Parsed:
    """A long text that was read and made harmless, before its names and hashtags become links."""

    html: str
    teaser: str


def parse_long(text: str, media_type: LongType, *, base_url: str) -> Parsed:
    """Read a long text; it takes most of the time.

    Args:
        base_url: of pictures and links that are written without a host.

    Raises:
        TextTooLong: it is longer than is taken.
    """
    html = _html(text, media_type)
    before = _MORE.split(html, 1)
    return Parsed(_clean(html, base_url), to_plain_text(_clean(before[0], base_url)) if len(before) > 1 else "")


def extract_parsed(parsed: Parsed) -> Extracted:
    """Whom and what a long text speaks of."""
    return collect(token for _, token in _tokens(parsed.html) if token)


def render_parsed(parsed: Parsed, *, mentions: Mapping[Handle, MentionTarget],
                  hashtag_url: Callable[[str], str]) -> LongText:
    """A long text as the HTML of an article.

    Args:
        mentions: the accounts found for the handles that `extract_parsed` gave.
    """
    writer = TokenWriter(mentions, hashtag_url)
    linked = "".join(writer.write(token) if token else piece.markup
                     for piece, token in _tokens(decorated(parsed.html)))
    return LongText(writer.rendered(linked.strip()), parsed.teaser, count_words(_TAG.sub(" ", parsed.html)))


def render_long(text: str, media_type: LongType, *, mentions: Mapping[Handle, MentionTarget],
                hashtag_url: Callable[[str], str], base_url: str) -> LongText:
    """All of it at once, for texts whose handles are known.

    Raises:
        TextTooLong: it is longer than is taken.
    """
    return render_parsed(parse_long(text, media_type, base_url=base_url), mentions=mentions, hashtag_url=hashtag_url)


def extract_long(text: str, media_type: LongType) -> Extracted:
    """Whom and what a long text speaks of.

    Raises:
        TextTooLong: it is longer than is taken.
    """
    return extract_parsed(parse_long(text, media_type, base_url=""))


def split_title(text: str) -> tuple[str, str]:
    """The title that Markdown begins with (`# Title`), and the rest; '' if it begins with none."""
    found = _TITLE.match(text)
    title = found[1].strip(" \t").rstrip("#").rstrip(" \t") if found else ""
    if found is None or not title:
        return "", text
    return to_plain_text(_html(title, "text/markdown")), text[found.end():].lstrip("\n")


def decorated(html: str) -> str:
    """Sanitised HTML with formulas drawn and listings in colours."""
    if "math" in html:
        html = _FORMULA.sub(_Formulas(), html)
    if "<code class=" in html:
        html = _LISTING.sub(_Colours(), html)
    return html


class _Colours:
    """Gives listings their colours, as long as there are not too many of them."""

    def __init__(self) -> None:
        self._left = _MAX_CODE

    def __call__(self, found: re.Match[str]) -> str:
        self._left -= len(found[3])
        if self._left < 0:
            return found[0]
        return f'<code class="{found[1]}">{highlighted(unescape(found[3]), found[2])}</code>'


class _Formulas:
    """Draws formulas, as long as there are not too many of them."""

    def __init__(self) -> None:
        self._left, self._tex = _MAX_FORMULAS, _MAX_TEX

    def __call__(self, found: re.Match[str]) -> str:
        self._left -= 1
        self._tex -= len(found[0])
        return found[0] if min(self._left, self._tex) < 0 else _drawn(found)


def _drawn(found: re.Match[str]) -> str:
    if found["block"] is not None:
        return f'<p>{formula_html(unescape(found["block"]), block=True)}</p>'
    return formula_html(unescape(found["tex"]), block=found["style"] == "display")


def for_others(html: str) -> str:
    """An article's HTML for other servers: formulas as TeX between dollar signs, listings without colours."""
    html = without_marks(html)
    if "<math" not in html:
        return html
    return _MATH.sub(lambda found: _fenced(found[0], found[1]), html)


def _fenced(element: str, tex: str) -> str:
    fence = "$$" if element.startswith('<math display="block"') else "$"
    return f"{fence}{tex}{fence}"


def count_words(plain: str) -> int:
    """Words of a text; scripts without spaces count two characters as one."""
    return len(_WORD.findall(_IDEOGRAPH.sub(" ", plain))) + len(_IDEOGRAPH.findall(plain)) // 2


def minutes(words: int) -> int:
    """How long reading takes."""
    return max(1, round(words / WORDS_A_MINUTE))


def _html(text: str, media_type: str) -> str:
    """The text as HTML that nobody has sanitised yet."""
    if len(text) > MAX_TEXT:
        raise TextTooLong(MAX_TEXT)
    text = tidy_typed(text).encode("utf-8", "replace").decode()  # lone surrogates come out of JSON
    if media_type == "text/html":
        return text
    if grows_too_much(text):
        raise TextTooLong(MAX_TEXT)
    html = long_html(text)
    html = _ANCHOR.sub("", html)
    html = _MATH_SPAN.sub(r'<span class="math-\1">', html)
    html = _MATH_BLOCK.sub('<code class="language-math">', html)
    return _BOX.sub(lambda box: "\u2611" if box[1] else "\u2610", html)


def _clean(html: str, base_url: str) -> str:
    # Quotation marks are written as references by the Markdown parser; the cleaner reads only so many of these.
    html = _QUOTES.sub(lambda run: run[0].replace("&quot;", '"'), html)
    try:
        return sanitise_long(html, base_url=base_url or None, strict=True)
    except TooManyReferences as error:
        raise TextTooLong(MAX_TEXT) from error


def _tokens(html: str) -> Iterator[tuple[Piece, Token | None]]:
    """Sanitised HTML in pieces; text outside of links and code as tokens, in place of the piece."""
    shut = 0
    for piece in scan(html):
        if piece.name in ("a", "code", "pre") and piece.kind in ("start", "end"):
            shut += 1 if piece.kind == "start" else -1
        if piece.kind != "text" or shut or not _SIGNS.search(piece.source):
            yield piece, None
            continue
        for token in tokenise(unescape(piece.source)):
            plain = token.kind == "text"
            yield Piece("text", "", escape_text(token.text)), None if plain else token
