"""Policies towards servers: whom they cover, what they do, what is left when they are lifted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from potluck.settings import current, use
from potluck.social import actors, domain_policies, follows
from potluck.social.errors import Invalid
from potluck.social.model import Actor, Follow


@pytest.fixture(autouse=True)
def _fresh_cache():
    domain_policies._cache.clear()
    yield
    domain_policies._cache.clear()


async def state(session, actor: Actor) -> tuple[bool, bool]:
    row = (await session.execute(select(Actor.silenced_at, Actor.suspended_at).where(Actor.id == actor.id))).one()
    return row.silenced_at is not None, row.suspended_at is not None


async def test_a_policy_covers_subdomains_and_ports(session) -> None:
    """And nothing else; the nearest domain decides."""
    await domain_policies.set_policy(session, "evil.test", severity="suspend")
    await domain_policies.set_policy(session, "good.evil.test", severity="noop")
    found = await domain_policies._read(session)
    for host in ("evil.test", "EVIL.test", "a.b.evil.test", "evil.test:8080"):
        assert found.of(host).is_suspended
    for host in ("notevil.test", "evil.test.example", "good.evil.test", "x.good.evil.test", "test"):
        assert not found.of(host).is_suspended


async def test_international_names_are_one(session) -> None:
    """However they are written."""
    await domain_policies.set_policy(session, "bücher.example", severity="suspend")
    found = await domain_policies._read(session)
    assert found.of("xn--bcher-kva.example").is_suspended
    assert found.of("BÜCHER.example").is_suspended


@pytest.mark.parametrize("domain", ["", "no domain", "potluck.test", "test", "a..b"])
async def test_what_cannot_have_a_policy(session, domain) -> None:
    """What is no domain, this server, or a domain above it."""
    with pytest.raises(Invalid):
        await domain_policies.set_policy(session, domain, severity="suspend")


async def test_suspending_ends_follows_and_marks_people(session, alice, dora, remote) -> None:
    """People of other servers are untouched, also of one with a similar name."""
    other = await remote("dora@notremote.test")
    await follows.follow(session, dora, alice, uri="https://remote.test/f/1")
    await follows.follow(session, other, alice, uri="https://notremote.test/f/1")
    await domain_policies.set_policy(session, "remote.test", severity="suspend")
    assert await state(session, dora) == (False, True)
    assert await state(session, other) == (False, False)
    assert (await session.scalars(select(Follow.follower_id))).all() == [other.id]
    count = await session.scalar(select(Actor.followers_count).where(Actor.id == alice.id))
    assert count == 1


async def test_lifting_frees_only_whom_the_policy_caught(session, dora, emil) -> None:
    """Whom a moderator suspended for themselves stays suspended."""
    await actors.suspend(session, emil)
    await domain_policies.set_policy(session, "remote.test", severity="suspend")
    await domain_policies.set_policy(session, "remote.test", severity="silence")
    assert await state(session, dora) == (True, False)
    assert await state(session, emil) == (True, True)
    await domain_policies.remove(session, "remote.test")
    assert await state(session, dora) == (False, False)
    assert await state(session, emil) == (False, True)
    assert await session.scalar(select(func.count()).select_from(domain_policies.DomainPolicy)) == 0


async def test_newcomers_from_a_limited_server_are_limited(session, database, remote) -> None:
    """From the first time they are seen."""
    await domain_policies.set_policy(session, "remote.test", severity="silence")
    domain_policies._cache.clear()
    assert await state(session, await remote("new@sub.remote.test")) == (True, False)


async def test_limited_federation_shuts_out_who_is_not_allowed(session) -> None:
    """Without an entry a server counts as suspended."""
    before = current()
    use(replace(before, limited_federation=True))
    try:
        await domain_policies.set_policy(session, "friend.test", severity="allow")
        found = await domain_policies._read(session)
        assert not found.of("friend.test").is_suspended
        assert found.of("stranger.test").is_suspended
        assert not (await domain_policies.policy_for(session, "potluck.test")).is_suspended
    finally:
        use(before)


async def test_a_change_counts_at_once_in_this_process(database) -> None:
    """Other processes learn of it within seconds."""
    async with database.write() as session:
        assert not (await domain_policies.policy_for(session, "evil.test")).is_suspended
        await domain_policies.set_policy(session, "evil.test", severity="suspend")
    async with database.read() as session:
        assert (await domain_policies.policy_for(session, "evil.test")).is_suspended
