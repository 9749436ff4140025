"""What local people do, as other servers receive it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from potluck.db.base import now
from potluck.federation import delivery_queue
from potluck.federation.model import Delivery, Outgoing
from potluck.federation.signatures.verify import parse_signature, verify
from potluck.social import blocks, events, follows, keys, leaving, objects, reactions
from potluck.social.drafts import Draft
from potluck.social.model import Actor, ActorKey, Object, Server

from .conftest import Wire
from .peers import AS, PUBLIC, Peer


async def _edit(wire: Wire, row: Object, author: Actor, content: str) -> None:
    draft = Draft(kind="note", type="Note", published=row.published, content=content, author_id=author.id)
    async with wire.db.write() as session:
        await objects.edit(session, row.id, draft, author)


async def test_a_post_goes_once_to_each_shared_inbox(wire: Wire, peer: Peer, other: Peer) -> None:
    """Three followers on two servers make two deliveries, signed by the author, with full addressing."""
    alice = await wire.local("alice")
    for person in (peer.person("bob"), peer.person("bea"), other.person("carol")):
        await wire.follow(await wire.learn(person), alice)
    await wire.deliver()
    peer.received.clear()
    peer.headers.clear()
    peer.paths.clear()
    row = await wire.say(alice)
    assert len([item for item in await wire.deliveries() if item.inbox.endswith("/inbox")]) == 2
    await wire.deliver()
    (received,) = peer.received
    assert peer.paths == ["/inbox"]
    assert received["type"] == "Create"
    assert received["@context"][0] == AS
    assert received["to"] == received["object"]["to"] == [PUBLIC]
    assert received["cc"] == [f"{alice.uri}/followers"]
    assert received["object"]["id"] == row.uri
    assert received["proof"]["cryptosuite"] == "eddsa-jcs-2022"
    assert await wire.rows(select(Delivery)) == []
    assert await wire.rows(select(Outgoing)) == []


async def test_the_signature_holds_for_the_receiver(wire: Wire, peer: Peer) -> None:
    """What arrives verifies with the key that the actor's document has."""
    alice = await wire.local("alice")
    await wire.follow(await wire.learn(peer.person("bob")), alice)
    raw: list[bytes] = []
    await wire.say(alice)
    (queued, *_) = await wire.rows(select(Outgoing).where(Outgoing.type == "Create"))
    body = await wire.engine.delivery._sealer.sealed(queued.id)
    assert body is not None
    raw.append(body.body.encode())
    await wire.deliver()
    sent = next(headers for headers, path in zip(peer.headers, peer.paths, strict=True) if path == "/inbox")
    parsed = parse_signature("POST", "/inbox", dict(sent), body=raw[0], base_url=peer.base)
    known = await wire.federation.keys.find(parsed.key_id)
    assert known is not None
    assert verify(parsed, known.key)
    assert known.actor_uri == alice.uri


async def test_private_posts_are_never_signed_so_that_they_could_be_shown_around(wire: Wire, peer: Peer) -> None:
    """A followers-only post carries neither proof nor LD signature, but a synchronisation header."""
    alice = await wire.local("alice")
    await wire.follow(await wire.learn(peer.person("bob")), alice)
    await wire.deliver()
    peer.received.clear()
    peer.headers.clear()
    await wire.say(alice, visibility="followers")
    await wire.deliver()
    (received,) = peer.received
    assert "proof" not in received
    assert "signature" not in received
    assert received["to"] == [f"{alice.uri}/followers"]
    assert "collectionId=" in peer.headers[0]["Collection-Synchronization"]


async def test_local_only_and_direct_posts_reach_nobody_else(wire: Wire, peer: Peer) -> None:
    """Nothing is queued for what must not leave, and for followers what is addressed to others."""
    alice = await wire.local("alice")
    await wire.follow(await wire.learn(peer.person("bob")), alice)
    await wire.deliver()
    await wire.say(alice, visibility="local")
    await wire.say(alice, visibility="direct")
    assert await wire.deliveries() == []


async def test_create_update_delete_arrive_in_order(wire: Wire, peer: Peer) -> None:
    """What is about one object arrives in the order in which it happened; the Delete is LD-signed."""
    alice = await wire.local("alice")
    await wire.follow(await wire.learn(peer.person("bob")), alice)
    await wire.deliver()
    peer.received.clear()
    row = await wire.say(alice)
    await _edit(wire, row, alice, "<p>better</p>")
    async with wire.db.write() as session:
        await objects.delete(session, row.id, alice)
    await wire.deliver()
    assert [item["type"] for item in peer.received] == ["Create", "Update", "Delete"]
    assert peer.received[1]["object"]["content"] == "<p>better</p>"
    assert peer.received[2]["object"]["type"] == "Tombstone"
    assert peer.received[2]["signature"]["type"] == "RsaSignature2017"
    assert len({item["id"] for item in peer.received}) == 3


async def test_follow_like_boost_block_and_their_undo(wire: Wire, peer: Peer) -> None:
    """Acts towards a remote person go to them, and each Undo holds what it undoes."""
    alice, bob = await wire.local("alice"), await wire.learn(peer.person("bob"))
    await wire.follow(alice, bob)
    note = peer.people["bob"].note(1)
    row = await wire.federation.object_by_uri(note["id"])
    assert row is not None
    async with wire.db.write() as session:
        await reactions.react(session, alice, row.id)
        await reactions.announce(session, alice, row.id)
        await reactions.unreact(session, alice, row.id)
        await reactions.unannounce(session, alice, row.id)
        await follows.unfollow(session, alice, bob)
        await blocks.block(session, alice, bob)
        await blocks.unblock(session, alice, bob)
    await wire.deliver()
    found = [(item["type"], item["object"]["type"] if isinstance(item["object"], dict) else item["object"])
             for item in peer.received]
    assert sorted(found, key=str) == sorted([
        ("Follow", bob.uri), ("Like", note["id"]), ("Announce", note["id"]), ("Undo", "Like"), ("Undo", "Announce"),
        ("Undo", "Follow"), ("Block", bob.uri), ("Undo", "Block")], key=str)


async def test_a_failing_host_is_tried_again_and_delays_nobody(wire: Wire, peer: Peer, other: Peer) -> None:
    """503 keeps the delivery and opens the breaker; another host has it at once; later it arrives."""
    alice = await wire.local("alice")
    for person in (peer.person("bob"), other.person("carol")):
        await wire.follow(await wire.learn(person), alice)
    await wire.deliver()
    peer.received.clear()
    other.received.clear()
    peer.status = 503
    await wire.say(alice)
    await wire.deliver()
    assert len(other.received) == 1
    (left,) = await wire.deliveries()
    assert left.host == peer.host
    assert left.next_at > now()
    (server,) = await wire.rows(select(Server).where(Server.host == peer.host))
    assert server.failures == 1
    assert server.retry_at is not None
    await wire.say(alice, "<p>second</p>")
    assert all(item.next_at > now() for item in await wire.deliveries() if item.host == peer.host)
    peer.status = 202
    async with wire.db.write() as session:
        await delivery_queue.retry_host(session, peer.host)
    await wire.deliver()
    assert [item["object"]["content"] for item in peer.received] == ["<p>hello</p>", "<p>second</p>"]
    (server,) = await wire.rows(select(Server).where(Server.host == peer.host))
    assert server.failures == 0


@pytest.mark.parametrize(("status", "kept"), [(400, False), (403, False), (404, False), (410, False), (401, True),
                                              (500, True), (429, True)])
async def test_what_each_answer_means(wire: Wire, peer: Peer, status: int, kept: bool) -> None:
    """Final refusals end a delivery; busy and broken hosts get it again (protocol §10)."""
    alice = await wire.local("alice")
    await wire.follow(await wire.learn(peer.person("bob")), alice)
    await wire.deliver()
    peer.status = status
    await wire.say(alice)
    await wire.deliver()
    assert bool(await wire.deliveries()) == kept


async def test_an_unreachable_host_is_given_up_after_a_week_and_taken_up_when_it_shows_itself(
    wire: Wire, peer: Peer
) -> None:
    """After seven days nothing more is queued for it; a verified request from it changes that."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    await wire.follow(await wire.learn(bob), alice)
    await wire.deliver()
    peer.status = 503
    await wire.say(alice)
    await wire.deliver()
    long_ago = now() - timedelta(days=8)
    async with wire.db.write() as session:
        await session.execute(update(Server).values(failing_since=long_ago, retry_at=None))
        await session.execute(update(Delivery).values(next_at=now() - timedelta(seconds=1)))
    await wire.deliver()
    (server,) = await wire.rows(select(Server).where(Server.host == peer.host))
    assert server.gone_at is not None
    await wire.say(alice, "<p>unheard</p>")
    assert len(await wire.deliveries()) == 1
    peer.status = 202
    await wire.take(bob, bob.act("Like", (await wire.rows(select(Object.uri)))[0]))
    (server,) = await wire.rows(select(Server).where(Server.host == peer.host))
    assert server.gone_at is None


async def test_a_rotation_is_told_by_the_old_key(wire: Wire, peer: Peer) -> None:
    """The Update with the new keys is signed by the old one, which others still have (protocol §2.1)."""
    alice = await wire.local("alice")
    await wire.follow(await wire.learn(peer.person("bob")), alice)
    await wire.deliver()
    peer.headers.clear()
    peer.received.clear()
    async with wire.db.write() as session:
        await keys.rotate(session, await session.get_one(Actor, alice.id))
    await wire.deliver()
    (received,) = peer.received
    assert received["type"] == "Update"
    assert f'keyId="{alice.uri}#main-key"' in peer.headers[0]["Signature"]
    fresh = await wire.rows(select(ActorKey.uri).where(ActorKey.actor_id == alice.id, ActorKey.retired_at.is_(None),
                                                       ActorKey.algorithm == "rsa"))
    assert received["object"]["publicKey"]["id"] == fresh[0] != f"{alice.uri}#main-key"


async def test_a_deleted_account_is_told_to_every_known_server(wire: Wire, peer: Peer, other: Peer) -> None:
    """Delete of an actor goes to servers that hold nobody who follows it, too."""
    alice = await wire.local("alice")
    await wire.learn(peer.person("bob"))
    await wire.learn(other.person("carol"))
    async with wire.db.write() as session:
        await leaving.delete_local(session, alice)
    await wire.deliver()
    assert [item["type"] for item in peer.received + other.received] == ["Delete", "Delete"]
    assert peer.received[0]["object"] == alice.uri


async def test_a_vote_is_a_note_with_a_name(wire: Wire, peer: Peer) -> None:
    """Votes go to the poll's author alone, one Create per choice, without content (microblog §7)."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    question = bob.note(1, type="Question", oneOf=[{"type": "Note", "name": "yes"}, {"type": "Note", "name": "no"}],
                        endTime="2036-01-01T00:00:00Z")
    row = await wire.federation.object_by_uri(question["id"])
    assert row is not None
    async with wire.db.write() as session:
        author = await session.get_one(Actor, row.author_id)
        await events.emit(session, events.PollVoted(alice, row, author, ["yes"], [7]))
    await wire.deliver()
    (received,) = peer.received
    assert received["object"]["name"] == "yes"
    assert "content" not in received["object"]
    assert received["to"] == [bob.uri]


async def test_a_reply_to_us_is_passed_on_to_our_followers(wire: Wire, peer: Peer, other: Peer) -> None:
    """A reply with a proof of its own reaches the followers of the one replied to as it is, but not its sender."""
    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    await wire.follow(await wire.learn(carol), alice)
    row = await wire.say(alice)
    await wire.deliver()
    other.received.clear()
    reply = {**bob.create(bob.note(1, inReplyTo=row.uri)), "signature": {"type": "RsaSignature2017", "creator": "x"}}
    await wire.take(bob, reply)
    await wire.deliver()
    assert other.received == [reply]
    assert reply not in peer.received


async def test_a_fan_out_numbers_its_rows_in_the_database(wire: Wire) -> None:
    """Many followers on many servers make distinct deliveries with ids in order, none loaded here."""
    from potluck.db.ids import ids

    alice = await wire.local("alice")
    async with wire.db.write() as session:
        session.add_all(Server(id=ids.new(), host=f"h{n}.test") for n in range(300))
        await session.flush()
        servers = (await session.scalars(select(Server))).all()
        people = [Actor(id=ids.new(), uri=f"https://{s.host}/u", name="u", host=s.host, handle=f"u@{s.host}",
                        server_id=s.id, inbox=f"https://{s.host}/u/inbox") for s in servers]
        session.add_all(people)
        await session.flush()
        from potluck.social.model import Follow

        session.add_all(Follow(id=ids.new(), follower_id=p.id, followed_id=alice.id, state="accepted")
                        for p in people)
    await wire.say(alice)
    await wire.say(alice)
    rows = await wire.deliveries()
    assert len(rows) == 600
    assert len({row.id for row in rows}) == 600
    first = max(row.id for row in rows[:300])
    assert all(row.id > first for row in rows[300:])
