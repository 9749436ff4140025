"""Whole conversations, outboxes of the newly followed, and what was missed while nobody could reach us."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from potluck.db.base import now
from potluck.federation import catching_up, thread_fetching
from potluck.federation.model import FetchJob, Pulse
from potluck.social import remote_counts, thread_fetches
from potluck.social.model import Announce, Notification, Object, Server, ThreadFetch

from .conftest import Wire
from .peers import PUBLIC, Peer, RemotePerson, ago

LONG_AGO = "2026-01-01T00:00:00Z"


def _replies(person: RemotePerson, number: int, items: list[Any], **more: Any) -> str:
    """A replies collection, served; returns its id."""
    uri = f"{person.peer.base}/notes/{number}/replies"
    person.peer.serve({"id": uri, "type": "Collection", "first": {"type": "CollectionPage", "items": items, **more}})
    return uri


async def _open(wire: Wire, row: Object) -> ThreadFetch | None:
    """Somebody opens the page of an object."""
    async with wire.db.write() as session:
        return await thread_fetches.begin(session, await session.get_one(Object, row.id))


async def _state(wire: Wire, fetch: ThreadFetch | None) -> tuple[str, int]:
    assert fetch is not None
    [row] = await wire.rows(select(ThreadFetch).where(ThreadFetch.id == fetch.id))
    return row.state, row.found


async def test_replies_of_replies_are_fetched(wire: Wire, peer: Peer, other: Peer) -> None:
    """Each from its own host, over pages and levels; what cannot be had is passed over; progress is told."""
    bob, carol = peer.person("bob"), other.person("carol")
    deep = bob.note(3, inReplyTo=f"{other.base}/notes/2")
    reply = carol.note(2, inReplyTo=f"{peer.base}/notes/1", replies=_replies(carol, 2, [deep["id"]]))
    far = carol.note(4, inReplyTo=f"{peer.base}/notes/1")
    more = {"id": f"{peer.base}/notes/1/more", "type": "CollectionPage", "items": [far["id"], f"{peer.base}/missing"]}
    peer.serve(more)
    note = bob.note(1, published=LONG_AGO, replies=_replies(bob, 1, [reply["id"]], next=more["id"]))
    row = await wire.federation.object_by_uri(note["id"])
    assert row is not None
    fetch = await _open(wire, row)
    assert await _state(wire, fetch) == ("running", 0)
    await wire.work()
    assert await _state(wire, fetch) == ("finished", 3)
    found = [await wire.object(document["id"]) for document in (reply, deep, far)]
    assert [item.thread_root_id for item in found if item] == [row.id] * 3
    assert await wire.rows(select(Notification)) == []


async def test_a_context_collection_is_enough(wire: Wire, peer: Peer, other: Peer) -> None:
    """The root's server lists the whole thread (FEP-7888): then nobody's replies are walked but those of the opened."""
    bob, carol = peer.person("bob"), other.person("carol")
    reply = carol.note(2, inReplyTo=f"{peer.base}/notes/1", replies=f"{other.base}/notes/2/replies")
    context = {"id": f"{peer.base}/contexts/1", "type": "OrderedCollection",
               "first": {"type": "OrderedCollectionPage", "orderedItems": [f"{peer.base}/notes/1", reply["id"]]}}
    peer.serve(context)
    note = bob.note(1, context=context["id"], published=LONG_AGO)
    row = await wire.federation.object_by_uri(note["id"])
    assert row is not None
    fetch = await _open(wire, row)
    await wire.work()
    assert await _state(wire, fetch) == ("finished", 1)
    assert other.asked["/notes/2/replies"] == 0
    assert other.asked["/notes/2"] == 1
    assert peer.asked["/notes/1"] == 1  # what is here already is not fetched again


async def test_ancestors_come_before_replies(wire: Wire, peer: Peer, other: Peer) -> None:
    """From a reply in the middle: up to the root, then its other branches."""
    bob, carol = peer.person("bob"), other.person("carol")
    side = carol.note(5, inReplyTo=f"{peer.base}/notes/1")
    root = bob.note(1, published=LONG_AGO, replies=_replies(bob, 1, [side["id"]]))
    middle = carol.note(2, inReplyTo=root["id"], published=LONG_AGO)
    low = bob.note(3, inReplyTo=middle["id"], published=LONG_AGO)
    row = await wire.federation.object_by_uri(low["id"])
    assert row is not None
    async with wire.db.write() as session:
        await session.execute(delete(FetchJob))  # the fetch of the parent that came with it
    fetch = await _open(wire, row)
    await wire.work()
    top, branch = await wire.object(root["id"]), await wire.object(side["id"])
    assert top is not None
    assert branch is not None
    again = await wire.object(low["id"])
    assert again is not None
    assert {branch.thread_root_id, again.thread_root_id} == {top.id}
    assert (await _state(wire, fetch))[0] == "finished"
    assert await _open(wire, again) is None  # the whole thread counts as just read


async def test_nobody_is_asked_too_often(wire: Wire, peer: Peer) -> None:
    """One fetch at a time for a thread, then a pause, longer for older posts; young posts of the followed wait."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    note = bob.note(1, published=LONG_AGO, replies=_replies(bob, 1, []))
    row = await wire.federation.object_by_uri(note["id"])
    assert row is not None
    fetch = await _open(wire, row)
    again = await _open(wire, row)
    assert fetch is not None
    assert again is not None
    assert again.id == fetch.id
    await wire.work()
    assert await _open(wire, row) is None
    assert peer.asked["/notes/1/replies"] == 1
    async with wire.db.write() as session:
        await session.execute(update(ThreadFetch).values(started_at=now() - timedelta(hours=7)))
    assert await _open(wire, row) is not None
    await wire.follow(alice, await wire.learn(bob))
    fresh = bob.note(7, published=ago(minutes=1), replies=_replies(bob, 7, []))
    young = await wire.federation.object_by_uri(fresh["id"])
    assert young is not None
    assert await _open(wire, young) is None


async def test_private_threads_and_own_threads_ask_nobody(wire: Wire, peer: Peer) -> None:
    """What only people here said, or what is not open to all, is not asked for elsewhere."""
    alice = await wire.local("alice")
    assert await _open(wire, await wire.say(alice)) is None
    private = await wire.say(alice, visibility="direct", in_reply_to_uri=f"{peer.base}/notes/9")
    assert await _open(wire, private) is None


async def test_a_hostile_thread_ends(wire: Wire, peer: Peer, monkeypatch: Any) -> None:
    """Collections that list one another, thousands of items, items of ours: bounded."""
    monkeypatch.setattr(thread_fetching, "MAX_FOUND", 5)
    bob = peer.person("bob")
    for number in range(2, 30):
        bob.note(number, inReplyTo=f"{peer.base}/notes/{number - 1}", replies=f"{peer.base}/notes/1/replies")
    many = [f"{peer.base}/notes/{number}" for number in range(2, 30)]
    note = bob.note(1, published=LONG_AGO, replies=_replies(
        bob, 1, ["https://potluck.test/objects/1", {"type": "Note"}, 7, *many], next=f"{peer.base}/notes/1/replies"))
    row = await wire.federation.object_by_uri(note["id"])
    assert row is not None
    fetch = await _open(wire, row)
    await wire.work()
    assert await _state(wire, fetch) == ("finished", 5)


async def test_a_host_in_trouble_is_left_alone(wire: Wire, peer: Peer, other: Peer) -> None:
    """One 503, and nothing more is asked of that host in this thread; the others are read."""
    bob, carol = peer.person("bob"), other.person("carol")
    reply = bob.note(2, inReplyTo=f"{peer.base}/notes/1")
    for number in (3, 4, 5):
        other.serve({"id": f"{other.base}/notes/{number}"}, f"{other.base}/notes/{number}", status=503)
    note = bob.note(1, published=LONG_AGO, replies=_replies(
        bob, 1, [*(f"{other.base}/notes/{number}" for number in (3, 4, 5)), reply["id"]]))
    assert carol.uri
    row = await wire.federation.object_by_uri(note["id"])
    assert row is not None
    fetch = await _open(wire, row)
    await wire.work()
    assert await _state(wire, fetch) == ("finished", 1)
    assert [other.asked[f"/notes/{number}"] for number in (4, 5)] == [0, 0]


def _outbox(person: RemotePerson, *activities: Any) -> None:
    """The outbox, newest first."""
    person.peer.serve({"id": f"{person.uri}/outbox", "type": "OrderedCollection",
                       "first": {"type": "OrderedCollectionPage", "orderedItems": list(activities)}})


async def test_a_profile_is_not_empty_after_a_follow(wire: Wire, peer: Peer, other: Peer) -> None:
    """Posts and boosts of the outbox's first pages, without a request for each post, and told to nobody."""
    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    notes = [bob.note(number, published=ago(hours=number)) for number in range(1, 4)]
    foreign = carol.note(9, published=ago(hours=9))
    boost = bob.act("Announce", foreign["id"], to=[PUBLIC], published=ago(hours=2))
    forged = bob.create({**carol.note(8), "content": "<p>not hers</p>"})
    _outbox(bob, *(bob.create(note) for note in notes), boost, forged)
    await wire.follow(alice, await wire.learn(bob))
    await wire.work()
    assert all([await wire.object(note["id"]) for note in notes])
    assert [peer.asked[f"/notes/{number}"] for number in (1, 2, 3)] == [0, 0, 0]
    assert [row.uri for row in await wire.rows(select(Announce))] == [boost["id"]]
    stranger = await wire.object(f"{other.base}/notes/8")
    assert stranger is None or "not hers" not in stranger.content
    assert await wire.home(alice) == []
    assert await wire.rows(select(Notification)) == []


async def _away(wire: Wire, since: timedelta) -> int:
    """The inbox could not be reached since then; now it can."""
    async with wire.db.write() as session:
        await session.execute(delete(Pulse))
        session.add(Pulse(name=catching_up.INBOX, beat_at=now() - since))
        await session.flush()
        return await catching_up.beat(session)


@pytest.mark.parametrize("just_followed", [False, True])
async def test_what_was_missed_is_caught_up(wire: Wire, peer: Peer, just_followed: bool) -> None:
    """In home at its past place, mentions told of once although their delivery comes later; older things stay away.

    Also if the outbox was to be read for somebody's follow, quietly, when the server went away.
    """
    alice, bob = await wire.local("alice"), peer.person("bob")
    _outbox(bob)
    await wire.follow(alice, await wire.learn(bob))
    if not just_followed:
        await wire.work()
    mention = {"type": "Mention", "href": alice.uri, "name": "@alice"}
    older = bob.note(1, published=ago(hours=30))
    named = bob.note(2, published=ago(hours=9), tag=[mention], to=[PUBLIC, alice.uri])
    newest = bob.note(3, published=ago(minutes=20))
    _outbox(bob, *(bob.create({**note, "published": note["published"]}) | {"published": note["published"]}
                   for note in (newest, named, older)))
    async with wire.db.write() as session:
        await session.execute(update(Server).values(software="gotosocial"))
    assert await _away(wire, timedelta(hours=12)) == 1
    await wire.work()
    rows = [await wire.object(note["id"]) for note in (named, newest)]
    ids = [row.id for row in rows if row]
    assert sorted(await wire.home(alice)) == ids == sorted(ids)
    notices = await wire.rows(select(Notification).where(Notification.reader_id == alice.id))
    assert [(row.type, row.object_id) for row in notices] == [("mention", ids[0])]
    await wire.take(bob, bob.create(named))
    assert len(await wire.rows(select(Notification).where(Notification.reader_id == alice.id))) == 1


async def test_numbers_of_a_profile(wire: Wire, peer: Peer) -> None:
    """Followers and posts as the person's server says them, shown where larger; asked for once a day when looked at."""
    alice, bob = await wire.local("alice"), peer.person("bob", following="https://elsewhere.test/following")
    actor = await wire.learn(bob)
    await wire.follow(alice, actor)
    peer.serve({"id": bob.followers, "type": "OrderedCollection", "totalItems": 1234})
    peer.serve({"id": f"{bob.uri}/outbox", "type": "OrderedCollection", "totalItems": 10**12})
    for _ in range(2):
        async with wire.db.write() as session:
            await remote_counts.want(session, actor.id)
        await wire.work()
    row = await wire.actor(bob.uri)
    assert row is not None
    assert (row.followers_count, row.shown_followers, row.shown_following) == (1, 1234, 0)
    assert row.shown_posts == remote_counts.MOST
    assert peer.asked["/users/bob/followers"] == 1
    assert not remote_counts.are_stale(row)
    assert not remote_counts.are_stale(alice)


async def test_patient_senders_are_not_asked(wire: Wire, peer: Peer) -> None:
    """Who tries again for days needs no reading of outboxes after some hours; after days everybody does."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    await wire.follow(alice, await wire.learn(bob))
    async with wire.db.write() as session:
        await session.execute(update(Server).values(software="mastodon"))
        await session.execute(delete(FetchJob))
    assert [await _away(wire, span) for span in (timedelta(minutes=1), timedelta(hours=30))] == [0, 0]
    assert await _away(wire, timedelta(days=3)) == 1
    async with wire.db.write() as session:
        await session.execute(update(Server).values(software="gotosocial"))
    assert await _away(wire, timedelta(minutes=6)) == 1
