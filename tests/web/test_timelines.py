"""Timelines: who sees what."""

from dataclasses import replace

import pytest

from potluck import settings
from support.databases import statements
from web.conftest import Site


async def test_guests_start_at_the_local_timeline(site: Site) -> None:
    """A visitor sees what people here say in public."""
    assert (await site.guest().get("/")).headers["location"] == "/local"


async def test_members_only_timelines(site: Site) -> None:
    """Where timelines are for members, guests start at the about page and are asked to sign in elsewhere."""
    settings.use(replace(settings.current(), public_timelines="members"))
    guest = site.guest()
    assert (await guest.get("/")).headers["location"] == "/about"
    for path in ("/local", "/federated", "/tags/bread", "/events?stream=public"):
        assert (await guest.get(path)).headers["location"].startswith("/signin?next=")
    assert (await guest.get("/tags/bread.rss")).status_code == 404


@pytest.mark.parametrize("visibility", ["unlisted", "followers", "direct", "local"])
async def test_public_timelines_are_public(site: Site, visibility: str) -> None:
    """Nothing but public posts is on a public timeline, for guests and members alike."""
    await site.cast.say(site.cast.alice, "<p>hush</p>", visibility=visibility)
    await site.cast.say(site.cast.alice, "<p>hello world</p>")
    for browser in (site.guest(), await site.browser(site.cast.bob)):
        for path in ("/local", "/federated"):
            page = (await browser.get(path)).text
            assert "hello world" in page
            assert "hush" not in page


async def test_home_shows_whom_one_follows(site: Site) -> None:
    """Bob follows Alice, Eve does not."""
    await site.cast.say(site.cast.alice, "<p>for my followers</p>", visibility="followers")
    assert "for my followers" in (await (await site.browser(site.cast.bob)).get("/home")).text
    assert "for my followers" not in (await (await site.browser(site.cast.eve)).get("/home")).text


async def test_home_needs_signing_in(site: Site) -> None:
    """A guest is led to the sign-in page and back."""
    found = await site.guest().get("/home?lens=posts")
    assert (found.status_code, found.headers["location"]) == (303, "/signin?next=%2Fhome%3Flens%3Dposts")


async def test_lens_chips(site: Site) -> None:
    """Home can be read through the lens of posts; the chip in use is marked."""
    browser = await site.browser(site.cast.bob)
    assert 'href="/home?lens=posts" aria-current="true"' in (await browser.get("/home?lens=posts")).text
    assert (await browser.get("/home?lens=nonsense")).status_code == 200


async def test_following_a_hashtag(site: Site) -> None:
    """A hashtag is followed and left by a form on its page."""
    browser = await site.browser(site.cast.eve)
    page = await browser.page_after(await browser.post("/tags/Bread/follow"))
    assert "You follow #bread now." in page
    assert "/tags/bread/unfollow" in page
    assert "/tags/bread/follow" in await browser.page_after(await browser.post("/tags/bread/unfollow"))


async def test_next_part(site: Site) -> None:
    """A full part links to the next, which has the rest and no further link."""
    for number in range(25):
        await site.cast.say(site.cast.alice, f"<p>loaf {number:02}</p>")
    guest = site.guest()
    page = (await guest.get("/local")).text
    assert page.count('<article class="post') == 20
    link = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    rest = (await guest.get(link)).text
    assert rest.count('<article class="post') == 5
    assert 'rel="next"' not in rest


async def test_a_timeline_takes_the_same_number_of_queries_for_any_length(site: Site) -> None:
    """No query in a loop: twenty posts cost as many statements as two."""
    browser = await site.browser(site.cast.bob)

    async def cost() -> int:
        with statements(site.database) as sent:
            assert (await browser.get("/home")).status_code == 200
        return sum("SELECT" in text for text in sent)

    for number in range(2):
        await site.cast.say(site.cast.alice, f"<p>{number}</p>")
    await cost()  # opens the connections
    few = await cost()
    for number in range(18):
        await site.cast.say(site.cast.alice, f"<p>{number}</p>")
    assert await cost() <= few
