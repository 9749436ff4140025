"""Threads, notifications, conversations, feeds for readers, live events."""


import re
from datetime import timedelta

import feedparser
import pytest

from potluck.db.base import now
from potluck.social import thread_fetches
from potluck.social.model import Marker
from web.conftest import Site


async def test_a_thread_is_a_tree(site: Site) -> None:
    """Above stands what it answers, below the replies, each under the one it replies to."""
    root = await site.cast.say(site.cast.alice, "<p>the root</p>")
    middle = await site.cast.reply(site.cast.bob, root, "<p>the middle</p>")
    leaf = await site.cast.reply(site.cast.eve, middle, "<p>the leaf</p>")
    page = (await site.guest().get(f"/@bob/{middle.id}")).text.partition("</head>")[2]
    assert page.index("the root") < page.index("the middle") < page.index("the leaf")
    page = (await site.guest().get(f"/@alice/{root.id}")).text
    assert page.count('<ol class="thread-replies') == 2
    assert f"post-{leaf.id}" in page


async def test_a_thread_leaves_out_the_private(site: Site) -> None:
    """A private reply is in the thread for those addressed only; a reply to it hangs on the root."""
    root = await site.cast.say(site.cast.alice, "<p>the root</p>")
    private = await site.cast.reply(site.cast.bob, root, "<p>hush</p>", visibility="direct")
    await site.cast.reply(site.cast.eve, private, "<p>open again</p>")
    for browser in (site.guest(), await site.browser(site.cast.mia)):
        page = (await browser.get(f"/@alice/{root.id}")).text
        assert "hush" not in page
        assert "open again" in page


async def test_the_address_of_a_post_has_its_author(site: Site) -> None:
    """Under another name the page leads to the right address."""
    row = await site.cast.say(site.cast.alice, "<p>hi</p>")
    assert (await site.guest().get(f"/@bob/{row.id}")).headers["location"] == f"/@alice/{row.id}"
    assert (await site.guest().get(f"/posts/{row.id}")).headers["location"] == f"/@alice/{row.id}"


@pytest.mark.parametrize("visibility", ["followers", "direct", "local"])
async def test_private_posts_have_no_metadata(site: Site, visibility: str) -> None:
    """What is not for everyone tells previews nothing, even on the author's own screen."""
    row = await site.cast.say(site.cast.alice, "<p>hush</p>", visibility=visibility)
    page = (await (await site.browser(site.cast.alice)).get(f"/@alice/{row.id}")).text
    assert "og:description" not in page
    assert "ld+json" not in page
    assert (await site.guest().get(f"/@alice/{row.id}")).status_code == 404


async def test_a_content_warning_covers_the_preview(site: Site) -> None:
    """What is behind a warning is not in the metadata."""
    row = await site.cast.say(site.cast.alice, "<p>the butler did it</p>", summary="ending")
    head = (await site.guest().get(f"/@alice/{row.id}")).text.partition("</head>")[0]
    assert "the butler" not in head
    assert "ending" in head


async def test_json_ld_cannot_end_its_element(site: Site) -> None:
    """A name with markup stays inside the JSON."""
    await site.cast.change(site.cast.alice, display_name="</script><script>x")
    row = await site.cast.say(site.cast.alice, "<p>hi</p>")
    for path in ("/@alice", f"/@alice/{row.id}"):
        assert "</script><script>x" not in (await site.guest().get(path)).text


async def test_missing_parts_of_a_thread(site: Site) -> None:
    """Who is signed in sees that more is being fetched, and what came; without scripts by looking again."""
    row = await site.cast.say(site.cast.carol, "<p>old</p>", published=now() - timedelta(days=3),
                              replies_uri="https://carol.example/replies")
    path = f"/@{site.cast.carol.acct}/{row.id}"
    assert "Fetching more replies" not in (await site.guest().get(path)).text
    alice = await site.browser(site.cast.alice)
    page = (await alice.get(path)).text
    assert "Fetching more replies" in page
    state = re.search(r'hx-get="(/threads/(\d+)/state\?seen=0)"', page)
    assert state
    assert "Fetching more replies" in (await alice.get(state[1])).text
    async with site.database.write() as session:
        await thread_fetches.note(session, int(state[2]), found=2, finished=True)
    part = (await alice.get(state[1])).text
    assert "2 more posts have come." in part
    assert f'href="/posts/{row.id}"' in part
    assert "hx-trigger" not in part
    nothing = (await alice.get(f"/threads/{state[2]}/state?seen=2")).text.strip()
    assert nothing == '<div id="thread-fetching" hidden></div>'
    assert "Fetching more replies" not in (await alice.get(path)).text
    assert (await alice.get("/threads/1/state")).status_code == 404


async def test_notifications(site: Site) -> None:
    """What happened is told in a sentence, counted until read, and can be cleared."""
    row = await site.cast.say(site.cast.alice, "<p>my loaf</p>")
    await (await site.browser(site.cast.bob)).post(f"/posts/{row.id}/favourite")
    await (await site.browser(site.cast.eve)).post(f"/posts/{row.id}/favourite")
    alice = await site.browser(site.cast.alice)
    assert 'data-notification-count="2"' in (await alice.get("/home")).text
    page = (await alice.get("/notifications")).text
    assert "and 1 other liked your post" in page
    assert "my loaf" in page
    assert 'data-notification-count="0"' in (await alice.get("/home")).text
    async with site.database.read() as session:
        assert await session.get(Marker, (site.cast.alice.id, "notifications"))
    assert "liked your post" not in (await alice.get("/notifications?only=mentions")).text
    assert "Forget all notifications?" in (await alice.get("/notifications/clear")).text
    await alice.post("/notifications/clear")
    assert "All quiet" in (await alice.get("/notifications")).text


async def test_nobody_dismisses_for_others(site: Site) -> None:
    """A notification of someone else is not there."""
    row = await site.cast.say(site.cast.alice, "<p>x</p>")
    await (await site.browser(site.cast.bob)).post(f"/posts/{row.id}/favourite")
    from sqlalchemy import select

    from potluck.social.model import Notification
    async with site.database.read() as session:
        told = (await session.scalars(select(Notification))).one()
    assert (await (await site.browser(site.cast.eve)).post(f"/notifications/{told.id}/dismiss")).status_code == 404
    assert (await (await site.browser(site.cast.alice)).post(f"/notifications/{told.id}/dismiss")).status_code == 303


async def test_conversations(site: Site) -> None:
    """A private post is a conversation of those in it, and of nobody else."""
    await site.cast.say(site.cast.alice, "<p>psst, Mia</p>", visibility="direct", mentions=[site.cast.mia])
    assert "psst, Mia" in (await (await site.browser(site.cast.mia)).get("/conversations")).text
    assert "psst" not in (await (await site.browser(site.cast.eve)).get("/conversations")).text


@pytest.mark.parametrize("suffix", ["rss", "atom"])
async def test_feeds_for_readers(site: Site, suffix: str) -> None:
    """Every local profile and every hashtag is a valid feed of what is public, and of nothing else."""
    await site.cast.say(site.cast.alice, "<p>bread & <b>butter</b></p>", hashtags=["bread"])
    for visibility in ("unlisted", "followers", "direct", "local"):
        await site.cast.say(site.cast.alice, "<p>hush</p>", visibility=visibility, hashtags=["bread"])
    for path in (f"/@alice.{suffix}", f"/tags/bread.{suffix}"):
        found = await site.guest().get(path)
        feed = feedparser.parse(found.content)
        assert not feed.bozo, feed.get("bozo_exception")
        assert len(feed.entries) == 1
        entry = feed.entries[0]
        assert "butter" in (entry.content[0].value if "content" in entry else entry.summary)
        assert "hush" not in found.text


async def test_only_local_people_have_feeds(site: Site) -> None:
    """We syndicate nobody else's posts."""
    assert (await site.guest().get("/@carol@carol.example.rss")).status_code == 404
    assert (await site.guest().get("/@nobody.rss")).status_code == 404


async def test_streams_belong_to_their_reader(site: Site) -> None:
    """Home and notifications need a session, unknown streams are not there."""
    guest = site.guest()
    for stream in ("home", "notifications", "list:1"):
        assert (await guest.get(f"/events?stream={stream}")).status_code == 303
    assert (await (await site.browser(site.cast.bob)).get("/events?stream=nonsense")).status_code == 404
