"""The pages of communities: find, start, join, post, vote, discuss, moderate; what is private stays so."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from potluck.db.base import now
from potluck.kinds.link import actions as links
from potluck.kinds.link import scheduled
from potluck.kinds.link.actions import LinkRequest
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.kinds.publishing_later import Publisher
from potluck.social import keys, preview_cards, reports
from potluck.social.communities import claims, making, moderating, withdrawing
from potluck.social.communities.making import Wishes
from potluck.social.model import Actor, GroupPost, Media, Object, ScheduledPost, Tombstone
from web.conftest import Browser, Site

PAIRS = keys.make_pairs()
ORDERS = ("hot", "active", "scaled", "new", "old", "top", "most_comments", "new_comments", "controversial")


@pytest.fixture(autouse=True)
def _quick(monkeypatch) -> None:
    async def ready() -> keys.KeyPairs:
        return PAIRS

    monkeypatch.setattr(keys, "generate", ready)


async def community(site: Site, name: str = "soups", **changes) -> Actor:
    """A community that Alice leads."""
    async with site.database.write() as session:
        alice = await session.get_one(Actor, site.cast.alice.id)
        return await making.create(session, alice, name, Wishes(**{"title": name.title(), **changes}), pairs=PAIRS)


async def bring(site: Site, group: Actor, title: str = "On broth", **changes) -> Object:
    async with site.database.write() as session:
        alice = await session.get_one(Actor, site.cast.alice.id)
        return await links.compose(session, alice, LinkRequest(group.id, title, **changes))


async def comment(site: Site, author: Actor, parent: Object, text: str) -> Object:
    async with site.database.write() as session:
        return await notes.compose(session, await session.get_one(Actor, author.id),
                                   NoteRequest(text, in_reply_to_id=parent.id))


async def newest(site: Site) -> Object:
    async with site.database.read() as session:
        return (await session.scalars(select(Object).order_by(Object.id.desc()).limit(1))).one()


async def test_starting_one_and_posting_to_it(site: Site) -> None:
    """From the form to the listing that guests read."""
    browser = await site.browser(site.cast.alice)
    page = await browser.page_after(await browser.post("/communities/new", {
        "name": "soups", "title": "Soups & stews", "description": "All *hot*", "rules": "Be kind\nBe warm",
        "posting": "everyone", "visibility": "public", "downvotes": "1"}))
    assert "Your community is there." in page
    assert "Soups &amp; stews" in page
    assert "Be warm" in page
    page = await browser.page_after(await browser.post("/@soups/submit", {
        "title": "On broth", "link": "https://soup.example/a", "text": "*slow*", "language": "en"}))
    assert "<em>slow</em>" in page
    guest = site.guest()
    for path in ("/@soups", "/communities?show=all", "/communities?show=local"):
        listing = (await guest.get(path)).text
        assert "On broth" in listing
        assert "(soup.example)" in listing


@pytest.mark.parametrize(("path", "fields", "field"), [
    ("/communities/new", {"name": "x", "title": "X"}, "name"),
    ("/communities/new", {"name": "stews", "title": ""}, "title"),
    ("/@soups/submit", {"title": ""}, "title"), ("/@soups/submit", {"title": "A link", "link": "javascript:x"}, "link"),
])
async def test_errors_stand_at_their_field(site: Site, path, fields, field) -> None:
    """And what was typed is kept."""
    await community(site)
    browser = await site.browser(site.cast.alice)
    found = await browser.post(path, {"description": "kept words", "text": "kept words", **fields})
    assert found.status_code == 422
    assert f'href="#{field}"' in found.text
    assert "kept words" in found.text


async def test_a_link_is_posted_twice_only_on_purpose(site: Site) -> None:
    """What was posted of it is shown while one writes; in the same community one must say so."""
    group = await community(site)
    await bring(site, group, link="https://soup.example/a?utm_source=x")
    browser = await site.browser(site.cast.bob)
    for link, other in (("http://www.soup.example/a/", "On broth"), ("https://soup.example/b", "")):
        found = (await browser.get(f"/communities/{group.id}/same?link={link}")).text
        assert ("On broth" in found) == bool(other)
    fields = {"title": "Broth again", "link": "https://soup.example/a"}
    refused = await browser.post("/@soups/submit", fields)
    assert refused.status_code == 409
    assert "This link was posted here already" in refused.text
    assert 'name="anyway"' in refused.text
    assert (await browser.post("/@soups/submit", {**fields, "anyway": "1"})).status_code == 303
    other = await community(site, "stews")
    found = (await browser.get(f"/communities/{other.id}/same?link=https://soup.example/a")).text
    assert "Posted in other communities" in found


async def test_a_post_is_brought_to_another_community(site: Site) -> None:
    """The form begins with its title, link and text; one of a private community cannot be taken out of it."""
    row = await bring(site, await community(site), link="https://soup.example/a", text="Slowly.")
    await community(site, "stews")
    secret = await bring(site, await community(site, "pantry", visibility="private"), "The secret shelf")
    browser = await site.browser(site.cast.alice)
    page = (await browser.get(f"/communities/submit?from={row.id}")).text
    assert f'href="/@stews/submit?from={row.id}"' in page
    assert f'href="/@soups/submit?from={row.id}"' not in page
    form = (await browser.get(f"/@stews/submit?from={row.id}")).text
    assert 'value="On broth"' in form
    assert "https://soup.example/a" in form
    assert "&gt; Slowly." in form
    assert "Posted in other communities" in form
    assert (await browser.get(f"/communities/submit?from={secret.id}")).status_code == 404
    assert "secret" not in (await browser.get(f"/@stews/submit?from={secret.id}")).text


async def test_a_poll_in_a_community(site: Site) -> None:
    """It has a title, is listed, and members vote in it."""
    group = await community(site, flairs=[{"name": "Question"}])
    browser = await site.browser(site.cast.alice)
    page = await browser.page_after(await browser.post("/@soups/submit", {
        "title": "Which *soup*?", "flair": "Question", "text": "Today", "poll_option": ["Lentil", "Bean"],
        "poll_expires": "86400"}))
    assert "Which *soup*?" in page
    row = await newest(site)
    assert (row.type, row.title, row.group_id) == ("Question", "Which *soup*?", group.id)
    assert "<strong>Which *soup*?</strong>" in row.content
    listing = (await site.guest().get("/@soups")).text
    assert "Which *soup*?" in listing
    assert ">Question</a>" in listing
    bob = await site.browser(site.cast.bob)
    await bob.post(f"/posts/{row.id}/vote", {"choice": "0"})
    await browser.post(f"/posts/{row.id}/edit", {"text": f"{row.source}, or tomorrow"})
    page = (await bob.get(f"/@alice/{row.id}")).text
    assert "1 person voted" in page
    assert "or tomorrow" in page
    assert ">Question</a>" in (await site.guest().get("/@soups")).text


async def test_a_post_is_put_aside_or_comes_later(site: Site) -> None:
    """A draft needs no title yet and goes when its post is out; what waits is published in its community."""
    group = await community(site)
    browser = await site.browser(site.cast.alice)
    await browser.post("/@soups/submit", {"text": "Half a *thought*", "keep": "1"})
    found = re.search(r"/communities/drafts/(\d+)", (await browser.get("/drafts")).text)
    assert found is not None
    page = (await browser.get(found[0])).text
    assert "Half a *thought*" in page
    assert f'name="draft_id" value="{found[1]}"' in page
    assert (await (await site.browser(site.cast.bob)).get(found[0])).status_code == 404
    await browser.post("/@soups/submit", {"title": "A whole thought", "draft_id": found[1]})
    assert found[0] not in (await browser.get("/drafts")).text
    assert "A whole thought" in (await browser.get("/@soups")).text
    soon, when = now() + timedelta(minutes=1), now() + timedelta(days=1)
    fields = {"title": "Tomorrow", "poll_option": ["Bean", "Lentil"]}
    assert (await browser.post("/@soups/submit", {**fields, "publish_at": soon.isoformat()})).status_code == 422
    assert (await browser.post("/@soups/submit", {"title": "", "publish_at": when.isoformat()})).status_code == 422
    await browser.post("/@soups/submit", {**fields, "publish_at": when.isoformat()})
    assert "Tomorrow" not in (await browser.get("/@soups")).text
    async with site.database.write() as session:
        await session.execute(update(ScheduledPost).values(scheduled_at=now()))
    assert await Publisher(site.database, site.federation, (scheduled.LATER,)).publish_due() == 1
    row = await newest(site)
    assert (row.title, row.type, row.group_id) == ("Tomorrow", "Question", group.id)


async def test_the_form_shows_how_a_post_will_look(site: Site) -> None:
    """Nothing is posted, and what was written stays."""
    await community(site)
    browser = await site.browser(site.cast.alice)
    page = await browser.post("/@soups/submit", {"title": "On broth", "text": "*slow*", "preview": "1"})
    assert page.status_code == 200
    assert "<em>slow</em>" in page.text
    assert 'value="On broth"' in page.text
    assert "On broth" not in (await browser.get("/@soups")).text


async def test_what_a_link_leads_to_is_shown(site: Site) -> None:
    """Its card, a picture for the listing, a copy in an archive; a video plays in our own player."""
    group = await community(site)
    row = await bring(site, group, link="https://soup.example/a")
    async with site.database.write() as session:
        await preview_cards.want(session, {row.id: "https://soup.example/a"})
        card = await preview_cards.by_url(session, "https://soup.example/a")
        assert card is not None
        await preview_cards.settle(session, card.id, {"title": "All about broth", "image_url": "https://soup.example/p.jpg"})
    film = await bring(site, group, "A pot, filmed", link="https://soup.example/pot.mp4")
    guest = site.guest()
    page = (await guest.get(f"/@alice/{row.id}")).text
    assert "All about broth" in page
    assert "https://web.archive.org/web/https://soup.example/a" in page
    assert 'data-player="video"' in (await guest.get(f"/@alice/{film.id}")).text
    assert re.search(r'listed-thumb"[^>]*><img src="https://potluck.test/proxy/', (await guest.get("/@soups")).text)


async def test_votes_without_scripts(site: Site) -> None:
    """Each button is a form's; a second press takes the vote back."""
    row = await bring(site, await community(site))
    browser = await site.browser(site.cast.bob)
    await browser.post(f"/posts/{row.id}/downvote", {"back": "/communities?show=all"})
    page = (await browser.get("/communities?show=all")).text
    assert f'formaction="/posts/{row.id}/unvote" data-action="downvote" aria-pressed="true"' in page
    async with site.database.read() as session:
        assert (await session.get_one(GroupPost, row.id)).score == -1
    await browser.post(f"/posts/{row.id}/unvote", {})
    async with site.database.read() as session:
        assert (await session.get_one(GroupPost, row.id)).votes == 0


@pytest.mark.parametrize("order", ORDERS)
async def test_every_order_can_be_read(site: Site, order: str) -> None:
    """Also with a range, and with a cursor that is none."""
    group = await community(site)
    await bring(site, group)
    guest = site.guest()
    for path in (f"/@soups?sort={order}", f"/communities?show=all&sort={order}&t=week"):
        found = await guest.get(path)
        assert found.status_code == 200
        assert "On broth" in found.text
    assert (await guest.get(f"/@soups?sort={order}&cursor=nonsense")).status_code == 422


async def test_listings_are_narrowed(site: Site) -> None:
    """By kind, language, NSFW and what was read; a form says by what, and words that mean nothing are passed over."""
    group = await community(site)
    await bring(site, group, language="en")
    await bring(site, group, "Sur le bouillon", language="fr")
    await bring(site, group, "A whole fish", sensitive=True)
    guest = site.guest()
    page = (await guest.get("/communities?show=all&lang=fr&sort=new")).text
    assert "Sur le bouillon" in page
    assert "On broth" not in page
    assert '<input type="hidden" name="sort" value="new">' in page
    assert "A whole fish" not in (await guest.get("/communities?show=all")).text
    assert "A whole fish" in (await guest.get("/communities?show=all&nsfw=1")).text
    assert "On broth" not in (await guest.get("/@soups?kind=note")).text
    assert "On broth" in (await guest.get("/@soups?kind=link&lang=nonsense&t=eon&sort=odd")).text
    page = (await guest.get("/@soups?sort=top&t=year&kind=link")).text
    for span in ("hour", "six_hours", "twelve_hours", "day", "week", "month", "three_months", "six_months",
                 "nine_months", "year", "all"):
        assert f"sort=top&amp;t={span}&amp;kind=link" in page or f"t={span}" in page
    assert page.count('aria-current="true"') >= 2


async def test_a_community_is_narrowed_by_tag(site: Site) -> None:
    """Its tags stand in the filter, and each one at a post leads to the posts with it."""
    group = await community(site, flairs=[{"name": "Question"}, {"name": "R&D"}])
    await bring(site, group, flairs=["R&D"])
    await bring(site, group, "What is broth?", flairs=["Question"])
    guest = site.guest()
    page = (await guest.get("/@soups")).text
    assert 'href="/@soups?flair=R%26D"' in page
    page = (await guest.get("/@soups?flair=R%26D")).text
    assert "On broth" in page
    assert "What is broth?" not in page
    assert '<option value="R&amp;D" selected>R&amp;D</option>' in page
    assert 'name="flair"' not in (await guest.get("/communities?show=all")).text


async def test_scores_can_be_hidden(site: Site) -> None:
    """One votes, and does not see how others did."""
    row = await bring(site, await community(site))
    browser = await site.browser(site.cast.bob)
    await browser.post(f"/posts/{row.id}/upvote", {})
    assert "Score: </span>1" in (await browser.get("/@soups")).text
    await browser.post("/settings/preferences", {"hide_scores": "1", "autoplay_gifs": "1"})
    for path in ("/@soups", f"/@alice/{row.id}"):
        page = (await browser.get(path)).text
        assert "Score: " not in page
        assert 'aria-pressed="true"' in page
    assert "Score: </span>1" in (await site.guest().get("/@soups")).text


async def test_a_discussion_is_a_tree(site: Site) -> None:
    """Sorted, with gaps where something was removed, and moderators' words marked."""
    cast = site.cast
    row = await bring(site, await community(site))
    first = await comment(site, cast.bob, row, "First word")
    await comment(site, cast.eve, first, "An answer to it")
    second = await comment(site, cast.eve, row, "Second word")
    async with site.database.write() as session:
        alice = await session.get_one(Actor, cast.alice.id)
        await moderating.remove(session, alice, first.id, "rude")
    guest = site.guest()
    page = (await guest.get(f"/@alice/{row.id}?sort=old")).text
    assert "First word" not in page
    assert "Removed by a moderator" in page
    assert page.index("An answer to it") < page.index("Second word")
    page = (await guest.get(f"/@alice/{row.id}?sort=new")).text
    assert page.index("Second word") < page.index("An answer to it")
    page = (await guest.get(f"/@eve/{second.id}")).text
    assert "The whole discussion: On broth" in page
    log = (await guest.get("/@soups/modlog")).text
    assert "removed a post" in log
    assert "rude" in log


async def test_commenting_and_reading_marks(site: Site) -> None:
    """A comment from the page; what came since one last looked is counted."""
    row = await bring(site, await community(site))
    browser = await site.browser(site.cast.bob)
    await browser.get(f"/@alice/{row.id}")
    await comment(site, site.cast.eve, row, "Later word")
    listing = (await browser.get("/communities?show=all")).text
    assert "1 new" in listing
    assert "On broth" not in (await browser.get("/communities?show=all&unread=1")).text
    await browser.post("/compose", {"text": "From the page", "reply_id": str(row.id), "visibility": "public",
                                    "back": f"/@alice/{row.id}"})
    said = await newest(site)
    assert (said.in_reply_to_id, said.group_id) == (row.id, row.group_id)


async def test_moderating_from_the_page(site: Site) -> None:
    """Lock, pin, remove, restore, ban, appoint; others are refused."""
    cast = site.cast
    row = await bring(site, await community(site))
    alice, bob = await site.browser(cast.alice), await site.browser(cast.bob)
    assert (await bob.get(f"/posts/{row.id}/mod")).status_code == 403
    assert (await bob.get("/@soups/moderate")).status_code == 403
    assert (await bob.post(f"/posts/{row.id}/mod", {"act": "remove"})).status_code == 403
    for act in ("lock", "pin", "remove", "restore", "unlock", "unpin"):
        assert (await alice.post(f"/posts/{row.id}/mod", {"act": act, "reason": "tidy"})).status_code == 303
        assert (await alice.get(f"/posts/{row.id}/mod")).status_code == 200
    assert (await alice.post(f"/posts/{row.id}/mod", {"act": "explode"})).status_code == 404
    group_id = row.group_id
    page = await alice.page_after(await alice.post(f"/communities/{group_id}/appoint", {"handle": "@eve"}))
    assert page.count("Eve") >= 1
    await alice.post(f"/communities/{group_id}/ban", {"person": str(cast.bob.id), "reason": "rude", "days": "7"})
    desk = (await alice.get("/@soups/moderate")).text
    assert "rude" in desk
    assert (await bob.post("/@soups/submit", {"title": "Let me in"})).status_code == 422
    assert (await bob.post(f"/communities/{group_id}/unban", {"person": str(cast.bob.id)})).status_code == 403
    assert (await alice.post(f"/communities/{group_id}/appoint", {"handle": "@nobody"})).status_code == 422


async def test_moderating_on_the_spot(site: Site) -> None:
    """From the discussion and the listing: the form leads back, what is removed can be restored there."""
    row = await bring(site, await community(site))
    said = await comment(site, site.cast.bob, row, "A rude word")
    alice, bob = await site.browser(site.cast.alice), await site.browser(site.cast.bob)
    path = f"/@alice/{row.id}"
    assert f'action="/posts/{said.id}/mod"' in (await alice.get(path)).text
    assert f'action="/posts/{row.id}/mod"' in (await alice.get("/@soups")).text
    assert "/mod" not in (await bob.get(path)).text
    answer = await alice.post(f"/posts/{said.id}/mod", {"act": "remove", "reason": "rude", "back": path})
    page = await alice.page_after(answer)
    assert answer.headers["location"] == path
    assert "A rude word" not in page
    assert 'value="restore"' not in (await bob.get(path)).text
    assert f'form="mod-{said.id}" name="act" value="restore"' in page
    assert "A rude word" in await alice.page_after(
        await alice.post(f"/posts/{said.id}/mod", {"act": "restore", "back": path}))
    answer = await alice.post(f"/posts/{row.id}/mod", {"act": "remove", "back": path})
    assert answer.headers["location"] == "/@soups"


async def test_an_author_is_warned(site: Site) -> None:
    """With a reason, which they read where they can look at decisions about them; the post stays."""
    row = await bring(site, await community(site))
    said = await comment(site, site.cast.bob, row, "A rude word")
    alice, bob = await site.browser(site.cast.alice), await site.browser(site.cast.bob)
    answer = await alice.post(f"/posts/{said.id}/mod", {"act": "warn"})
    assert "Say what is wrong with it" in await alice.page_after(answer)
    await alice.post(f"/posts/{said.id}/mod", {"act": "warn", "reason": "We speak kindly here"})
    page = (await bob.get("/communities/decisions")).text
    assert "You were warned about something you said" in page
    assert "We speak kindly here" in page
    assert "We speak kindly here" in (await bob.get("/@soups/modlog?only=warnings")).text
    assert "A rude word" in (await bob.get(f"/@alice/{row.id}")).text


async def test_what_nobody_brought_is_only_listed(site: Site) -> None:
    """Its author's answers stay open though the community locked it, and removing it takes it off the listing alone."""
    group = await community(site)
    row = await site.cast.say(site.cast.carol, "<p>nothing about soup</p>")
    async with site.database.write() as session:
        await claims.claim(session, await session.get_one(Object, row.id), await session.get_one(Actor, group.id))
    alice = await site.browser(site.cast.alice)
    path = f"/@carol@{site.cast.carol.host}/{row.id}"
    assert "Nobody brought this here" in (await alice.get(f"/posts/{row.id}/mod")).text
    await alice.post(f"/posts/{row.id}/mod", {"act": "lock"})
    assert "takes no more comments" not in (await alice.get(path)).text
    answer = await alice.post(f"/posts/{row.id}/mod", {"act": "remove", "reason": "off topic"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/@soups")
    assert "nothing about soup" not in (await alice.get("/@soups")).text
    assert "nothing about soup" in (await alice.get(path)).text


async def test_the_log_is_searched(site: Site) -> None:
    """By what was done, and by whom or to whom."""
    row = await bring(site, await community(site))
    async with site.database.write() as session:
        alice = await session.get_one(Actor, site.cast.alice.id)
        group = await session.get_one(Actor, row.group_id)
        await moderating.lock(session, alice, row.id, reason="heated")
        await moderating.ban(session, alice, group, await session.get_one(Actor, site.cast.bob.id), reason="rude")
    guest = site.guest()
    page = (await guest.get("/@soups/modlog?only=bans")).text
    assert "rude" in page
    assert "heated" not in page
    page = (await guest.get("/communities/modlog?who=@bob&only=nonsense")).text
    assert "rude" in page
    assert "heated" not in page
    assert "heated" in (await guest.get("/communities/modlog?who=alice")).text
    assert "Nobody with this address" in (await guest.get("/@soups/modlog?who=nobody")).text


async def test_settings(site: Site) -> None:
    """Saved by its moderators; who may read it is fixed once something was posted."""
    group = await community(site)
    await bring(site, group)
    alice = await site.browser(site.cast.alice)
    fields = {"title": "Thick soups", "description": "d", "posting": "members", "visibility": "public"}
    page = await alice.page_after(await alice.post(f"/communities/{group.id}/settings", fields))
    assert "Your changes are saved." in page
    found = await alice.post(f"/communities/{group.id}/settings", {**fields, "visibility": "private"})
    assert found.status_code == 422
    bob = await site.browser(site.cast.bob)
    assert (await bob.post(f"/communities/{group.id}/settings", fields)).status_code == 403


async def test_private_communities_show_nothing_to_others(site: Site) -> None:
    """Not in listings, their own page, the post, the discussion, the log, search or feeds; members see all."""
    group = await community(site, "pantry", visibility="private")
    row = await bring(site, group, "The secret shelf")
    await comment(site, site.cast.alice, row, "The secret jar")
    async with site.database.write() as session:
        await moderating.lock(session, await session.get_one(Actor, site.cast.alice.id), row.id)
    for browser in (site.guest(), await site.browser(site.cast.bob)):
        for path in ("/@pantry", "/communities?show=all", "/communities?show=local", f"/@alice/{row.id}",
                     f"/posts/{row.id}", "/@pantry/modlog", "/communities/modlog", "/@alice", "/@alice/with_replies",
                     "/search?q=secret", "/@pantry.rss", "/@alice.rss", "/local", "/federated"):
            text = (await browser.get(path)).text
            assert "secret" not in re.sub(r'value="secret"|q=secret|“secret”', "", text), path
    alice = await site.browser(site.cast.alice)
    assert "The secret shelf" in (await alice.get("/@pantry")).text
    assert "The secret jar" in (await alice.get(f"/@alice/{row.id}")).text


async def test_who_asks_to_join_is_let_in(site: Site) -> None:
    """By a moderator at the desk."""
    group = await community(site, "pantry", visibility="private")
    bob, alice = await site.browser(site.cast.bob), await site.browser(site.cast.alice)
    await bob.post(f"/people/{group.id}/follow", {})
    assert "Who asks to join" in (await alice.get("/@pantry/moderate")).text
    await alice.post(f"/communities/{group.id}/accept", {"person": str(site.cast.bob.id)})
    assert (await bob.post("/@pantry/submit", {"title": "Thank you"})).status_code == 303


async def test_bundles_of_communities(site: Site) -> None:
    """Made from a community's menu, read as one, given up; others' are not there."""
    group = await community(site)
    await bring(site, group)
    bob = await site.browser(site.cast.bob)
    fields = {"name": "Hot food", "community": str(group.id)}
    page = await bob.page_after(await bob.post("/communities/bundles", fields))
    assert "On broth" in page
    assert "Hot food" in (await bob.get("/communities")).text
    path = re.search(r"/communities/bundles/\d+", page)
    assert path is not None
    assert (await (await site.browser(site.cast.eve)).get(path[0])).status_code == 404
    await bob.post(path[0], {"community": str(group.id), "remove": "1"})
    assert "On broth" not in (await bob.get(path[0])).text
    assert (await bob.post(path[0], {"handle": "!nothing@here.example"})).status_code == 422
    await bob.post(path[0], {"handle": "!soups"})
    assert "On broth" in (await bob.get(path[0])).text
    assert (await bob.post(path[0], {"name": ""})).status_code == 422
    assert "Cold food" in await bob.page_after(await bob.post(path[0], {"name": "Cold food"}))
    await bob.post(path[0], {"delete": "1"})
    assert (await bob.get(path[0])).status_code == 404


async def test_the_directory(site: Site) -> None:
    """Found by name; adult ones are kept out of it."""
    await community(site)
    await community(site, "pantry", sensitive=True)
    guest: Browser = site.guest()
    assert "Soups" in (await guest.get("/communities/browse?q=soup")).text
    assert "Pantry" not in (await guest.get("/communities/browse")).text
    assert "Nothing found" in (await guest.get("/communities/browse?q=100%25_")).text


async def test_one_changes_ones_own_post(site: Site) -> None:
    """Others cannot, and a note has another page for it."""
    row = await bring(site, await community(site), link="https://soup.example/a")
    alice, bob = await site.browser(site.cast.alice), await site.browser(site.cast.bob)
    assert "https://soup.example/a" in (await alice.get(f"/posts/{row.id}/revise")).text
    await alice.post(f"/posts/{row.id}/revise", {"title": "On stock", "link": "https://soup.example/b"})
    assert "On stock" in (await alice.get(f"/@alice/{row.id}")).text
    assert (await bob.get(f"/posts/{row.id}/revise")).status_code == 404
    assert (await bob.post(f"/posts/{row.id}/revise", {"title": "Mine now"})).status_code == 404


async def test_what_one_deletes_can_be_put_back(site: Site) -> None:
    """For a while, with its comments and votes; nobody else sees it meanwhile. Or it is deleted for good."""
    cast = site.cast
    row = await bring(site, await community(site), text="Slowly, slowly.")
    said = await comment(site, cast.bob, row, "A word of mine")
    alice, bob, guest = await site.browser(cast.alice), await site.browser(cast.bob), site.guest()
    assert "you can put it back" in (await bob.get(f"/posts/{said.id}/delete")).text
    await bob.post(f"/posts/{said.id}/delete", {"back": f"/@alice/{row.id}"})
    assert f"/posts/{said.id}/restore" in (await bob.get(f"/@alice/{row.id}")).text
    for browser in (guest, alice):
        page = (await browser.get(f"/@alice/{row.id}")).text
        assert "A word of mine" not in page
        assert f"/posts/{said.id}/restore" not in page
        assert "0 comments" in page
    assert (await alice.post(f"/posts/{said.id}/restore", {})).status_code == 404
    assert (await alice.get(f"/posts/{said.id}/mod")).status_code == 404
    await bob.post(f"/posts/{said.id}/restore", {})
    assert "A word of mine" in (await guest.get(f"/@alice/{row.id}")).text
    page = await alice.page_after(await alice.post(f"/posts/{row.id}/delete", {"back": f"/@alice/{row.id}"}))
    assert "You have deleted this" in page
    assert "Slowly, slowly." in (await alice.get("/deleted")).text
    assert (await guest.get(f"/@alice/{row.id}")).status_code == 410
    assert "On broth" not in (await guest.get("/@soups")).text
    await alice.post(f"/posts/{row.id}/restore", {})
    assert "1 comment" in (await guest.get("/@soups")).text
    await alice.post(f"/posts/{row.id}/delete", {"forever": "1"})
    assert (await alice.post(f"/posts/{row.id}/restore", {})).status_code == 404
    async with site.database.read() as session:
        assert (await session.get_one(Object, row.id)).content == ""


async def test_what_was_deleted_long_ago_is_gone_for_good(site: Site) -> None:
    """Thirty days after it was taken back."""
    row = await bring(site, await community(site), text="Slowly.")
    async with site.database.write() as session:
        alice = await session.get_one(Actor, site.cast.alice.id)
        await withdrawing.withdraw(session, alice, row.id)
        await withdrawing.sweep(session)
        assert (await session.get_one(Object, row.id)).content
        await session.execute(update(Tombstone).values(deleted_at=now() - timedelta(days=31)))
        await withdrawing.sweep(session)
        assert (await session.get_one(Object, row.id)).content == ""


async def test_a_picture_stays_when_its_post_is_changed(site: Site) -> None:
    """The form holds its address; what is for adults by its community stays so, whatever the form says."""
    picture = "https://soup.example/pot.jpg"
    row = await bring(site, await community(site, "stews", sensitive=True), link=picture)
    alice = await site.browser(site.cast.alice)
    assert f'value="{picture}"' in (await alice.get(f"/posts/{row.id}/revise")).text
    await alice.post(f"/posts/{row.id}/revise", {"title": "Our pot", "link": picture})
    async with site.database.read() as session:
        changed = await session.get_one(Object, row.id)
        media = (await session.scalars(select(Media.url).where(Media.object_id == row.id))).all()
    assert (changed.title, changed.sensitive, list(media)) == ("Our pot", True, [picture])


async def test_the_queue_of_reports(site: Site) -> None:
    """Moderators see what was reported, and as it was; they deal with it; nobody else finds the page."""
    cast = site.cast
    group = await community(site)
    row = await bring(site, group, "On broth", text="It is **fine**")
    said = await comment(site, cast.bob, row, "You are a leek")
    async with site.database.write() as session:
        await reports.create(session, await session.get_one(Actor, cast.eve.id),
                             await session.get_one(Actor, cast.bob.id), object_ids=[said.id], comment="Rude")
    alice, bob = await site.browser(cast.alice), await site.browser(cast.bob)
    assert "Look at the reports" in (await alice.get("/communities")).text
    assert "Look at the reports" not in (await bob.get("/communities")).text
    assert "Reports (1)" in (await alice.get("/@soups/moderate")).text
    for path in ("/communities/reports", "/@soups/reports"):
        page = (await alice.get(path)).text
        assert "You are a leek" in page
        assert "Rude" in page
    assert (await bob.get("/@soups/reports")).status_code == 403
    assert "leek" not in (await bob.get("/communities/reports")).text
    found = re.search(r"/communities/reports/(\d+)/resolve", page)
    assert found is not None
    assert (await bob.post(found[0], {})).status_code == 404
    assert (await alice.post(found[0].replace("resolve", "explode"), {})).status_code == 404
    page = await alice.page_after(await alice.post(found[0], {"back": "/@soups/reports"}))
    assert "leek" not in page
    assert "Dealt with by" in (await alice.get("/@soups/reports?only=all")).text
    await alice.post(found[0].replace("resolve", "reopen"), {})
    assert "leek" in (await alice.get("/@soups/reports")).text


async def test_who_reports_in_a_community_is_told_who_sees_it(site: Site) -> None:
    """Its moderators, too."""
    row = await bring(site, await community(site))
    bob = await site.browser(site.cast.bob)
    assert "of this server and of Soups" in (await bob.get(f"/posts/{row.id}/report")).text


async def test_appeals(site: Site) -> None:
    """Who was banned reads why and appeals; a moderator takes it back; others see nothing."""
    cast = site.cast
    group = await community(site)
    async with site.database.write() as session:
        await moderating.ban(session, await session.get_one(Actor, cast.alice.id), await session.get_one(
            Actor, group.id), await session.get_one(Actor, cast.bob.id), reason="Leeks")
    alice, bob = await site.browser(cast.alice), await site.browser(cast.bob)
    assert "decided something about you" in re.sub(r"<[^>]*>", "", (await bob.get("/notifications")).text).replace(
        "have ", "")
    page = (await bob.get("/communities/decisions")).text
    assert "Leeks" in page
    assert "Leeks" not in (await (await site.browser(cast.eve)).get("/communities/decisions")).text
    path = re.search(r"/communities/decisions/\d+/appeal", page)
    assert path is not None
    assert (await bob.post(path[0], {"text": " "})).status_code == 422
    assert (await alice.post(path[0], {"text": "Not mine"})).status_code == 404
    assert "on its way" in await bob.page_after(await bob.post(path[0], {"text": "I like leeks"}))
    page = (await alice.get("/@soups/reports")).text
    assert "I like leeks" in page
    path = re.search(r"/communities/appeals/\d+/accept", page)
    assert path is not None
    assert (await bob.post(path[0], {})).status_code == 403
    await alice.post(path[0], {"back": "/@soups/reports"})
    assert "I like leeks" not in (await alice.get("/@soups/reports")).text
    assert "was accepted" in (await bob.get("/communities/decisions")).text
