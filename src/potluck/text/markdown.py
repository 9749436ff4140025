"""Markdown for authors: CommonMark with tables and strikethrough, no raw HTML, mentions and hashtags outside code."""

import re
from collections.abc import Iterator, MutableMapping, Sequence
from functools import lru_cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token as MarkdownToken
from markdown_it.utils import OptionsDict

from potluck.text.render import TextTooLong, TokenWriter
from potluck.text.sanitise import LINK_SCHEMES
from potluck.text.tokens import Token, token_at

MAX_MARKDOWN: Final = 100_000
"""Characters of Markdown that are taken: a long article. The parser is plain Python and takes up to a second for it."""

_SCHEME_BEFORE_COLON: Final = re.compile(r"[a-zA-Z]{3,6}\Z")
_LINK_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_TRAILING_EMPHASIS: Final = "*_~"
_MEANS_SOMETHING: Final = re.compile(r"([\\`*\[\]<>~])")


def markdown_html(text: str, writer: TokenWriter, *, images: bool) -> str:
    """Return Markdown as HTML; `writer` writes the tokens in it. Raises `TextTooLong`."""
    html = _parser(images).render(_checked(text), {"writer": writer})
    return str(html).strip()


def markdown_tokens(text: str) -> Iterator[Token]:
    """Yield what Markdown speaks of: tokens outside code, and the addresses of its links. Raises `TextTooLong`."""
    for block in _parser(False).parse(_checked(text)):
        for token in block.children or ():
            if token.type == "potluck_token":
                yield token.meta["token"]
            elif token.type == "link_open":
                yield Token("url", str(token.attrGet("href")))


def escape_markdown(text: str) -> str:
    """A line of text so written that Markdown shows it as it is; mentions and hashtags in it still work."""
    return _MEANS_SOMETHING.sub(r"\\\1", text)


def _checked(text: str) -> str:
    if len(text) > MAX_MARKDOWN:
        raise TextTooLong(MAX_MARKDOWN)
    return text


@lru_cache(maxsize=2)
def _parser(images: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 20})
    parser.enable(["table", "strikethrough"])
    if not images:
        parser.disable("image")
    parser.inline.add_terminator_char("\uff03")
    parser.inline.ruler.before("newline", "potluck_token", _token_rule)
    parser.add_render_rule("potluck_token", _render_token)
    parser.add_render_rule("link_open", _render_link)
    parser.validateLink = _may_link  # type: ignore[method-assign]
    return parser


def _may_link(url: str) -> bool:
    """Tell whether a link may lead to `url`: absolute, of a scheme that readers keep."""
    scheme = _LINK_SCHEME.match(url.strip())
    return scheme is not None and scheme[1].lower() in LINK_SCHEMES


def _token_rule(state: StateInline, silent: bool) -> bool:
    """Recognise a token where the parser stands (a rule of markdown-it; `silent` means look ahead only)."""
    character = state.src[state.pos]
    if character not in "@#:\uff03" or state.linkLevel > 0:
        return False
    start = state.pos - (_typed_scheme(state) if character == ":" else 0)
    token = token_at(state.src, start)
    if token is None or (token.kind == "url") != (start < state.pos):
        return False
    if token.kind == "url":
        token = Token("url", token.text.rstrip(_TRAILING_EMPHASIS))
    end = start + len(token.text)
    if end > state.posMax:
        return False
    if not silent:
        state.pending = state.pending[: len(state.pending) - (state.pos - start)]
        state.push("potluck_token", "", 0).meta = {"token": token}
    state.pos = end
    return True


def _typed_scheme(state: StateInline) -> int:
    """Return how many characters before the colon are the scheme of an address, as far as they are still text."""
    scheme = _SCHEME_BEFORE_COLON.search(state.pending[-6:])
    return len(scheme[0]) if scheme else 0


def _render_token(
    _renderer: RendererHTML,
    tokens: Sequence[MarkdownToken],
    index: int,
    _options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    writer: TokenWriter = env["writer"]
    return writer.write(tokens[index].meta["token"])


def _render_link(
    renderer: RendererHTML,
    tokens: Sequence[MarkdownToken],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    tokens[index].attrSet("rel", "nofollow noopener")
    tokens[index].attrSet("target", "_blank")
    return renderer.renderToken(tokens, index, options, env)
