"""The house's one reader of Markdown: comrak, for posts and for long texts, with what its readers share.

It takes hostile text well (100 KB of anything in some hundredths of a second) but for a few shapes that make it write
far more than it has read; those are counted first.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

_MAX_ANCHORS: Final = 2000  # headings
_MAX_DEFINITIONS: Final = 3000
_MAX_MISSING_CELLS: Final = 20_000
_LINE_END: Final = re.compile(r"\r\n?|\n")
_DEFINITION: Final = re.compile(r"^[ \t>*+\-\d.)]*:", re.MULTILINE)
_HEADING: Final = re.compile(r"<h[1-6]\b")


def short_html(text: str) -> str:
    """A post's Markdown as HTML: line ends are breaks, raw HTML is text."""
    import comrak  # three megabytes; only writers need it

    return str(comrak.render_markdown(text, *_short_options()))


def long_html(text: str) -> str:
    """A long text's Markdown as HTML that nobody has sanitised yet.

    Anchors and definitions take the square of how many there are; where these are too many, they are left out.
    """
    import comrak

    definitions = len(_DEFINITION.findall(text)) <= _MAX_DEFINITIONS
    html = str(comrak.render_markdown(text, *_long_options(anchors=False, definitions=definitions)))
    if 0 < len(_HEADING.findall(html)) <= _MAX_ANCHORS:
        html = str(comrak.render_markdown(text, *_long_options(anchors=True, definitions=definitions)))
    return html


def grows_too_much(text: str) -> bool:
    """Whether the rows of tables lack so many cells, which the parser adds, that a short text would make millions."""
    if "|" not in text:
        return False
    columns = missing = 0
    for line in _LINE_END.split(text):
        if not line.strip(" \t>"):
            columns = 0  # no table goes on behind an empty line
            continue
        found = line.count("|") + 1
        if "-" in line and not line.strip("|:- \t\v\f>"):
            columns = max(columns, found)
        missing += max(0, columns - found)
    return missing > _MAX_MISSING_CELLS


@cache
def _short_options() -> tuple[Any, Any, Any]:
    import comrak

    extensions, writing = comrak.ExtensionOptions(), comrak.RenderOptions()
    extensions.table = extensions.strikethrough = True
    writing.escape = writing.hardbreaks = True
    return extensions, comrak.ParseOptions(), writing


@cache
def _long_options(*, anchors: bool, definitions: bool) -> tuple[Any, Any, Any]:
    import comrak

    extensions, parsing, writing = comrak.ExtensionOptions(), comrak.ParseOptions(), comrak.RenderOptions()
    for name in ("table", "strikethrough", "footnotes", "tasklist", "math_dollars", "cjk_friendly_emphasis"):
        setattr(extensions, name, True)
    extensions.description_lists = definitions
    if anchors:
        extensions.header_id_prefix = ""
    writing.unsafe_ = True  # it is sanitised next
    return extensions, parsing, writing
