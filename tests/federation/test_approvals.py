"""What needs the approval of its target's author: sent to them alone, and to everybody once they agree (GoToSocial)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from potluck.federation.model import Delivery, Outgoing
from potluck.kinds.note.actions import NoteRequest, compose
from potluck.social import objects, policies, quoting, reactions
from potluck.social.errors import NotAllowed
from potluck.social.model import Actor, Object
from support.samples import sample

from .conftest import Wire
from .peers import AS, PUBLIC, Peer, RemotePerson


async def _sent(wire: Wire) -> list[tuple[str, str, Any]]:
    """(type, inbox, document of the object) of everything queued."""
    async with wire.db.read() as session:
        rows = (await session.execute(select(Outgoing.type, Delivery.inbox, Outgoing.body).join(
            Delivery, Delivery.outgoing_id == Outgoing.id).order_by(Delivery.id))).all()
    return [(row.type, row.inbox, json.loads(row.body)) for row in rows]


async def _forget_sent(wire: Wire) -> None:
    async with wire.db.write() as session:
        for row in (await session.scalars(select(Delivery))).all():
            await session.delete(row)


def _approval(author: RemotePerson, kind: str, interaction: str, target: str, number: int = 1) -> dict[str, Any]:
    document = {"@context": [AS, "https://gotosocial.org/ns"], "id": f"{author.peer.base}/authorizations/{number}",
                "type": kind, "attributedTo": author.uri, "interactingObject": interaction,
                "interactionTarget": target}
    author.peer.serve(document)
    return document


async def _restricted(wire: Wire, bob: RemotePerson, **policy: Any) -> Object:
    row = await wire.federation.object_by_uri(bob.note(1, interactionPolicy=policy)["id"])
    assert row is not None
    return row


async def _cast(wire: Wire, peer: Peer, other: Peer) -> tuple[Actor, RemotePerson, RemotePerson]:
    """Alice here, whom Carol elsewhere follows; Bob, whose posts she answers."""
    alice, bob, carol = await wire.local("alice"), peer.person("bob"), other.person("carol")
    await wire.learn(bob)
    await wire.follow(await wire.learn(carol), alice)
    await _forget_sent(wire)
    return alice, bob, carol


async def test_a_reply_waits_for_approval(wire: Wire, peer: Peer, other: Peer) -> None:
    """Create to the author alone, edits too; with a fitting approval Create to all, with `approvedBy`."""
    alice, bob, carol = await _cast(wire, peer, other)
    target = await _restricted(wire, bob, canReply={"automaticApproval": [bob.uri], "manualApproval": [PUBLIC]})
    async with wire.db.write() as session:
        reply = await compose(session, await session.get_one(Actor, alice.id),
                              NoteRequest(text="may I?", in_reply_to_id=target.id))
        assert await policies.awaits_approval(session, reply)
        await objects.edit(session, reply.id, _edited(reply, alice), await session.get_one(Actor, alice.id))
    assert [(kind, inbox) for kind, inbox, _ in await _sent(wire)] == [
        ("Create", f"{peer.base}/inbox"), ("Update", f"{peer.base}/inbox")]
    await _forget_sent(wire)
    forged = _approval(bob, "ReplyAuthorization", reply.uri, f"{peer.base}/notes/other", 2)
    await wire.take(bob, bob.act("Accept", reply.uri, "2", result=forged["id"]))
    assert await _sent(wire) == []
    approval = _approval(bob, "ReplyAuthorization", reply.uri, target.uri)
    request = {"type": "ReplyRequest", "id": f"{reply.uri}/reply-request", "actor": alice.uri, "object": target.uri,
               "instrument": reply.uri}
    await wire.take(bob, bob.act("Accept", request, result=approval["id"]))
    sent = await _sent(wire)
    assert {(kind, inbox) for kind, inbox, _ in sent} == {
        ("Create", f"{peer.base}/inbox"), ("Create", f"{other.base}/inbox")}
    assert {body["object"]["approvedBy"] for _, _, body in sent} == {approval["id"]}
    assert carol.uri


def _edited(row: Object, author: Actor) -> Any:
    from potluck.social.drafts import Draft

    return Draft(kind="note", type="Note", published=row.published, author_id=author.id, content="<p>please?</p>")


async def test_who_is_approved_at_once_or_named_does_not_wait(wire: Wire, peer: Peer, other: Peer) -> None:
    """Automatic approval, and whoever is mentioned in the post, sends to everybody at once."""
    alice, bob, _ = await _cast(wire, peer, other)
    named = await wire.federation.object_by_uri(bob.note(
        5, tag=[{"type": "Mention", "href": alice.uri, "name": "@alice"}],
        interactionPolicy={"canReply": {"automaticApproval": [], "manualApproval": [PUBLIC]}})["id"])
    trusted = await wire.federation.object_by_uri(bob.note(
        6, interactionPolicy={"canReply": {"automaticApproval": [alice.uri], "manualApproval": [PUBLIC]}})["id"])
    for target in (named, trusted):
        assert target is not None
        async with wire.db.write() as session:
            await compose(session, await session.get_one(Actor, alice.id),
                          NoteRequest(text="here", in_reply_to_id=target.id))
        assert {inbox for _, inbox, _ in await _sent(wire)} == {f"{peer.base}/inbox", f"{other.base}/inbox"}
        await _forget_sent(wire)


async def test_a_boost_waits_for_approval(wire: Wire, peer: Peer, other: Peer) -> None:
    """Announce to the author alone; once approved to followers, with `approvedBy`; where it is denied, not at all."""
    alice, bob, _ = await _cast(wire, peer, other)
    target = await _restricted(wire, bob, canAnnounce={"automaticApproval": bob.uri, "manualApproval": PUBLIC})
    async with wire.db.write() as session:
        boost = await reactions.announce(session, await session.get_one(Actor, alice.id), target.id)
    assert [(kind, inbox) for kind, inbox, _ in await _sent(wire)] == [("Announce", f"{peer.base}/inbox")]
    await _forget_sent(wire)
    approval = _approval(bob, "AnnounceAuthorization", boost.uri, target.uri)
    await wire.take(bob, bob.act("Accept", boost.uri, result=approval["id"]))
    sent = await _sent(wire)
    assert {inbox for _, inbox, _ in sent} == {f"{peer.base}/inbox", f"{other.base}/inbox"}
    assert {body["approvedBy"] for _, _, body in sent} == {approval["id"]}
    closed = await wire.federation.object_by_uri(bob.note(
        9, interactionPolicy={"canAnnounce": {"automaticApproval": [bob.uri]}, "canLike": {}})["id"])
    assert closed is not None
    async with wire.db.write() as session:
        me = await session.get_one(Actor, alice.id)
        for act in (reactions.announce, reactions.react):
            with pytest.raises(NotAllowed):
                await act(session, me, closed.id)


def test_a_policy_as_gotosocial_sends_it() -> None:
    """The recorded note: anyone may like, some may answer at once and all others with approval."""
    document = sample("gotosocial/note-interaction-policy")
    zork = "http://localhost:8080/users/the_mighty_zork"
    author = Actor(uri=zork, followers_uri=f"{zork}/followers", following_uri=f"{zork}/following")
    row = Object(local=False, visibility="public", interaction_policy=document["interactionPolicy"])
    assert policies.rule_of(row, "like", author).is_open
    reply = policies.rule_of(row, "reply", author)
    assert reply.verdict(["followers"]) == "automatic"
    assert reply.verdict(["https://gts.superseriousbusiness.org/users/f0x"]) == "automatic"
    assert reply.verdict([]) == "manual"
    assert policies.rule_of(row, "announce", author).verdict(["following"]) == "manual"
    assert policies.rule_of(row, "quote", author).is_open  # it says nothing of quotes


async def test_a_revoked_quote_stays_revoked(wire: Wire, peer: Peer) -> None:
    """Its stamp is withdrawn from the other server and served no more; asking again is refused."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    await wire.learn(bob)
    quoted = await wire.say(alice)
    quote = bob.note(1, quote=quoted.uri, quoteUri=quoted.uri)
    request = {"@context": AS, "id": f"{quote['id']}#request", "type": "QuoteRequest", "actor": bob.uri,
               "object": quoted.uri, "instrument": quote}
    await wire.take(bob, request)
    row = await wire.object(quote["id"])
    assert row is not None
    assert row.quote_state == "accepted"
    assert (await wire.object(quoted.uri)).quotes_count == 1  # type: ignore[union-attr]
    stamp = row.quote_authorization_uri
    async with wire.db.write() as session:
        await quoting.revoke(session, await session.get_one(Actor, alice.id), quoted.id, row.id)
    kinds = [(kind, body["object"] if isinstance(body["object"], str) else body["object"].get("id"))
             for kind, _, body in await _sent(wire)]
    assert ("Delete", stamp) in kinds
    await wire.take(bob, {**request, "id": f"{quote['id']}#again"},
                    bob.act("Update", {**quote, "quoteAuthorization": stamp, "updated": quote["published"]}))
    again = await wire.object(quote["id"])
    assert again is not None
    assert again.quote_state == "revoked"
    assert (await wire.object(quoted.uri)).quotes_count == 0  # type: ignore[union-attr]
    assert [kind for kind, _, _ in await _sent(wire)][-1] == "Reject"
