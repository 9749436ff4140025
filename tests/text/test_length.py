"""Lengths as Mastodon counts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.text.graphemes import count_graphemes, is_joined
from potluck.text.length import count


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("hello", 5),
        ("a\nb", 3),
        ("https://x.example/" + "y" * 500, 23),
        ("https://x.yz", 23),
        ("(https://x.example).", 26),
        ("@alice@very.long.host.example", 6),
        ("@alice@x.example hi @bob", 14),
        ("#tag :cat:", 10),
        ("👩‍👩‍👧👍🏽🇫🇷1️⃣", 4),
        ("e\u0301", 1),
    ],
)
def test_count(text: str, length: int) -> None:
    """Addresses count 23, mentions without their host, everything else as people see it."""
    assert count(text) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("한국어", 3),
        ("\u1112\u1161\u11ab", 1),
        ("각", 1),
        ("नि", 1),
        ("🇫🇷🇩🇪🇮", 3),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 1),
        ("\r\n", 1),
        ("\n\u0301", 2),
        ("a\u200d😀", 2),
        ("👩\u200d👧", 1),
        ("", 0),
    ],
)
def test_count_graphemes(text: str, length: int) -> None:
    """Marks, Hangul letters, joined emoji, flags and CR LF make one character (UAX 29)."""
    assert count_graphemes(text) == length


@given(st.text(alphabet=st.sampled_from("ae\u0301\u200d👩🏽🇫🇷각\u1161\r\n "), max_size=30))
def test_counting_and_boundaries_agree(text: str) -> None:
    """There are as many characters as places where one begins."""
    starts = sum(1 for index in range(len(text)) if index == 0 or not is_joined(text, index))
    assert count_graphemes(text) == starts


def test_no_character_that_clings_is_overlooked() -> None:
    """The quick search that settles most texts knows every character of Unicode that extends another."""
    for point in (*range(0x300, 0xD800), *range(0xE000, 0x110000)):
        character = chr(point)
        if is_joined(f"a{character}", 1):
            assert count_graphemes(f"a{character}") == 1, hex(point)
