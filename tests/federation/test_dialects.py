"""Where two receivers contradict each other, each gets the form it takes; everybody else one and the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from potluck.federation import dialects
from potluck.federation.model import Delivery, Outgoing
from potluck.social import views
from potluck.social.drafts import AttachmentDraft, MentionDraft
from potluck.social.model import Actor, Object, Server

from .conftest import Wire
from .peers import Peer, RemotePerson


async def _sent(wire: Wire) -> dict[str, dict[str, Any]]:
    """Host -> what it gets."""
    async with wire.db.read() as session:
        rows = (await session.execute(select(Delivery.host, Outgoing.body).join(
            Outgoing, Outgoing.id == Delivery.outgoing_id))).all()
    return {host: json.loads(body) for host, body in rows}


async def _runs(wire: Wire, person: RemotePerson, software: str) -> Actor:
    actor = await wire.learn(person)
    async with wire.db.write() as session:
        await session.execute(update(Server).where(Server.host == person.peer.host).values(software=software))
    return actor


@pytest.mark.parametrize("software", ["lemmy", "mbin", "kbin"])
async def test_a_private_message_is_of_the_type_they_know(wire: Wire, peer: Peer, software: str) -> None:
    """One person on Lemmy or Mbin gets a ChatMessage, addressed to them alone."""
    alice, bob = await wire.local("alice"), await _runs(wire, peer.person("bob"), software)
    mention = MentionDraft(bob.uri, "@bob", actor_id=bob.id)
    row = await wire.say(alice, "<p>psst</p>", visibility="direct", mentions=[mention])
    document = (await _sent(wire))[peer.host]["object"]
    assert (document["type"], document["to"], document["content"]) == ("ChatMessage", [bob.uri], "<p>psst</p>")
    assert "cc" not in document
    assert document["id"] == row.uri


async def test_several_people_get_a_note(wire: Wire, peer: Peer, other: Peer) -> None:
    """A ChatMessage has one recipient; everyone else's software takes a Note."""
    alice = await wire.local("alice")
    bob, carol = await _runs(wire, peer.person("bob"), "lemmy"), await _runs(wire, other.person("carol"), "mastodon")
    for people in ([bob, carol], [carol]):
        await wire.say(alice, visibility="direct", mentions=[
            MentionDraft(person.uri, f"@{person.name}", actor_id=person.id) for person in people])
    assert {body["object"]["type"] for body in (await _sent(wire)).values()} == {"Note"}


async def test_attachments_lemmy_takes(wire: Wire, peer: Peer, other: Peer) -> None:
    """Lemmy gets Image and Document, others the true type; each host gets the post once, in two renderings."""
    alice = await wire.local("alice")
    for person, software in ((peer.person("bob"), "lemmy"), (other.person("carol"), "pixelfed")):
        await wire.follow(await _runs(wire, person, software), alice)
    await wire.say(alice, attachments=[
        AttachmentDraft("video", "https://potluck.test/1.mp4", "video/mp4", description="a pot boils"),
        AttachmentDraft("image", "https://potluck.test/2.png", "image/png")])
    async with wire.db.read() as session:
        hosts = (await session.scalars(select(Delivery.host).join(Outgoing).where(Outgoing.type == "Create"))).all()
    assert sorted(hosts) == sorted([peer.host, other.host])
    sent = await _sent(wire)
    assert sent[peer.host]["object"]["attachment"] == [
        {"type": "Document", "url": "https://potluck.test/1.mp4", "mediaType": "video/mp4", "name": "a pot boils"},
        {"type": "Image", "url": "https://potluck.test/2.png"}]
    assert [item["type"] for item in sent[other.host]["object"]["attachment"]] == ["Video", "Image"]


async def test_what_is_the_same_for_all_is_written_once(wire: Wire, peer: Peer, other: Peer) -> None:
    """An ordinary post has no variants, whoever follows."""
    alice = await wire.local("alice")
    for person, software in ((peer.person("bob"), "lemmy"), (other.person("carol"), "mbin")):
        await wire.follow(await _runs(wire, person, software), alice)
    row = await wire.say(alice)
    assert len(await wire.rows(select(Outgoing.id).where(Outgoing.type == "Create"))) == 1
    async with wire.db.read() as session:
        view = (await views.load_objects(session, [row.id], alice.id))[row.id]
        assert dialects.render(view, dict).variants == {}
        assert (await dialects.receiver_of(session, None)).software is None
        bob = (await session.scalars(select(Actor).where(Actor.name == "bob"))).one()
        assert (await dialects.receiver_of(session, bob.id)).software == "lemmy"
    assert await wire.rows(select(Object.id)) == [row.id]
