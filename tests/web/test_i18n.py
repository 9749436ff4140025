"""Languages of pages."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
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


def _german() -> list[Message]:
    with (LOCALE / "de/LC_MESSAGES/messages.po").open("rb") as file:
        return [message for message in read_po(file, locale="de") if message.id]


def _forms(text: object) -> list[str]:
    return [str(form) for form in text] if isinstance(text, (tuple, list)) else [str(text or "")]


def test_german_is_nearly_complete() -> None:
    """A text may wait a while for its translation; nine of ten are there at any time."""
    translated = [message for message in _german() if all(_forms(message.string))]
    assert len(translated) >= 0.9 * len(_german())


def test_translations_keep_placeholders() -> None:
    """A translation fills in nothing that the text does not have, so that no page fails in German."""
    for message in _german():
        known = {name for form in _forms(message.id) for name in _PLACEHOLDER.findall(form)}
        assert all(set(_PLACEHOLDER.findall(form)) <= known for form in _forms(message.string)), message.id


def test_every_language_offered_for_posts_has_a_name() -> None:
    """Nobody should have to know codes."""
    assert all(name != tag for tag, name in i18n.post_languages())
