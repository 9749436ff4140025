"""Custom emoji in text and pages, and Unicode emoji as reactions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.text.emoji import find_shortcodes, is_shortcode, is_single_emoji, replace_shortcodes
from potluck.text.sanitise import sanitise_html

CAT = "https://x.example/cat.png"
PICTURE = (
    '<img class="emoji" src="https://x.example/cat.png" alt=":cat:" title=":cat:" width="20" height="20" '
    'loading="lazy" draggable="false">'
)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a :cat: b</p>", f"<p>a {PICTURE} b</p>"),
        (":cat::cat:", PICTURE + PICTURE),
        (":x:cat:", f":x{PICTURE}"),
        (":dog: :cat", ":dog: :cat"),
        ('<a href="https://x.example/:cat:">y</a>', '<a href="https://x.example/:cat:">y</a>'),
        ('<abbr title="> :cat:">y</abbr>', '<abbr title="> :cat:">y</abbr>'),
        ("<pre><code>:cat:</code></pre> :cat:", f"<pre><code>:cat:</code></pre> {PICTURE}"),
        ("&lt;:cat:&gt;", f"&lt;{PICTURE}&gt;"),
        ("", ""),
    ],
)
def test_shortcodes_become_pictures_in_text_only(html: str, expected: str) -> None:
    """Attributes, tags and code are left alone; a picture's last colon begins no other."""
    assert replace_shortcodes(html, {"cat": CAT}) == expected


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        'https://x.example/"onerror=alert(1)',
        "//x.example/i",
        "data:x",
        "",
        "https://x y",
    ],
)
def test_unsafe_picture_is_left_as_text(url: str) -> None:
    """An address that is no plain web address makes no picture."""
    assert replace_shortcodes(":cat:", {"cat": url}) == ":cat:"


def test_picture_on_this_site_may_be_a_path() -> None:
    """Proxied pictures have addresses without a host."""
    assert 'src="/media/1.png?a=1&amp;b=2"' in replace_shortcodes(":cat:", {"cat": "/media/1.png?a=1&b=2"})


@given(st.text(alphabet=st.sampled_from(":cat <>p/&\"='"), max_size=40))
def test_replacing_changes_nothing_else(source: str) -> None:
    """Take the pictures out again, and the sanitised HTML is as before."""
    html = sanitise_html(source)
    assert replace_shortcodes(html, {"cat": CAT}).replace(PICTURE, ":cat:") == html


def test_find_shortcodes() -> None:
    """Shortcodes in text stand free, and are named once."""
    assert find_shortcodes(":cat: x:dog: :cow::cat: 10:30:45 :a:") == ["cat", "cow"]


@pytest.mark.parametrize(
    ("name", "valid"), [("cat_1", True), ("a", False), ("a-b", False), ("", False), ("ä" * 3, False)]
)
def test_is_shortcode(name: str, valid: bool) -> None:
    """Shortcodes have two or more ASCII letters, digits or underscores."""
    assert is_shortcode(name) is valid


@pytest.mark.parametrize(
    "text",
    [
        "😀",
        "❤",
        "❤️",
        "👍🏽",
        "👩‍👩‍👧",
        "👩🏽‍💻",
        "🏳️‍🌈",
        "🏴‍☠️",
        "❤️‍🔥",
        "🇫🇷",
        "1️⃣",
        "#⃣",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "©️",
        "🫠",
        "⭐",
        "🧑🏻‍❤️‍💋‍🧑🏿",
    ],
)
def test_single_emoji(text: str) -> None:
    """Sequences, skin tones, flags and keycaps are one emoji."""
    assert is_single_emoji(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "1",
        "#",
        "😀😀",
        "😀a",
        " 😀",
        "😀\n",
        "🇫",
        "🇫🇷🇩",
        "👩‍",
        "‍👩",
        "️",
        "🏽️‍",
        ":cat:",
        "★",
        "❤︎",
        "👩‍" * 20 + "👩",
    ],
)
def test_not_a_single_emoji(text: str) -> None:
    """Text, two emoji, halves of sequences and text presentation are no reaction."""
    assert not is_single_emoji(text)
