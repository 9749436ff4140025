"""What is a mention, a hashtag, an address and a shortcode in typed text, and what is not."""

import time
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.text.length import count
from potluck.text.names import Handle
from potluck.text.render import MediaType, TextTooLong, extract, render_text
from potluck.text.tokens import token_at, tokenise, trim_url

TYPED = st.text(
    alphabet=st.sampled_from("ab9@#\uff03:/.()_-·\u0301 \né日س\u200f🇫👩\u200d,?&<>\"'htps"), max_size=60
)


@given(TYPED)
def test_tokens_joined_are_the_text(text: str) -> None:
    """Tokenising loses and invents nothing."""
    assert "".join(token.text for token in tokenise(text)) == text


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("@alice", [Handle("alice")]),
        ("hi @alice, @Bob@Example.ORG!", [Handle("alice"), Handle("Bob", "example.org")]),
        ("@alice@example.com.", [Handle("alice", "example.com")]),
        ("(@alice)", [Handle("alice")]),
        ("@a.b-c_d@x.example", [Handle("a.b-c_d", "x.example")]),
        ("@alice.", [Handle("alice")]),
        ("@u@exämple.org", [Handle("u", "xn--exmple-cua.org")]),
        ("@u@127.0.0.1:8001 x", [Handle("u", "127.0.0.1:8001")]),
        ("@alice @ALICE @alice@x.example", [Handle("alice"), Handle("alice", "x.example")]),
        ("مرحبا @alice كيف", [Handle("alice")]),
        ("\u200f@alice\u200f", [Handle("alice")]),
        ("mail foo@bar.example", []),
        ("https://x.example/@alice", []),
        ("a/@alice x=@bob", []),
        ("@", []),
        ("@ alice", []),
    ],
)
def test_mentions(text: str, handles: list[Handle]) -> None:
    """Mentions begin at no word, end before punctuation, and hosts come out in ASCII."""
    assert extract(text).mentions == handles


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#one #Two_3 #4x", ["one", "Two_3", "4x"]),
        ("#CaféTime #cafetime", ["CaféTime"]),
        ("\uff03全角 #日本語。", ["全角", "日本語"]),
        ("#हिन्दी #ไทย #العربية", ["हिन्दी", "ไทย", "العربية"]),
        ("#a·b #x·", ["a·b", "x"]),
        ("#123 #_ # #·x", []),
        ("a#b x/#y (z)#w =#v &#39;", []),
        ("https://x.example/#anchor", []),
        ("#" + "a" * 300, []),
    ],
)
def test_hashtags(text: str, tags: list[str]) -> None:
    """A hashtag holds a letter of any script, begins at no word, and is counted once for all its spellings."""
    assert extract(text).hashtags == tags


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("https://x.example", ["https://x.example"]),
        ("See https://x.example/a?b=c&d#e.", ["https://x.example/a?b=c&d#e"]),
        ("(https://x.example/a)", ["https://x.example/a"]),
        ("https://x.example/a_(b)", ["https://x.example/a_(b)"]),
        ("(https://x.example/a_(b))!", ["https://x.example/a_(b)"]),
        ("HTTPS://X.Example/Y", ["HTTPS://X.Example/Y"]),
        ("https://bücher.example/ü https://例え.jp/パス。", ["https://bücher.example/ü", "https://例え.jp/パス"]),
        ("日本語https://x.example/、次", ["https://x.example/"]),
        ("“https://x.example/q”", ["https://x.example/q"]),
        ("https://x.example/سلام\u200f.", ["https://x.example/سلام"]),
        ("http://127.0.0.1:8000/x", ["http://127.0.0.1:8000/x"]),
        ("https://x.example:8443/", ["https://x.example:8443/"]),
        ("gemini://x.example/ magnet:?xt=urn:btih:1 xmpp:a@x.example",
         ["gemini://x.example/", "magnet:?xt=urn:btih:1", "xmpp:a@x.example"]),
        ("http://1.5 http://x https:// https://a.b1 xhttps://x.example javascript:x.example", []),
    ],
)  # fmt: skip
def test_addresses(text: str, urls: list[str]) -> None:
    """Addresses of any script are found; the sentence's punctuation and direction marks are no part of them."""
    assert extract(text).urls == urls


@pytest.mark.parametrize(
    ("text", "emojis"),
    [
        (":blob_cat: :Blob2: :blob_cat:", ["blob_cat", "Blob2"]),
        (":aa::bb:", ["aa", "bb"]),
        ("at 10:30:45, a:bc:d :x: : :", []),
    ],
)
def test_shortcodes(text: str, emojis: list[str]) -> None:
    """Shortcodes stand free of letters and digits, and have two characters or more."""
    assert extract(text).emojis == emojis


def test_token_at_looks_at_what_stands_before() -> None:
    """A token is found only where one may begin."""
    assert token_at("x @alice", 2) is not None
    assert token_at("x@alice", 1) is None
    assert token_at("x @alice", 0) is None


@pytest.mark.parametrize(
    ("url", "trimmed"),
    [
        ("https://x.example/).", "https://x.example/"),
        ("https://x.example/(a)", "https://x.example/(a)"),
        ("https://x.example/(a", "https://x.example/(a"),
        ("https://x.example/(", "https://x.example/"),
        ("https://x.example/[a]]", "https://x.example/[a]"),
    ],
)
def test_trim_url(url: str, trimmed: str) -> None:
    """Brackets that the address opened itself belong to it."""
    assert trim_url(url) == trimmed


PATHOLOGICAL = [
    "@", "#", ":", "http://", "https://a.b", "(", ")", "https://a.bc/(", "@a.", "@a@", "@a@b.", "#a", "##", "a:", ":aa",
    "https://a.", "xmpp:", "magnet:?", "http", "ipfs://x ", "@a@b.cc:12", "日本https://", "\u0301", "#a\u0301", "🇫",
    "\u200d", "&", "<", "a@", "@-", "https://a-", ".", " ", "\n", "\n\n", "\n ", "x", "#·", "#\u200c", "ﷺ", "#ﷺ",
]  # fmt: skip


@pytest.mark.parametrize("unit", PATHOLOGICAL)
@pytest.mark.parametrize("act", [extract, partial(render_text, mentions={}, hashtag_url=str), count],
                         ids=["extract", "render", "count"])
def test_repetition_is_read_in_linear_time(act: Callable[[str], object], unit: str) -> None:
    """None makes a pattern backtrack: four times the text takes about four times as long to read."""
    quarter = unit * (100_000 // len(unit))
    assert _costs_at_most(8, lambda: act(quarter * 4), lambda: act(quarter))


def _costs_at_most(times: float, act: Callable[[], object], baseline: Callable[[], object]) -> bool:
    """Compare CPU times, each beside its baseline, so that a slow machine changes nothing; tries forgive a busy one.

    The hundredths of a second cover what is too quick to be measured.
    """
    return any(_cpu_seconds(act) <= times * _cpu_seconds(baseline) + 0.03 for _ in range(4))


def _cpu_seconds(act: Callable[[], object]) -> float:
    start = time.process_time()
    act()
    return time.process_time() - start


@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown"])
@given(text=TYPED)
def test_rendering_links_what_extracting_finds(media_type: MediaType, text: str) -> None:
    """Extracting and rendering agree on the hashtags of any text."""
    rendered = render_text(text, mentions={}, hashtag_url=str, media_type=media_type)
    assert rendered.hashtags == extract(text, media_type).hashtags


@pytest.mark.parametrize(
    "unit",
    ["*", "_", "`", "[", "![", "[a](", "](", "<", "> ", "- ", "* a\n", "|", "a|b\n", "**a ", "_a*", "~~", "[a]: b\n",
     "`` `", "@a", "#a ", "https://a.bc ", "\\", "&amp;", "# ", "    x\n", "<a"],
)  # fmt: skip
def test_pathological_markdown_is_bounded(unit: str) -> None:
    """Markdown up to its limit takes a few times as long as ordinary prose, whatever it holds."""
    text = unit * (100_000 // len(unit))
    assert _costs_at_most(15, lambda: _markdown(text), lambda: _markdown(_PROSE))


def test_markdown_beyond_its_limit_is_refused_at_once() -> None:
    """Longer Markdown is refused with the limit, not tried."""
    for act in (_markdown, lambda text: extract(text, "text/markdown")):
        with pytest.raises(TextTooLong) as refused:
            act("x" * 1_000_000)
        assert refused.value.limit == 100_000


_PROSE = ("Some *ordinary* words with a [link](https://a.example/b), @alice and #soup.\n\n" * 2000)[:100_000]


def _markdown(text: str) -> None:
    render_text(text, mentions={}, hashtag_url=str, media_type="text/markdown")
