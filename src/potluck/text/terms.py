"""Words as a search index knows them: folded to one spelling, with languages that put no spaces cut into pairs.

Both databases get their words from here, so that a search finds the same on each.
"""

import re
import unicodedata
from html import unescape
from typing import Final

MAX_TEXT: Final = 60_000
"""Characters of one text that are read for its words."""

MAX_TERMS: Final = 12_000
"""Words of one text that are kept (PostgreSQL counts positions up to 16,383)."""

MAX_LENGTH: Final = 64
"""Characters of a word that count."""

# In sanitised HTML every attribute stands in double quotes. What is only emphasis parts no word.
_WITHIN: Final = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|code|del|em|i|ins|kbd|mark|s|samp|small|span|strong|sub|sup|u|var|wbr)"
    r"(?:\s(?:[^>\"]|\"[^\"]*\")*)?>")
_BETWEEN: Final = re.compile(r"<(?:[^>\"]|\"[^\"]*\")*>")
_ACCENTS: Final = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0640\ufe0e\ufe0f]")

# Chinese, Japanese, Korean; Thai, Lao, Tibetan, Burmese, Khmer: nobody can tell words apart by spaces.
_SOLID: Final = (
    "\u0e00-\u0e4f\u0e5a-\u0eff\u0f00-\u0f03\u0f18-\u0f1f\u0f2a-\u0f39\u0f3e-\u0fff\u1000-\u1049\u1050-\u109f"
    "\u1780-\u17d3\u3005-\u3007\u3021-\u302d\u3031-\u3035\u3040-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f"
    "\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
# Vowel signs of Indic scripts belong to their word, though Unicode does not count them as letters.
_SIGNS: Final = "\u0900-\u0963\u0966-\u0dff"
_EMOJI: Final = "\u2600-\u27bf\U0001f000-\U0001faff"
_PIECE: Final = re.compile(rf"(?P<solid>[{_SOLID}]+)|(?P<emoji>[{_EMOJI}])|(?:[^\W_{_SOLID}{_EMOJI}]|[{_SIGNS}])+")

_ASCII: Final = re.compile("[a-z0-9]+")


def text_of(html: str) -> str:
    """The words of sanitised HTML, without markup. Faster than `sanitise.to_plain_text` and of no use for reading."""
    return unescape(_BETWEEN.sub(" ", _WITHIN.sub("", html[:MAX_TEXT])))


def fold(text: str) -> str:
    """One spelling for what people take for the same: no case, no accents, no wide or joined forms."""
    if text.isascii():
        return text.lower()
    marked = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", _ACCENTS.sub("", marked))


def terms(text: str) -> list[str]:
    """The words of a text in their order. A run without spaces gives each pair of neighbours: 三毛猫 is 三毛, 毛猫."""
    folded = fold(text[:MAX_TEXT])
    if folded.isascii():
        return [word[:MAX_LENGTH] for word in _ASCII.findall(folded)[:MAX_TERMS]]
    found: list[str] = []
    for piece in _PIECE.finditer(folded):
        word = piece.group()
        if piece.lastgroup == "solid" and len(word) > 1:
            found += [word[at:at + 2] for at in range(len(word) - 1)]
        else:
            found.append(word[:MAX_LENGTH])
        if len(found) >= MAX_TERMS:
            return found[:MAX_TERMS]
    return found


def words_of(text: str) -> list[str]:
    """The words of a text as they are written, but for languages that put no spaces."""
    if text.isascii():
        return _ASCII.findall(text)
    return [piece.group() for piece in _PIECE.finditer(text) if piece.lastgroup is None]


def single_characters(words: list[str]) -> list[str]:
    """The characters of the pairs among `words`, each once, so that 猫 alone finds 三毛猫."""
    return sorted({letter for word in words if len(word) == 2 and _is_solid(word) for letter in word})


def _is_solid(word: str) -> bool:
    found = _PIECE.match(word)
    return found is not None and found.lastgroup == "solid"
