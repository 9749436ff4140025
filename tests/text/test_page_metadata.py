"""What pages say about themselves."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from potluck.text.oembed import frame_html, read_oembed
from potluck.text.page_metadata import PageMetadata, read_page

URL = "https://news.example/2026/story?x=1"


def read(html: str, content_type: str = "text/html; charset=utf-8") -> PageMetadata:
    """A page's metadata."""
    return read_page(html.encode(), content_type, URL)


def test_opengraph() -> None:
    """The common case: everything in metas."""
    page = read("""<!doctype html><html lang="de-AT"><head><title>Ignored</title>
        <meta property="og:title" content="Bread &amp; butter"><meta property="og:description" content="About
        bread"><meta property="og:image" content="/a.jpg"><meta property="og:image:width" content="800">
        <meta property="og:image:height" content="600"><meta property="og:image:alt" content="A loaf">
        <meta property="og:site_name" content="News"><meta name="author" content="Ada">
        <meta name="fediverse:creator" content="@ada@far.example">
        <meta property="article:published_time" content="2026-03-01T10:00:00+01:00">
        <link rel="alternate" type="application/json+oembed" href="/oembed?u=1"></head><body></body></html>""")
    assert (page.title, page.description, page.provider_name, page.author_name) == (
        "Bread & butter", "About bread", "News", "Ada")
    assert (page.image, page.image_width, page.image_height, page.image_description) == (
        "https://news.example/a.jpg", 800, 600, "A loaf")
    assert (page.creator, page.language, page.oembed) == (
        "ada@far.example", "de-AT", "https://news.example/oembed?u=1")
    assert page.published == datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_linked_data() -> None:
    """Where there are no metas, JSON-LD tells, also within a graph."""
    page = read("""<script type="application/ld+json">{"@graph":[{"@type":"Organization","name":"Nobody"},
        {"@type":["NewsArticle"],"headline":"Soup","description":"Hot","image":[{"url":"https://cdn.example/s.png"}],
        "author":[{"name":"Bo","url":"/bo"}],"publisher":{"name":"Paper"},"datePublished":"2026-01-02",
        "inLanguage":"fr"}]}</script>""")
    assert (page.title, page.description, page.image, page.author_name, page.author_url) == (
        "Soup", "Hot", "https://cdn.example/s.png", "Bo", "https://news.example/bo")
    assert (page.provider_name, page.language) == ("Paper", "fr")
    assert page.published == datetime(2026, 1, 2, tzinfo=UTC)


def test_twitter_player_and_plain_pages() -> None:
    """A player is an address to be framed; a bare page has its title."""
    page = read('<meta name="twitter:card" content="player"><meta name="twitter:player" content="https://v.example/p">'
                '<meta name="twitter:player:width" content="640"><meta name="twitter:title" content="Film">')
    assert (page.title, page.player, page.player_width) == ("Film", "https://v.example/p", 640)
    assert read("<title>Just a title</title><p>text").title == "Just a title"
    assert read("") == PageMetadata()


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:image/png;base64,AA", "ftp://x/y", "http://u:p@h/x",
                                     "http://", "https://x/" + "y" * 3000, "https://x/a b"])
def test_only_http_addresses(address: str) -> None:
    """Anything else is left out."""
    assert read(f'<meta property="og:image" content="{address}">').image is None


def test_encodings() -> None:
    """By the header, by the page's own words, or UTF-8; unknown ones break nothing."""
    latin = "<title>Brötchen</title>".encode("latin-1")
    assert read_page(latin, "text/html; charset=iso-8859-1", URL).title == "Brötchen"
    assert read_page(b'<meta charset="latin1">' + latin, "text/html", URL).title == "Brötchen"
    assert read_page("<title>Brötchen</title>".encode(), "text/html; charset=nonsense", URL).title == "Brötchen"


@pytest.mark.parametrize("html", [
    "<meta " * 200_000, "<script type='application/ld+json'>" + "[" * 100_000, "<title>" * 200_000, "<" * 500_000,
    '<meta property="og:title" content="' + "x" * 1_000_000 + '">', "<script>" * 100_000, "\x00<title>a\x01b</title>"])
def test_hostile_pages(html: str) -> None:
    """They cost little, and give little."""
    began = time.process_time()
    page = read(html)
    assert time.process_time() - began < 3
    assert len(page.title) <= 500
    assert page.title.isprintable()


def test_oembed() -> None:
    """A video's frame is reduced to its address; scripts and other markup are of no use."""
    found = read_oembed({"type": "video", "title": "Film", "author_name": "Bo", "author_url": "https://v.example/bo",
                         "provider_name": "V", "html": '<script>x</script><iframe width="9" src="https://v.example/e">'
                         "</iframe>", "width": 640, "height": "360"}, "https://v.example/oembed")
    assert (found.type, found.player, found.width, found.height) == ("video", "https://v.example/e", 640, 360)
    assert read_oembed({"type": "rich", "html": '<iframe src="http://v.example/e">'}, URL).player is None
    assert read_oembed({"type": "photo", "url": "https://p.example/a.jpg"}, URL).photo == "https://p.example/a.jpg"
    assert read_oembed({"type": 7, "title": ["x"], "width": True, "html": {}}, URL).type == "link"
    assert '"><script' not in frame_html('https://v.example/"><script>', 1, 0)
