"""What a community elsewhere counts as its own though nobody brought it there: it has a say over its listing alone."""

from __future__ import annotations

import pytest

from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.social import reports
from potluck.social.communities import comments, joining, listing
from potluck.social.model import Actor, CommunityBan, GroupPost, Object

from .conftest import Wire
from .groups_cast import act, comment, log_of, page, place, subscribed, there
from .peers import PUBLIC, Peer, RemotePerson, ago


async def claimed(wire: Wire, group: RemotePerson, author: RemotePerson, number: int = 1) -> Object:
    """A public post of a third server's author, which the community announces as if it were its own."""
    note = author.note(number, "<p>nothing about soup</p>", published=ago(minutes=2))
    await wire.take(group, act(group, "Announce", note["id"]))
    return await there(wire, note["id"])


@pytest.mark.parametrize("way", ["removal", "with replies", "Undo Announce", "out of the outbox", "ban", "site ban"])
async def test_what_it_takes_down_leaves_it_and_stays_here(
        wire: Wire, peer: Peer, other: Peer, group, alice, way: str) -> None:
    """By every way: the post is no longer listed there, and is read here as before by whoever follows its author."""
    known = await subscribed(wire, alice, group)
    bob = await wire.local("bob")
    mod, carol = peer.person("mod"), other.person("carol")
    await wire.learn(mod)
    await wire.follow(bob, await wire.learn(carol))
    shared = act(group, "Announce", carol.note(1, "<p>nothing about soup</p>", published=ago(minutes=2))["id"])
    await wire.take(group, shared)
    row = await there(wire, shared["object"])
    assert (row.group_id, row.ruled_by) == (known.id, None)
    below = carol.note(2, "<p>more</p>", inReplyTo=row.uri, published=ago(minutes=1))
    await wire.take(carol, carol.create(carol.peer.documents["/notes/1"][1]), carol.create(below))
    assert ((await there(wire, below["id"])).group_id, await wire.home(alice)) == (known.id, [row.id])
    told = {
        "removal": act(group, "Announce", act(mod, "Delete", row.uri, summary="mine")),
        "with replies": act(group, "Announce", act(mod, "Delete", row.uri, summary="mine", withReplies=True)),
        "Undo Announce": act(group, "Undo", shared),
        "out of the outbox": act(group, "Remove", row.uri, target=f"{group.uri}/outbox"),
        "ban": act(group, "Announce", act(mod, "Block", carol.uri, target=group.uri, removeData=True)),
        "site ban": act(mod, "Block", carol.uri, target=f"{peer.base}/", removeData=True)}[way]
    await wire.take(mod if way == "site ban" else group, told)
    for uri in (row.uri, below["id"]):
        left = await there(wire, uri)
        assert (left.state, left.group_id, left.group_claimed) == ("published", None, False)
    assert await wire.rows(GroupPost.__table__.select()) == []
    assert row.id in await wire.home(bob)
    assert await wire.home(alice) == []
    async with wire.db.read() as session:
        assert (await listing.page(session, alice.id, listing.Wanted(scope="all"))).object_ids == []
        settings = await joining.settings_of(session, known)
    assert (settings.posts_count, settings.comments_count) == (0, 0)


async def test_it_may_list_it_again(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """An undone removal brings the post back into the listing, and nothing more."""
    known = await subscribed(wire, alice, group)
    mod, carol = peer.person("mod"), other.person("carol")
    await wire.learn(mod)
    row = await claimed(wire, group, carol)
    removal = act(mod, "Delete", row.uri, summary="mine")
    await wire.take(group, act(group, "Announce", removal))
    await wire.take(group, act(group, "Announce", act(mod, "Undo", removal)))
    assert ((await there(wire, row.uri)).group_id, (await place(wire, row.uri)).listed) == (known.id, True)
    assert await log_of(wire) == ["remove"]


async def test_a_comment_it_takes_out_is_read_elsewhere(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """It is gone from the community's discussion, and not from the thread of its author."""
    await subscribed(wire, alice, group)
    mod, carol = peer.person("mod"), other.person("carol")
    await wire.learn(mod)
    row = await claimed(wire, group, carol)
    first, second = (carol.note(number, "<p>more</p>", inReplyTo=row.uri, published=ago(minutes=1))
                     for number in (2, 3))
    removal = act(mod, "Delete", first["id"], summary="mine")
    await wire.take(carol, carol.create(first), carol.create(second))
    await wire.take(group, act(group, "Announce", removal))
    kept, gone = await there(wire, second["id"]), await there(wire, first["id"])
    assert (gone.state, gone.in_reply_to_id, gone.group_id) == ("published", row.id, None)
    assert (await place(wire, row.uri)).comments == 1
    async with wire.db.read() as session:
        assert (await comments.tree(session, await there(wire, row.uri), alice.id)).shown == [kept.id]
    await wire.take(group, act(group, "Announce", act(mod, "Undo", removal)))
    async with wire.db.read() as session:
        shown = (await comments.tree(session, await there(wire, row.uri), alice.id)).shown
    assert sorted(shown) == sorted([gone.id, kept.id])


async def test_its_rules_bind_nobody(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """Bans and locks hold for its place alone: people answer, vote and edit as if it were not there."""
    known = await subscribed(wire, alice, group)
    mod, carol = peer.person("mod"), other.person("carol")
    for person in (mod, carol):
        await wire.learn(person)
    row = await claimed(wire, group, carol)
    document = dict(carol.peer.documents["/notes/1"][1])
    acts = [act(mod, "Block", who, target=group.uri) for who in (carol.uri, alice.uri)]
    await wire.take(group, *(act(group, "Announce", item) for item in (*acts, act(mod, "Lock", row.uri))))
    assert len(await wire.rows(CommunityBan.__table__.select())) == 2
    assert (await place(wire, row.uri)).locked
    document |= {"content": "<p>better</p>", "updated": ago(seconds=1)}
    carol.peer.serve(document)
    await wire.take(carol, act(carol, "Update", document), act(carol, "Like", row.uri))
    async with wire.db.write() as session:
        me = await session.get_one(Actor, alice.id)
        answer = await notes.compose(session, me, NoteRequest("Well said", in_reply_to_id=row.id))
        await joining.vote(session, me, row.id, 1)
    changed = await there(wire, row.uri)
    assert (changed.content, changed.likes_count) == ("<p>better</p>", 2)
    assert (answer.group_id, answer.in_reply_to_id, known.id) == (None, row.id, changed.group_id)


async def test_its_word_on_votes_counts_for_nothing(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """A community may say who voted on its own posts, not who voted on what it merely lists."""
    await subscribed(wire, alice, group)
    carol, dave = other.person("carol"), other.person("dave")
    await wire.learn(dave)
    row = await claimed(wire, group, carol)
    await wire.take(group, act(group, "Announce", act(dave, "Dislike", row.uri)))
    assert (await there(wire, row.uri)).dislikes_count == 0
    own = page(carol, group.uri)
    await wire.take(group, act(group, "Announce", carol.create(own)),
                    act(group, "Announce", act(dave, "Dislike", own["id"])))
    assert (await there(wire, own["id"])).dislikes_count == 1


@pytest.mark.parametrize("addressed", ["to", "cc", "audience", "mention", "late"])
async def test_what_its_author_brought_is_its_own(wire: Wire, peer: Peer, other: Peer, group, alice, addressed) -> None:
    """However the author said so, and even if the post came before the community was known here."""
    mod, carol = peer.person("mod"), other.person("carol")
    note = carol.note(1, "<p>soup</p>", published=ago(minutes=2), **{
        "to": {"to": [PUBLIC, group.uri]}, "cc": {"cc": [group.uri]}, "audience": {"audience": group.uri},
        "mention": {"cc": [group.uri], "tag": [{"type": "Mention", "href": group.uri}]},
        "late": {"cc": [group.uri]}}[addressed])
    if addressed == "late":
        await wire.federation.object_by_uri(note["id"])
    known = await subscribed(wire, alice, group)
    await wire.learn(mod)
    await wire.take(group, act(group, "Announce", note["id"]))
    assert (await there(wire, note["id"])).ruled_by == known.id
    await wire.take(group, act(group, "Announce", act(mod, "Delete", note["id"], summary="off topic")))
    assert (await there(wire, note["id"])).state == "removed"


async def test_nobody_else_brings_a_post_to_a_community(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """Whom the announced Create is said to be for counts for nothing where the post itself addresses nobody."""
    known = await subscribed(wire, alice, group)
    carol = other.person("carol")
    note = carol.note(1, "<p>nothing about soup</p>", published=ago(minutes=2))
    for name in ("to", "cc"):
        del note[name]
    carol.peer.serve(note)
    await wire.take(group, act(group, "Announce", carol.create(note) | {
        "to": [group.uri, PUBLIC], "cc": [], "audience": group.uri}))
    row = await wire.object(note["id"])
    assert row is None or row.ruled_by is None
    await wire.take(group, act(group, "Announce", note["id"]))
    row = await there(wire, note["id"])
    assert (row.group_id, row.ruled_by) == (known.id, None)


async def test_a_discussion_stays_in_its_community(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """A comment that addresses another community lies in that of its post (as Lemmy), which moderates it."""
    theirs = other.community("theirs")
    known = await subscribed(wire, alice, group)
    await subscribed(wire, alice, theirs)
    carol, mallory = peer.person("carol"), other.person("mallory")
    await wire.learn(mallory)
    post = page(carol, group.uri)
    said = comment(mallory, theirs.uri, post["id"])
    await wire.take(group, act(group, "Announce", carol.create(post)))
    await wire.take(mallory, mallory.create(said))
    assert (await there(wire, said["id"])).group_id == known.id


async def test_it_hears_nothing_of_reports(wire: Wire, peer: Peer, other: Peer, group, alice) -> None:
    """Who reports such a post is named to no community that lists it; its author's server is told, without names."""
    await subscribed(wire, alice, group)
    row = await claimed(wire, group, other.person("carol"))
    own = page(peer.person("dave"), group.uri)
    await wire.take(group, act(group, "Announce", peer.people["dave"].create(own)))
    async with wire.db.write() as session:
        for thing in (row, await there(wire, own["id"])):
            await reports.create(session, await session.get_one(Actor, alice.id),
                                 await session.get_one(Actor, thing.author_id), object_ids=[thing.id],
                                 comment="rude", forward=True)
    await wire.deliver()
    about = {(item["actor"] == alice.uri, row.uri in str(item["object"])) for item in peer.received
             if item["type"] == "Flag"}
    assert about == {(True, False), (False, False)}
    assert [item["actor"] == alice.uri for item in other.received if item["type"] == "Flag"] == [False]
