"""The inbox from the signed request to what readers see."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from potluck.federation import journal
from potluck.federation.errors import Forbidden, InvalidActivity, Unauthenticated
from potluck.social import standing
from potluck.social.model import Announce, Follow, Object, Reaction, Tombstone

from .conftest import Wire
from .peers import PUBLIC, Peer, ago


async def test_a_post_of_someone_followed_comes_into_home(wire: Wire, peer: Peer) -> None:
    """What a followed person says is stored once and shown to the follower."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    await wire.follow(alice, await wire.learn(bob))
    note = bob.note(1)
    await wire.take(bob, bob.create(note), bob.create(note))
    row = await wire.object(note["id"])
    assert row is not None
    assert row.content == "<p>hello</p>"
    assert await wire.home(alice) == [row.id]
    assert await wire.journal() == []


async def test_what_nobody_asked_for_is_not_kept(wire: Wire, peer: Peer) -> None:
    """A public post of somebody nobody follows, addressed to nobody here, is dropped."""
    await wire.local("alice")
    bob = peer.person("bob")
    await wire.take(bob, bob.create(bob.note(1)))
    assert await wire.object(f"{peer.base}/notes/1") is None
    assert await wire.journal() == []


async def test_a_mention_reaches_somebody_here(wire: Wire, peer: Peer) -> None:
    """A direct post to a local person is kept, though nobody follows its author."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    note = bob.note(1, to=[alice.uri], cc=[], tag=[{"type": "Mention", "href": alice.uri, "name": "@alice"}])
    await wire.take(bob, bob.create(note))
    row = await wire.object(note["id"])
    assert row is not None
    assert row.visibility == "direct"


async def test_followers_only_is_told_by_the_authors_own_collection(wire: Wire, peer: Peer) -> None:
    """A post to the author's followers is for followers; to somebody else's collection it is direct."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    await wire.follow(alice, await wire.learn(bob))
    await wire.take(bob, bob.create(bob.note(1, to=[bob.followers], cc=[])),
                    bob.create(bob.note(2, to=[f"{peer.base}/users/eve/followers", alice.uri], cc=[])))
    one, two = await wire.object(f"{peer.base}/notes/1"), await wire.object(f"{peer.base}/notes/2")
    assert one is not None
    assert two is not None
    assert (one.visibility, two.visibility) == ("followers", "direct")


async def test_an_unsigned_or_badly_signed_request_is_refused(wire: Wire, peer: Peer) -> None:
    """Without a signature that holds nothing is journalled."""
    bob, eve = peer.person("bob"), peer.person("eve")
    request = await bob.signed(bob.create(bob.note(1)))
    bare = type(request)("POST", "/inbox", (("Host", "potluck.test"),), request.body)
    with pytest.raises(Unauthenticated):
        await wire.federation.inbox.receive(bare, "application/activity+json", None)
    other_body = type(request)("POST", "/inbox", request.headers, request.body.replace(b"hello", b"hullo"))
    with pytest.raises(Unauthenticated):
        await wire.federation.inbox.receive(other_body, "application/activity+json", None)
    forged = type(eve)(peer, "bob", type(eve.key)(bob.key.key_id, eve.key.private), bob.document)
    with pytest.raises(Unauthenticated):
        await forged.send(wire.federation, bob.create(bob.note(1)))
    assert await wire.journal() == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"type": "Create"}', b'{"actor": "https://a.test/b"}',
                                  b'{"type":"Create","actor":"ftp://a/b"}', b'{"type":"Create","actor":7}'])
async def test_a_body_that_is_no_activity_is_refused(wire: Wire, peer: Peer, body: bytes) -> None:
    """Bad input has a clear error and leaves nothing behind."""
    bob = peer.person("bob")
    with pytest.raises(InvalidActivity):
        await bob.send(wire.federation, body)
    assert await wire.journal() == []


async def test_an_activity_on_a_foreign_host_is_refused(wire: Wire, peer: Peer, other: Peer) -> None:
    """An activity's id must be on its actor's host."""
    bob = peer.person("bob")
    with pytest.raises(Forbidden):
        await bob.send(wire.federation, {**bob.create(bob.note(1)), "id": f"{other.base}/1"})


async def test_a_delete_by_somebody_never_heard_of_is_taken_and_forgotten(wire: Wire, peer: Peer) -> None:
    """A deleted account is announced to everyone; its key is gone already, and nothing is fetched for it."""
    uri = f"{peer.base}/users/gone"
    ghost = peer.person("gone")
    peer.documents.clear()
    await ghost.send(wire.federation, ghost.act("Delete", uri))
    assert not peer.asked
    assert await wire.journal() == []


async def test_an_embedded_object_of_another_host_is_fetched_there(wire: Wire, peer: Peer, other: Peer) -> None:
    """What somebody says another one said is asked of that one's host (protocol §7)."""
    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    await wire.follow(alice, await wire.learn(bob))
    await wire.follow(alice, await wire.learn(carol))
    real = carol.note(1, "<p>what I said</p>")
    await wire.take(bob, bob.create({**real, "content": "<p>what I never said</p>"}) | {"id": f"{peer.base}/x"})
    row = await wire.object(real["id"])
    assert row is not None
    assert row.content == "<p>what I said</p>"


async def test_an_object_attributed_to_another_host_is_never_stored(wire: Wire, peer: Peer, other: Peer) -> None:
    """A document may not claim an author on another host, however it came."""
    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    await wire.follow(alice, await wire.learn(bob))
    await wire.follow(alice, await wire.learn(carol))
    forged = bob.note(1, attributedTo=carol.uri)
    await wire.take(bob, bob.create(forged), bob.act("Announce", forged["id"], to=[PUBLIC]))
    assert await wire.object(forged["id"]) is None


async def test_a_second_create_by_another_author_changes_nothing(wire: Wire, peer: Peer) -> None:
    """Owner and audience of an object are fixed at first sight (CVE-2024-37903)."""
    alice, bob, eve = await wire.local("alice"), peer.person("bob"), peer.person("eve")
    await wire.follow(alice, await wire.learn(bob))
    await wire.follow(alice, await wire.learn(eve))
    private = bob.note(1, to=[bob.followers], cc=[])
    await wire.take(bob, bob.create(private))
    await wire.take(eve, eve.create({**private, "attributedTo": eve.uri, "to": [PUBLIC]}) | {"id": f"{peer.base}/e"})
    row = await wire.object(private["id"])
    assert row is not None
    assert row.visibility == "followers"


async def test_only_the_author_edits_and_deletes(wire: Wire, peer: Peer, other: Peer) -> None:
    """Update and Delete by somebody else are refused; by the author they are obeyed, and the id stays dead."""
    alice, bob, eve = await wire.local("alice"), peer.person("bob"), other.person("eve")
    await wire.follow(alice, await wire.learn(bob))
    note = bob.note(1)
    await wire.take(bob, bob.create(note))
    edited = {**note, "content": "<p>better</p>", "updated": ago(hours=1)}
    await wire.take(eve, eve.act("Update", {**edited, "content": "<p>worse</p>"}), eve.act("Delete", note["id"]))
    row = await wire.object(note["id"])
    assert row is not None
    assert row.content == "<p>hello</p>"
    assert row.deleted_at is None
    await wire.take(bob, bob.act("Update", edited))
    row = await wire.object(note["id"])
    assert row is not None
    assert row.content == "<p>better</p>"
    assert row.edited_at is not None
    await wire.take(bob, bob.act("Delete", {"id": note["id"], "type": "Tombstone"}), bob.create(note))
    row = await wire.object(note["id"])
    assert row is not None
    assert row.deleted_at is not None
    assert await wire.home(alice) == []


async def test_an_account_suspended_by_its_own_server(wire: Wire, peer: Peer) -> None:
    """It says so in an Update of the profile, then takes it back or deletes it; meanwhile nothing else is taken."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    await wire.follow(alice, await wire.learn(bob))
    suspended = bob.document | {"suspended": True}
    peer.serve(suspended)
    await wire.take(bob, bob.act("Update", suspended))
    row = await wire.actor(bob.uri)
    assert row is not None
    assert row.suspended_at is not None
    await wire.take(bob, bob.create(bob.note(1)))
    assert await wire.object(f"{peer.base}/notes/1") is None
    peer.serve(bob.document)
    await wire.take(bob, bob.act("Update", bob.document, "2"))
    row = await wire.actor(bob.uri)
    assert row is not None
    assert row.suspended_at is None
    await wire.take(bob, bob.create(bob.note(2)))
    assert await wire.object(f"{peer.base}/notes/2") is not None
    await wire.take(bob, bob.act("Update", suspended, "3"), bob.act("Delete", bob.uri))
    row = await wire.actor(bob.uri)
    assert row is not None
    assert row.deleted_at is not None


async def test_its_own_server_does_not_lift_a_suspension_of_ours(wire: Wire, peer: Peer) -> None:
    """Whom a moderator here suspended is refused at the door, whatever its profile says of it."""
    bob = peer.person("bob", extra='"suspended_by_origin": true')
    await wire.learn(bob)
    async with wire.db.write() as session:
        row = await wire.actor(bob.uri)
        assert row is not None
        await standing.suspend(session, row)
    wire.federation.keys.forget(bob.key.key_id)
    with pytest.raises(Forbidden):
        await bob.send(wire.federation, bob.act("Update", bob.document))


async def test_a_suspension_of_ours_on_top_of_that_of_its_own_server(wire: Wire, peer: Peer) -> None:
    """Whom its own server suspended first and a moderator here then, its own server does not bring back."""
    bob = peer.person("bob")
    await wire.learn(bob)
    suspended = bob.document | {"suspended": True}
    peer.serve(suspended)
    await wire.take(bob, bob.act("Update", suspended))
    async with wire.db.write() as session:
        row = await wire.actor(bob.uri)
        assert row is not None
        await standing.suspend(session, row)
    wire.federation.keys.forget(bob.key.key_id)
    peer.serve(bob.document)
    with pytest.raises(Forbidden):
        await bob.send(wire.federation, bob.act("Update", bob.document, "2"))
    await wire.learn(bob)  # a document that is fetched for another reason lifts nothing either
    row = await wire.actor(bob.uri)
    assert row is not None
    assert row.suspended_at is not None


async def test_a_delete_that_comes_first_forestalls_the_create(wire: Wire, peer: Peer) -> None:
    """Order is not guaranteed: what is deleted already is not brought back by its late Create."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    await wire.follow(alice, await wire.learn(bob))
    note = bob.note(1)
    await wire.take(bob, bob.act("Delete", note["id"]), bob.create(note))
    assert await wire.object(note["id"]) is None
    assert [row.uri for row in await wire.rows(select(Tombstone))] == [note["id"]]


async def test_follow_and_undo(wire: Wire, peer: Peer) -> None:
    """A Follow is accepted at once with the Follow inlined; its Undo ends it; a repeated one is accepted again."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    follow = bob.act("Follow", alice.uri)
    await wire.take(bob, follow)
    await wire.deliver()
    assert [(item["type"], item["object"]["id"]) for item in peer.received] == [("Accept", follow["id"])]
    await wire.take(bob, follow)
    await wire.deliver()
    assert [item["type"] for item in peer.received] == ["Accept", "Accept"]
    assert peer.paths == ["/users/bob/inbox"] * 2
    await wire.take(bob, bob.act("Undo", follow))
    assert await wire.rows(select(Follow)) == []


async def test_an_accept_counts_only_from_the_one_followed(wire: Wire, peer: Peer) -> None:
    """A locked account is followed once it says so itself, not when somebody else does."""
    alice, bob, eve = await wire.local("alice"), peer.person("bob"), peer.person("eve")
    await wire.follow(alice, await wire.learn(bob), accepted=False)
    await wire.deliver()
    sent = peer.received[-1]
    assert sent["type"] == "Follow"
    await wire.take(eve, eve.act("Accept", sent))
    assert [row.state for row in await wire.rows(select(Follow))] == ["pending"]
    await wire.take(bob, bob.act("Accept", sent))
    assert [row.state for row in await wire.rows(select(Follow))] == ["accepted"]
    await wire.take(bob, bob.act("Reject", sent["id"]))
    assert await wire.rows(select(Follow)) == []


async def test_likes_dislikes_and_emoji_are_told_apart_and_taken_back(wire: Wire, peer: Peer) -> None:
    """Reactions in each form are stored by their meaning; an Undo finds them by actor and object."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    row = await wire.say(alice)
    blob = {"type": "Emoji", "name": ":blob:", "icon": {"type": "Image", "url": f"{peer.base}/blob.png"}}
    like = bob.act("Like", row.uri)
    await wire.take(bob, like, bob.act("EmojiReact", row.uri, content="🎉"),
                    bob.act("Like", row.uri, "2", content=":blob:", tag=[blob]))
    kinds_ = sorted((item.kind, item.emoji) for item in await wire.rows(select(Reaction)))
    assert kinds_ == [("emoji", ":blob:"), ("emoji", "🎉"), ("like", "")]
    await wire.take(bob, bob.act("Undo", {**like, "id": f"{peer.base}/freshly-minted"}))
    assert all(item.kind == "emoji" for item in await wire.rows(select(Reaction)))
    await wire.take(bob, bob.act("Dislike", row.uri))
    assert "dislike" in [item.kind for item in await wire.rows(select(Reaction))]


async def test_a_boost_brings_an_unknown_object(wire: Wire, peer: Peer, other: Peer) -> None:
    """A boost by someone followed has the object fetched from its own host and shown."""
    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    await wire.follow(alice, await wire.learn(bob))
    note = carol.note(1)
    boost = bob.act("Announce", note["id"], to=[PUBLIC], cc=[bob.followers])
    await wire.take(bob, boost)
    row = await wire.object(note["id"])
    assert row is not None
    assert await wire.home(alice) == [row.id]
    await wire.take(bob, bob.act("Undo", boost))
    assert await wire.rows(select(Announce)) == []
    assert await wire.home(alice) == []


async def test_a_boost_that_comes_before_the_post_hides_it_from_nobody(wire: Wire, peer: Peer, other: Peer) -> None:
    """Whoever follows the author has the post when the author sends it, once, though a boost had it fetched before."""
    alice, dora = await wire.local("alice"), await wire.local("dora")
    bob, carol = peer.person("bob"), other.person("carol")
    await wire.follow(alice, await wire.learn(bob))
    await wire.follow(dora, await wire.learn(carol))
    note = carol.note(1)
    await wire.take(bob, bob.act("Announce", note["id"], to=[PUBLIC], cc=[bob.followers]))
    assert await wire.home(dora) == []
    await wire.take(carol, carol.create(note), carol.create(note))
    row = await wire.object(note["id"])
    assert row is not None
    assert (await wire.home(dora), await wire.home(alice)) == ([row.id], [row.id])


async def test_a_missing_parent_is_fetched_in_the_background(wire: Wire, peer: Peer, other: Peer) -> None:
    """A reply shows at once; its parents come later and it is hung under them."""
    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    await wire.follow(alice, await wire.learn(bob))
    root = carol.note(1)
    middle = carol.note(2, inReplyTo=root["id"])
    leaf = bob.note(3, inReplyTo=middle["id"])
    await wire.take(bob, bob.create(leaf))
    rows = [await wire.object(note["id"]) for note in (root, middle, leaf)]
    assert all(rows)
    assert [row.thread_root_id for row in rows if row] == [rows[0].id] * 3 if rows[0] else False


async def test_a_poison_item_is_parked_and_can_be_retried(
    wire: Wire, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An item that cannot be processed is set aside with its error and holds up nothing behind it."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    await wire.follow(alice, await wire.learn(bob))
    from potluck.kinds.note import wire as note_wire
    from potluck.social import registry

    real = registry.kind_of_type("Note")

    async def fails(session: object, pairs: object) -> None:
        if any("poison" in draft.content for _, draft in pairs):  # type: ignore[attr-defined]
            raise RuntimeError("no")

    broken = registry.Kind(name="note", types=real.types, label="", lens=None, read=note_wire.read,
                           write=real.write, store=fails)
    monkeypatch.setitem(registry._kinds, "note", broken)
    monkeypatch.setitem(registry._by_type, "Note", broken)
    for activity in bob.create(bob.note(1, "<p>poison</p>")), bob.create(bob.note(2)):
        await bob.send(wire.federation, activity)
    await wire.engine.inbox.drain()
    assert await wire.object(f"{peer.base}/notes/2") is not None
    (parked,) = await wire.journal()
    assert parked.parked_at is not None
    assert "RuntimeError" in (parked.error or "")
    monkeypatch.undo()
    async with wire.db.write() as session:
        assert await journal.retry(session, parked.id)
    await wire.work()
    assert await wire.object(f"{peer.base}/notes/1") is not None
    assert await wire.journal() == []


async def test_a_blocked_server_gets_nowhere(wire: Wire, peer: Peer, other: Peer) -> None:
    """Nothing is taken from a suspended server: not pushed, and not fetched for a boost (CVE-2026-23961)."""
    from potluck.social import domain_policies

    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    await wire.follow(alice, await wire.learn(bob))
    await wire.follow(alice, await wire.learn(carol))
    note = carol.note(1)
    real = domain_policies.Policies.of

    def of(self: domain_policies.Policies, host: str) -> domain_policies.Policy:
        return domain_policies.Policy(severity="suspend") if host == other.host else real(self, host)

    domain_policies.Policies.of = of  # type: ignore[method-assign]
    try:
        with pytest.raises(Forbidden):
            await carol.send(wire.federation, carol.create(note))
        await wire.take(bob, bob.act("Announce", note["id"], to=[PUBLIC]))
    finally:
        domain_policies.Policies.of = real  # type: ignore[method-assign]
    assert await wire.rows(select(Object)) == []


async def test_what_is_passed_on_is_asked_of_its_author(wire: Wire, peer: Peer, other: Peer) -> None:
    """A forwarded Create is fetched from its own host; a forwarded Like without proof is fetched or dropped."""
    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    row = await wire.say(alice)
    await wire.learn(bob)
    reply = carol.note(1, "<p>real</p>", inReplyTo=row.uri)
    await wire.take(bob, carol.create({**reply, "content": "<p>forged</p>"}), carol.act("Like", row.uri))
    stored = await wire.object(reply["id"])
    assert stored is not None
    assert stored.content == "<p>real</p>"
    assert await wire.rows(select(Reaction)) == []


async def test_a_forwarded_delete_is_confirmed_by_the_objects_host(wire: Wire, peer: Peer, other: Peer) -> None:
    """Somebody else's Delete counts only when the object's own host says that it is gone."""
    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    await wire.follow(alice, await wire.learn(carol))
    await wire.learn(bob)
    note = carol.note(1)
    await wire.take(carol, carol.create(note))
    await wire.take(bob, carol.act("Delete", note["id"]))
    row = await wire.object(note["id"])
    assert row is not None
    assert row.deleted_at is None
    other.serve({"id": note["id"], "type": "Tombstone"}, note["id"], 410)
    await wire.take(bob, carol.act("Delete", note["id"], "2"))
    row = await wire.object(note["id"])
    assert row is not None
    assert row.deleted_at is not None


async def test_a_move_needs_both_ends(wire: Wire, peer: Peer, other: Peer) -> None:
    """Followers follow along only when the new account names the old one, and the old one the new (protocol §13)."""
    alice, old, new = await wire.local("alice"), peer.person("old"), other.person("new")
    await wire.follow(alice, await wire.learn(old))
    move = old.act("Move", old.uri, target=new.uri)
    await wire.take(old, move)
    old.document["movedTo"] = new.uri
    await wire.take(old, {**move, "id": f"{peer.base}/m2"})
    assert len(await wire.rows(select(Follow))) == 1
    new.document["alsoKnownAs"] = [old.uri]
    await wire.take(old, {**move, "id": f"{peer.base}/m3"})
    target = await wire.actor(new.uri)
    assert target is not None
    assert [row.followed_id for row in await wire.rows(select(Follow))] == [target.id]


async def test_a_slow_host_holds_up_nobody(wire: Wire, peer: Peer, other: Peer) -> None:
    """While one host's boost waits for a fetch, another host's post is processed; order per host is kept."""
    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    await wire.follow(alice, await wire.learn(bob))
    await wire.follow(alice, await wire.learn(carol))
    boosted = peer.person("dora").note(9)
    await bob.send(wire.federation, bob.act("Announce", boosted["id"], to=[PUBLIC]))
    await bob.send(wire.federation, bob.create(bob.note(1)))
    await carol.send(wire.federation, carol.create(carol.note(2)))
    assert await wire.engine.inbox.round()
    assert await wire.object(f"{other.base}/notes/2") is not None
    assert await wire.object(f"{peer.base}/notes/1") is None
    await wire.work()
    assert await wire.object(f"{peer.base}/notes/1") is not None
    assert await wire.object(boosted["id"]) is not None


async def test_a_deleted_account_is_gone_with_what_it_said(wire: Wire, peer: Peer) -> None:
    """Delete of the actor itself removes it, also when its key is gone already and its host confirms it."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    await wire.follow(alice, await wire.learn(bob))
    await wire.take(bob, bob.create(bob.note(1)))
    peer.serve({"id": bob.uri, "type": "Tombstone"}, bob.uri, 410)
    await wire.take(bob, bob.act("Delete", bob.uri))
    row = await wire.actor(bob.uri)
    assert row is not None
    assert row.deleted_at is not None
    assert await wire.home(alice) == []


async def test_a_rotated_key_is_fetched_once(wire: Wire, peer: Peer) -> None:
    """A signature by an unknown new key under a known id has the actor fetched again, and then holds."""
    from potluck.federation.signatures.keys import public_pem

    from .peers import KEYS

    alice, bob = await wire.local("alice"), peer.person("bob")
    await wire.follow(alice, await wire.learn(bob))
    fresh = KEYS[2]
    bob.document["publicKey"]["publicKeyPem"] = public_pem(fresh.public_key())
    bob.key = type(bob.key)(bob.key.key_id, fresh)
    await wire.take(bob, bob.create(bob.note(1)))
    assert await wire.object(f"{peer.base}/notes/1") is not None


async def test_ghost_followers_are_repaired(wire: Wire, peer: Peer) -> None:
    """When both sides differ on who follows, the list is fetched and ours made to agree (FEP-8fcf)."""
    from potluck.federation.follower_sync import digest

    alice, eve, bob = await wire.local("alice"), await wire.local("eve"), peer.person("bob")
    await wire.follow(alice, await wire.learn(bob))
    listed = f"{bob.uri}/sync"
    peer.serve({"id": listed, "type": "OrderedCollection", "orderedItems": [eve.uri]}, listed)
    header = f'collectionId="{bob.followers}", url="{listed}", digest="{digest([eve.uri])}"'
    request = await bob.signed(bob.create(bob.note(1, to=[bob.followers], cc=[])))
    request = type(request)(request.method, request.target,
                            (*request.headers, ("Collection-Synchronization", header)), request.body)
    await wire.federation.inbox.receive(request, "application/activity+json", None)
    await wire.work()
    assert await wire.rows(select(Follow)) == []
    await wire.deliver()
    undone = [item for item in peer.received if item["type"] == "Undo"]
    assert [item["actor"] for item in undone] == [eve.uri]
