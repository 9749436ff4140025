"""Pages for filters, drafts, reactions, exploring, hashtags, who may notify, announcements and notes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from potluck.db.base import now
from potluck.social import announcements, filters, hashtags
from potluck.social.filters import KeywordChange
from potluck.social.model import Announcement, KeptDraft, Object, Reaction, ScheduledPost, User
from web.conftest import Site


async def filtered(site: Site, word: str, action: str = "warn", contexts: tuple[str, ...] = filters.CONTEXTS) -> None:
    """Bob does not want to read a word."""
    async with site.database.write() as session:
        await filters.create(session, site.cast.bob.id, title="Tired of it", contexts=contexts, action=action,
                             keywords=[KeywordChange(keyword=word)])


async def test_a_filter_is_made_changed_and_deleted(site: Site) -> None:
    """From the settings, with its words one on each line."""
    bob = await site.browser(site.cast.bob)
    page = await bob.page_after(await bob.post("/settings/filters/new", {
        "title": "Soup", "keywords": "soup\nbroth", "whole_word": "1", "contexts": ["home", "thread"],
        "action": "warn", "expires": "3600"}))
    assert "The filter is there." in page
    async with site.database.read() as session:
        (view,) = await filters.of_owner(session, site.cast.bob.id)
    assert [word.keyword for word in view.keywords] == ["soup", "broth"]
    assert view.filter.expires_at is not None
    path = f"/settings/filters/{view.filter.id}"
    assert "broth</textarea>" in (await bob.get(path)).text
    await bob.post(path, {"title": "Soup", "keywords": "stew", "contexts": ["home"], "action": "hide",
                          "expires": "keep"})
    async with site.database.read() as session:
        (view,) = await filters.of_owner(session, site.cast.bob.id)
    assert ([word.keyword for word in view.keywords], view.filter.action) == (["stew"], "hide")
    assert view.filter.expires_at is not None
    alice = await site.browser(site.cast.alice)
    assert (await alice.get(path)).status_code == 404
    await bob.post(path, {"delete": "1"})
    assert "Nothing is filtered" in (await bob.get("/settings/filters")).text


@pytest.mark.parametrize(("fields", "field"), [
    ({"title": "", "contexts": ["home"]}, "title"), ({"title": "x", "contexts": []}, "contexts"),
    ({"title": "x", "contexts": ["home"], "keywords": "y" * 600}, "keywords")])
async def test_a_filters_errors_stand_at_their_field(site: Site, fields, field) -> None:
    """Nothing is made."""
    bob = await site.browser(site.cast.bob)
    found = await bob.post("/settings/filters/new", {"action": "warn", **fields})
    assert found.status_code == 422
    assert f'href="#{field}"' in found.text


@pytest.mark.parametrize("path", ["/home", "/local", "/@alice", "/tags/lunch", "thread"])
async def test_pages_obey_filters(site: Site, path: str) -> None:
    """A covered post says by which filter; a hidden one is not there; its author sees it as ever."""
    row = await site.cast.say(site.cast.alice, "<p>What to eat? #lunch</p>", hashtags=["lunch"])
    about = {"in_reply_to_id": row.id, "in_reply_to_uri": row.uri} if path == "thread" else {}
    await site.cast.say(site.cast.alice, "<p>Much soup #lunch</p>", hashtags=["lunch"], **about)
    path = f"/@alice/{row.id}" if path == "thread" else path
    bob, alice = await site.browser(site.cast.bob), await site.browser(site.cast.alice)
    assert "Filtered:" not in (await bob.get(path)).text
    await filtered(site, "soup")
    page = (await bob.get(path)).text
    assert "Filtered: Tired of it" in page
    assert "Much soup" in page
    await filtered(site, "soup", "hide")
    assert "Much soup" not in (await bob.get(path)).text
    assert "Much soup" in (await alice.get(path)).text


async def test_a_draft_is_kept_gone_on_with_and_published(site: Site) -> None:
    """It is gone when the post is out; others do not see it."""
    alice, bob = await site.browser(site.cast.alice), await site.browser(site.cast.bob)
    page = await alice.page_after(await alice.post("/compose", {
        "text": "Half a thought", "warning": "food", "visibility": "followers", "keep": "1"}))
    assert "Half a thought" in page
    async with site.database.read() as session:
        draft = (await session.scalars(select(KeptDraft))).one()
        assert (await session.scalars(select(Object))).all() == []
    path = f"/drafts/{draft.id}"
    page = (await alice.get(path)).text
    assert "Half a thought" in page
    assert '<option value="followers" selected>' in page
    assert (await bob.get(path)).status_code == 404
    assert "Half a thought" not in (await bob.get("/drafts")).text
    await alice.post("/compose", {"text": "A whole thought", "draft_id": str(draft.id), "visibility": "public"})
    async with site.database.read() as session:
        assert (await session.scalars(select(KeptDraft))).all() == []
        assert (await session.scalars(select(Object))).one().content == "<p>A whole thought</p>"


async def test_a_post_waits_for_its_time(site: Site) -> None:
    """The clock is the writer's own; what waits can be made a draft again or given up."""
    alice = await site.browser(site.cast.alice)
    when = (now() + timedelta(hours=5)).replace(second=0, microsecond=0)
    written = f"{when + timedelta(minutes=120):%Y-%m-%dT%H:%M}"
    await alice.post("/compose", {"text": "Later", "publish_at": written, "utc_offset": "120", "visibility": "public"})
    async with site.database.read() as session:
        row = (await session.scalars(select(ScheduledPost))).one()
    assert row.scheduled_at == when
    assert "Later" in (await alice.get("/drafts")).text
    await alice.post(f"/scheduled/{row.id}/draft", {})
    async with site.database.read() as session:
        assert (await session.scalars(select(ScheduledPost))).all() == []
        assert (await session.scalars(select(KeptDraft))).one().request["text"] == "Later"


@pytest.mark.parametrize("written", ["soon", "2001-01-01T00:00", "9999-12-31T23:59"])
async def test_a_time_that_cannot_be_used(site: Site, written: str) -> None:
    """It is said at its field, and what was typed is kept."""
    alice = await site.browser(site.cast.alice)
    found = await alice.post("/compose", {"text": "Later", "publish_at": written, "visibility": "public"})
    assert found.status_code == 422
    assert 'href="#publish_at"' in found.text
    assert "Later</textarea>" in found.text


async def test_reacting_with_an_emoji(site: Site) -> None:
    """Given from the page of emoji, shown on the card, taken back there; nonsense is refused."""
    row = await site.cast.say(site.cast.alice, "<p>hello</p>")
    bob = await site.browser(site.cast.bob)
    assert "\N{POT OF FOOD}" in (await bob.get(f"/posts/{row.id}/react")).text
    await bob.post(f"/posts/{row.id}/react", {"emoji": "\N{FIRE}"})
    page = (await bob.get(f"/@alice/{row.id}")).text
    assert 'value="\N{FIRE}" aria-pressed="true"' in page
    assert (await bob.post(f"/posts/{row.id}/react", {"other": "not one"})).status_code == 422
    assert (await bob.post(f"/posts/{row.id}/react", {})).status_code == 422
    await bob.post(f"/posts/{row.id}/unreact", {"emoji": "\N{FIRE}"})
    async with site.database.read() as session:
        assert (await session.scalars(select(Reaction))).all() == []


async def test_private_posts_take_no_reactions_of_strangers(site: Site) -> None:
    """They are not there."""
    row = await site.cast.say(site.cast.alice, "<p>hush</p>", visibility="direct")
    eve = await site.browser(site.cast.eve)
    assert (await eve.get(f"/posts/{row.id}/react")).status_code == 404
    assert (await eve.post(f"/posts/{row.id}/react", {"emoji": "\N{FIRE}"})).status_code == 404


async def test_exploring(site: Site) -> None:
    """Quiet at first; for guests too."""
    for browser in (site.guest(), await site.browser(site.cast.bob)):
        assert (await browser.get("/explore")).status_code == 200


async def test_hashtags_are_followed_and_featured(site: Site) -> None:
    """And taken off again; a word that is none is said to be so."""
    alice = await site.browser(site.cast.alice)
    await alice.post("/followed-tags", {"verb": "follow", "name": "#Bread"})
    await alice.post("/followed-tags", {"verb": "feature", "name": "soup"})
    page = (await alice.get("/followed-tags")).text
    assert "#Bread" in page or "#bread" in page
    assert "#soup" in page
    await alice.post("/followed-tags", {"verb": "unfeature", "name": "soup"})
    async with site.database.read() as session:
        assert await hashtags.featured(session, site.cast.alice.id) == []
    found = await alice.post("/followed-tags", {"verb": "follow", "name": "!!"})
    assert found.status_code == 422


async def test_who_may_notify(site: Site) -> None:
    """Rules are saved; what waits because of them is taken in or thrown away."""
    alice = await site.browser(site.cast.alice)
    page = await alice.page_after(await alice.post("/notifications/policy", {"for_not_following": "filter"}))
    assert "Your changes are saved." in page
    await site.cast.say(site.cast.eve, "<p>@alice psst</p>", mentions=[site.cast.alice])
    page = (await alice.get("/notifications/requests")).text
    assert "1 notification" in page
    assert "psst" not in (await alice.get("/notifications")).text
    request = page.split('name="request" value="')[1].split('"')[0]
    await alice.post("/notifications/requests", {"request": request, "accept": "1"})
    assert "psst" in (await alice.get("/notifications")).text


async def test_announcements(site: Site) -> None:
    """Written by staff, shown above home until they are put away."""
    async with site.database.write() as session:
        (await session.get_one(User, site.cast.mona.owner_id)).role = "admin"
    mona, bob = await site.browser(site.cast.mona), await site.browser(site.cast.bob)
    assert (await bob.get("/admin/announcements")).status_code in (403, 404)
    assert (await mona.post("/admin/announcements", {"text": ""})).status_code == 422
    await mona.post("/admin/announcements", {"text": "The *kitchen* moves"})
    assert "The <em>kitchen</em> moves" in (await bob.get("/home")).text
    async with site.database.read() as session:
        row = (await session.scalars(select(Announcement))).one()
    await bob.post(f"/announcements/{row.id}/dismiss", {"back": "/home"})
    assert "moves" not in (await bob.get("/home")).text
    assert "moves" in (await bob.get("/announcements")).text
    await mona.post(f"/admin/announcements/{row.id}/unpublish", {})
    async with site.database.read() as session:
        assert await announcements.for_reader(session, site.cast.bob.id) == []


async def test_a_note_about_somebody(site: Site) -> None:
    """Only its writer sees it."""
    bob, eve = await site.browser(site.cast.bob), await site.browser(site.cast.eve)
    path = f"/people/{site.cast.alice.id}/note"
    assert (await bob.get(path)).status_code == 200
    await bob.post(path, {"comment": "met at the market"})
    assert "met at the market" in (await bob.get("/@alice")).text
    assert "met at the market" not in (await eve.get("/@alice")).text
