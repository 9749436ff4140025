"""How many people took part in a community lately: counted in the background, from what is new."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social import actors
from potluck.social.communities import liveliness, ranking
from potluck.social.model import Actor, Community, CommunityActivity, Object, Reaction
from support.cast import Cast

COUNTED = tuple(liveliness.SPANS)


@pytest.fixture
async def group(cast: Cast, pairs) -> Actor:
    """A community of which nothing was counted."""
    async with cast.database.write() as session:
        made = await actors.create_local(session, "soups", pairs=pairs)
        made.type = "Group"
        session.add(Community(actor_id=made.id))
    return made


async def say(cast: Cast, group: Actor, author: Actor, parent: Object | None = None, **ago: float) -> Object:
    """A post or comment so long ago."""
    answered = {"in_reply_to_id": parent.id, "in_reply_to_uri": parent.uri} if parent else {}
    return await cast.say(author, published=now() - timedelta(**ago), group_id=group.id, **answered)


async def numbers(cast: Cast, group: Actor) -> tuple[int, ...]:
    await liveliness.count(cast.database)
    async with cast.database.read() as session:
        row = await session.get_one(Community, group.id)
        return tuple(getattr(row, name) for name in COUNTED)


async def test_who_posts_comments_or_votes_is_counted_once(cast: Cast, group: Actor, monkeypatch) -> None:
    """Each person once, by what they did last; what is older than half a year is forgotten, ever so often."""
    post = await say(cast, group, cast.carol, days=100)
    await say(cast, group, cast.carol, post, days=20)
    await say(cast, group, cast.frank, post, days=3)
    await say(cast, group, cast.frank, days=300)
    assert await numbers(cast, group) == (0, 1, 2, 2)
    async with cast.database.write() as session:
        for actor, kind in ((cast.carol, "like"), (cast.alice, "dislike")):
            session.add(Reaction(id=ids.new(), actor_id=actor.id, object_id=post.id, kind=kind))
    present = ranking.seconds()
    monkeypatch.setattr(liveliness, "seconds", lambda: present + 60)
    assert await numbers(cast, group) == await numbers(cast, group) == (2, 3, 3, 3)
    monkeypatch.setattr(liveliness, "seconds", lambda: present + 200 * 86400)
    assert await numbers(cast, group) == (0, 0, 0, 0)
    async with cast.database.read() as session:
        assert (await session.scalars(select(CommunityActivity.actor_id))).all() == []


async def test_what_came_late_is_counted(cast: Cast, group: Actor, monkeypatch) -> None:
    """A post said before the last count, and delivered after it, counts in the next one."""
    assert await numbers(cast, group) == (0, 0, 0, 0)
    await say(cast, group, cast.carol, hours=3)
    present = ranking.seconds()
    monkeypatch.setattr(liveliness, "seconds", lambda: present + 60)
    assert await numbers(cast, group) == (1, 1, 1, 1)
