"""Languages of pages."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from potluck.web import i18n

LOCALE = Path(i18n.__file__).parent / "locale"
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def test_the_readers_own_setting_wins() -> None:
    """Someone who chose a language gets it whatever the browser asks for."""
    assert i18n.choose("de", "en", "en") == "de"


@pytest.mark.parametrize(("header", "expected"), [
    ("de-AT,de;q=0.9,en;q=0.5", "de"), ("en;q=0.2,de;q=0.9", "de"), ("xx,yy", "en"), ("", "en"),
    ("de;q=0", "en"), ("*;q=abc,,;;", "en"),
])
def test_the_browser_is_asked(header: str, expected: str) -> None:
    """Guests get the first language of theirs that there is, else the server's."""
    assert i18n.choose(None, header, "en") == expected


def test_texts_are_translated() -> None:
    """German pages speak German; unknown texts stay as written."""
    i18n.use("de")
    assert i18n._("Sign in") == "Anmelden"
    assert i18n._("no such text") == "no such text"
    i18n.use("en")
    assert i18n._("Sign in") == "Sign in"


def test_german_is_complete_and_keeps_placeholders() -> None:
    """Every text is translated, with the same placeholders, so that no page fails in German."""
    with (LOCALE / "de/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file, locale="de")
    untranslated = [message.id for message in catalogue if message.id and not all(
        message.string if isinstance(message.string, (tuple, list)) else [message.string])]
    assert untranslated == []
    for message in catalogue:
        ids = message.id if isinstance(message.id, (tuple, list)) else [message.id]
        strings = message.string if isinstance(message.string, (tuple, list)) else [message.string]
        wanted = set(_PLACEHOLDER.findall(ids[-1]))
        assert not ids[0] or all(set(_PLACEHOLDER.findall(text)) <= wanted for text in strings), ids


def test_every_language_offered_for_posts_has_a_name() -> None:
    """Nobody should have to know codes."""
    assert all(name != tag for tag, name in i18n.post_languages())
