"""HTML from strangers: nothing that acts comes through, and what readers need stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.text import sanitise
from potluck.text.sanitise import (
    MAX_HTML,
    excerpt,
    sanitise_html,
    sanitise_inline,
    strip_quote_inline,
    to_plain_text,
)
from text.harmless import assert_harmless
from text.xss_vectors import ALL as XSS_VECTORS

REL = 'target="_blank" rel="nofollow noopener noreferrer"'

_ELEMENTS = (
    "a p b br i div span li ul ol pre blockquote h1 h2 table tr td tbody caption thead dl dd dt ruby rt rp svg math "
    "style script template form button select option img code details summary hr center font nobr strong s title "
    "textarea noscript iframe object video figure section kbd th q sub strike main header abbr applet marquee body "
    "html head frameset colgroup input label mi mtext annotation foreignObject desc"
)
ELEMENTS = _ELEMENTS.split()
SCRAPS = [
    "<", ">", "&", "&lt;", "&#13;", "&#0;", "<!--", "-->", "<br/>", "<![CDATA[", "]]>", "<?", '"', "'", '<a href="',
    "<a href=y>", '<a href="https://x.example/">', '<p class="quote-inline">', "<img src=https://x.example/i alt=z>",
    '<b title=">', '<code class="language-py">', "\r", "\n", "\x00", "\x0c", "\u202e", " ", "&amp", "&nbsp;",
]  # fmt: skip
PIECES = st.one_of(
    st.sampled_from([f"<{name}>" for name in ELEMENTS]),
    st.sampled_from([f"</{name}>" for name in ELEMENTS]),
    st.sampled_from(SCRAPS),
    st.text(max_size=4),
)
DOCUMENTS = st.lists(PIECES, max_size=14).map("".join)


def in_every_form(html: str) -> list[str]:
    return [sanitise_html(html), sanitise_html(html, images=True), sanitise_inline(html)]


@pytest.mark.parametrize("vector", XSS_VECTORS)
def test_attack_is_harmless(vector: str) -> None:
    """No known attack leaves an element, attribute, address or class that may act."""
    for html in in_every_form(vector):
        assert_harmless(html, images=True)
    assert "<img" not in sanitise_html(vector)


@pytest.mark.parametrize("vector", XSS_VECTORS)
def test_attack_wrapped_in_ordinary_markup_is_harmless(vector: str) -> None:
    """An attack is harmless as well inside markup that sends it another way through the sanitiser."""
    wrapped = "<p>" + "<b>x</b>" * 40 + f"<table><tr><td>{vector}</td></tr></table></p>"
    for html in in_every_form(wrapped):
        assert_harmless(html, images=True)


@pytest.mark.parametrize("vector", XSS_VECTORS)
def test_text_of_an_attack_is_harmless_once_escaped_by_the_page(vector: str) -> None:
    """Plain text has no control characters, and never holds what scripts contained."""
    text = to_plain_text(sanitise_html(vector))
    assert not any(ord(character) < 32 and character not in "\n\t" for character in text)


@given(DOCUMENTS)
def test_any_markup_is_harmless_and_stable(document: str) -> None:
    """Whatever comes in, the result is harmless, and sanitising it again changes nothing."""
    for html, again in zip(in_every_form(document), map(in_every_form, in_every_form(document)), strict=True):
        assert_harmless(html, images=True)
        assert html in again


@given(st.text())
def test_any_text_is_harmless_and_stable(document: str) -> None:
    """Text without a thought of markup is kept harmless and stable."""
    html = sanitise_html(document)
    assert_harmless(html)
    assert sanitise_html(html) == html


@given(DOCUMENTS)
def test_images_never_appear_unless_asked_for(document: str) -> None:
    """Short forms keep no image."""
    assert "<img" not in sanitise_html(document)
    assert "<img" not in sanitise_inline(document)


@pytest.mark.parametrize(
    ("given_html", "expected"),
    [
        ("<p>Hello <strong>you</strong></p>", "<p>Hello <strong>you</strong></p>"),
        ("<h1>T</h1><ul><li>a</li></ul>", "<h1>T</h1><ul><li>a</li></ul>"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>",) * 2,
        ('<pre><code class="language-c++">int x;</code></pre>',) * 2,
        ("<details open><summary>s</summary>x</details>", '<details open=""><summary>s</summary>x</details>'),
        (
            "<table><tr><td colspan=2>x</table>",
            '<table><tbody><tr><td colspan="2">x</td></tr></tbody></table>',
        ),
        ("<figure>x<figcaption>y</figcaption></figure>",) * 2,
        ("<del>a</del><ins>b</ins><mark>c</mark><sub>d</sub><sup>e</sup><hr>",) * 2,
        ('<time datetime="2026-11-23">today</time>',) * 2,
        ('<ol start="3" reversed=""><li value="9">x</li></ol>',) * 2,
        ('<p lang="ar" dir="rtl">سلام</p>',) * 2,
        ('<p class="h-entry p-name red btn">x</p>', '<p class="h-entry p-name">x</p>'),
        ('<p lang="x y" dir="up">x</p>', "<p>x</p>"),
        ("a<script>b</script>c<style>d</style>e", "ace"),
        ("<center>x</center><foo>y</foo>", "<div>x</div>y"),
        ("<strike>x</strike>", "<s>x</s>"),
        ("<img src=x alt='cat &amp; dog'>", "cat &amp; dog"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("1 < 2 & 3 > 2", "1 &lt; 2 &amp; 3 &gt; 2"),
        ("", ""),
    ],
)
def test_what_readers_need_stays(given_html: str, expected: str) -> None:
    """The union of what microblogs read is kept; other elements lose their tags and keep their text."""
    assert sanitise_html(given_html) == expected


def test_mastodon_mention_keeps_its_shape() -> None:
    """Apps recognise mentions by classes and link text, so both survive."""
    html = (
        '<span class="h-card" translate="no"><a href="https://a.example/@b" class="u-url mention">'
        "@<span>b</span></a></span>"
    )
    assert sanitise_html(html) == html.replace('mention">', f'mention" {REL}>')


@pytest.mark.parametrize("scheme", ["https:", "gemini:", "magnet:?xt=", "xmpp:", "mailto:", "ipfs:"])
def test_links_of_known_schemes_stay_and_lose_their_power(scheme: str) -> None:
    """A link opens apart from our page and gives no rank, whatever it asked for."""
    html = sanitise_html(f'<a href="{scheme}//x.example/y" rel="opener" target="_self">z</a>')
    assert html == f'<a href="{scheme}//x.example/y" {REL}>z</a>'


@pytest.mark.parametrize("url", ["javascript:x", "data:x", "ftp://x.example", "/x", "//x.example", "x", ""])
def test_link_of_another_scheme_becomes_text(url: str) -> None:
    """A link that may not be followed leaves only its text."""
    assert sanitise_html(f'<p><a href="{url}">x <b>y</b></a></p>') == "<p>x <b>y</b></p>"


def test_relative_links_are_resolved_when_the_base_is_known() -> None:
    """WriteFreely writes tag links relative to the post's address."""
    html = sanitise_html('<a href="/A/tag:bread">#bread</a>', base_url="https://blog.example/A/post")
    assert html == f'<a href="https://blog.example/A/tag:bread" {REL}>#bread</a>'


def test_long_form_keeps_images_of_the_web_only() -> None:
    """Images stay in long forms with source and alternative text; data: and relative sources go."""
    html = sanitise_html(
        '<img src="https://x.example/i.png" alt="i" onerror=x><img src="data:x">', images=True
    )
    assert html == '<img src="https://x.example/i.png" alt="i"><img>'


@pytest.mark.parametrize(
    ("given_html", "expected"),
    [
        ('<math><annotation encoding="application/x-tex">x^2 &lt; y</annotation></math>', "$x^2 &lt; y$"),
        (
            '<math display="block"><mi>x</mi><annotation encoding="application/x-tex">x</annotation></math>',
            "$$x$$",
        ),
        ("<math><mi>x</mi><mo>=</mo><mn>1</mn></math>", "x=1"),
    ],
)
def test_formulas_become_tex(given_html: str, expected: str) -> None:
    """MathML is not shown, but its TeX between dollar signs is (FEP-dc88, as Mastodon does)."""
    assert sanitise_html(given_html) == expected


def test_players_become_links() -> None:
    """An embedded player is not run, but where it leads is not lost."""
    url = "https://v.example/1"
    html = sanitise_html(f'<iframe src="{url}" onload=x></iframe>')
    assert html.strip() == f'<a href="{url}" {REL}>{url}</a>'


def test_inline_form_flattens_blocks() -> None:
    """Biographies and field values have paragraphs and inline markup, nothing else."""
    html = sanitise_inline(
        "<h1>a</h1><ul><li>b<li><b>c</b></ul><table><tr><td>d<td>e</table><hr><div>f</div>"
    )
    assert html == "<p>a</p><p>b</p><p><b>c</b></p><p> d e</p><p>f</p>"


def test_nesting_is_bounded() -> None:
    """Elements more than fifty deep lose their tags; their text stays."""
    html = sanitise_html("<div>" * 1000 + "deep" + "</div>" * 1000)
    assert html == "<div>" * 50 + "deep" + "</div>" * 50


def test_text_behind_the_size_limit_is_cut() -> None:
    """The result never outgrows the limit by more than the markup that closes it, and is stable."""
    html = sanitise_html("<p>" * (MAX_HTML // 3) + "x" * MAX_HTML)
    assert len(html) <= MAX_HTML
    assert sanitise_html(html) == html


@pytest.mark.parametrize(
    "unit",
    [
        "<div>", "<b>", "<a>", "<p><font color=x><b>", "<table>x", "<", "&", "&amp;", "</p>", "</svg ", '<a "',
        "<a '\"",
        "<table><tr><td>", "<blockquote><p><b>", "<!--", "<li><a href=https://x.example>", "<script>", "<math>", "\x00",
        "<ruby><rt>", "<svg><style>", "<select><option>", "</script ", '<p a="', "<math><annotation encoding", "&#",
    ],
)  # fmt: skip
def test_hostile_megabyte_takes_bounded_time(unit: str) -> None:
    """A parser that follows HTML5 takes half a minute for some of these; we take a second or two."""
    document = unit * (1_000_000 // len(unit))
    start = time.process_time()
    html = sanitise_html(document)
    to_plain_text(document)
    assert time.process_time() - start < 15  # twice what it takes beside much other work
    assert len(html) <= MAX_HTML


def test_open_formatting_is_not_multiplied() -> None:
    """Formatting left open is not repeated in each later paragraph, which would need memory without bound."""
    opened = "".join(f'<b lang="aa-{number}">' for number in range(3000))
    assert len(sanitise_html(f"<p>{opened}</p>" + "<p>x</p>" * 3000)) < 100_000


def test_lone_surrogates_are_replaced() -> None:
    """JSON can carry half a character; it must not make storing fail."""
    assert sanitise_html("<p>a\ud800b</p>") == "<p>a?b</p>"


def test_failure_of_the_parser_leaves_escaped_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the parser breaks, the source is stored as text that shows itself."""

    class PanicException(BaseException):
        pass

    def panic(*_: object) -> str:
        raise PanicException

    monkeypatch.setattr(sanitise, "_clean", panic)
    assert sanitise_html("<p>x</p>\x00") == "&lt;p&gt;x&lt;/p&gt;"


def test_interruption_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C during sanitising still ends the program."""

    def interrupt(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(sanitise, "_clean", interrupt)
    with pytest.raises(KeyboardInterrupt):
        sanitise_html("<p>x</p>")


@pytest.mark.parametrize(
    ("given_html", "expected"),
    [
        ('<p class="quote-inline">RE: <a href="https://x.example">x</a></p><p>y</p>', "<p>y</p>"),
        ('<p>a <span class="h-x quote-inline">RE<br><span>z</span></span>b</p>', "<p>a b</p>"),
        ('<p class="quote-inline">only', ""),
        ("<p>quote-inline</p>", "<p>quote-inline</p>"),
        ("<p>none</p>", "<p>none</p>"),
    ],
)
def test_quote_fallback_is_stripped(given_html: str, expected: str) -> None:
    """When the quote is rendered, its textual fallback goes, and nothing else does."""
    assert strip_quote_inline(given_html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a</p><p>b<br>c</p>", "a\n\nb\nc"),
        ("<p>a\n  b</p>", "a b"),
        ("a<br/><br>b", "a\n\nb"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n\n- b"),
        ("<pre>  a\n    b</pre>", "a\n    b"),
        ("&lt;b&gt; &amp; &#39;x&#39;", "<b> & 'x'"),
        ("x<script>y</script><style>z</style><!-- c -->", "x"),
        ('<a href="https://x.example/long"><span class="invisible">https://</span>x.example/long</a>',
         "https://x.example/long"),
        ('<img src="https://x.example" alt="cat">', "cat"),
        ("", ""),
    ],
)  # fmt: skip
def test_plain_text(html: str, expected: str) -> None:
    """Paragraphs become blank lines, breaks newlines; hidden parts of links stay."""
    assert to_plain_text(html) == expected


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("short", 10, "short"),
        ("one two three", 9, "one two…"),
        ("one\n\ntwo", 20, "one two"),
        ("abcdefghij", 5, "abcd…"),
        ("👩‍👩‍👧 xxxxx", 4, "…"),
        ("🇫🇷🇩🇪🇮🇹", 4, "🇫🇷…"),
        ("", 5, ""),
    ],
)
def test_excerpt(text: str, length: int, expected: str) -> None:
    """An excerpt is one line, ends between words where it can, and never cuts a character in two."""
    assert excerpt(text, length) == expected


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_excerpt_is_never_longer(text: str, length: int) -> None:
    """The limit holds for any text."""
    assert len(excerpt(text, length)) <= length
