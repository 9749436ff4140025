"""Profiles, following, blocking, reports, lists, search, and ways between servers."""

import pytest
from sqlalchemy import select

from potluck.social.model import Block, Follow, List, ListMember, Mute, Report
from web.conftest import Site


async def test_a_profile(site: Site) -> None:
    """A profile has name, posts and tabs, and tells search engines only what its owner allows."""
    await site.cast.say(site.cast.alice, "<p>hello</p>")
    page = (await site.guest().get("/@alice")).text
    assert "@alice@potluck.test" in page
    assert "hello" in page
    assert '<meta name="robots" content="noindex' in page
    await site.cast.change(site.cast.alice, indexable=True)
    page = (await site.guest().get("/@alice")).text
    assert "noindex" not in page
    assert '<meta property="og:title" content="Alice (@alice@potluck.test)">' in page
    assert '<link rel="alternate" type="application/activity+json" href="https://potluck.test/users/alice">' in page
    assert '"@type":"ProfilePage"' in page


async def test_profiles_hide_what_is_not_for_the_viewer(site: Site) -> None:
    """Followers see followers' posts, strangers and guests do not."""
    await site.cast.say(site.cast.alice, "<p>hush</p>", visibility="followers")
    assert "hush" in (await (await site.browser(site.cast.bob)).get("/@alice")).text
    for browser in (site.guest(), await site.browser(site.cast.eve), await site.browser(site.cast.dave)):
        for path in ("/@alice", "/@alice/with_replies", "/@alice/media"):
            assert "hush" not in (await browser.get(path)).text


async def test_passers_by_share_a_page(site: Site) -> None:
    """A profile is kept for guests: each reader gets a token of their own, a new post is there at once."""
    await site.cast.say(site.cast.alice, "<p>first</p>")
    one, other = site.guest(), site.guest()
    pages = [(await browser.get("/@alice")).text for browser in (one, other, one)]
    tokens = [page.split('name="csrf-token" content="')[1].split('"')[0] for page in pages]
    assert (tokens[0] == tokens[2], tokens[0] == tokens[1]) == (True, False)
    assert pages[0].replace(tokens[0], "") == pages[1].replace(tokens[1], "")
    await site.cast.say(site.cast.alice, "<p>second</p>")
    assert "second" in (await other.get("/@alice")).text


async def test_tabs(site: Site) -> None:
    """Replies to others have a tab of their own."""
    row = await site.cast.say(site.cast.alice, "<p>question</p>")
    await site.cast.reply(site.cast.eve, row, "<p>my answer</p>")
    assert "my answer" not in (await site.guest().get("/@eve")).text
    assert "my answer" in (await site.guest().get("/@eve/with_replies")).text


@pytest.mark.parametrize("path", [
    "/@nobody", "/nonsense", "/@", "/@a@b@c", "/@" + "x" * 400, "/@alice/x", "/@alice/999",
    "/@nobody/followers", "/x/followers", "/%00", "/@alice/1/history"])
async def test_what_is_not_there(site: Site, path: str) -> None:
    """An address that leads nowhere gets the page that says so."""
    found = await site.guest().get(path)
    assert found.status_code == 404
    assert "Nothing here" in found.text
    assert "content-security-policy" in found.headers


async def test_deleted_and_suspended_people(site: Site) -> None:
    """Who left is gone (410); who is suspended is not there (404)."""
    from potluck.db.base import now
    await site.cast.change(site.cast.eve, deleted_at=now())
    await site.cast.change(site.cast.bob, suspended_at=now())
    assert (await site.guest().get("/@eve")).status_code == 410
    assert (await site.guest().get("/@bob")).status_code == 404


async def test_activitypub_readers_are_led_to_the_document(site: Site) -> None:
    """Asked for ActivityPub, pages of people and posts lead to the ids."""
    row = await site.cast.say(site.cast.alice, "<p>hello</p>")
    guest = site.guest()
    for path, uri in (("/@alice", site.cast.alice.uri), (f"/@alice/{row.id}", row.uri)):
        found = await guest.client.get(path, headers={"accept": "application/activity+json"})
        assert (found.status_code, found.headers["location"]) == (302, uri)
        assert "Accept" in found.headers["vary"]


async def test_following(site: Site) -> None:
    """Following is a form; htmx gets the button anew."""
    browser = await site.browser(site.cast.eve)
    act = f"/people/{site.cast.alice.id}"
    assert "Following" in await browser.page_after(await browser.post(f"{act}/follow", {"back": "/@alice"}))
    found = await browser.post(f"{act}/unfollow", **{"hx-request": "true"})
    assert f'action="{act}/follow"' in found.text
    assert "<html" not in found.text


async def test_follow_requests(site: Site) -> None:
    """A locked account is asked, and answers on its page."""
    await site.cast.change(site.cast.alice, locked=True)
    eve = await site.browser(site.cast.eve)
    assert "Requested" in await eve.page_after(
        await eve.post(f"/people/{site.cast.alice.id}/follow", {"back": "/@alice"}))
    alice = await site.browser(site.cast.alice)
    assert "1 person wants to follow you" in (await alice.get("/notifications")).text
    assert "@eve@potluck.test" in (await alice.get("/requests")).text
    await alice.post(f"/requests/{site.cast.eve.id}/accept")
    async with site.database.read() as session:
        row = (await session.scalars(select(Follow).where(Follow.follower_id == site.cast.eve.id))).one()
    assert row.state == "accepted"


@pytest.mark.parametrize(("verb", "table"), [("mute", Mute), ("block", Block)])
async def test_hiding_asks_first(site: Site, verb: str, table: type) -> None:
    """Muting and blocking have a page that asks, work by form, and are undone on the page that lists them."""
    browser = await site.browser(site.cast.eve)
    act = f"/people/{site.cast.alice.id}/{verb}"
    assert "Alice?" in (await browser.get(act)).text
    await browser.post(act)
    async with site.database.read() as session:
        assert len((await session.scalars(select(table).where(table.id > 0))).all()) == (1 if verb == "mute" else 2)
    assert f"/people/{site.cast.alice.id}/un{verb}" in (await browser.get("/blocks")).text


async def test_removing_a_follower(site: Site) -> None:
    """A follower is removed after being asked."""
    browser = await site.browser(site.cast.alice)
    assert f"/people/{site.cast.bob.id}/remove" in (await browser.get("/@alice/followers")).text
    await browser.post(f"/people/{site.cast.bob.id}/remove")
    assert f"/people/{site.cast.bob.id}/remove" not in (await browser.get("/@alice/followers")).text


async def test_hidden_lists_of_people(site: Site) -> None:
    """Who hides their lists shows them to nobody else."""
    await site.cast.change(site.cast.alice, hide_collections=True)
    assert "This list is private" in (await site.guest().get("/@alice/followers")).text
    assert "Bob" in (await (await site.browser(site.cast.alice)).get("/@alice/followers")).text


async def test_reporting(site: Site) -> None:
    """A report reaches the moderators with the post it is about."""
    row = await site.cast.say(site.cast.carol, "<p>rude</p>")
    browser = await site.browser(site.cast.alice)
    assert "Tell the moderators of carol.example too" in (await browser.get(f"/posts/{row.id}/report")).text
    await browser.post(f"/posts/{row.id}/report", {"category": "spam", "comment": "look"})
    async with site.database.read() as session:
        report = (await session.scalars(select(Report))).one()
    assert (report.category, report.comment, report.object_ids, report.target_id) == (
        "spam", "look", [row.id], site.cast.carol.id)


async def test_lists(site: Site) -> None:
    """A list is made, filled with someone one follows, read, and deleted; nobody else sees it."""
    bob = await site.browser(site.cast.bob)
    await bob.post("/lists", {"title": "Bakers"})
    async with site.database.read() as session:
        row = (await session.scalars(select(List))).one()
    assert f'value="{site.cast.alice.id}"' in (await bob.get(f"/lists/{row.id}/edit?q=alice")).text
    await bob.post(f"/lists/{row.id}/add", {"person": str(site.cast.alice.id)})
    await site.cast.say(site.cast.alice, "<p>fresh rolls</p>")
    assert "fresh rolls" in (await bob.get(f"/lists/{row.id}")).text
    eve = await site.browser(site.cast.eve)
    assert (await eve.get(f"/lists/{row.id}")).status_code == 404
    assert (await eve.post(f"/lists/{row.id}/delete")).status_code == 404
    assert (await eve.get(f"/events?stream=list:{row.id}")).status_code == 404
    await bob.post(f"/lists/{row.id}/remove", {"person": str(site.cast.alice.id)})
    await bob.post(f"/lists/{row.id}/delete")
    async with site.database.read() as session:
        assert (await session.scalars(select(ListMember))).all() == []


async def test_a_list_needs_a_name(site: Site) -> None:
    """A list without a name is refused at the field."""
    found = await (await site.browser(site.cast.bob)).post("/lists", {"title": " "})
    assert found.status_code == 422
    assert 'id="title-error"' in found.text


async def test_search(site: Site) -> None:
    """People and hashtags are found by anyone, posts only by members, private ones by nobody who may not see them."""
    await site.cast.change(site.cast.alice, indexable=True)
    await site.cast.say(site.cast.alice, "<p>sourdough secrets</p>", hashtags=["sourdough"])
    await site.cast.say(site.cast.alice, "<p>sourdough hush</p>", visibility="followers")
    page = (await site.guest().get("/search?q=sourdough")).text
    assert "/tags/sourdough" in page
    assert "secrets" not in page
    assert "@alice@potluck.test" in (await site.guest().get("/search?q=alice")).text
    eve = (await (await site.browser(site.cast.eve)).get("/search?q=sourdough")).text
    assert "secrets" in eve
    assert "hush" not in eve


async def test_a_pasted_address_is_opened(site: Site) -> None:
    """An address or link of another server leads to its page here; one that leads nowhere says so."""
    row = await site.cast.say(site.cast.carol, "<p>far</p>")
    site.federation.known = {"@carol@carol.example": site.cast.carol, "https://carol.example/1": row}
    browser = await site.browser(site.cast.bob)
    assert (await browser.get("/search?q=@carol@carol.example")).headers["location"] == "/@carol@carol.example"
    found = await browser.get("/search?q=https://carol.example/1")
    assert found.headers["location"] == f"/@carol@carol.example/{row.id}"
    assert "Nothing could be opened" in (await browser.get("/search?q=https://nowhere.example/1")).text


async def test_guests_cause_no_fetches(site: Site) -> None:
    """Only members make this server ask others."""
    site.federation.known = {"@carol@carol.example": site.cast.carol}
    assert (await site.guest().get("/search?q=@carol@carol.example")).status_code == 200
    assert (await site.guest().get("/authorize_interaction?uri=x")).headers["location"].startswith("/signin")


async def test_arriving_from_another_server(site: Site) -> None:
    """The address another server's button gives is opened."""
    site.federation.known = {"carol@carol.example": site.cast.carol}
    browser = await site.browser(site.cast.bob)
    found = await browser.get("/authorize_interaction?uri=acct:carol@carol.example")
    assert found.headers["location"] == "/@carol@carol.example"
    assert (await browser.get("/authorize_interaction?uri=https://nowhere.example")).status_code == 404
    assert (await browser.get("/authorize_interaction")).status_code == 404


async def test_leaving_for_ones_own_server(site: Site) -> None:
    """A guest is led to the fixed path of the named host, by https."""
    guest = site.guest()
    page = await guest.get("/interact?uri=https://potluck.test/@alice")
    assert "form-action 'self' https:" in page.headers["content-security-policy"]
    found = await guest.post("/interact", {"uri": "https://potluck.test/@alice", "address": "@me@my.example"})
    assert found.headers["location"] == \
        "https://my.example/authorize_interaction?uri=https%3A%2F%2Fpotluck.test%2F%40alice"


@pytest.mark.parametrize(("uri", "address"), [
    ("javascript:alert(1)", "@me@my.example"), ("https://potluck.test/@alice", "nonsense"),
    ("https://potluck.test/@alice", "@me@my.example/evil?x="),
    ("https://potluck.test/@alice", ""), ("", "@me@my.example"), ("https://x/", "@me@-.example"),
])
async def test_no_open_redirect(site: Site, uri: str, address: str) -> None:
    """Anything but a plain host is refused."""
    found = await site.guest().post("/interact", {"uri": uri, "address": address})
    assert found.status_code == 422
