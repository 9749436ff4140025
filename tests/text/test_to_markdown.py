"""HTML written as Markdown says the same, and the text's own characters stay text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.text.render import render_text
from potluck.text.sanitise import sanitise_html, to_plain_text
from potluck.text.to_markdown import html_markdown


@pytest.mark.parametrize(("html", "markdown"), [
    ("plain", "plain"),
    ("<p>One</p><p>Two</p>", "One\n\nTwo"),
    ("<p>a<br>b</p>", "a  \nb"),
    ("<p><strong>bold</strong> <em>soft</em> <del>gone</del></p>", "**bold** *soft* ~~gone~~"),
    ("<p>x<strong></strong>y</p>", "xy"),
    ("<h2>Head</h2><p>text</p>", "## Head\n\ntext"),
    ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><p>after</p>", "- a\n- b\n  - c\n\nafter"),
    ('<ol start="3"><li>a</li><li>b</li></ol>', "3. a\n4. b"),
    ("<blockquote><p>said</p><p>more</p></blockquote><p>out</p>", "> said\n>\n> more\n\nout"),
    ("<pre><code>x = 1\n  y*2</code></pre><p>z</p>", "```\nx = 1\n  y*2\n```\n\nz"),
    ("<p>use <code>a*b</code></p>", "use `a*b`"),
    ('<p><a href="https://a.example/x">text</a></p>', "[text](https://a.example/x)"),
    ('<p><a href="https://a.example/x_(y)">t [1]</a></p>', "[t \\[1\\]](https://a.example/x_%28y%29)"),
    ('<p><a href="https://a.example/long"><span class="invisible">https://</span><span>a.example/long</span></a></p>',
     "https://a.example/long"),
    ('<p><img src="https://a.example/c.png" alt="a cat"></p>', "![a cat](https://a.example/c.png)"),
    ("<p>1. not a list</p><p># no heading</p><p>- nor this</p>", "1\\. not a list\n\n\\# no heading\n\n\\- nor this"),
    ("<p>2*3*4, snake_case, _so_, a &lt; b, [x]</p>", "2\\*3\\*4, snake_case, \\_so\\_, a \\< b, \\[x\\]"),
    ("<p>a</p><hr><p>b</p>", "a\n\n---\n\nb"),
    ("<table><tr><th>a</th><td>b</td></tr><tr><th>c</th><td>d</td></tr></table>", "a | b\nc | d"),
])
def test_writes(html: str, markdown: str) -> None:
    """Each element in the common dialect."""
    assert html_markdown(sanitise_html(html, images=True)) == markdown


@given(st.text(alphabet="ab *_`[]()<>#-+.1~^|\\\n&:!", max_size=60))
def test_text_stays_text(text: str) -> None:
    """A plain text that goes through HTML and Markdown comes back as the same words, without any markup."""
    html = render_text(text, mentions={}, hashtag_url=lambda name: f"https://a.example/{name}").html
    again = render_text(html_markdown(html), mentions={}, hashtag_url=lambda name: f"https://a.example/{name}",
                        media_type="text/markdown").html
    squeezed = [" ".join(to_plain_text(one).split()) for one in (html, again)]
    assert squeezed[0] == squeezed[1]


@given(st.text(alphabet="<>/pabulrehcod \"'=&;\n", max_size=80))
def test_takes_anything(text: str) -> None:
    """Nothing that the sanitiser lets through breaks it."""
    html_markdown(sanitise_html(text))
