"""Articles that are brought to a community from the editor."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from potluck.db.base import now
from potluck.kinds.article.publishing import LATER
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.kinds.publishing_later import Publisher
from potluck.social import actors, follows
from potluck.social.blogs import making as blogs
from potluck.social.communities import making, moderating, roles
from potluck.social.keys import make_pairs
from potluck.social.model import Actor, GroupPost, KeptDraft, Object, ScheduledPost
from support.drafts import remote_draft
from web.conftest import Site
from web.test_writing import articles, hidden, publish, send

PAIRS = make_pairs()


async def community(site: Site, name: str = "bakers", **wishes: Any) -> Actor:
    """Bob's community, in which Alice is."""
    async with site.database.write() as session:
        bob = await session.get_one(Actor, site.cast.bob.id)
        group = await making.create(session, bob, name, making.Wishes(name.title(), **wishes), pairs=PAIRS)
        await follows.follow(session, await session.get_one(Actor, site.cast.alice.id), group)
        return group


async def test_an_article_for_a_community(site: Site) -> None:
    """It is named in any of the usual ways; the article is in its listing and is talked about below the article."""
    group = await community(site)
    alice, bob = await site.browser(site.cast.alice), await site.browser(site.cast.bob)
    assert '<option value="!bakers">Bakers</option>' in (await alice.get("/write?community=x")).text
    link = re.search(r'href="(/write\?community=[^"]+)"', (await alice.get("/@bakers/submit")).text)
    assert link is not None
    assert 'name="community" type="text" value="!bakers' in (await alice.get(link[1])).text
    for typed in ("bakers", "!bakers", "@bakers@potluck.test", "!bakers@potluck.test", group.uri):
        made = await publish(alice, community=typed)
        assert made.status_code == 303, typed
    rows = await articles(site)
    assert {(row.group_id, row.visibility) for row in rows} == {(group.id, "public")}
    assert len(rows) == 5
    assert (await bob.get("/@bakers")).text.count("On bread") >= 5
    async with site.database.write() as session:
        assert await session.get(GroupPost, rows[-1].id) is not None
        said = await notes.compose(session, await session.get_one(Actor, site.cast.bob.id),
                                   NoteRequest("Rye is better", in_reply_to_id=rows[-1].id))
    assert said.group_id == group.id
    page = (await site.guest().get(made.headers["location"])).text
    assert "Rye is better" in page
    assert "Bakers" in page


async def test_a_community_elsewhere_is_found_before_the_article_waits(site: Site, monkeypatch) -> None:
    """The draft keeps what was typed; what is scheduled keeps the handle, and goes out without asking again.

    The other server does not learn who asks: a blog that posts there next would be given away.
    """
    asked: list[object] = []
    resolve = site.federation.resolve

    async def noted(text: str, viewer: Actor | None = None) -> Actor | Object | None:
        asked.append(viewer)
        return await resolve(text, viewer)

    monkeypatch.setattr(site.federation, "resolve", noted)
    async with site.database.write() as session:
        group = await actors.upsert_remote(session, remote_draft("pies", "lemmy.example", type="Group"), None)
    site.federation.known["https://lemmy.example/c/pies"] = group
    alice = await site.browser(site.cast.alice)
    draft_id = (await send(alice, "x", words={"title": "t", "text": "x", "community": "pies?"})).json()["draft_id"]
    assert 'value="pies?"' in (await alice.get(f"/write/{draft_id}")).text
    when = (now() + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    found = await publish(alice, publish_at=when, community="https://lemmy.example/c/pies")
    assert found.headers["location"] == "/drafts"
    async with site.database.write() as session:
        waiting = (await session.scalars(select(ScheduledPost))).one()
        assert waiting.request["community"] == "!pies@lemmy.example"
        await session.execute(update(ScheduledPost).values(scheduled_at=now() - timedelta(seconds=1)))
    assert asked == [None]
    site.federation.known.clear()
    assert await Publisher(site.database, site.federation, [LATER]).publish_due() == 1
    assert [row.group_id for row in await articles(site)] == [group.id]


REFUSED = (
    ({"community": "nobody"}, "No community is known by this name"),
    ({"community": "alice"}, "No community is known by this name"),
    ({"community": "https://nowhere.example/c/x"}, "No community is known by this name"),
    ({"community": "bakers", "visibility": "followers"}, "Only what everyone may read"),
    ({"community": "bakers", "page": "1"}, "is brought to no community"),
    ({"community": "masters"}, "Only moderators may post"),
)


async def test_where_an_article_may_not_go(site: Site) -> None:
    """It is said beside the field, now rather than when its time has come; nothing is published, nothing lost."""
    await community(site)
    await community(site, "masters", posting="moderators")
    alice = await site.browser(site.cast.alice)
    later = (now() + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    for fields, said in REFUSED:
        for when in ("", later):
            found = await publish(alice, **fields, publish_at=when)
            assert (found.status_code, said in found.text) == (422, True), (fields, when)
            assert f'value="{fields["community"]}"' in found.text
    assert await articles(site) == []


async def test_a_ban_follows_the_writer_into_the_blog(site: Site) -> None:
    """Who may not post in a community does not post there under another name."""
    group = await community(site)
    async with site.database.write() as session:
        writer = await session.get_one(Actor, site.cast.alice.id)
        blog = await blogs.create(session, writer, "crumbs", blogs.Wishes(title="Crumbs"), pairs=PAIRS)
    alice = await site.browser(site.cast.alice)
    assert (await publish(alice, blog_id=str(blog.id), community="bakers")).status_code == 303
    assert [(row.author_id, row.group_id) for row in await articles(site)] == [(blog.id, group.id)]
    async with site.database.write() as session:
        await roles.ban(session, group.id, site.cast.alice.id, "", None)
    found = await publish(alice, blog_id=str(blog.id), community="bakers", title="More")
    assert (found.status_code, "You are banned from this community" in found.text) == (422, True)
    assert len(await articles(site)) == 1


async def test_a_new_version_stays_in_its_community(site: Site) -> None:
    """The editor says where it is; it is not moved, and stays as marked as its community wants."""
    group = await community(site, sensitive=True, visibility="local")
    alice = await site.browser(site.cast.alice)
    await publish(alice, community="bakers")
    [row] = await articles(site)
    assert (row.visibility, row.sensitive) == ("local", True)
    page = (await alice.get(f"/posts/{row.id}/article")).text
    assert "In the community !bakers" in page
    found = await alice.post("/write", {**hidden(page), "title": "On cake", "text": "Butter", "publish": "1",
                                        "community": "nobody", "language": "en"})
    assert found.status_code == 303, re.sub(r"<[^>]+>", " ", found.text)
    [row] = await articles(site)
    assert (row.title, row.group_id, row.visibility, row.sensitive) == ("On cake", group.id, "local", True)


async def test_moderators_decide_about_it(site: Site) -> None:
    """What they take down nobody reads any more, on the blog neither, until they put it back."""
    await community(site)
    alice = await site.browser(site.cast.alice)
    path = (await publish(alice, community="bakers")).headers["location"]
    [row] = await articles(site)
    assert (await site.guest().get(path)).status_code == 200
    async with site.database.write() as session:
        await moderating.remove(session, await session.get_one(Actor, site.cast.bob.id), row.id, "off topic")
    assert (await site.guest().get(path)).status_code == 404
    assert "On bread" not in (await site.guest().get("/@alice.rss")).text
    async with site.database.write() as session:
        await moderating.restore(session, await session.get_one(Actor, site.cast.bob.id), row.id)
    assert (await site.guest().get(path)).status_code == 200


async def test_how_others_will_see_it(site: Site) -> None:
    """The preview knows the community, so that Lemmy's view of it is that of a post."""
    await community(site)
    alice = await site.browser(site.cast.alice)
    shown = (await publish(alice, publish="", preview="1", community="bakers")).text
    alone = (await publish(alice, publish="", preview="1")).text
    assert shown.partition("Lemmy")[2][:600] != alone.partition("Lemmy")[2][:600]
    assert 'value="!bakers"' in shown or 'value="bakers"' in shown
    async with site.database.read() as session:
        assert (await session.scalars(select(Object.id))).all() == []
        assert (await session.scalars(select(KeptDraft.id))).all() == []
