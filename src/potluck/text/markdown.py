"""Markdown in posts: CommonMark with tables and strikethrough, no raw HTML, mentions and hashtags outside code.

The house's reader of Markdown knows neither our tokens nor what we refuse. So some characters are hidden from it
behind ones that mean nothing to anybody (noncharacters of Unicode): those of addresses and names that would be taken
for emphasis, the angle of a tag, the bracket of a link that leads nowhere good. In what it writes they stand for
themselves again, and what is text is looked through for tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final, NamedTuple

from potluck.text.commonmark import grows_too_much, short_html
from potluck.text.markup import escape_attribute, escape_text
from potluck.text.render import TextTooLong, TokenWriter
from potluck.text.sanitise import LINK_SCHEMES
from potluck.text.tokens import Token, tokenise

MAX_MARKDOWN: Final = 100_000
"""Characters of Markdown that are taken: a long post."""

MAX_DEPTH: Final = 20
"""How deep elements stand in each other; what is deeper keeps its text."""

_TRAILING_EMPHASIS: Final = "*_~"
_MEANS_SOMETHING: Final = re.compile(r"([\\`*\[\]<>~])")

# What is hidden, each behind a character of its own; the second table is of typed signs that shall begin no token.
_STANDS_FOR: Final = dict(zip(map(chr, range(0xFDD0, 0xFDD8)), "<]!>~_*&", strict=True))
_SILENCED: Final = dict(zip(map(chr, range(0xFDE0, 0xFDE4)), "@#:\uff03", strict=True))
_HIDE: Final = {sign: hidden for hidden, sign in _STANDS_FOR.items()}
_SILENCE: Final = {sign: hidden for hidden, sign in _SILENCED.items()}
_IN_TOKENS: Final = str.maketrans({sign: _HIDE[sign] for sign in "~_*&"})

_SHOWN: Final = str.maketrans({hidden: escape_text(sign) for hidden, sign in _STANDS_FOR.items()})
_SPOKEN: Final = str.maketrans(_SILENCED)
_IN_CODE: Final = str.maketrans(
    {hidden: escape_text(sign) for hidden, sign in _STANDS_FOR.items()}
    | {hidden: f"\\{sign}" for hidden, sign in _SILENCED.items()})
_NONCHARACTERS: Final = re.compile("[\ufdd0-\ufdef]")
_ENCODED: Final = re.compile("%EF%B7%[9A][0-9A-F]")

_ALLOWED: Final = "|".join(sorted(LINK_SCHEMES))
_MARKS: Final = re.compile(
    rf"\\(?:([@#:\uff03])|[\s\S])?"  # an escape: of a sign of tokens, of anything
    rf"|(?<!~)~(?!~)"  # one tilde is a tilde
    rf"|(?<=>{{{MAX_DEPTH}}})>"  # quotations that nobody would see as ones
    rf"|!(?=\[)"  # pictures are for long texts: here they are links
    rf"|\](?=[(:]\s*+<?+(?!(?:{_ALLOWED}):))"  # a link that may not be
    rf"|<(?!(?:{_ALLOWED}):|[\w.+-]{{1,64}}@[\w.-]{{1,255}}>)",  # a tag; not so an address
    re.IGNORECASE)
_SIGNS: Final = re.compile(r"[@#:\uff03]")
_CONFUSED: Final = re.compile(r"[~*&]|_(?![^\W_])|(?<![^\W_])_")  # a line within a word means nothing
_SAFE: Final = re.compile(rf"(?:{_ALLOWED}):", re.IGNORECASE)
_TAG: Final = re.compile(r"(<[^>]*>)")
_HREF: Final = re.compile(r'<a href="([^"]*)"')
_NAME: Final = re.compile(r"</?([a-z0-9]+)")


class _Link(NamedTuple):
    """The start of a link."""

    href: str


def markdown_html(text: str, writer: TokenWriter) -> str:
    """Return Markdown as HTML; `writer` writes the tokens in it. Raises `TextTooLong`."""
    return "".join(_written(piece, writer) for piece in _pieces(text)).strip()


def _written(piece: str | Token | _Link, writer: TokenWriter) -> str:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, _Link):
        return f'<a href="{escape_attribute(piece.href)}" rel="nofollow noopener" target="_blank">'
    return writer.write(piece)


def markdown_tokens(text: str) -> Iterator[Token]:
    """Yield what Markdown speaks of: tokens outside code, and the addresses of its links. Raises `TextTooLong`."""
    for piece in _pieces(text):
        if isinstance(piece, Token):
            yield piece
        elif isinstance(piece, _Link):
            yield Token("url", piece.href)


def escape_markdown(text: str) -> str:
    """A line of text so written that Markdown shows it as it is; mentions and hashtags in it still work."""
    return _MEANS_SOMETHING.sub(r"\\\1", text)


def _pieces(text: str) -> Iterator[str | Token | _Link]:
    """Markup and text as HTML, with links and tokens in between."""
    if len(text) > MAX_MARKDOWN or grows_too_much(text):
        raise TextTooLong(MAX_MARKDOWN)
    place = _Place()
    for number, part in enumerate(_TAG.split(short_html(_hidden(text)))):
        if not part:
            continue
        if number % 2:
            yield place.tag(part)
        elif place.code or place.link:
            yield _back(part, code=place.code > 0)
        elif _SIGNS.search(part):
            yield from _said(part)
        else:
            yield _back(part)


def _hidden(text: str) -> str:
    """The text with what the parser must not see hidden."""
    text = _NONCHARACTERS.sub("", text).encode("utf-8", "replace").decode()  # lone surrogates come out of JSON
    text = _MARKS.sub(_hide_mark, text)
    if not (_SIGNS.search(text) and _CONFUSED.search(text)):
        return text
    return "".join(token.text if token.kind == "text" else _hide_in_token(token) for token in tokenise(text))


def _hide_mark(found: re.Match[str]) -> str:
    return _SILENCE[found[1]] if found[1] else _HIDE.get(found[0], found[0])


def _hide_in_token(token: Token) -> str:
    """A token without the characters that mean emphasis, or the beginning of a reference, elsewhere."""
    if not _CONFUSED.search(token.text):
        return token.text
    kept = token.text.rstrip(_TRAILING_EMPHASIS) if token.kind == "url" else token.text
    if "](" in kept:
        return token.text  # it runs over the end of a link's text
    return kept.translate(_IN_TOKENS) + token.text[len(kept):]


@dataclass(slots=True)
class _Place:
    """Where in the HTML one is: in code, in a link, how deep."""

    code: int = 0
    link: int = 0
    depth: int = 0
    dropped_link: bool = False

    def tag(self, tag: str) -> str | _Link:
        """What is written in the place of a tag."""
        found = _NAME.match(tag)
        if found is None:
            return escape_text(tag)
        name, ending = found[1], tag[1] == "/"
        if name == "a":
            return self._link(tag, ending=ending)
        if name == "code":
            self.code += -1 if ending else 1
            return _back(tag)
        if name == "pre" or tag.endswith("/>"):
            return tag
        if not ending:
            self.depth += 1
        # A list is worth nothing without its entries.
        kept = self.depth + (name in ("ul", "ol", "table")) <= MAX_DEPTH
        if ending:
            self.depth -= 1
        if not kept:
            return ""
        return tag.replace("del>", "s>") if name == "del" else tag

    def _link(self, tag: str, *, ending: bool) -> str | _Link:
        if ending:
            kept, self.link = self.link > 0, 0
            return tag if kept else ""
        found = _HREF.match(tag)
        address = _ENCODED.sub(_decoded, unescape(found[1])) if found else ""
        if not _SAFE.match(address):
            return ""
        self.link = 1
        return _Link(address)


def _decoded(found: re.Match[str]) -> str:
    hidden = chr(0xFDC0 + int(found[0][-2:], 16) - 0x80)  # the last byte of three
    sign = _STANDS_FOR.get(hidden) or _SILENCED.get(hidden)
    return found[0] if sign is None else "%3C" if sign == "<" else sign


def _back(part: str, *, code: bool = False) -> str:
    """HTML with what was hidden."""
    if not _NONCHARACTERS.search(part):
        return part
    return part.translate(_IN_CODE) if code else part.translate(_SHOWN).translate(_SPOKEN)


def _said(part: str) -> Iterator[str | Token]:
    """A run of text: its tokens, and what is between them."""
    for token in tokenise(unescape(part.translate(_SHOWN))):
        if token.kind == "text":
            yield escape_attribute(token.text).translate(_SPOKEN)
            continue
        if token.kind != "url":
            yield token
            continue
        kept = token.text.rstrip(_TRAILING_EMPHASIS)
        yield Token("url", kept)
        if len(kept) < len(token.text):
            yield escape_attribute(token.text[len(kept):])
