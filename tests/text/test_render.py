"""What authors type becomes the HTML that Mastodon would write."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.text.names import Handle
from potluck.text.render import MediaType, MentionTarget, Rendered, render_text
from potluck.text.sanitise import sanitise_html, to_plain_text
from text.harmless import assert_harmless
from text.xss_vectors import ALL as XSS_VECTORS

ALICE = MentionTarget("https://here.example/@alice", "https://here.example/users/1", "alice")
BOB = MentionTarget("https://far.example/@Bob", "https://far.example/u/bob", "Bob@far.example")
MENTIONS = {Handle("alice"): ALICE, Handle("bob", "far.example"): BOB}


def render(text: str, media_type: MediaType = "text/plain") -> Rendered:
    def tag_url(key: str) -> str:
        return f"https://here.example/tags/{quote(key)}"

    return render_text(text, mentions=MENTIONS, hashtag_url=tag_url, media_type=media_type)


def mention(target: MentionTarget) -> str:
    name = target.acct.partition("@")[0]
    link = f'<a href="{target.url}" class="u-url mention">@<span>{name}</span></a>'
    return f'<span class="h-card" translate="no">{link}</span>'


def hashtag(name: str, key: str) -> str:
    url = f"https://here.example/tags/{quote(key)}"
    return f'<a href="{url}" class="mention hashtag" rel="tag">#<span>{name}</span></a>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        (" \n ", ""),
        ("one", "<p>one</p>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("one\r\n\r\ntwo\n\n\n\nthree", "<p>one</p><p>two</p><p>three</p>"),
        ("one\n \t\ntwo", "<p>one</p><p>two</p>"),
        ("<b>\"x\" & 'y'</b>", "<p>&lt;b&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/b&gt;</p>"),
        ("a\x00b\x1b", "<p>ab</p>"),
        ("hi @Alice", f"<p>hi {mention(ALICE)}</p>"),
        ("@bob@FAR.example!", f"<p>{mention(BOB)}!</p>"),
        ("@nobody @alice@other.example", "<p>@nobody @alice@other.example</p>"),
        ("#Café", f"<p>{hashtag('Café', 'cafe')}</p>"),
        ("\uff03タグ", f"<p>{hashtag('タグ', 'タグ')}</p>"),
        (":blob_cat:", "<p>:blob_cat:</p>"),
    ],
)
def test_plain_text(text: str, html: str) -> None:
    """Blank lines part paragraphs, line ends are breaks, and everything typed is text."""
    assert render(text).html == html


@pytest.mark.parametrize(
    ("url", "hidden", "shown", "rest"),
    [
        ("https://x.example/a", "https://", "x.example/a", ""),
        ("https://www.x.example", "https://www.", "x.example", ""),
        ("https://x.example/" + "y" * 40, "https://", "x.example/" + "y" * 20, "y" * 20),
        ("gemini://x.example/", "", "gemini://x.example/", ""),
        ("xmpp:a@x.example", "xmpp:", "a@x.example", ""),
    ],
)
def test_links_show_thirty_characters(url: str, hidden: str, shown: str, rest: str) -> None:
    """A link hides its scheme and what is beyond thirty characters, and stays complete as text."""
    ellipsis = ' class="ellipsis"' if rest else ""
    html = render(url).html
    assert html == (
        f'<p><a href="{url}" rel="nofollow noopener" translate="no" target="_blank"><span class="invisible">{hidden}'
        f'</span><span{ellipsis}>{shown}</span><span class="invisible">{rest}</span></a></p>'
    )
    assert to_plain_text(html) == url


def test_quotes_in_addresses_cannot_leave_the_attribute() -> None:
    """An address is escaped where it stands."""
    html = render("https://x.example/'onclick=alert(1)&x").html
    assert 'href="https://x.example/&#39;onclick=alert(1)&amp;x"' in html


def test_rendered_tells_what_to_tag_and_notify() -> None:
    """Hashtags and mentioned accounts are told once each, in order; unknown people not at all."""
    rendered = render("@bob@far.example @alice @ALICE #One #one #two @nobody")
    assert rendered.mentions_used == [BOB, ALICE]
    assert rendered.hashtags == ["One", "two"]


def test_right_to_left_text_keeps_its_order() -> None:
    """Direction marks stay in the text and out of links, so that a link cannot turn what follows it around."""
    html = render("مرحبا @alice\u200f https://x.example/سلام\u202e #وسم").html
    assert html.startswith(f"<p>مرحبا {mention(ALICE)}\u200f <a")
    assert 'href="https://x.example/سلام"' in html
    assert "\u202e" not in re.sub(r"</a>[^<]*", "</a>", html)


@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown"])
@pytest.mark.parametrize("vector", XSS_VECTORS)
def test_nothing_typed_acts(vector: str, media_type: MediaType) -> None:
    """An author cannot write an attack, in any syntax; what is written passes the sanitiser with its text unchanged."""
    html = render(vector.encode("utf-8", "ignore").decode(), media_type).html
    cleaned = sanitise_html(html, images=True)
    assert_harmless(cleaned, images=True)
    assert to_plain_text(cleaned) == to_plain_text(html)
    assert not re.search(r"<[^>]*\son\w+=", html)
    assert not re.search(r"(?:href|src)=\"(?!https?:|mailto:|magnet:|xmpp:)", html)


@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown"])
@given(text=st.text(max_size=200))
def test_any_text_renders_to_markup_that_sanitising_keeps(media_type: MediaType, text: str) -> None:
    """Receivers that sanitise see the same text as we do."""
    html = render(text, media_type).html
    assert to_plain_text(sanitise_html(html)) == to_plain_text(html)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**a** *b* ~~c~~ `d`", "<p><strong>a</strong> <em>b</em> <s>c</s> <code>d</code></p>"),
        ("a\nb", "<p>a<br />\nb</p>"),
        ("# Title #tag", f"<h1>Title {hashtag('tag', 'tag')}</h1>"),
        ("#tag", f"<p>{hashtag('tag', 'tag')}</p>"),
        ("**@alice**", f"<p><strong>{mention(ALICE)}</strong></p>"),
        ("\uff03タグ", f"<p>{hashtag('タグ', 'タグ')}</p>"),
        ("`@alice #x https://x.example`", "<p><code>@alice #x https://x.example</code></p>"),
        ("    @alice #x", '<pre><code>@alice #x\n</code></pre>'),
        ("```py\n@alice #x\n```", '<pre><code class="language-py">@alice #x\n</code></pre>'),
        ("\\@alice \\#x", "<p>@alice #x</p>"),
        ("[@alice #x](https://x.example)",
         '<p><a href="https://x.example" rel="nofollow noopener" target="_blank">@alice #x</a></p>'),
        ("[x](javascript:alert(1)) [y](/z) [w](data:x)", "<p>[x](javascript:alert(1)) [y](/z) [w](data:x)</p>"),
        ("<b>x</b><script>y</script>",
         "<p>&lt;b&gt;x&lt;/b&gt;&lt;script&gt;y&lt;/script&gt;</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
    ],
)  # fmt: skip
def test_markdown(text: str, html: str) -> None:
    """Markdown gives structure; code and link texts neither mention nor tag; raw HTML is text."""
    assert render(text, "text/markdown").html == html


@pytest.mark.parametrize(
    "text", ["*https://x.example/a*", "**https://x.example/a**, b", "~~https://x.example/a~~"]
)
def test_markdown_emphasis_ends_an_address(text: str) -> None:
    """The marks behind an address close the emphasis before it."""
    assert 'href="https://x.example/a"' in render(text, "text/markdown").html


def test_markdown_pictures_are_for_long_forms() -> None:
    """In a post they are links."""
    text = "![cat](https://x.example/i.png)"
    assert "<img" not in render(text, "text/markdown").html
    assert 'href="https://x.example/i.png"' in render(text, "text/markdown").html
