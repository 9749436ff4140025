"""Moves, both ways: what proves one, what a forged one does (nothing), and what comes along."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from potluck.db.base import now
from potluck.social import account_notes, blocks, follows, lists, moving
from potluck.social.model import AccountNote, Actor, Block, Follow, ListMember, Mute

from .conftest import Wire
from .peers import Peer, RemotePerson


async def _ends(wire: Wire, peer: Peer, other: Peer) -> tuple[Actor, RemotePerson, RemotePerson, dict[str, Any]]:
    """Alice follows the old account, which moves; everything is as it should be."""
    alice, old, new = await wire.local("alice"), peer.person("old"), other.person("new")
    await wire.follow(alice, await wire.learn(old))
    await wire.learn(new)
    old.document["movedTo"], new.document["alsoKnownAs"] = new.uri, [old.uri]
    return alice, old, new, old.act("Move", old.uri, target=new.uri)


async def _followed(wire: Wire) -> list[str]:
    return list(await wire.rows(select(Actor.uri).join(Follow, Follow.followed_id == Actor.id).order_by(Actor.uri)))


@pytest.mark.parametrize("wrong", ["by another", "no alias", "no movedTo", "moved elsewhere", "to itself", "no target"])
async def test_forged_moves(wire: Wire, peer: Peer, other: Peer, wrong: str) -> None:
    """A Move counts only from its account, when both ends say so now; otherwise nobody follows anybody else."""
    _, old, new, move = await _ends(wire, peer, other)
    sender = old
    match wrong:
        case "by another":
            sender = other.person("mallory")
            await wire.learn(sender)
            move = sender.act("Move", old.uri, target=new.uri)
        case "no alias":
            new.document["alsoKnownAs"] = [f"{old.uri}x"]
        case "no movedTo":
            del old.document["movedTo"]
        case "moved elsewhere":
            old.document["movedTo"] = f"{other.base}/users/else"
        case "to itself":
            move["target"] = old.uri
        case _:
            del move["target"]
    await wire.take(sender, move)
    assert await _followed(wire) == [old.uri]


async def test_what_comes_along(wire: Wire, peer: Peer, other: Peer) -> None:
    """Followers once, with lists, mutes, blocks and notes; not over what people decided about the new account."""
    alice, old, new, move = await _ends(wire, peer, other)
    bob, eve = await wire.local("bob"), await wire.local("eve")
    before, after = await wire.actor(old.uri), await wire.actor(new.uri)
    assert before is not None
    assert after is not None
    async with wire.db.write() as session:
        made = await lists.create(session, alice, "Cooks")
        await lists.add_members(session, made, [before.id])
        await blocks.block(session, bob, before)
        await blocks.mute(session, eve, before)
        await follows.follow(session, eve, after)
        await account_notes.set_note(session, alice, before, "bakes")
        await account_notes.set_note(session, alice, after, "new here")
    await wire.take(old, move)
    await wire.take(old, move | {"id": f"{peer.base}/again"})
    assert sorted(await _followed(wire)) == sorted([new.uri, new.uri])  # alice and eve
    assert await wire.rows(select(ListMember.actor_id).order_by(ListMember.id)) == [after.id]
    assert set(await wire.rows(select(Block.blocked_id))) == {before.id, after.id}
    assert await wire.rows(select(Mute.muted_id)) == [before.id]  # eve follows the new account
    notes = dict(await _pairs(wire))
    assert notes[after.id] == f"new here\n\n@old@{before.host}: bakes"
    mover = await wire.actor(old.uri)
    assert mover is not None
    assert mover.moved_to_id == after.id


async def _pairs(wire: Wire) -> list[tuple[int, str]]:
    async with wire.db.read() as session:
        return [tuple(row) for row in (await session.execute(select(  # type: ignore[misc]
            AccountNote.target_id, AccountNote.comment))).all()]


async def test_a_week_between_moves(wire: Wire, peer: Peer, other: Peer) -> None:
    """Another Move within a week moves nobody; after it, it does."""
    _, old, new, move = await _ends(wire, peer, other)
    await wire.take(old, move)
    third = other.person("third", alsoKnownAs=[old.uri])
    await wire.learn(third)
    bob = await wire.local("bob")
    async with wire.db.write() as session:
        mover = await session.scalar(select(Actor).where(Actor.uri == old.uri))
        mover.moved_to_id = None
        await follows.follow(session, bob, mover)
        await follows.accept(session, mover, bob)
    old.document["movedTo"] = third.uri
    again = old.act("Move", old.uri, "2", target=third.uri)
    await wire.take(old, again)
    assert sorted(await _followed(wire)) == sorted([new.uri, old.uri])
    async with wire.db.write() as session:
        mover = await session.scalar(select(Actor).where(Actor.uri == old.uri))
        mover.moved_at = now() - timedelta(days=8)
    await wire.take(old, again | {"id": f"{peer.base}/3"})
    assert sorted(await _followed(wire)) == sorted([new.uri, third.uri])


async def test_a_profile_that_points_elsewhere(wire: Wire, peer: Peer, other: Peer) -> None:
    """Without a Move it is shown when the other side agrees, and moves nobody."""
    _, old, new, _ = await _ends(wire, peer, other)
    for person in (new, old):
        await wire.federation.actor_by_uri(person.uri, refresh=True)
    mover, target = await wire.actor(old.uri), await wire.actor(new.uri)
    assert mover is not None
    assert target is not None
    assert mover.moved_to_id == target.id
    assert await _followed(wire) == [old.uri]
    new.document["alsoKnownAs"] = []
    for person in (new, old):
        await wire.federation.actor_by_uri(person.uri, refresh=True)
    mover = await wire.actor(old.uri)
    assert mover is not None
    assert mover.moved_to_id is None


async def test_moving_out(wire: Wire, peer: Peer) -> None:
    """Followers elsewhere get the profile with movedTo and then the Move; a mere pointer sends no Move."""
    alice, bob, fan = await wire.local("alice"), await wire.local("bob"), peer.person("fan")
    await wire.learn(fan)
    await wire.take(fan, fan.act("Follow", alice.uri))
    await wire.deliver()
    async with wire.db.write() as session:
        here = await session.get_one(Actor, bob.id)
        here.also_known_as = [alice.uri]
        await session.flush()
        await moving.redirect(session, alice, here)
    await wire.deliver()
    assert "Move" not in [item["type"] for item in peer.received]
    async with wire.db.write() as session:
        await moving.undo_redirect(session, alice)
        await moving.mark_moved(session, alice, await session.get_one(Actor, bob.id))
    await wire.deliver()
    sent = [item for item in peer.received if item["type"] in {"Update", "Move"}]
    assert [item["type"] for item in sent][-2:] == ["Update", "Move"]
    assert sent[-2]["object"]["movedTo"] == bob.uri
    assert (sent[-1]["object"], sent[-1]["target"]) == (alice.uri, bob.uri)
