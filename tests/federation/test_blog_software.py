"""Every known reader and writer of articles as a peer: what it makes of ours, and that we understand what it sends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from potluck.federation.actor_documents import write_actor
from potluck.kinds.article import actions
from potluck.kinds.article.actions import ArticleRequest
from potluck.social.blogs import making
from potluck.social.blogs.making import Wishes
from potluck.social.model import Actor, ActorKey, Object, Server
from potluck.text.sanitise import to_plain_text
from support import blog_rules
from support.blog_rules import READERS, Reading, Refused

from .blog_dialects import ARTICLES, TALK, answer, newer
from .conftest import PAIRS, Wire
from .groups_cast import act, subscribed, there
from .peers import Peer, ago

TEXT = """A sour[^1] with $x^2$ #bread

![a loaf](https://pics.example/loaf.png)

| a |
|---|
| 1 |

[^1]: Fed twice.
"""
NewPeer = Callable[[], Awaitable[Peer]]


@pytest.fixture
async def blog(wire: Wire, alice: Actor) -> Actor:
    """Alice's blog, which nobody knows to be hers."""
    async with wire.db.write() as session:
        return await making.create(session, await session.get_one(Actor, alice.id), "crumbs", Wishes("Crumbs"),
                                   pairs=PAIRS[1])


async def publish(wire: Wire, alice: Actor, **changes: Any) -> Object:
    """An article, with everything that one can have."""
    request = ArticleRequest(TEXT, **{"title": "On rye", "language": "en", "summary": "All of it", **changes})
    prepared = await actions.prepare(wire.db, None, request)
    async with wire.db.write() as session:
        return await actions.publish(session, await session.get_one(Actor, alice.id), request, prepared)


async def revise(wire: Wire, alice: Actor, row: Object, **changes: Any) -> None:
    """Change it."""
    request = ArticleRequest("Changed", title="On barley", **changes)
    prepared = await actions.prepare(wire.db, None, request)
    async with wire.db.write() as session:
        await actions.revise(session, await session.get_one(Actor, alice.id), row.id, request, prepared)


async def runs(wire: Wire, peer: Peer, software: str) -> None:
    """A pretended server says in NodeInfo what it is."""
    async with wire.db.write() as session:
        await session.execute(update(Server).where(Server.host == peer.host).values(software=software))


async def followed(wire: Wire, blog: Actor, new_peer: NewPeer) -> dict[str, Peer]:
    """A server of each software, with a follower of the blog."""
    found = {}
    for software in READERS:
        peer = found[software] = await new_peer()
        carol = peer.person("carol")
        await wire.take(carol, act(carol, "Follow", blog.uri, to=[blog.uri]))
        await runs(wire, peer, software)
    await wire.deliver()
    for peer in found.values():
        peer.received.clear()
    return found


def check_whole(seen: Reading, software: str) -> None:
    """What those see who read the text."""
    for part in ("Fed twice", "<table", "$x^2$"):
        assert part in seen.text, (software, part)
    assert any("loaf.png" in picture for picture in seen.pictures), software


def check(software: str, seen: Reading) -> None:
    """What the readers of that software see of the article."""
    if software == "mastodon":
        assert (seen.title, to_plain_text(seen.text), seen.link) == (
            "On rye", "All of it", "https://potluck.test/@crumbs/on-rye")
        return
    if software == "ghost":
        assert "Fed twice" in seen.text
    else:
        check_whole(seen, software)
    if software == "misskey":
        assert (seen.folded, seen.text.startswith("<p><strong>On rye</strong></p>")) == ("", True)
    elif software == "gotosocial":
        assert (seen.folded, "<img" in seen.text) == ("On rye", False)
    else:
        assert seen.title == "On rye"
        assert software == "hometown" or not seen.folded


REFUSING = {"lemmy": "in no community", "plume": "a blog", "mobilizon": "a group", "wordpress": "answers nothing",
            "writefreely": "not known", "pixelfed": "not known"}


async def test_what_everybody_makes_of_an_article(wire: Wire, alice: Actor, blog: Actor, new_peer: NewPeer) -> None:
    """Title, text and pictures as far as each shows them, folded behind nothing but warnings; edits and the end."""
    peers = await followed(wire, blog, new_peer)
    row = await publish(wire, alice, blog_id=blog.id)
    await revise(wire, alice, row)
    async with wire.db.write() as session:
        await actions.delete(session, await session.get_one(Actor, alice.id), row.id)
    await wire.deliver()
    for software, peer in peers.items():
        created, updated, deleted = peer.received
        assert [item["type"] for item in peer.received] == ["Create", "Update", "Delete"], software
        assert len({item["id"] for item in peer.received}) == 3
        assert deleted["object"]["type"] == "Tombstone"
        assert "alice" not in str(peer.received)
        if software in REFUSING:
            with pytest.raises(Refused, match=REFUSING[software]):
                READERS[software](created)
            continue
        check(software, READERS[software](created))
        again = READERS[software](updated)
        assert "On barley" in again.title + again.text + again.folded, software
        assert software == "mastodon" or "Changed" in again.text


async def test_a_warning_folds_the_text(wire: Wire, alice: Actor, blog: Actor, new_peer: NewPeer) -> None:
    """Where a summary is a warning it says nothing else, in plain text; Mastodon has it in the teaser's place."""
    peers = await followed(wire, blog, new_peer)
    await publish(wire, alice, blog_id=blog.id, warning="nuts")
    await wire.deliver()
    for software in ("gotosocial", "misskey", "akkoma"):
        assert READERS[software](peers[software].received[0]).folded == "⚠ nuts", software
    assert to_plain_text(READERS["mastodon"](peers["mastodon"].received[0]).text) == "⚠ nuts"
    assert all(peer.received[0]["object"]["sensitive"] for peer in peers.values())


async def test_lemmy_gets_a_post(wire: Wire, peer: Peer, alice: Actor, blog: Actor) -> None:
    """In a community: the link to our page first, Markdown as it was typed."""
    group = peer.community()
    known = await subscribed(wire, alice, group)
    await runs(wire, peer, "lemmy")
    await publish(wire, alice, blog_id=blog.id, community_id=known.id)
    await wire.deliver()
    created = next(item for item in peer.received if item["type"] == "Create")
    seen = blog_rules.lemmy(created)
    assert (seen.title, seen.link) == ("On rye", "https://potluck.test/@crumbs/on-rye")
    assert seen.text.startswith("A sour[^1]")
    assert created["object"]["audience"] == group.uri


async def test_the_actor_of_a_blog(wire: Wire, alice: Actor, blog: Actor) -> None:
    """Every follower's server takes it, and nothing in it leads to whoever writes."""
    async with wire.db.read() as session:
        actor = await session.get_one(Actor, blog.id)
        keys = list((await session.scalars(select(ActorKey).where(ActorKey.actor_id == blog.id))).all())
    document = write_actor(actor, keys)
    assert blog_rules.actor_problems(document) == []
    assert "alice" not in str(document)
    assert alice.uri not in str(document)


@pytest.mark.parametrize("software", ARTICLES)
async def test_their_articles_are_understood(wire: Wire, peer: Peer, alice: Actor, software: str) -> None:
    """Whole and under their title, edited and deleted; a reader here has them in the home feed."""
    writer = peer.person("writer")
    document = ARTICLES[software](writer)
    owner = document["attributedTo"] if isinstance(document["attributedTo"], str) else writer.uri
    author = next(person for person in peer.people.values() if person.uri == owner)
    await wire.follow(alice, await wire.learn(author))
    await wire.take(author, author.create(document))
    row = await there(wire, document["id"])
    assert (row.kind, row.title) == ("article", "On rye")
    assert "<h2>Salt</h2>" in row.content
    assert 'href="/' not in row.content
    assert "&#038;" not in (row.url or "")
    assert row.id in await wire.home(alice)
    changed = newer(document, peer)
    await wire.take(author, act(author, "Update", changed))
    row = await there(wire, document["id"])
    assert (row.title, row.content) == ("On barley", "<p>Changed</p>")
    await wire.take(author, act(author, "Delete", {"id": document["id"], "type": "Tombstone"}))
    assert (await there(wire, document["id"])).deleted_at is not None


async def test_what_they_say_about_ours(wire: Wire, alice: Actor, blog: Actor, new_peer: NewPeer) -> None:
    """Comments stand below the article, likes and boosts are counted, edits and the end of a comment are taken."""
    row = await publish(wire, alice, blog_id=blog.id)
    likes = boosts = comments = 0
    for software, talk in TALK.items():
        carol = (await new_peer()).person("carol")
        if talk.like is not None:
            more = {**talk.like, **({"to": blog.uri} if talk.like.get("to") == "AUTHOR" else {})}
            await wire.take(carol, act(carol, "Like", row.uri, **more))
            likes += 1
        if talk.boosts:
            await wire.take(carol, act(carol, "Announce", row.uri, cc=[carol.followers, blog.uri]))
            boosts += 1
        if talk.comment is not None:
            said = answer(talk, carol, row.uri, blog.uri)
            await wire.take(carol, carol.create(said))
            comments += 1
            found = await there(wire, said["id"])
            assert (found.in_reply_to_id, found.content) == (row.id, "<p>Lovely</p>"), software
            edited = {name: value for name, value in said.items() if name not in (
                "contentMap", "source", "_misskey_content")} | {
                    "content": "<p>Lovelier</p>", "updated": ago(seconds=1)}
            await wire.take(carol, act(carol, "Update", edited))
            assert (await there(wire, said["id"])).content == "<p>Lovelier</p>", software
        known = await there(wire, row.uri)
        assert (known.likes_count, known.boosts_count, known.replies_count) == (likes, boosts, comments), software
