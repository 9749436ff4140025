"""Error pages and the headers of every answer."""

import re

import pytest

from potluck.social import notifications
from web.conftest import Site

HEADERS = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "same-origin",
           "strict-transport-security": "max-age=31536000"}


@pytest.mark.parametrize("path", ["/about", "/local", "/@alice", "/nonsense", "/signin", "/settings", "/@alice.rss"])
async def test_safe_headers_everywhere(site: Site, path: str) -> None:
    """Every answer, errors and redirects included, forbids framing, sniffing and inline code."""
    found = await site.guest().get(path)
    assert {name: found.headers[name] for name in HEADERS} == HEADERS
    policy = found.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/about", "/local", "/@alice", "/signin", "/signup", "/search?q=alice", "/design",
                                  "/privacy", "/about/rules", "/nonsense", "/interact?uri=https://a.example/"])
async def test_nothing_inline(site: Site, path: str) -> None:
    """No page has what the policy refuses, and ids are unique."""
    await site.cast.say(site.cast.alice, "<p>hello</p>")
    page = (await site.guest().get(path)).text
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", page)
    assert not re.search(r'<script(?![^>]*(\bsrc=|application/ld\+json))', page)
    ids = re.findall(r'<[^>]*?\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


async def test_a_fault_shows_a_number_and_no_stack(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours is a page with a number; what happened stays in the log."""
    async def broken(*_: object, **__: object) -> int:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(notifications, "unread_count", broken)
    found = await (await site.browser(site.cast.alice)).get("/home")
    assert found.status_code == 500
    assert "a secret detail" not in found.text
    assert "Traceback" not in found.text
    assert re.search(r"<code>[0-9a-f]{12}</code>", found.text)


async def test_a_refused_method(site: Site) -> None:
    """The wrong method gets a page too."""
    found = await site.guest().client.delete("/about")
    assert found.status_code == 405
    assert "text/html" in found.headers["content-type"]


async def test_errors_speak_the_readers_language(site: Site) -> None:
    """An error page is in the language the browser asks for."""
    found = await site.guest().get("/nonsense", **{"accept-language": "de"})
    assert '<html lang="de"' in found.text
    assert "Hier ist nichts" in found.text


async def test_a_page_of_a_member_is_kept_by_no_cache(site: Site) -> None:
    """What one member sees is not shown to the next by a cache between."""
    assert (await (await site.browser(site.cast.alice)).get("/home")).headers["cache-control"] == "private, no-store"


async def test_an_htmx_request_without_session_leads_to_the_sign_in(site: Site) -> None:
    """A script is told to leave the page, so that it does not put the sign-in form into a card."""
    row = await site.cast.say(site.cast.alice, "<p>hi</p>")
    found = await site.guest().post(f"/posts/{row.id}/favourite", **{"hx-request": "true"})
    assert found.headers["hx-redirect"] == "/signin"


@pytest.mark.parametrize("query", [
    "max_id=x", "max_id=-1", "max_id=" + "9" * 30, "max_id=%00", "lens=%ff", "min_id=1e9"])
async def test_nonsense_in_addresses(site: Site, query: str) -> None:
    """Whatever is in the query, the page opens."""
    for path in ("/local", "/@alice", "/tags/bread"):
        assert (await site.guest().get(f"{path}?{query}")).status_code == 200


async def test_large_numbers_in_paths(site: Site) -> None:
    """An id beyond what the database can hold is not there, rather than a fault."""
    browser = await site.browser(site.cast.alice)
    for path in (f"/posts/{10**30}", f"/@alice/{10**30}", f"/people/{10**30}/block", f"/lists/{10**30}",
                 f"/posts/{10**30}/reply", f"/conversations/{10**30}", f"/posts/{10**17}/reply"):
        assert (await browser.get(path)).status_code == 404, path
    for path in (f"/posts/{10**30}/favourite", f"/people/{10**30}/follow", f"/settings/tokens/{10**30}/revoke",
                 f"/notifications/{10**30}/dismiss"):
        assert (await browser.post(path)).status_code == 404, path
