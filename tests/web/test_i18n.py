"""Languages of pages."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from potluck.media.uploads import NotTaken
from potluck.social.accounts.signin import WrongCredentials
from potluck.social.accounts.signup import AddressTaken
from potluck.social.errors import Invalid, NotAllowed, SocialError, TooMany
from potluck.social.gatekeeping import Blocked
from potluck.web import i18n
from potluck.web.csrf import CsrfRefused

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


def test_errors_are_told_in_the_readers_language() -> None:
    """What an error says with a number in it is one text to translate; apps get it in English."""
    error = Invalid("status", "Validation failed: You have exceeded the limit of %(most)s drafts", "too_many", most=300)
    i18n.use("de")
    assert i18n.said(error) == "Du kannst höchstens 300 Entwürfe haben"
    i18n.use("en")
    assert i18n.said(error) == error.text == "Validation failed: You have exceeded the limit of 300 drafts"
    assert i18n.said(Invalid("text", "At most 100 % of it")) == "At most 100 % of it"


@pytest.mark.parametrize("error", [
    NotAllowed(), TooMany(), CsrfRefused(), WrongCredentials(), AddressTaken(), Blocked(), NotTaken(),
], ids=lambda error: type(error).__name__)
def test_errors_with_a_text_of_their_own_are_translated(error: SocialError) -> None:
    """What an error brings along itself is known to the catalogue too."""
    i18n.use("de")
    assert i18n.said(error) != error.text
    i18n.use("en")


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
