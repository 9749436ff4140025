"""When two hashtags are the same, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.text.hashtags import is_hashtag, normalise_hashtag


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Fediverse", "fediverse"),
        ("#Fediverse", "fediverse"),
        ("\uff03\uff34\uff21\uff27", "tag"),
        ("CaféTime", "cafetime"),
        ("Cafe\u0301Time", "cafetime"),
        ("łódź", "lodz"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("Æther", "aether"),
        ("ﾊﾟｽ", "パス"),
        ("ガ", "ガ"),
        ("Приве́т", "приве́т"),
        ("йод", "йод"),
        ("हिन्दी", "हिन्दी"),
        ("ไทย", "ไทย"),
        ("한국어", "한국어"),
        ("a·b", "a·b"),
        ("·a·", "a"),
        ("a-b c!", "abc"),
        ("2026a", "2026a"),
        ("a_b", "a_b"),
    ],
)
def test_key(name: str, key: str) -> None:
    """Case, width and Latin accents make no difference; marks of other scripts do."""
    assert normalise_hashtag(name) == key


@pytest.mark.parametrize("name", ["", "#", "123", "٣", "_", "1_2", "·", "!!!", "😀", "a" * 256, "x" * 10_000])
def test_what_is_no_hashtag(name: str) -> None:
    """A hashtag needs a letter, and has at most 255 characters."""
    assert normalise_hashtag(name) is None
    assert not is_hashtag(name)


@pytest.mark.parametrize("name", ["a b", "a-b", "·a", "#a", "a#b", "a\n"])
def test_what_cannot_be_typed_as_one(name: str) -> None:
    """Typed text ends a hashtag at the first character that is no part of a word."""
    assert not is_hashtag(name)


@given(st.text())
def test_key_is_stable(name: str) -> None:
    """A key is its own key, so that it can be used in addresses."""
    key = normalise_hashtag(name)
    if key is not None:
        assert normalise_hashtag(key) == key
        assert is_hashtag(key)


@given(st.text(alphabet=st.sampled_from("\ufc5e\ufe70\uff9e\ufdfa1_·aþ\u0304ß"), max_size=20))
def test_what_can_be_typed_has_a_key(name: str) -> None:
    """Every hashtag found in a text can be stored."""
    if is_hashtag(name):
        assert normalise_hashtag(name) is not None
