"""Activities of communities here and of their moderators by id: for a week, and for those who may see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import update

from potluck import settings
from potluck.db.base import now
from potluck.federation import group_activities
from potluck.federation.model import GroupActivity
from potluck.federation.signatures import cavage
from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.social import objects
from potluck.social.communities import moderating
from potluck.social.model import Actor
from support import applications

from .conftest import Wire
from .groups_cast import act, hosted, joined, page, there
from .peers import HERE, Peer, RemotePerson


@pytest.fixture
async def client(wire: Wire) -> AsyncIterator[AsyncClient]:
    """A client of our server's wire side."""
    app = applications.wire_side(federation=wire.federation, db=wire.db)
    async with AsyncClient(transport=ASGITransport(app=app), base_url=HERE) as made:
        yield made


async def get(client: AsyncClient, uri: str, person: RemotePerson | None = None) -> Any:
    """GET an id, signed by somebody if given."""
    headers = {"Accept": "application/activity+json"}
    if person is not None:
        headers |= await cavage.sign("GET", uri, person.key)
    return await client.get(uri.removeprefix(HERE), headers=headers)


async def test_what_a_community_announced_can_be_fetched(
        wire: Wire, client: AsyncClient, peer: Peer, alice: Actor) -> None:
    """Posts, comments, moderators' acts and their own ids, as they were sent; of a vote its id. Not for ever."""
    ours = await hosted(wire, alice)
    carol = peer.person("carol")
    await joined(wire, ours, carol)
    theirs = page(carol, ours.uri)
    like = act(carol, "Like", theirs["id"])
    await wire.take(carol, carol.create(theirs), like)
    async with wire.db.write() as session:
        me = await session.get_one(Actor, alice.id)
        post = await links.compose(session, me, LinkRequest(ours.id, "A stew"))
        await moderating.lock(session, me, post.id, reason="enough")
        await moderating.remove(session, me, (await there(wire, theirs["id"])).id, "off topic")
    await wire.deliver()
    told = [item for item in peer.received if item["type"] == "Announce"]
    by_type = {item["object"]["type"]: item for item in told if isinstance(item["object"], dict)}
    for kind in ("Lock", "Delete", "Create"):
        shown = (await get(client, by_type[kind]["id"])).json()
        assert {name: shown[name] for name in ("id", "actor", "object")} == {
            name: by_type[kind][name] for name in ("id", "actor", "object")}
        assert "@context" in shown
    lock = by_type["Lock"]["object"]
    assert (await get(client, lock["id"])).json()["object"] == post.uri
    gone = [item for item in told if isinstance(item["object"], dict) and theirs["id"] in str(item["object"])
            and item["object"]["type"] in ("Create", "Like")]
    assert {(await get(client, item["id"])).status_code for item in gone} == {404}  # the post was removed
    async with wire.db.write() as session:
        await moderating.restore(session, await session.get_one(Actor, alice.id), (await there(wire, theirs["id"])).id)
    vote = next(item for item in gone if item["object"]["type"] == "Like")
    assert (await get(client, vote["id"])).json()["object"] == like["id"]
    async with wire.db.write() as session:
        await session.execute(update(GroupActivity).values(created_at=now() - timedelta(days=9)))
        await group_activities.trim(session)
    assert (await get(client, by_type["Lock"]["id"])).status_code == 404


async def test_the_outbox_has_ids_that_stay(wire: Wire, client: AsyncClient, peer: Peer, alice: Actor) -> None:
    """Each item of a community's outbox is found at its own id, as long as the post is there."""
    ours = await hosted(wire, alice)
    async with wire.db.write() as session:
        me = await session.get_one(Actor, alice.id)
        post = await links.compose(session, me, LinkRequest(ours.id, "A stew"))
    (first,) = (await get(client, f"{ours.uri}/outbox")).json()["orderedItems"]
    (again,) = (await get(client, f"{ours.uri}/outbox")).json()["orderedItems"]
    assert first["id"] == again["id"]
    assert (await get(client, first["id"])).json()["object"]["object"]["id"] == post.uri
    async with wire.db.write() as session:
        await objects.delete(session, post.id, await session.get_one(Actor, alice.id))
    assert (await get(client, first["id"])).status_code == 404
    for nothing in ("announce/1", "announce/9007199254740991", "1", "9007199254740991"):
        assert (await get(client, f"{HERE}/activities/{nothing}")).status_code == 404


async def test_private_communities_and_secure_mode(
        wire: Wire, client: AsyncClient, peer: Peer, other: Peer, alice: Actor) -> None:
    """Only a member's server sees what a private community said; in secure mode nobody is answered unsigned."""
    ours = await hosted(wire, alice, visibility="private")
    carol, stranger = peer.person("carol"), other.person("dave")
    await joined(wire, ours, carol)
    await wire.follow(await wire.learn(carol), ours)
    await wire.learn(stranger)
    async with wire.db.write() as session:
        me = await session.get_one(Actor, alice.id)
        post = await links.compose(session, me, LinkRequest(ours.id, "For us"))
        await moderating.lock(session, me, post.id)
    await wire.deliver()
    told = [item["id"] for item in peer.received if item["type"] == "Announce"]
    told += [item["object"]["id"] for item in peer.received
             if item["type"] == "Announce" and item["object"]["type"] == "Lock"]
    told.append(f"{HERE}/activities/announce/{post.id}")
    assert len(told) >= 4
    for uri in told:
        assert [(await get(client, uri, who)).status_code for who in (None, stranger, carol)] == [404, 404, 200]
    settings.use(replace(wire.federation.settings, secure_mode=True))
    wire.federation.settings = settings.current()
    assert (await get(client, told[0])).status_code == 401
