"""Follows: when they count, what comes of them, and what ends them."""

from __future__ import annotations

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import actors, blocks, events, follows
from potluck.social.errors import NotAllowed, NotFound
from potluck.social.model import Actor, FeedEntry, Follow, Notification
from potluck.social.paging import Page


async def counts(session: AsyncSession, actor: Actor) -> tuple[int, int]:
    row = (await session.execute(select(Actor.followers_count, Actor.following_count).where(
        Actor.id == actor.id))).one()
    return row.followers_count, row.following_count


async def told(session: AsyncSession, reader: Actor) -> list[str]:
    return list((await session.scalars(select(Notification.type).where(
        Notification.reader_id == reader.id).order_by(Notification.id))).all())


async def test_a_local_unlocked_actor_is_followed_at_once(session, alice, bob, heard) -> None:
    """The follow is accepted, counted and told in one go."""
    row = await follows.follow(session, alice, bob)
    assert row.state == "accepted"
    assert await counts(session, bob) == (1, 0)
    assert await counts(session, alice) == (0, 1)
    assert await told(session, bob) == ["follow"]
    assert [type(item) for item in heard] == [events.FollowRequested, events.FollowAccepted]


async def test_following_twice_counts_once(session, alice, bob) -> None:
    """A repeated follow changes wishes only."""
    await follows.follow(session, alice, bob)
    row = await follows.follow(session, alice, bob, show_boosts=False, languages=["de"])
    assert (row.show_boosts, row.languages) == (False, ["de"])
    assert await counts(session, bob) == (1, 0)
    assert (await follows.follow(session, alice, bob)).languages == ["de"]
    assert (await follows.follow(session, alice, bob, languages=None)).languages is None


async def test_a_locked_actor_is_asked(session, alice, local) -> None:
    """The request waits, counts nothing, and becomes a follow when it is accepted."""
    lena = await local("lena", locked=True)
    assert (await follows.follow(session, alice, lena)).state == "pending"
    assert await counts(session, lena) == (0, 0)
    assert await told(session, lena) == ["follow_request"]
    assert await follows.requests_count(session, lena.id) == 1
    await follows.accept(session, lena, alice)
    assert await counts(session, lena) == (1, 0)
    assert await told(session, lena) == ["follow"]
    assert await follows.requests_count(session, lena.id) == 0


async def test_a_follow_of_a_remote_actor_waits_for_its_answer(session, alice, dora) -> None:
    """Nothing is assumed until the Accept arrives (CVE-2025-30741)."""
    assert (await follows.follow(session, alice, dora)).state == "pending"
    assert await counts(session, dora) == (0, 0)
    await follows.accept(session, dora, alice)
    await follows.accept(session, dora, alice)
    assert await counts(session, dora) == (1, 0)


async def test_an_accept_nobody_asked_for_changes_nothing(session, alice, dora) -> None:
    """Only a request can be accepted or refused."""
    with pytest.raises(NotFound):
        await follows.accept(session, dora, alice)
    await follows.reject(session, dora, alice)
    assert await session.scalar(select(func.count()).select_from(Follow)) == 0


async def test_a_repeated_follow_from_elsewhere_is_answered_again(session, alice, dora, heard) -> None:
    """A server that lost our Accept gets another one, with the id of its new Follow."""
    await follows.follow(session, dora, alice, uri="https://remote.test/f/1")
    heard.clear()
    row = await follows.follow(session, dora, alice, uri="https://remote.test/f/2")
    assert row.uri == "https://remote.test/f/2"
    assert [type(item) for item in heard] == [events.FollowAccepted]
    assert await counts(session, alice) == (1, 0)


async def test_a_removed_follower_no_longer_counts(session, alice, dora, heard) -> None:
    """Refusing an accepted follower removes it and tells its server."""
    await follows.follow(session, dora, alice, uri="https://remote.test/f/1")
    heard.clear()
    await follows.reject(session, alice, dora)
    assert await counts(session, alice) == (0, 0)
    assert [type(item) for item in heard] == [events.FollowRejected]
    assert heard[0].follow.uri == "https://remote.test/f/1"


async def test_unfollowing_takes_their_posts_out_of_home(session, alice, bob, post) -> None:
    """Home is filled when a follow begins and emptied when it ends."""
    row = await post(bob)
    await follows.follow(session, alice, bob)
    mine = select(FeedEntry.object_id).where(FeedEntry.feed_id == alice.id)
    assert (await session.scalars(mine)).all() == [row.id]
    await follows.unfollow(session, alice, bob)
    assert (await session.scalars(mine)).all() == []
    assert await counts(session, alice) == (0, 0)
    await follows.unfollow(session, alice, bob)
    assert await counts(session, alice) == (0, 0)


async def test_who_may_not_be_followed(session, alice, bob, charlie, dora) -> None:
    """Oneself, who blocked or is blocked, and who is gone."""
    await blocks.block(session, bob, alice)
    with pytest.raises(NotAllowed):
        await follows.follow(session, alice, bob)
    with pytest.raises(NotAllowed):
        await follows.follow(session, bob, alice)
    with pytest.raises(NotAllowed):
        await follows.follow(session, alice, alice)
    charlie.suspended_at = charlie.created_at
    with pytest.raises(NotFound):
        await follows.follow(session, alice, charlie)
    await blocks.mute_domain(session, alice, "remote.test")
    with pytest.raises(NotAllowed):
        await follows.follow(session, dora, alice)


async def test_someone_limited_must_ask(session, alice, remote) -> None:
    """A limited account's follow waits for a yes even where everyone else's is accepted."""
    troll = await remote("troll@remote.test")
    troll.silenced_at = troll.created_at
    assert (await follows.follow(session, troll, alice, uri="https://remote.test/f/9")).state == "pending"


async def test_pages_of_followers_go_by_the_follow(session, alice, bob, charlie, local) -> None:
    """Latest follow first; who is suspended is left out."""
    dan = await local("dan")
    for follower in (bob, charlie, dan):
        await follows.follow(session, follower, alice)
    first = await follows.followers(session, alice.id, Page(limit=2))
    assert [item.actor.name for item in first] == ["dan", "charlie"]
    rest = await follows.followers(session, alice.id, Page(max_id=first[-1].cursor, limit=2))
    assert [actor.name for _cursor, actor in rest] == ["bob"]
    dan.suspended_at = dan.created_at
    await session.flush()
    assert [item.actor.name for item in await follows.followers(session, alice.id, Page())] == ["charlie", "bob"]


async def test_relationships_tell_everything_in_a_fixed_number_of_queries(session, alice, bob, charlie, dora,
                                                                          emil) -> None:
    """One answer per id in the order asked, whatever their number."""
    await follows.follow(session, alice, bob, notify=True, show_boosts=False)
    await follows.follow(session, dora, alice, uri="https://remote.test/f/1")
    await follows.follow(session, alice, emil)
    await blocks.block(session, charlie, alice)
    await blocks.mute(session, alice, bob, notifications=False, duration=60)
    statements: list[str] = []
    sync = session.get_bind()

    def count(_c, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    event.listen(sync, "before_cursor_execute", count)
    few = await follows.relationships(session, alice.id, [bob.id])
    asked = len(statements)
    found = await follows.relationships(session, alice.id, [emil.id, bob.id, charlie.id, dora.id, 12345])
    event.remove(sync, "before_cursor_execute", count)
    assert len(statements) == 2 * asked
    assert [item.id for item in found] == [emil.id, bob.id, charlie.id, dora.id, 12345]
    to_emil, to_bob, to_charlie, to_dora, to_nobody = found
    assert (to_emil.requested, to_emil.following) == (True, False)
    assert (to_bob.following, to_bob.notifying, to_bob.showing_reblogs, to_bob.muting,
            to_bob.muting_notifications) == (True, True, False, True, False)
    assert to_bob.muting_expires_at is not None
    assert few[0].following
    assert (to_charlie.blocked_by, to_charlie.blocking) == (True, False)
    assert (to_dora.followed_by, to_dora.following) == (True, False)
    assert not to_nobody.following


async def test_familiar_followers_are_those_one_follows(session, alice, bob, charlie, local) -> None:
    """Friends who follow someone too; nothing of someone who hides their followers."""
    dan = await local("dan")
    await follows.follow(session, alice, bob)
    await follows.follow(session, bob, dan)
    await follows.follow(session, charlie, dan)
    found = await follows.familiar_followers(session, alice.id, [dan.id, charlie.id])
    assert [[actor.name for actor in item.actors] for item in found] == [["bob"], []]
    dan.hide_collections = True
    await session.flush()
    assert (await follows.familiar_followers(session, alice.id, [dan.id]))[0].actors == []


async def test_a_handle_of_our_own_domain_is_local(session, alice) -> None:
    """`@alice@potluck.test` and `alice` are the same account."""
    for text in ("alice", "@Alice", "alice@potluck.test", "acct:alice@POTLUCK.test"):
        found = await actors.by_handle(session, text)
        assert found is not None
        assert found.id == alice.id
    assert await actors.by_handle(session, "alice@elsewhere.test") is None
