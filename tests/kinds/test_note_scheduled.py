"""Notes that are published later."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from potluck.db.base import now
from potluck.kinds.note import scheduled as notes
from potluck.kinds.note.actions import NoteRequest, PollRequest
from potluck.kinds.publishing_later import Publisher
from potluck.social import kept_drafts, scheduled
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, Object, ScheduledPost, User
from potluck.social.paging import Page
from support.cast import Cast

SOON = timedelta(minutes=10)


class Nobody:
    """Knows nobody elsewhere."""

    async def actor_by_handle(self, handle: str) -> Actor | None:
        return None


async def wait(cast: Cast, text: str = "later", when: datetime | None = None, **more: Any) -> int:
    """Alice schedules a note."""
    async with cast.database.write() as session:
        return (await notes.REQUESTS.schedule(session, cast.alice, NoteRequest(text, **more), when or now() + SOON)).id


async def time_passes(cast: Cast) -> None:
    """Everything that waits is due."""
    async with cast.database.write() as session:
        await session.execute(update(ScheduledPost).values(scheduled_at=now() - timedelta(seconds=1)))


async def said(cast: Cast) -> list[tuple[str, str]]:
    """What Alice published."""
    async with cast.database.read() as session:
        return [(row.source or "", row.visibility) for row in (await session.scalars(
            select(Object).where(Object.author_id == cast.alice.id).order_by(Object.id))).all()]


async def test_published_when_its_time_has_come(cast: Cast) -> None:
    """Once, as it was written, and not before."""
    await wait(cast, "later #cake", visibility="unlisted", poll=PollRequest(["a", "b"], 600))
    publisher = Publisher(cast.database, Nobody(), [notes.LATER])
    assert await publisher.publish_due() == 0
    await time_passes(cast)
    assert await publisher.publish_due() == 1
    assert await publisher.publish_due() == 0
    assert await said(cast) == [("later #cake", "unlisted")]
    async with cast.database.read() as session:
        assert await scheduled.page(session, cast.alice.id, Page()) == []


async def test_what_cannot_be_published_waits_for_its_author(cast: Cast) -> None:
    """With the reason; given another time it is tried again; others are not held up."""
    parent = await cast.say(cast.bob)
    broken = await wait(cast, "well", in_reply_to_id=parent.id)
    await wait(cast, "fine")
    await cast.change(parent, deleted_at=now())
    await time_passes(cast)
    publisher = Publisher(cast.database, Nobody(), [notes.LATER])
    await publisher.publish_due()
    assert await said(cast) == [("fine", "public")]
    async with cast.database.write() as session:
        row = await scheduled.one(session, cast.alice.id, broken)
        assert row.error == "Record not found"
        await scheduled.move(session, cast.alice.id, broken, now() + SOON)
        assert row.error is None


async def test_a_locked_out_author_publishes_nothing(cast: Cast) -> None:
    """Nor one who was suspended meanwhile."""
    await wait(cast)
    await time_passes(cast)
    async with cast.database.write() as session:
        await session.execute(update(User).where(User.actor_id == cast.alice.id).values(disabled_at=now()))
    await Publisher(cast.database, Nobody(), [notes.LATER]).publish_due()
    assert await said(cast) == []


async def test_refused_at_once(cast: Cast) -> None:
    """What could not be published is not scheduled either, nor for a time that is too near or too far."""
    for bad in ({"text": " "}, {"text": "x", "in_reply_to_id": 7}, {"text": "x", "media_ids": [7]},
                {"when": now() + timedelta(minutes=4)}, {"when": now() + timedelta(days=4000)}):
        with pytest.raises((Invalid, NotFound)):
            await wait(cast, **bad)


async def test_not_too_many_on_a_day(cast: Cast) -> None:
    """Twenty-five, as in Mastodon."""
    tomorrow = (now() + timedelta(days=2)).replace(hour=12)
    for _ in range(scheduled.MAX_PER_DAY):
        await wait(cast, when=tomorrow)
    with pytest.raises(Invalid):
        await wait(cast, when=tomorrow + timedelta(hours=1))
    await wait(cast, when=tomorrow + timedelta(days=1))


async def test_scheduled_posts_are_their_authors(cast: Cast) -> None:
    """Nobody else sees, moves or cancels them."""
    post_id = await wait(cast)
    async with cast.database.write() as session:
        assert await scheduled.page(session, cast.bob.id, Page()) == []
        with pytest.raises(NotFound):
            await scheduled.cancel(session, cast.bob.id, post_id)
        await scheduled.cancel(session, cast.alice.id, post_id)
        with pytest.raises(NotFound):
            await scheduled.one(session, cast.alice.id, post_id)


async def test_drafts_are_kept(cast: Cast) -> None:
    """Put aside, written over, thrown away; their files are not swept meanwhile."""
    async with cast.database.write() as session:
        made = await kept_drafts.save(session, cast.alice.id, "note", {"text": "beg"}, media_ids=[5])
        await kept_drafts.save(session, cast.alice.id, "note", {"text": "begun"}, media_ids=[5], draft_id=made.id)
        assert [row.request for row in await kept_drafts.page(session, cast.alice.id, Page())] == [{"text": "begun"}]
        assert await scheduled.media_waiting(session) == {5}
        with pytest.raises(NotFound):
            await kept_drafts.delete(session, cast.bob.id, made.id)
        with pytest.raises(Invalid):
            await kept_drafts.save(session, cast.alice.id, "note", {"text": "x" * kept_drafts.MAX_BYTES})
        await kept_drafts.delete(session, cast.alice.id, made.id)
        assert await kept_drafts.page(session, cast.alice.id, Page()) == []


async def test_one_that_breaks_does_not_hold_up_the_others(cast: Cast) -> None:
    """What nobody foresaw is kept with a note for its author; the rest comes out, and the publisher goes on."""
    broken, well = await wait(cast, "first"), await wait(cast, "second")
    await time_passes(cast)

    async def prepare(database: Any, federation: Any, waiting: ScheduledPost) -> Any:
        if waiting.id == broken:
            raise RuntimeError("nobody foresaw this")
        return await notes.LATER.prepare(database, federation, waiting)

    publisher = Publisher(cast.database, Nobody(), [replace(notes.LATER, prepare=prepare)])
    while await publisher.publish_due():
        pass
    async with cast.database.read() as session:
        left = await session.get_one(ScheduledPost, broken)
        assert left.error
        assert "foresaw" not in left.error
        assert await session.get(ScheduledPost, well) is None
