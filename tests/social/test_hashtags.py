"""Hashtags: followed, shown, counted."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from potluck.social import hashtags, trends
from potluck.social.errors import Invalid
from potluck.social.model import FeedEntry
from potluck.social.paging import Page


@pytest.fixture(autouse=True)
def _fresh_ranking() -> None:
    trends.forget_all()


async def test_a_followed_hashtag_comes_home(session, alice, bob, post) -> None:
    """Its public posts by anyone; not after one stopped."""
    await hashtags.follow(session, alice, "soup")
    await hashtags.follow(session, alice, "soup")
    row = await post(bob, hashtags=["Soup"])
    assert (await session.scalars(select(FeedEntry.object_id).where(FeedEntry.feed_id == alice.id))).all() == [row.id]
    assert await hashtags.is_followed(session, alice.id, "soup")
    assert [item.hashtag.name for item in await hashtags.followed(session, alice.id, Page())] == ["soup"]
    await hashtags.unfollow(session, alice, "soup")
    assert not await hashtags.is_followed(session, alice.id, "soup")


async def test_what_is_no_hashtag_cannot_be_followed(session, alice) -> None:
    """A number, for example."""
    with pytest.raises(Invalid):
        await hashtags.follow(session, alice, "123")


async def test_a_profile_shows_ten_hashtags_with_their_use(session, alice, post) -> None:
    """Only what others may know counts."""
    for number in range(hashtags.MAX_FEATURED):
        await hashtags.feature(session, alice, f"tag{number}")
    await hashtags.feature(session, alice, "tag0")
    with pytest.raises(Invalid):
        await hashtags.feature(session, alice, "another")
    row = await post(alice, hashtags=["tag3"])
    await post(alice, hashtags=["tag3"], visibility="followers")
    first = (await hashtags.featured(session, alice.id))[0]
    assert (first.name, first.posts_count, first.last_post_at) == ("tag3", 1, row.published)
    await hashtags.unfeature(session, alice, "tag3")
    assert "tag3" not in [item.name for item in await hashtags.featured(session, alice.id)]


async def test_use_is_counted_by_day_posts_and_people(session, alice, bob, post) -> None:
    """Seven days, today first; private posts and limited people do not count."""
    for author in (alice, alice, bob):
        await post(author, hashtags=["soup"])
    await post(bob, hashtags=["soup"], visibility="unlisted")
    row = await hashtags.by_name(session, "soup")
    days = (await hashtags.history(session, [row.id]))[row.id]
    assert [(day.uses, day.accounts) for day in days] == [("3", "2")] + [("0", "0")] * 6
    assert int(days[0].day) % 86400 == 0
    assert [day.day for day in days] == [day.day for day in hashtags.no_history()]
    bob.silenced_at = bob.created_at
    await session.flush()
    assert (await hashtags.history(session, [row.id]))[row.id][0].accounts == "1"


async def test_a_trend_needs_two_people(session, alice, bob, charlie, post) -> None:
    """One person alone makes none, however much they post."""
    for _ in range(3):
        await post(alice, hashtags=["lonely"])
    for author in (alice, bob):
        await post(author, hashtags=["bread"])
    for author in (alice, bob, charlie):
        await post(author, hashtags=["soup"])
    await trends.refresh(session)
    assert [row.name for row in await trends.hashtags(session)] == ["soup", "bread"]
    assert [row.name for row in await trends.hashtags(session, limit=1, offset=1)] == ["bread"]


async def test_suggestions_are_what_one_uses_and_does_not_show(session, alice, post) -> None:
    """The most used first."""
    await post(alice, hashtags=["soup", "bread"])
    await post(alice, hashtags=["soup", "salt"])
    await hashtags.feature(session, alice, "salt")
    assert [row.name for row in await hashtags.used_by(session, alice.id)] == ["soup", "bread"]
    soup, salt = await hashtags.by_name(session, "soup"), await hashtags.by_name(session, "salt")
    assert await hashtags.marks(session, alice.id, [soup.id, salt.id]) == {
        soup.id: (False, False), salt.id: (False, True)}
