"""Stems: what a word has in common with its other forms, so that a search for `soups` finds `soup`.

Each language has rules of its own (Snowball's, from PyStemmer). A stem is of use only beside others of the same
language, so it is never compared with a plain word of another one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import Stemmer

from potluck.text.terms import MAX_TERMS, MAX_TEXT, fold, words_of

LANGUAGES = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian",
    "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish"}
"""Languages whose words have stems here, by their tag."""

_NO_WORD = re.compile(r"[\d_]|^.{0,2}$")


def language_of(tag: str | None) -> str:
    """The language of a tag without region and script, '' if it has no stems here."""
    found = (tag or "").partition("-")[0].lower()
    return found if found in LANGUAGES else ""


@cache
def _stemmer(language: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(LANGUAGES[language])


def stem(word: str, language: str) -> str:
    """The stem of one word, folded as the words of the index are; '' if it has none, or is more than a word."""
    words = words_of(unicodedata.normalize("NFC", word).lower())
    if len(words) != 1 or _NO_WORD.search(words[0]):
        return ""
    return fold(str(_stemmer(language).stemWord(words[0])))


def stems(text: str, language: str) -> list[str]:
    """Every stem in a text that is not the word itself, each once, in the order of the alphabet."""
    lower = unicodedata.normalize("NFC", text[:MAX_TEXT]).lower()
    words = list(dict.fromkeys(word for word in words_of(lower) if not _NO_WORD.search(word)))[:MAX_TERMS]
    found = {fold(stemmed) for word, stemmed in zip(words, _stemmer(language).stemWords(words), strict=True)
             if stemmed != word}
    return sorted(found - {""})
