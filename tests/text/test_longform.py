"""Long texts: what authors type becomes an article, whatever they type does no harm, and a book takes seconds."""

from __future__ import annotations

import time
from contextlib import suppress
from html.parser import HTMLParser

import pytest

from potluck.text import highlighting, longform
from potluck.text.formulas import MAX_TEX, formula_html
from potluck.text.highlighting import highlighted, without_marks
from potluck.text.long_html import sanitise_long
from potluck.text.longform import (
    LongText,
    LongType,
    count_words,
    extract_long,
    for_others,
    minutes,
    render_long,
    split_title,
)
from potluck.text.names import Handle
from potluck.text.render import MentionTarget, TextTooLong
from text import harmless, xss_vectors

BASE = "https://potluck.test"
BOB = MentionTarget("https://potluck.test/@bob", "https://potluck.test/users/bob", "bob")

ARTICLE = """## Rye & barley

A sour[^1] for *three* days #bread @bob https://example.org/a_b and $x^2 < y$, $5 and $6.

| flour | grams |
|:------|------:|
| rye   | 300   |

```python
def bake(): return "<hot>"  # @bob #no
```

![a loaf](/media/loaf.png) [more](other)

- [x] fed

<!--more-->

<div style="position:fixed" onclick="x()">raw <script>alert(1)</script></div>

[^1]: Fed *twice*.
"""


def rendered(text: str, media_type: LongType = "text/markdown") -> LongText:
    return render_long(text, media_type, mentions={Handle("bob"): BOB}, hashtag_url=lambda name: f"{BASE}/tags/{name}",
                       base_url=BASE)


def html_of(text: str, media_type: LongType = "text/markdown") -> str:
    return rendered(text, media_type).rendered.html


class Judge(HTMLParser):
    """Fails on whatever could act: the same for MathML and for what sanitisers of short texts do not let pass."""

    ALLOWED = harmless.TAGS | {"img", "math", "semantics", "annotation"}
    MATH = ("m", "none")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.ALLOWED or tag.startswith(self.MATH), tag
        for name, value in attrs:
            assert not name.startswith("on"), (name, value)
            assert name not in ("style", "srcset", "xlink:href", "action", "formaction"), (name, value)
            if name in ("href", "src"):
                assert value is not None
                assert value.startswith("#text-") or harmless.LINK.match(value), value
            if name == "id":
                assert value is not None
                assert value.startswith("text-")


def judge(html: str) -> None:
    parser = Judge(convert_charrefs=True)
    parser.feed(html)
    parser.close()


def test_an_article_has_what_articles_have() -> None:
    """Headings with anchors, footnotes that lead both ways, tables, listings in colours, formulas, pictures."""
    html = html_of(ARTICLE)
    assert '<h2 id="text-rye--barley">Rye &amp; barley</h2>' in html
    assert '<a href="#text-fn-1" id="text-fnref-1"' in html
    assert '<li id="text-fn-1">' in html
    assert '<td align="right">300</td>' in html
    assert '<span class="hl-keyword">def</span>' in html
    assert '<math display="inline">' in html
    assert '<img src="https://potluck.test/media/loaf.png" alt="a loaf">' in html
    assert 'href="https://potluck.test/other"' in html
    assert "☑ fed" in html
    assert "$5 and $6" in html


def test_names_tags_and_addresses_are_links_outside_of_code() -> None:
    """As in notes; what stands in a listing is left alone."""
    text = rendered(ARTICLE)
    assert text.rendered.hashtags == ["bread"]
    assert text.rendered.mentions_used == [BOB]
    assert text.rendered.html.count("u-url mention") == 1
    assert "# @bob #no" in text.rendered.html
    found = extract_long(ARTICLE, "text/markdown")
    assert (found.mentions, found.hashtags) == ([Handle("bob")], ["bread"])


def test_the_teaser_ends_at_the_mark() -> None:
    """What stands before `<!--more-->` is one; without the mark there is none."""
    assert rendered("one\n\n<!-- more -->\n\ntwo").teaser == "one"
    assert rendered("one\n\ntwo").teaser == ""


def test_a_first_heading_is_a_title() -> None:
    """Only one of the first level, and only in front."""
    assert split_title("# Rye & *barley*\n\ntext") == ("Rye & barley", "text")
    assert split_title("## Rye\n\ntext") == ("", "## Rye\n\ntext")
    assert split_title("text\n\n# Rye") == ("", "text\n\n# Rye")


def test_hostile_texts_take_no_longer_than_others() -> None:
    """A title of blanks, a text of `>` and a listing made for its lexer once took hours."""
    assert split_title("# Rye #  \n\ntext") == ("Rye", "text")
    blanks = " " * 300_000
    assert split_title(f"# a{blanks}b")[0] == "a b"
    assert split_title(f"#{blanks}\n\ntext")[0] == ""
    assert html_of(">" * 1_000_000, "text/html") == "&gt;" * 1_000_000
    assert html_of("# a\n" * 20_000).startswith("<h1>a</h1>")
    assert html_of("# a\n" * 1000).count('<h1 id="text-a') == 1000
    assert "<dl>" not in html_of("a\n: b\n\n" * 20_000)
    assert "<dl>" in html_of("a\n: b\n\n" * 100)
    assert html_of("<p>&quot;a&quot; > &quot;b&quot;</p>", "text/html") == '<p>"a" &gt; "b"</p>'


def test_hostile_listings_stay_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines and gaps that no program has, and what takes a lexer too long or breaks it."""
    for code, language in (("a" * 60_000, "lilypond"), ("\n" * 60_000, "c"), ("=" * 60_000, "ini"),
                           ("(" * 1000, "tnt")):
        assert highlighted(code, language) in (code, without_marks(highlighted(code, language)))
    code = "a\n" * 20_000
    monkeypatch.setattr(highlighting, "_SECONDS", 0.05)
    assert highlighted(code, "java") == code
    assert "hl-" in highlighted("int a = 1;", "java")


def test_only_so_much_tex_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest stays as it was typed."""
    monkeypatch.setattr(longform, "_MAX_TEX", 60)
    html = html_of("$a$ and $b$")
    assert html.count("<math") == 1
    assert "b" in html


def test_others_get_no_mathml_and_no_colours() -> None:
    """Systems that know neither would show their innards."""
    html = for_others(html_of(ARTICLE))
    assert "$x^2 &lt; y$" in html
    assert "<math" not in html
    assert "hl-" not in html
    assert sanitise_long(html, base_url=BASE).replace(' rel="nofollow noopener noreferrer"', "") in {
        html.replace(' rel="nofollow noopener noreferrer"', "").replace(' rel="nofollow noopener"', "")
        .replace(' target="_blank"', "").replace(' rel="tag"', ""),
        sanitise_long(html, base_url=BASE).replace(' rel="nofollow noopener noreferrer"', "")}


@pytest.mark.parametrize("vector", xss_vectors.ALL)
def test_hostile_html_has_no_effect(vector: str) -> None:
    """In Markdown, as HTML, and from elsewhere; cleaning again changes nothing."""
    for html in (html_of(vector), html_of(vector, "text/html"), sanitise_long(vector, base_url=BASE)):
        judge(html)
    clean = sanitise_long(vector, base_url=BASE)
    assert sanitise_long(clean, base_url=BASE) == clean


@pytest.mark.parametrize("tex", [
    r"\text{<script>alert(1)</script>}", r"\href{javascript:alert(1)}{a}", r"\style{position:fixed}{x}", "{" * 50_000,
    r"\frac" * 5000, "x^" * 5000, "&" * 5000, r"\unknown", r"\begin{matrix}" * 300, r"\left(" * 900, "", "\x00"])
def test_hostile_formulas_have_no_effect(tex: str) -> None:
    """They come out as MathML from a list, or as the text they are, at once."""
    start = time.monotonic()
    judge(formula_html(tex, block=True))
    judge(html_of(f"$${tex}$$"))
    assert time.monotonic() - start < 3
    assert len(formula_html("x" * (MAX_TEX + 1), block=False)) < 3 * MAX_TEX


def test_listings_of_unknown_languages_stay_plain() -> None:
    """Nothing is lost, whatever it is called."""
    assert highlighted("a < b", "no-such-language") == "a &lt; b"
    assert without_marks(highlighted("def x(): pass", "python")) == "def x(): pass"


def test_html_of_authors_is_cleaned_too() -> None:
    """Ids are kept apart from the page's own, classes of the page cannot be borrowed, styles go."""
    html = html_of('<h2 id="main" class="dialog" style="x">A</h2><p class="h-entry lightbox">b <a href="/x">c</a></p>',
                   "text/html")
    assert html == ('<h2 id="text-main">A</h2><p class="h-entry">b '
                    '<a href="https://potluck.test/x" rel="nofollow noopener noreferrer">c</a></p>')


@pytest.mark.parametrize("text", [
    "[" * 100_000, "> " * 50_000 + "a", "*" * 200_000, "<div>" * 50_000, "|a" * 5000 + "\n" + "|-" * 5000,
    "a]("*50_000, "#a" * 100_000, "@a" * 100_000, "- " * 20_000])
def test_no_text_takes_long(text: str) -> None:
    """Whatever is typed, or refused because it cannot be shown whole."""
    start = time.monotonic()
    with suppress(TextTooLong):
        html_of(text)
    assert time.monotonic() - start < 20


def test_a_megabyte_is_an_article() -> None:
    """It is rendered whole."""
    line = 'The fox said "no" to *the* dog and #went home. ' * 4
    text = "\n\n".join(f"{number} {line}" for number in range(5600))
    assert len(text) > 1_000_000
    html = html_of(text)
    assert html.count("<p>") == 5600
    assert html.endswith("home.</p>")


def test_nothing_is_cut_in_silence() -> None:
    """What is longer than can be read is refused with the limit."""
    with pytest.raises(TextTooLong):
        html_of("x" * 2_000_001)


def test_no_table_is_blown_up() -> None:
    """Rows that lack cells get them, which a short text could use to make millions of them."""
    start = time.monotonic()
    for prefix in ("", "> ", "- a\n\n  "):
        inside = "> " if prefix == "> " else " " * (len(prefix) - 5 if prefix else 0)
        with pytest.raises(TextTooLong):
            html_of(f"{prefix}{'|a' * 2000}|\n{inside}{'|-' * 2000}|\n" + f"{inside}|b|\n{inside}|-|\n" * 5000)
    assert time.monotonic() - start < 5
    ragged = html_of("|a|b|c|\n|-|-|-|\n" + "|x|\n" * 2000 + "\n---\n" + "words\n" * 9000)
    assert ragged.count("<td") == 6000


def test_words_and_minutes() -> None:
    """Scripts without spaces count by characters."""
    assert count_words("It's a well-made pie, 3 in all") == 7
    assert count_words("日本語の文章です") == 4
    assert (minutes(0), minutes(230), minutes(1000)) == (1, 1, 4)
