"""Stored HTML on its way into a page."""

from potluck.web.trusted import plain_text, stay_here, trusted_html, with_emoji

EMOJI = [{"shortcode": "loaf", "url": "https://a.example/loaf.png"}]


def test_emoji_become_pictures() -> None:
    """A custom emoji of the object itself is drawn, an unknown one stays text."""
    html = trusted_html("<p>:loaf: :nope:</p>", EMOJI)
    assert '<img class="emoji"' in html
    assert ":nope:" in html


def test_plain_text_is_escaped_before_emoji() -> None:
    """A name is text: markup in it is shown, not obeyed."""
    html = with_emoji("<b>:loaf:</b>", EMOJI)
    assert "&lt;b&gt;" in html
    assert "<img" in html


def test_links_to_known_people_stay_on_this_site() -> None:
    """A mention leads to the profile here, any other link where it led."""
    html = '<a href="https://b.example/@bob" class="mention">@bob</a> <a href="https://c.example/">c</a>'
    shown = stay_here(html, {"https://b.example/@bob": "/@bob@b.example"}, frozenset())
    assert 'href="/@bob@b.example"' in shown
    assert 'href="https://c.example/"' in shown


def test_hashtags_lead_to_the_page_here() -> None:
    """A hashtag of the object is read here."""
    html = '<a href="https://b.example/tags/Brot" class="mention hashtag">#<span>Brot</span></a>'
    assert 'href="/tags/brot"' in stay_here(html, {}, frozenset({"brot"}))


def test_words_of_html() -> None:
    """Previews have words with single spaces, cut at the limit."""
    assert plain_text("<p>one</p><p>two &amp; three</p>") == "one two & three"
    assert plain_text("a" * 300, 10) == "a" * 9 + "…"
