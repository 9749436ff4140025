"""Keyword filters: which of a person's filtered words occur in a text, by Mastodon's rules."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from unicodedata import normalize

_SPACES: Final = re.compile(r"\s+")
MAX_TEXT: Final = 200_000
"""Characters of a text that are searched; a page of posts is filtered on every read, so the work is bounded."""


class Keyword(NamedTuple):
    """A filtered word or phrase; `whole_word` wants it free of letters and digits on both sides."""

    text: str
    whole_word: bool = False


class KeywordFilter:
    """A set of keywords made ready once, to be held against many texts.

    Case, compatibility forms and the amount of white space make no difference. The boundary of a whole word is only
    asked for at an end of the keyword that is a letter, digit or `_`, so that "#tag" or "C++" can be filtered
    (Mastodon's `CustomFilterKeyword`).
    """

    def __init__(self, keywords: Iterable[Keyword]) -> None:
        self._keywords: list[tuple[str, str, re.Pattern[str] | None]] = []
        for keyword in keywords:
            folded = fold(keyword.text).strip()
            if folded:
                self._keywords.append(
                    (keyword.text, folded, _whole_word(folded) if keyword.whole_word else None)
                )

    def __bool__(self) -> bool:
        return bool(self._keywords)

    def matches(self, text: str) -> list[str]:
        """Return the keywords, as written, that occur in plain `text`, in the order in which they were given."""
        return self.matches_folded(fold(text[:MAX_TEXT])) if self._keywords else []

    def matches_folded(self, folded: str) -> list[str]:
        """Return the same for a text that was folded before (several filters are held against one text)."""
        # The plain search is fast and settles nearly all; the pattern is only asked about what it finds.
        return [
            written
            for written, keyword, pattern in self._keywords
            if keyword in folded and (pattern is None or pattern.search(folded))
        ]


def fold(text: str) -> str:
    """Return the form of `text` in which keywords are compared."""
    return _SPACES.sub(" ", normalize("NFKC", text).casefold())


def _whole_word(keyword: str) -> re.Pattern[str]:
    before = r"\b" if re.match(r"\w", keyword) else ""
    after = r"\b" if re.search(r"\w\Z", keyword) else ""
    return re.compile(f"{before}{re.escape(keyword)}{after}")
