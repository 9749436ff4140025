"""Lists: whose they are, who may be on them, and what comes into them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from potluck.social import follows, lists
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import FeedEntry
from potluck.social.paging import Page


async def feed(session, feed_id: int) -> list[int]:
    return list((await session.scalars(select(FeedEntry.object_id).where(FeedEntry.feed_id == feed_id))).all())


async def test_a_list_is_its_owners(session, alice, bob) -> None:
    """Nobody else can reach it."""
    row = await lists.create(session, alice, "  Good   friends ")
    assert row.title == "Good friends"
    assert (await lists.one(session, alice.id, row.id)).id == row.id
    with pytest.raises(NotFound):
        await lists.one(session, bob.id, row.id)


@pytest.mark.parametrize("bad", [{"title": " "}, {"title": "x" * 256}, {"replies_policy": "all"}])
async def test_lists_have_a_title_and_a_policy(session, alice, bad) -> None:
    """An error names the field."""
    with pytest.raises(Invalid) as refused:
        await lists.create(session, alice, **({"title": "fine"} | bad))
    assert refused.value.field in bad


async def test_only_those_one_follows_come_on_a_list(session, alice, bob, charlie, post) -> None:
    """With what of theirs is at home; off the list it goes again."""
    await follows.follow(session, alice, bob)
    said = await post(bob)
    row = await lists.create(session, alice, "friends")
    with pytest.raises(NotFound):
        await lists.add_members(session, row, [bob.id, charlie.id])
    await lists.add_members(session, row, [bob.id, bob.id])
    await lists.add_members(session, row, [bob.id])
    assert await feed(session, row.id) == [said.id]
    assert [actor.id for _, actor in await lists.members(session, row.id, Page())] == [bob.id]
    assert [found.id for found in await lists.with_member(session, alice.id, bob.id)] == [row.id]
    later = await post(bob)
    assert set(await feed(session, row.id)) == {said.id, later.id}
    await lists.remove_members(session, row, [bob.id])
    assert await feed(session, row.id) == []


async def test_an_exclusive_list_takes_posts_out_of_home(session, alice, bob, post) -> None:
    """At once when it becomes exclusive."""
    await follows.follow(session, alice, bob)
    said = await post(bob)
    row = await lists.create(session, alice, "friends")
    await lists.add_members(session, row, [bob.id])
    await lists.change(session, row, exclusive=True)
    assert said.id not in await feed(session, alice.id)
    assert await feed(session, row.id) == [said.id]


async def test_a_deleted_list_leaves_nothing(session, alice, bob, post) -> None:
    """Neither members nor timeline."""
    await follows.follow(session, alice, bob)
    await post(bob)
    row = await lists.create(session, alice, "friends")
    await lists.add_members(session, row, [bob.id])
    await lists.delete(session, row)
    assert await feed(session, row.id) == []
    assert list(await lists.of_owner(session, alice.id)) == []
    assert list(await lists.with_member(session, alice.id, bob.id)) == []


async def test_unfollowing_takes_someone_off_the_lists(session, alice, bob, post) -> None:
    """A list is of people one follows."""
    await follows.follow(session, alice, bob)
    await post(bob)
    row = await lists.create(session, alice, "friends")
    await lists.add_members(session, row, [bob.id])
    await follows.unfollow(session, alice, bob)
    assert await lists.members(session, row.id, Page()) == []
    assert await feed(session, row.id) == []
