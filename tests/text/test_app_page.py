"""What an app's page says about it."""

from __future__ import annotations

import time

import pytest

from potluck.text.app_page import AppPage, read_app_page

URL = "https://quill.test/app/"


def read(html: str, **more: str) -> AppPage:
    """A page of HTML."""
    return read_app_page(html.encode(), "text/html; charset=utf-8", URL, **more)


@pytest.mark.parametrize(("html", "name", "website"), [
    ('<div class="x h-app"><a class="u-url p-name" href="..">Quill</a></div>', "Quill", "https://quill.test/"),
    ('<div class="h-x-app"><h1 class="p-name">A <b>B</b>\n C</h1> not this</div>', "A B C", ""),
    ('<a class="h-app" href="/">Quill</a>', "Quill", "https://quill.test/"),
    ('<p class="p-name">Outside</p><div class="h-app"><br><img src=x><p class="p-name">In</p></div>', "In", ""),
    ('<title>By title</title>', "By title", ""), ('<meta property="og:title" content="By card">', "By card", ""),
    ('<div class="h-app"><a class="u-url p-name" href="javascript:x">J</a></div>', "J", ""), ("", "", "")])
def test_names(html: str, name: str, website: str) -> None:
    """The name stands in h-app, or (of a page that knows no microformats) in its title; addresses are web addresses."""
    found = read(html)
    assert (found.name, found.website) == (name, website)


def test_redirects() -> None:
    """Published by a link element or a header, made whole; what else a page links to is none."""
    found = read('<link rel="redirect_uri" href="back"><link rel="me" href="x"><link rel="a redirect_uri" href="q://b">',
                 link_header='<https://a.test/1>; rel="me", </2>; title="x"; rel=redirect_uri, <bad')
    assert found.redirect_uris == ["https://quill.test/app/back", "q://b", "https://quill.test/2"]
    many = read('<link rel="redirect_uri" href="x">' * 500)
    assert len(many.redirect_uris) == 50


@pytest.mark.parametrize("body", [
    b"", b"[", b"[]", b"1", b'{"client_id": "https://other.test/"}', b'{"client_id": 1}', b"[" * 100_000, b"\xff"])
def test_documents_that_are_none(body: bytes) -> None:
    """A metadata document that is no JSON, or is about another app, is none."""
    with pytest.raises(ValueError, match=r"app|JSON"):
        read_app_page(body, "application/json", URL)


def test_documents() -> None:
    """Values of a wrong type count as absent; a home page elsewhere is not believed."""
    found = read_app_page(b'{"client_id": "https://quill.test/app/", "client_name": ["x"], "logo_uri": "javascript:x",'
                          b' "client_uri": "https://evil.test/", "redirect_uris": ["https://a.test/", 1, null]}',
                          "application/json", URL)
    assert found == AppPage(redirect_uris=["https://a.test/"])


def test_time() -> None:
    """Hostile pages of a quarter of a megabyte are read in a moment."""
    for part in ("<a class=h-app>", "</a>", '<p class="h-app p-name">', "<a class='h-app", '<link rel="redirect_uri">'):
        start = time.process_time()
        read(part * (256 * 1024 // len(part)))
        assert time.process_time() - start < 5
    start = time.process_time()
    read("", link_header="<a>;rel=x" * 5000)
    assert time.process_time() - start < 5
