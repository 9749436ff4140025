"""Posts that wait for their files: seen by nobody, then published as if they had just been written."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from potluck.db.ids import ids
from potluck.kinds.note import actions
from potluck.kinds.note.actions import NoteRequest
from potluck.social import objects, publishing, timelines
from potluck.social.errors import Invalid
from potluck.social.model import Actor, FeedEntry, LiveEvent, Media, Notification, Object
from potluck.social.paging import Page
from support.cast import Cast


async def _uploads(cast: Cast, *states: str) -> list[int]:
    rows = [Media(id=ids.new(), owner_id=cast.alice.id, type="video", state=state) for state in states]
    async with cast.database.write() as session:
        session.add_all(rows)
    return [row.id for row in rows]


async def _waiting(cast: Cast, media: list[int], text: str = "look @mia") -> Object:
    async with cast.database.write() as session:
        return await actions.compose(session, cast.alice, NoteRequest(text, media_ids=media, wait_for_media=True))


async def _become_ready(cast: Cast, media_id: int) -> Object | None:
    async with cast.database.write() as session:
        await session.execute(update(Media).where(Media.id == media_id).values(state="ready"))
        return await publishing.media_ready(session, media_id)


async def _seen(cast: Cast) -> tuple[int, int, int, int]:
    """Feed entries, notifications, live updates, posts that Alice's profile counts."""
    async with cast.database.read() as session:
        found = [len((await session.scalars(query)).all()) for query in (
            select(FeedEntry.object_id), select(Notification.id).where(Notification.type == "mention"),
            select(LiveEvent.id).where(LiveEvent.type == "update"))]
        return found[0], found[1], found[2], (await session.get_one(Actor, cast.alice.id)).posts_count


async def test_a_post_waits_until_all_its_files_are_ready(cast: Cast) -> None:
    """Until then nobody sees, hears or counts it; then everybody who should."""
    first, second = await _uploads(cast, "processing", "processing")
    post = await _waiting(cast, [first, second])
    assert post.state == "processing"
    assert await _seen(cast) == (0, 0, 0, 0)
    async with cast.database.read() as session:
        assert [row.id for row in await publishing.waiting_of(session, cast.alice.id)] == [post.id]
        assert not await publishing.waiting_of(session, cast.bob.id)
    assert await _become_ready(cast, first) is None
    assert await _seen(cast) == (0, 0, 0, 0)
    published = await _become_ready(cast, second)
    assert published is not None
    assert (published.id, published.state) == (post.id, "published")
    assert published.published > post.published
    entries, mentions, updates, counted = await _seen(cast)
    assert entries >= 2
    assert (mentions, updates, counted) == (1, 1, 1)
    assert await _become_ready(cast, second) is None, "only once"


async def test_a_post_whose_files_are_ready_does_not_wait(cast: Cast) -> None:
    """It is published at once."""
    media = await _uploads(cast, "ready")
    assert (await _waiting(cast, media)).state == "published"


async def test_who_does_not_want_to_wait_is_told(cast: Cast) -> None:
    """As Mastodon has it; and a file that failed can never be waited for."""
    unready, failed = await _uploads(cast, "processing", "failed")
    async with cast.database.write() as session:
        with pytest.raises(Invalid, match="not finished processing"):
            await actions.compose(session, cast.alice, NoteRequest("x", media_ids=[unready]))
        with pytest.raises(Invalid, match="could not be processed"):
            await actions.compose(session, cast.alice, NoteRequest("x", media_ids=[failed], wait_for_media=True))


async def test_a_post_deleted_while_it_waits_stays_deleted(cast: Cast) -> None:
    """Its files become ready, and nothing is published or counted."""
    media = await _uploads(cast, "processing")
    post = await _waiting(cast, media)
    async with cast.database.write() as session:
        await objects.delete(session, post.id, cast.alice)
    assert await _become_ready(cast, media[0]) is None
    assert await _seen(cast) == (0, 0, 0, 0)


async def test_a_waiting_post_is_in_no_timeline(cast: Cast) -> None:
    """Not even in that of its author."""
    await _waiting(cast, await _uploads(cast, "processing"))
    async with cast.database.read() as session:
        for viewer in (None, cast.alice.id, cast.bob.id):
            assert not await timelines.public(session, viewer, Page())
