"""What is fetched from elsewhere: profiles, threads, outboxes, pins, stamps, links people paste; and groups, relays."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from potluck.federation import fetch_jobs, linked_data, proofs, relays
from potluck.federation.errors import FederationError
from potluck.federation.model import Relay
from potluck.federation.signatures.keys import SigningKey, encode_multikey, generate_ed25519
from potluck.social.model import Actor, Follow, Mention, Notification, Object, Pin, Reaction, Server

from .conftest import Wire
from .peers import AS, PUBLIC, Peer, ago


async def test_a_profile_is_known_by_its_confirmed_handle(wire: Wire, peer: Peer) -> None:
    """Name, host, keys and server come from document and WebFinger."""
    actor = await wire.learn(peer.person("bob"))
    assert actor.acct == f"bob@{peer.host}"
    assert actor.handle == f"bob@{peer.host}"
    assert [row.host for row in await wire.rows(select(Server))] == [peer.host]
    assert await wire.federation.actor_by_handle(f"@bob@{peer.host}") is not None


async def test_a_handle_on_another_host_must_confirm_the_actor(wire: Wire, peer: Peer, other: Peer) -> None:
    """An actor may claim a handle elsewhere only if WebFinger there leads back to it (protocol §8)."""
    carol = other.person("carol")
    bob = peer.person("carol", webfinger=f"carol@{other.host}")
    with pytest.raises(FederationError):
        await wire.federation.actor_by_uri(bob.uri)
    other.people["carol"] = bob
    actor = await wire.federation.actor_by_uri(bob.uri)
    assert actor is not None
    assert actor.acct == f"carol@{other.host}"
    assert carol.uri != bob.uri


@pytest.mark.parametrize("change", [
    {"id": "http://127.0.0.1:1/users/bob"}, {"type": "Note"}, {"inbox": "https://elsewhere.test/inbox"},
    {"preferredUsername": None},
])
async def test_a_document_that_is_not_what_it_claims_is_never_stored(
    wire: Wire, peer: Peer, change: dict[str, Any]
) -> None:
    """Wrong id, no actor, foreign inbox, no name: refused, and nothing is left behind."""
    bob = peer.person("bob")
    peer.serve({**bob.document, **change}, bob.uri)
    with pytest.raises(FederationError):
        await wire.federation.actor_by_uri(bob.uri)
    assert await wire.actor(bob.uri) is None


async def test_an_upload_is_no_document(wire: Wire, peer: Peer) -> None:
    """A file with the right JSON but another content type says nothing (CVE-2024-25623)."""
    bob = peer.person("bob")
    note = bob.note(1)
    peer.serve(note, note["id"], content_type="application/json")
    with pytest.raises(FederationError):
        await wire.federation.object_by_uri(note["id"])
    assert await wire.object(note["id"]) is None


async def test_many_who_ask_at_once_cause_one_fetch(wire: Wire, peer: Peer) -> None:
    """The same thing asked for by many at the same time is fetched once."""
    import asyncio

    bob = peer.person("bob")
    found = await asyncio.gather(*(wire.federation.actor_by_uri(bob.uri) for _ in range(10)))
    assert len({actor.id for actor in found if actor}) == 1
    assert peer.asked["/users/bob"] == 1


async def test_what_people_paste_is_resolved(wire: Wire, peer: Peer) -> None:
    """Handles, ids and pages of people and posts lead to them; nonsense leads nowhere."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    note = bob.note(1)
    row = await wire.say(alice)
    assert isinstance(await wire.federation.resolve(f"@bob@{peer.host}", alice), Actor)
    assert isinstance(await wire.federation.resolve(bob.uri, alice), Actor)
    found = await wire.federation.resolve(note["id"], alice)
    assert isinstance(found, Object)
    assert found.content == "<p>hello</p>"
    local = await wire.federation.resolve(row.uri, alice)
    assert isinstance(local, Object)
    assert local.id == row.id
    assert isinstance(await wire.federation.resolve("@alice@potluck.test", alice), Actor)
    for text in ("nonsense", "@nobody@potluck.test", f"{peer.base}/missing", "https://", "@@", f"@zoe@{peer.host}"):
        assert await wire.federation.resolve(text, alice) is None


async def test_following_reads_outbox_and_pins(wire: Wire, peer: Peer, other: Peer) -> None:
    """After an accepted follow the newest posts and pins are there; of other people's posts nothing is pinned."""
    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    note, pinned, foreign = bob.note(1), bob.note(2), carol.note(3)
    outbox = {"id": f"{bob.uri}/outbox", "type": "OrderedCollection", "orderedItems": [bob.create(note)]}
    featured = {"id": f"{bob.uri}/featured", "type": "OrderedCollection", "orderedItems": [pinned["id"], foreign["id"]]}
    peer.serve(outbox)
    peer.serve(featured)
    await wire.follow(alice, await wire.learn(bob))
    await wire.work()
    row = await wire.object(pinned["id"])
    assert await wire.object(note["id"]) is not None
    assert row is not None
    assert [pin.object_id for pin in await wire.rows(select(Pin))] == [row.id]


async def test_a_delivery_that_comes_after_a_fetch_is_told_of_once(wire: Wire, peer: Peer) -> None:
    """A post that was fetched before its delivery came reaches home and notifications by the delivery; an old one, or
    the same once more, reaches nobody."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    await wire.follow(alice, await wire.learn(bob))
    mention = {"type": "Mention", "href": alice.uri, "name": f"@{alice.name}"}
    fresh, old = bob.note(1, tag=[mention]), bob.note(2, published=ago(days=30))
    row = await wire.federation.object_by_uri(fresh["id"])
    assert row is not None
    assert await wire.federation.object_by_uri(old["id"]) is not None
    assert await wire.home(alice) == []
    await wire.take(bob, bob.create(fresh), bob.create(old))
    await wire.take(bob, {**bob.create(fresh), "id": f"{fresh['id']}/activity-again"})
    assert await wire.home(alice) == [row.id]
    notices = await wire.rows(select(Notification).where(Notification.reader_id == alice.id))
    assert [(one.type, one.object_id) for one in notices] == [("mention", row.id)]


async def test_a_stamp_is_fetched_before_a_quote_is_shown(wire: Wire, peer: Peer, other: Peer) -> None:
    """A quote of somebody with a policy stays pending until a stamp of that author fits (FEP-044f)."""
    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    await wire.follow(alice, await wire.learn(bob))
    quoted = carol.note(1, interactionPolicy={"canQuote": {"automaticApproval": [PUBLIC]}})
    stamp = {"id": f"{other.base}/stamps/1", "type": "QuoteAuthorization", "attributedTo": carol.uri,
             "interactingObject": f"{peer.base}/notes/2", "interactionTarget": quoted["id"]}
    bare = bob.note(2, quote=quoted["id"])
    await wire.take(bob, bob.create(bare))
    row = await wire.object(bare["id"])
    assert row is not None
    assert row.quote_state == "pending"
    other.serve(stamp)
    await wire.take(bob, bob.act("Update", {**bare, "quoteAuthorization": stamp["id"]}))
    async with wire.db.write() as session:
        await fetch_jobs.add(session, "quote", bare["id"], {"stamp": stamp["id"]})
    await wire.work()
    row = await wire.object(bare["id"])
    assert row is not None
    assert row.quote_state == "accepted"
    await wire.take(carol, carol.act("Delete", stamp["id"]))
    row = await wire.object(bare["id"])
    assert row is not None
    assert row.quote_state == "revoked"


async def test_what_is_asked_for_again_while_it_is_fetched(wire: Wire) -> None:
    """Is fetched once more where that was asked, since the first look may have been too early (a stamp that comes)."""

    async def due() -> list[Any]:
        async with wire.db.read() as session:
            return list(await fetch_jobs.due(session, 10, []))

    for again, left in ((False, 0), (True, 1)):
        async with wire.db.write() as session:
            await fetch_jobs.add(session, "quote", "https://peer.test/1")
        (begun,) = await due()
        async with wire.db.write() as session:
            await fetch_jobs.add(session, "quote", "https://peer.test/1", again=again)
        (waits,) = await due()
        assert waits.id == begun.id, "one job for one thing"
        async with wire.db.write() as session:
            await fetch_jobs.done(session, begun.id, begun.created_at)
        rows = await due()
        assert len(rows) == left
        async with wire.db.write() as session:
            for row in rows:
                await fetch_jobs.done(session, row.id, row.created_at)
        assert await due() == []


def _group(peer: Peer, wire: Wire) -> Any:
    return peer.person("cats", type="Group")


async def test_a_followed_group_passes_on_what_others_say(wire: Wire, peer: Peer, other: Peer) -> None:
    """Announce{Create} is read from the author's own host and put into the group; forged content has no effect."""
    alice, group, carol = await wire.local("alice"), _group(peer, wire), other.person("carol")
    await wire.follow(alice, await wire.learn(group))
    note = carol.note(1, "<p>real</p>", audience=group.uri, to=[group.uri, PUBLIC])
    inner = carol.create({**note, "content": "<p>forged</p>"})
    await wire.take(group, group.act("Announce", inner, to=[PUBLIC]))
    row = await wire.object(note["id"])
    known = await wire.actor(group.uri)
    assert row is not None
    assert known is not None
    assert row.content == "<p>real</p>"
    assert row.group_id == known.id
    await wire.take(group, group.act("Announce", carol.act("Like", note["id"]), "2", to=[PUBLIC]))
    assert len(await wire.rows(select(Reaction))) == 1


async def test_a_group_nobody_follows_passes_on_nothing(wire: Wire, peer: Peer, other: Peer) -> None:
    """Neither its boosts nor what it announces cause a fetch."""
    await wire.local("alice")
    group, carol = _group(peer, wire), other.person("carol")
    await wire.learn(group)
    note = carol.note(1)
    await wire.take(group, group.act("Announce", carol.create(note), to=[PUBLIC]),
                    group.act("Announce", note["id"], "2", to=[PUBLIC]))
    assert await wire.object(note["id"]) is None
    assert not other.asked


async def test_a_proof_makes_a_forwarded_activity_genuine(wire: Wire, peer: Peer, other: Peer) -> None:
    """An FEP-8b32 proof by the actor is believed, whoever passes it on; one that does not hold is not."""
    key = generate_ed25519()
    carol = other.person("carol")
    carol.document["assertionMethod"] = [{
        "id": f"{carol.uri}#ed25519-key", "type": "Multikey", "controller": carol.uri,
        "publicKeyMultibase": encode_multikey(key.public_key())}]
    alice, bob = await wire.local("alice"), peer.person("bob")
    row = await wire.say(alice)
    await wire.learn(bob)
    await wire.learn(carol)
    like = proofs.create(carol.act("Like", row.uri), SigningKey(f"{carol.uri}#ed25519-key", key))
    await wire.take(bob, {**like, "object": f"{row.uri}x"})
    assert await wire.rows(select(Reaction)) == []
    await wire.take(bob, like)
    assert len(await wire.rows(select(Reaction))) == 1


async def test_a_linked_data_signature_confirms_a_delete(wire: Wire, peer: Peer, other: Peer) -> None:
    """A forwarded Delete with an LD signature by the author counts; with another's it does not (protocol §4)."""
    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    await wire.follow(alice, await wire.learn(carol))
    await wire.learn(bob)
    note = carol.note(1)
    await wire.take(carol, carol.create(note))
    delete = {"@context": AS, "id": f"{note['id']}#delete", "type": "Delete", "actor": carol.uri, "to": [PUBLIC],
              "object": {"id": note["id"], "type": "Tombstone"}}
    await wire.take(bob, await linked_data.sign(delete, bob.key))
    row = await wire.object(note["id"])
    assert row is not None
    assert row.deleted_at is None
    await wire.take(bob, await linked_data.sign({**delete, "id": f"{note['id']}#delete2"}, carol.key))
    row = await wire.object(note["id"])
    assert row is not None
    assert row.deleted_at is not None


async def test_a_relay_is_subscribed_to_and_believed_for_what_it_names(wire: Wire, peer: Peer, other: Peer) -> None:
    """After its Accept a relay's Announce brings posts of people nobody follows, each from its own host."""
    await wire.local("alice")
    relay, carol = peer.person("relay", type="Application"), other.person("carol")
    await relays.subscribe(wire.federation, relay.uri)
    await wire.deliver()
    sent = peer.received[-1]
    assert (sent["type"], sent["object"]) == ("Follow", relay.uri)
    await wire.take(relay, relay.act("Accept", sent))
    assert [row.state for row in await wire.rows(select(Relay))] == ["accepted"]
    wire.federation._policies._read_at = float("-inf")
    note = carol.note(1)
    await wire.take(relay, relay.act("Announce", note["id"], to=[PUBLIC]))
    assert await wire.object(note["id"]) is not None
    assert await wire.rows(select(Follow)) == []


async def test_a_deep_thread_is_fetched_one_by_one_and_ends(wire: Wire, peer: Peer) -> None:
    """A chain of replies, even one that runs in a circle, does not fetch for ever."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    await wire.follow(alice, await wire.learn(bob))
    for number in range(1, 30):
        bob.note(number, inReplyTo=f"{peer.base}/notes/{number % 30 + 1}")
    bob.note(30, inReplyTo=f"{peer.base}/notes/1")
    await wire.take(bob, bob.create(peer.documents["/notes/1"][1]))
    assert len(await wire.rows(select(Object))) == 30
    assert all(count <= 2 for path, count in peer.asked.items() if path.startswith("/notes/"))


async def test_people_named_beside_us_become_known(wire: Wire, peer: Peer, other: Peer) -> None:
    """Whoever is addressed together with strangers can answer them all: they are fetched in the background."""
    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    tags = [{"type": "Mention", "href": alice.uri, "name": "@alice@potluck.test"},
            {"type": "Mention", "href": carol.uri, "name": f"@carol@{other.host}"}]
    note = bob.note(1, to=[PUBLIC, alice.uri, carol.uri], tag=tags)
    await wire.take(bob, bob.create(note))
    row = await wire.object(note["id"])
    assert row is not None
    named = await wire.rows(select(Actor.uri).join(Mention, Mention.actor_id == Actor.id).where(
        Mention.object_id == row.id))
    assert sorted(named) == sorted([alice.uri, carol.uri])


async def test_a_redirect_does_not_let_another_host_speak_for_a_key(wire: Wire, peer: Peer, other: Peer) -> None:
    """A key id that redirects to a document elsewhere does not make that document the owner's (protocol §7)."""
    await wire.local("alice")
    bob = peer.person("bob")
    forged = f"{other.base}/redirect"
    evil = {**bob.document, "id": forged, "inbox": f"{forged}/inbox", "outbox": f"{forged}/outbox",
            "publicKey": {**bob.document["publicKey"], "id": f"{forged}#key", "owner": forged}}
    evil.pop("endpoints")
    peer.serve(evil, f"{peer.base}/evil")
    other.redirects[forged.removeprefix(other.base)] = f"{peer.base}/evil"
    with pytest.raises(FederationError):
        await wire.federation.fetch_key(f"{forged}#key")
    assert await wire.actor(forged) is None
