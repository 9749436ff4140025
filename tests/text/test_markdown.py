"""Markdown in posts: what is hidden from the parser comes back, and hostile shapes cost no more than plain ones."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from potluck.text.commonmark import short_html
from potluck.text.markdown import MAX_DEPTH, _hidden
from potluck.text.render import TextTooLong, extract, render_text
from text.test_render import ALICE, hashtag, mention, render


def link(url: str, text: str) -> str:
    return f'<a href="{url}" rel="nofollow noopener" target="_blank">{text}</a>'


TABLE = ('<table>\n<thead>\n<tr>\n<th align="center">a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n'
         f'<td align="center">{hashtag("x", "x")}</td>\n</tr>\n</tbody>\n</table>')


@pytest.mark.parametrize(("text", "html"), [
    ("https://x.example/a_b_c*d*&copy=1&y", None),
    ("*https://x.example/_a_b*", None),
    ("#a_b_ *#c* @alice", f"<p>{hashtag('a_b_', 'a_b_')} <em>{hashtag('c', 'c')}</em> {mention(ALICE)}</p>"),
    (":a_b: _c_", "<p>:a_b: <em>c</em></p>"),
    ("`https://x.example/a_b \\@alice ~ <b> ![x] [y](/z)`",
     "<p><code>https://x.example/a_b \\@alice ~ &lt;b&gt; ![x] [y](/z)</code></p>"),
    ("[x](https://x.example/a_b?c=1&d_e=2)", f"<p>{link('https://x.example/a_b?c=1&amp;d_e=2', 'x')}</p>"),
    ("<https://x.example/a_b>", f"<p>{link('https://x.example/a_b', 'https://x.example/a_b')}</p>"),
    ("[a](https://x.example/a_b)[c](https://y.example/d_e)",
     f"<p>{link('https://x.example/a_b', 'a')}{link('https://y.example/d_e', 'c')}</p>"),
    ("[a]\n\n[a]: https://x.example/a_b", f"<p>{link('https://x.example/a_b', 'a')}</p>"),
    ("[a]\n\n[a]: javascript:x", "<p>[a]</p>\n<p>[a]: javascript:x</p>"),
    ("[a](<javascript:x>) [b](&#106;avascript:x)", "<p>[a](&lt;javascript:x&gt;) [b](javascript:x)</p>"),
    ("<div>\n*a*\n</div>", "<p>&lt;div&gt;<br />\n<em>a</em><br />\n&lt;/div&gt;</p>"),
    ("<!-- a --> &lt;b&gt; &amp;", "<p>&lt;!-- a --&gt; &lt;b&gt; &amp;</p>"),
    ("~5 and ~6 but ~~7~~", "<p>~5 and ~6 but <s>7</s></p>"),
    ("\\\\@alice \\*", f"<p>\\{mention(ALICE)} *</p>"),
    ("a\ufdd0b\ufde1c", "<p>abc</p>"),
    ("| a |\n|:-:|\n| #x |", TABLE),
    ("```a_b@c\nx\n```", '<pre><code class="language-a_b@c">x\n</code></pre>'),
])  # fmt: skip
def test_what_is_hidden_comes_back(text: str, html: str | None) -> None:
    """Addresses, names and tags are whole, in text, in code and in links."""
    made = render(text, "text/markdown").html
    if html is not None:
        assert made == html
        return
    address = text.strip("*").replace("&", "&amp;")
    assert f'<a href="{address}"' in made


def test_what_a_text_speaks_of() -> None:
    """Tokens outside of code, and the addresses of links."""
    found = extract("@bob@far.example #a_b `#no` [x](https://x.example/c_d) https://y.example/e_f \\#no :g_h:",
                    "text/markdown")
    assert [handle.name for handle in found.mentions] == ["bob"]
    assert (found.hashtags, found.emojis) == (["a_b"], ["g_h"])
    assert found.urls == ["https://x.example/c_d", "https://y.example/e_f"]


SHAPES = {
    "quotations": ">", "quotations and lists": "> - ", "brackets": "[", "pictures": "![", "links begun": "[a](",
    "stars": "*a ", "stars and lines": "*_", "strong": "*a **b ", "tildes": "~~a ~b ", "angles": "<", "tags": "<b>",
    "names": "@a_b ", "hashtags": "#a_b ", "emoji": ":a_b: ", "addresses": "https://a.bc/_*~& ", "signs": "@#:",
    "colons": ":", "escapes": "\\#\\*", "references": "&amp;", "breaks": "a\n", "paragraphs": "a\n\n",
    "headings": "# a\n", "rules": "---\n", "links": "[a](http://b.cc) ", "refused links": "[a](x:y) ",
    "autolinks": "<http://a.b> ", "one word": "a_:", "ticks": "`a``", "definitions": "[a]: http://b.cc\n",
    "tables": "|a|b|\n|-|-|\n\n", "lists": "- a\n", "entities that are none": "&#;&x", "magnets": "magnet:?a_",
}


def work(text: str) -> int:
    """How many calls of Python and of C it takes to render a text, and the characters between parser and writer."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        render(text, "text/markdown")
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("shape", SHAPES)
def test_hostile_shapes(shape: str) -> None:
    """Twice the text is twice the work, a few calls for each character; the parser writes no flood."""
    part = SHAPES[shape]
    render(part, "text/markdown")
    once, twice = part * (2_000 // len(part)), part * (4_000 // len(part))
    assert work(twice) < 2.2 * work(once) + 200
    assert work(twice) < 20 * len(twice) + 200
    assert len(short_html(_hidden(twice))) < 20 * len(twice) + 1000


def test_depth_is_bounded() -> None:
    """What stands deeper keeps its text."""
    html = render("> - " * 200 + "*deep* [x](https://x.example)", "text/markdown").html
    assert html.count("<blockquote>") + html.count("<ul>") + html.count("<li>") <= MAX_DEPTH
    for name in ("blockquote", "ul", "li", "p", "em"):
        assert html.count(f"<{name}>") == html.count(f"</{name}>"), name
    assert "deep" in html
    assert link("https://x.example", "x") in html


def test_tables_that_grow_are_refused() -> None:
    """A short text would make millions of cells."""
    text = "|a" * 3000 + "|\n" + "|-" * 3000 + "|\n" + "|\n" * 1000
    with pytest.raises(TextTooLong):
        render_text(text, mentions={}, hashtag_url=str, media_type="text/markdown")
