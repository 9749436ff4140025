"""Old posts of other servers are forgotten when there is no room, and never what anybody here had to do with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db import sizes
from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.kinds.note.model import Poll, PollOption, PollVote
from potluck.social import pruning
from potluck.social.model import (
    Actor,
    Announce,
    Bookmark,
    FeedEntry,
    Notification,
    Object,
    ObjectDocument,
    Reaction,
    Report,
    Tombstone,
)
from potluck.social.pruning import Pruner
from support.cast import Cast

OLD = now() - timedelta(days=200)
Act = Callable[[AsyncSession, Cast, Object], Awaitable[None]]


async def old(cast: Cast, author: Actor, **changes: object) -> Object:
    (made,) = await cast.store(cast.draft(author, published=OLD, **changes))
    async with cast.database.write() as session:
        await session.execute(update(Object).where(Object.id == made.id).values(created_at=OLD))
    return made


async def prune(cast: Cast) -> None:
    pruner = Pruner(cast.database)
    while await pruner.turn(now() - timedelta(days=60)) is not None:
        pass


async def left(cast: Cast) -> set[int]:
    async with cast.database.read() as session:
        return set((await session.scalars(select(Object.id))).all())


async def test_a_strangers_old_post_is_forgotten(cast: Cast) -> None:
    """It goes with what hangs on it and leaves no tombstone: it may be fetched again."""
    gone = await old(cast, cast.carol, document="{}")
    async with cast.database.write() as session:
        session.add(Reaction(id=ids.new(), actor_id=cast.frank.id, object_id=gone.id, kind="like"))
        session.add(Announce(id=ids.new(), uri="https://frank.example/b", actor_id=cast.frank.id, object_id=gone.id))
        session.add(FeedEntry(feed_id=cast.alice.id, entry_id=gone.id, object_id=gone.id, announce_id=None,
                              source_id=cast.carol.id, kind="note"))
    await prune(cast)
    assert await left(cast) == set()
    async with cast.database.read() as session:
        for table in (Reaction, Announce, FeedEntry, ObjectDocument, Tombstone):
            assert (await session.scalars(select(table))).all() == [], table


@pytest.mark.parametrize("what", ["new here", "said lately", "local", "followers only", "direct"])
async def test_what_is_never_forgotten(cast: Cast, what: str) -> None:
    """Recent posts, our own, and what is not open to all (it could not be fetched again) stay."""
    author = cast.alice if what == "local" else cast.carol
    made = await old(cast, author, visibility={"followers only": "followers", "direct": "direct"}.get(what, "public"))
    if what == "new here":
        async with cast.database.write() as session:
            await session.execute(update(Object).where(Object.id == made.id).values(created_at=now()))
    if what == "said lately":
        (made,) = await cast.store(cast.draft(cast.carol))
    await prune(cast)
    assert made.id in await left(cast)


async def bookmarked(session: AsyncSession, cast: Cast, post: Object) -> None:
    session.add(Bookmark(id=ids.new(), actor_id=cast.alice.id, object_id=post.id))


async def liked(session: AsyncSession, cast: Cast, post: Object) -> None:
    session.add(Reaction(id=ids.new(), actor_id=cast.alice.id, object_id=post.id, kind="like"))


async def boosted(session: AsyncSession, cast: Cast, post: Object) -> None:
    session.add(Announce(id=ids.new(), uri="https://potluck.test/b", actor_id=cast.alice.id, object_id=post.id))


async def notified(session: AsyncSession, cast: Cast, post: Object) -> None:
    session.add(Notification(id=ids.new(), reader_id=cast.alice.id, type="status", actor_id=cast.carol.id,
                             group_key="x", object_id=post.id, created_at=now()))


async def voted(session: AsyncSession, cast: Cast, post: Object) -> None:
    session.add(Poll(object_id=post.id))
    await session.flush()
    session.add(PollOption(object_id=post.id, position=0, title="A"))
    session.add(PollVote(id=ids.new(), object_id=post.id, position=0, actor_id=cast.alice.id))


async def reported(session: AsyncSession, cast: Cast, post: Object) -> None:
    session.add(Report(id=ids.new(), reporter_id=cast.frank.id, target_id=cast.carol.id, object_ids=[post.id]))


@pytest.mark.parametrize("act", [bookmarked, liked, boosted, notified, voted, reported])
async def test_what_people_here_had_to_do_with_stays(cast: Cast, act: Act) -> None:
    """Bookmarked, liked, boosted, notified of, voted in, reported: it stays."""
    post, other = await old(cast, cast.carol), await old(cast, cast.carol)
    async with cast.database.write() as session:
        await act(session, cast, post)
    await prune(cast)
    assert await left(cast) == {post.id}
    assert other.id != post.id


async def test_mentions_and_conversations_stay(cast: Cast) -> None:
    """Where somebody here was mentioned, or spoke in the same conversation, or quoted it, all of it stays."""
    mentioned = await old(cast, cast.carol, mentions=[cast.alice])
    root = await old(cast, cast.carol)
    remote_reply = await old(cast, cast.frank, in_reply_to_uri=root.uri, in_reply_to_id=root.id)
    own_reply = await old(cast, cast.alice, in_reply_to_uri=remote_reply.uri, in_reply_to_id=remote_reply.id)
    quoted = await old(cast, cast.carol)
    async with cast.database.write() as session:
        await session.execute(update(Object).where(Object.id == own_reply.id).values(quote_id=quoted.id))
    stranger = await old(cast, cast.carol)
    reply = await old(cast, cast.frank, in_reply_to_uri=stranger.uri, in_reply_to_id=stranger.id)
    await prune(cast)
    assert await left(cast) == {mentioned.id, root.id, remote_reply.id, own_reply.id, quoted.id}
    assert reply.id not in await left(cast)


async def test_a_reply_that_stays_knows_its_parent_by_address(cast: Cast) -> None:
    """When the parent of a younger post is forgotten, the reply keeps its address, as if it had never been fetched."""
    parent = await old(cast, cast.carol)
    (reply,) = await cast.store(cast.draft(cast.frank, in_reply_to_uri=parent.uri))
    await prune(cast)
    async with cast.database.read() as session:
        row = await session.get_one(Object, reply.id)
        assert (row.in_reply_to_id, row.in_reply_to_uri) == (None, parent.uri)


async def test_only_over_the_budget(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is forgotten while there is room, or without a budget; over it, only until it fits again."""
    for _ in range(4):
        await old(cast, cast.carol)
    used = iter([1000, 1000, 1000, 900])

    async def counted(session: AsyncSession) -> int:
        return next(used)

    monkeypatch.setattr(sizes, "used", counted)
    monkeypatch.setattr(pruning, "LOOKED_AT", 1)
    pruner = Pruner(cast.database)
    assert await pruner.keep_within(0, 60) == 0
    assert await pruner.keep_within(2000, 60) == 0
    assert await pruner.keep_within(950, 60) == 2
    assert len(await left(cast)) == 2


async def test_sizes(database: Database) -> None:
    """The database says how large it is, and no more than its files."""
    async with database.read() as session:
        assert 0 < await sizes.used(session) <= await sizes.on_disk(session)


def test_every_tie_counts() -> None:
    """Any table that ties an object to an actor protects the object, among them these."""
    names = {table.name for table, _ in pruning.ties()}
    assert {"bookmark", "reaction", "announce", "pin", "mention", "notification", "poll_vote", "media"} <= names
