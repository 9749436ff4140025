"""Blocks, mutes and muted servers: what they end, hide and tell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from potluck.db.base import now
from potluck.social import blocks, events, follows
from potluck.social.errors import Invalid, NotAllowed
from potluck.social.model import FeedEntry, Follow, Mute, Notification
from potluck.social.paging import Page


async def test_a_block_ends_follows_both_ways_and_tells(session, alice, dora, heard) -> None:
    """Ours is taken back, theirs refused, then the block is told; doing it twice tells once."""
    await follows.follow(session, alice, dora)
    await follows.accept(session, dora, alice)
    await follows.follow(session, dora, alice, uri="https://remote.test/f/1")
    heard.clear()
    await blocks.block(session, alice, dora)
    await blocks.block(session, alice, dora)
    kinds = [type(event) for event in heard]
    assert sorted(kind.__name__ for kind in kinds) == ["Blocked", "FollowRejected", "Unfollowed"]
    assert kinds[-1] is events.Blocked
    assert await session.scalar(select(func.count()).select_from(Follow)) == 0
    await session.refresh(alice)
    assert (alice.followers_count, alice.following_count) == (0, 0)
    assert await session.scalar(select(func.count()).select_from(Notification)) == 0


async def test_a_block_empties_home_of_them(session, alice, bob, post) -> None:
    """Both ways."""
    await follows.follow(session, alice, bob)
    await post(bob)
    await blocks.block(session, bob, alice)
    assert await session.scalar(select(func.count()).select_from(FeedEntry).where(FeedEntry.feed_id == alice.id)) == 0


async def test_unblocking_tells_once(session, alice, dora, heard) -> None:
    """Follows do not come back."""
    row = await blocks.block(session, alice, dora)
    heard.clear()
    await blocks.unblock(session, alice, dora)
    await blocks.unblock(session, alice, dora)
    assert [type(event) for event in heard] == [events.Unblocked]
    assert heard[0].block.uri == row.uri


async def test_nobody_blocks_or_mutes_themselves(session, alice) -> None:
    """It would lock them out of their own posts."""
    with pytest.raises(NotAllowed):
        await blocks.block(session, alice, alice)
    with pytest.raises(NotAllowed):
        await blocks.mute(session, alice, alice)


async def test_a_mute_hides_and_ends_by_itself(session, alice, bob, post, heard) -> None:
    """Their posts leave home; nobody is told; after its time it is gone."""
    await follows.follow(session, alice, bob)
    await post(bob)
    heard.clear()
    await blocks.mute(session, alice, bob, duration=60)
    assert heard == []
    assert await session.scalar(select(func.count()).select_from(FeedEntry).where(FeedEntry.feed_id == alice.id)) == 0
    [(row, actor)] = await blocks.muted(session, alice.id, Page())
    assert (actor.id, row.expires_at > now()) == (bob.id, True)
    await blocks.expire(session, now() + timedelta(seconds=61))
    assert await session.scalar(select(func.count()).select_from(Mute)) == 0


async def test_unmuting_brings_back_home(session, alice, bob, post) -> None:
    """Those one follows are read again."""
    await follows.follow(session, alice, bob)
    row = await post(bob)
    await blocks.mute(session, alice, bob)
    await blocks.unmute(session, alice, bob)
    assert (await session.scalars(select(FeedEntry.object_id).where(FeedEntry.feed_id == alice.id))).all() == [row.id]


@pytest.mark.parametrize("duration", [-1, 10**12])
async def test_a_mute_has_a_possible_duration(session, alice, bob, duration) -> None:
    """Neither the past nor the end of time."""
    with pytest.raises(Invalid):
        await blocks.mute(session, alice, bob, duration=duration)


async def test_a_muted_server_is_cut_off(session, alice, dora, emil, heard) -> None:
    """Follows from and to all of its people end, each told to it; the name is kept in one form."""
    await follows.follow(session, dora, alice, uri="https://remote.test/f/1")
    await follows.follow(session, alice, emil)
    heard.clear()
    assert await blocks.mute_domain(session, alice, " Remote.TEST ") == "remote.test"
    await blocks.mute_domain(session, alice, "remote.test")
    assert {type(event) for event in heard} == {events.FollowRejected, events.Unfollowed}
    assert len(heard) == 2
    assert [host for _, host in await blocks.muted_domains(session, alice.id)] == ["remote.test"]
    await blocks.unmute_domain(session, alice, "remote.test")
    assert await blocks.muted_domains(session, alice.id) == []


@pytest.mark.parametrize("host", ["", "not a host", "potluck.test", "https://remote.test/x"])
async def test_what_is_no_server_cannot_be_muted(session, alice, host) -> None:
    """Nor one's own."""
    with pytest.raises(Invalid):
        await blocks.mute_domain(session, alice, host)
