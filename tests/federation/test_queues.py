"""Journal, group commit, back-off, ids and digests: the small parts that order and durability rest on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import follower_sync, queues
from potluck.federation.delivery_ids import DeliveryIds
from potluck.federation.delivery_queue import MAX_BACKOFF, backoff
from potluck.federation.group_commit import GroupCommit
from potluck.federation.host_locks import HostLocks
from potluck.federation.quotes import InvalidStamp, check_stamp

from .conftest import Wire
from .peers import Peer


async def test_many_requests_share_one_commit(wire: Wire, peer: Peer) -> None:
    """Fifty activities sent at once are journalled in a few transactions, in the order of arrival."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    await wire.learn(bob)
    groups: list[int] = []
    real = wire.federation.inbox._journal._write

    async def counting(session: AsyncSession, items: Sequence[object]) -> Sequence[None]:
        groups.append(len(items))
        return await real(session, items)  # type: ignore[arg-type]

    wire.federation.inbox._journal._write = counting  # type: ignore[assignment]
    await asyncio.gather(*(bob.send(wire.federation, bob.act("Like", alice.uri, str(n))) for n in range(50)))
    assert sum(groups) == 50
    assert len(groups) < 25
    assert len(await wire.journal()) == 50


async def test_a_bad_item_does_not_fail_its_group(wire: Wire) -> None:
    """With isolation every other item of the group is written."""

    async def write(session: AsyncSession, items: Sequence[int]) -> Sequence[int]:
        if 3 in items:
            raise ValueError("three")
        await session.execute(text("SELECT 1"))
        return items

    group: GroupCommit[int, int] = GroupCommit(wire.db, write, isolate=True)
    results = await asyncio.gather(*(group.add(n) for n in range(6)), return_exceptions=True)
    assert [item for item in results if not isinstance(item, Exception)] == [0, 1, 2, 4, 5]


async def test_two_engines_never_work_for_one_host(wire: Wire) -> None:
    """On PostgreSQL a host taken by one engine is not given to another until it is given back."""
    one, two = HostLocks(wire.db, "test"), HostLocks(wire.db, "test")
    try:
        assert await one.take(["a.test", "b.test"]) == {"a.test", "b.test"}
        if not wire.db.is_sqlite:
            assert await two.take(["a.test", "c.test"]) == {"c.test"}
            await one.give_back(["a.test"])
            assert await two.take(["a.test"]) == {"a.test"}
    finally:
        await one.close()
        await two.close()


async def test_the_queues_can_be_looked_at(wire: Wire, peer: Peer) -> None:
    """Counts and troubles are there for the administrator."""
    alice = await wire.local("alice")
    await wire.follow(await wire.learn(peer.person("bob")), alice)
    await wire.deliver()
    peer.status = 503
    await wire.say(alice)
    await wire.deliver()
    async with wire.db.read() as session:
        state = await queues.state(session)
        (backlog,) = await queues.backlog(session)
    assert state.deliveries_waiting == 1
    assert (backlog.host, backlog.waiting) == (peer.host, 1)
    assert "503" in backlog.error


def test_waiting_times_grow_to_half_a_day() -> None:
    """Seconds at first, since most hosts only restart, twelve hours in the end, with some jitter."""
    rng = random.Random(1)
    times = [backoff(n, rng) for n in range(1, 15)]
    assert 5 <= times[0] <= 6
    assert times == sorted(times[:9]) + times[9:]
    assert all(wait <= MAX_BACKOFF * 1.2 for wait in times)


def test_delivery_ids_never_repeat() -> None:
    """Blocks of any size follow each other without overlap."""
    made = DeliveryIds()
    blocks = [(made.reserve(size), size) for size in (1, 70_000, 3, 200_000)]
    ids = [made.id_of(start + number) for start, size in blocks for number in range(1, size + 1)]
    assert ids == sorted(set(ids))
    assert ids[-1] < 2**63


def test_the_digest_of_followers() -> None:
    """XOR of SHA-256, independent of order; nothing is all zeros (FEP-8fcf)."""
    assert follower_sync.digest([]) == "0" * 64
    one, two = "https://a.test/1", "https://a.test/2"
    assert follower_sync.digest([one, two]) == follower_sync.digest([two, one]) != follower_sync.digest([one])
    header = 'collectionId="https://a.test/f", url="https://a.test/s", digest="00"'
    assert follower_sync.parse(header) == {
        "collectionId": "https://a.test/f", "url": "https://a.test/s", "digest": "00"}
    assert follower_sync.parse("nonsense") == {}


@pytest.mark.parametrize("change", [
    {"id": "https://a.test/other"}, {"type": "Note"}, {"attributedTo": "https://a.test/users/eve"},
    {"interactingObject": "https://b.test/2"}, {"interactionTarget": "https://a.test/2"},
])
def test_a_stamp_must_fit_at_every_end(change: dict[str, str]) -> None:
    """A permission to quote for another post, by another author or at another id is none (CVE-2026-33869)."""
    good = {"id": "https://a.test/s", "type": "QuoteAuthorization", "attributedTo": "https://a.test/users/alice",
            "interactingObject": "https://b.test/1", "interactionTarget": "https://a.test/1"}
    ends = {"uri": "https://a.test/s", "quoting": "https://b.test/1", "quoted": "https://a.test/1",
            "author": "https://a.test/users/alice"}
    check_stamp(good, **ends)
    with pytest.raises(InvalidStamp):
        check_stamp(good | change, **ends)
    with pytest.raises(InvalidStamp):
        check_stamp(good, **(ends | {"author": "https://c.test/users/alice"}))
