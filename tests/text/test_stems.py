"""Stems of words, by the rules of each language."""

from __future__ import annotations

import pytest

from potluck.text.stems import LANGUAGES, language_of, stem, stems
from potluck.text.terms import terms


@pytest.mark.parametrize(("language", "one", "other"), [
    ("en", "soup", "soups"), ("en", "running", "run"), ("de", "Suppen", "Suppe"), ("de", "H\u00e4user", "Haus"),
    ("fr", "soupes", "soupe"), ("es", "sopas", "sopa"), ("ru", "\u0441\u0443\u043f\u044b", "\u0441\u0443\u043f"),
    ("sv", "soppor", "soppa"), ("fi", "talot", "talo"), ("tr", "corbalar", "corba")])
def test_forms_share_a_stem(language: str, one: str, other: str) -> None:
    """Two forms of a word have one stem."""
    assert stem(one, language) == stem(other, language) != ""


def test_what_has_no_stem() -> None:
    """Numbers, short words, several words, and languages without rules."""
    assert [stem(word, "en") for word in ("42", "of", "two words", "\x00", "")] == [""] * 5
    assert [language_of(tag) for tag in ("de-AT", "EN", "tlh", "", None)] == ["de", "en", "", "", ""]


def test_stems_of_a_text() -> None:
    """Those that are not the word itself, folded as the index folds words."""
    assert stems("The soups are soup, running \u00c4pfel 3 times", "en") == ["run", "soup", "time"]
    for language in LANGUAGES:
        found = stems("one two running \u0441\u0443\u043f\u044b \u0938\u0942\u092a caf\u00e9s \u732b\u732b", language)
        assert all(terms(word) == [word] for word in found), language
