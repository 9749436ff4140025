"""Code in colours: the words of a listing are marked by what they are, on the server, without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from time import thread_time
from typing import Any, Final

from potluck.text.markup import escape_text

MAX_CODE: Final = 60_000
"""Characters of one listing that are looked at; a longer one stays plain."""

# Many lexers take the square or the cube of a hostile listing's length, some in one step that stops everything else.
_MAX_LINE: Final = 1000
_GAP: Final = re.compile(r"\s{300}")
_SECONDS: Final = 3.0  # of all steps; a listing of the greatest length takes a tenth of one otherwise

_LANGUAGE: Final = re.compile(r"[\w.+#-]{1,40}")
_SPAN: Final = re.compile(r'<span class="hl-[a-z]+">([^<]*)</span>')

# What Pygments knows in seventy shades, in the few that a reader tells apart.
_SHADES: Final = (
    ("Comment", "comment"), ("Keyword", "keyword"), ("Literal.String", "string"), ("Literal.Number", "number"),
    ("Name.Function", "name"), ("Name.Class", "name"), ("Name.Builtin", "builtin"), ("Name.Tag", "keyword"),
    ("Name.Attribute", "name"), ("Name.Decorator", "builtin"), ("Operator.Word", "keyword"),
    ("Generic.Inserted", "inserted"), ("Generic.Deleted", "deleted"), ("Generic.Heading", "keyword"),
)


def highlighted(code: str, language: str) -> str:
    """A listing as HTML for inside of `<code>`; plain where its language is unknown, or it is too long or too odd."""
    lexer = _lexer(language) if _is_tame(code) else None
    if lexer is None:
        return escape_text(code)
    try:
        return "".join(_marked(shade, text) for shade, text in _joined(_in_time(lexer.get_tokens(code))))
    except Exception:  # noqa: BLE001 - lexers raise whatever occurs to them, RecursionError too
        return escape_text(code)


def _is_tame(code: str) -> bool:
    return len(code) <= MAX_CODE and max(map(len, code.split("\n"))) <= _MAX_LINE and not _GAP.search(code)


def _in_time(tokens: Any) -> Iterator[Any]:
    """The same tokens.

    Raises:
        TimeoutError: they took too much of the processor.
    """
    end = thread_time() + _SECONDS
    for token in tokens:
        if thread_time() > end:
            raise TimeoutError
        yield token


def _lexer(language: str) -> Any | None:
    if not _LANGUAGE.fullmatch(language):
        return None
    from pygments.lexers import get_lexer_by_name  # a megabyte; many servers never show code
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _joined(tokens: Any) -> Iterator[tuple[str, str]]:
    """Neighbours of the same shade as one."""
    shade, text = "", ""
    for kind, value in tokens:
        found = _shade(str(kind).removeprefix("Token."))
        if found != shade and text:
            yield shade, text
            text = ""
        shade, text = found, text + value
    if text:
        yield shade, text


def _shade(kind: str) -> str:
    return next((shade for start, shade in _SHADES if kind.startswith(start)), "")


def _marked(shade: str, text: str) -> str:
    written = escape_text(text)
    return f'<span class="hl-{shade}">{written}</span>' if shade and not text.isspace() else written


def without_marks(html: str) -> str:
    """Sanitised HTML without the marks of code: on the wire they are only weight."""
    return _SPAN.sub(r"\1", html) if 'class="hl-' in html else html
