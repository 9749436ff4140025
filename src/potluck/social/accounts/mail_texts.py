"""The words of our mails, in the reader's language.

The site's translations are not this room's business: who renders pages sets `translate` at the start.
"""

from __future__ import annotations

from collections.abc import Callable

Translate = Callable[[str, str], str]
"""(locale, English text) -> the text in that language."""


def _english(_locale: str, text: str) -> str:
    return text


_translate: list[Translate] = [_english]


def use_translator(translate: Translate) -> None:
    """Have texts translated by this function from now on."""
    _translate[0] = translate


def fill(locale: str, text: str, **values: object) -> str:
    """A text in the reader's language, with its `%(name)s` filled in."""
    return _translate[0](locale, text) % values
