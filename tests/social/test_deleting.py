"""Deleting: everything goes that hung on a thing, and its id does not come back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from potluck.db.base import now
from potluck.kinds.note.model import Poll, PollDraft, PollOption, PollVote
from potluck.kinds.note.polls import vote
from potluck.social import conversations, events, objects, reactions, threads
from potluck.social.drafts import AttachmentDraft
from potluck.social.errors import NotFound
from potluck.social.model import (
    Actor,
    Announce,
    Bookmark,
    FeedEntry,
    LiveEvent,
    Media,
    Mention,
    Notification,
    Object,
    ObjectDocument,
    ObjectTag,
    Pin,
    Reaction,
    Revision,
    Tombstone,
)
from potluck.social.paging import Page
from support.cast import Cast

_ATTACHED = (Announce, Bookmark, FeedEntry, Mention, Notification, ObjectDocument, ObjectTag, Pin, Reaction, Revision,
             Poll, PollOption, PollVote)


@pytest.fixture
def deleted() -> Iterator[list[events.ObjectDeleted]]:
    """Events of deletion, as the wire hears them."""
    heard: list[events.ObjectDeleted] = []

    async def listen(_session: object, event: events.ObjectDeleted) -> None:
        heard.append(event)

    events.subscribe(events.ObjectDeleted, listen)
    yield heard
    events._handlers[events.ObjectDeleted].remove(listen)


async def _delete(cast: Cast, row: Object) -> None:
    async with cast.database.write() as session:
        author = await session.get_one(type(cast.alice), row.author_id)
        await objects.delete(session, row.id, author)


async def test_everything_attached_goes(cast: Cast) -> None:
    """Reactions, boosts, bookmarks, pins, notifications, tags, poll, versions: nothing of it is left."""
    row = await cast.say(cast.carol, "<p>secret</p>", mentions=[cast.alice], hashtags=["soup"], document="{}",
                         summary="cw", title="t", source="secret", type="Question",
                         kind_data=PollDraft([("a", 0), ("b", 0)]))
    await cast.follow(cast.eve, cast.alice)
    async with cast.database.write() as session:
        await reactions.react(session, cast.alice, row.id)
        await reactions.react(session, cast.alice, row.id, "emoji", "🍲")
        await reactions.announce(session, cast.alice, row.id)
        await reactions.bookmark(session, cast.alice, row.id)
        await reactions.pin(session, cast.carol, row.id)
        await vote(session, cast.alice, row.id, [0])
        draft = cast.draft(cast.carol, "<p>changed</p>", uri=row.uri, type="Question", mentions=[cast.alice],
                           hashtags=["soup"], kind_data=PollDraft([("a", 0), ("b", 0)]))
        await objects.edit(session, row.id, draft, cast.carol)
    async with cast.database.read() as session:
        for table in _ATTACHED:
            assert await session.scalar(select(func.count()).select_from(table)), table
    await _delete(cast, row)
    async with cast.database.read() as session:
        for table in _ATTACHED:
            assert not await session.scalar(select(func.count()).select_from(table)), table
    left = await cast.again(row)
    assert left.deleted_at is not None
    assert (left.content, left.summary, left.title, left.source, left.extra) == ("", "", None, None, {})
    assert (left.likes_count, left.boosts_count) == (0, 0)


async def test_the_id_is_remembered(cast: Cast) -> None:
    """A tombstone keeps the id and the former type, so that readers get 410."""
    row = await cast.say(cast.alice)
    await _delete(cast, row)
    async with cast.database.read() as session:
        stone = await session.get_one(Tombstone, row.uri)
    assert (stone.former_type, stone.local) == ("Note", True)


async def test_deleting_twice(cast: Cast) -> None:
    """What is deleted, or never was, cannot be deleted."""
    row = await cast.say(cast.alice)
    await _delete(cast, row)
    with pytest.raises(NotFound):
        await _delete(cast, row)
    with pytest.raises(NotFound):
        async with cast.database.write() as session:
            await objects.delete(session, 1, cast.alice)


async def test_threads_keep_their_shape(cast: Cast) -> None:
    """Answers to a deleted post are still found under what is above it."""
    root = await cast.say(cast.alice)
    middle = await cast.reply(cast.bob, root)
    leaf = await cast.reply(cast.alice, middle)
    await _delete(cast, middle)
    async with cast.database.read() as session:
        above, _ = await threads.context(session, leaf.id, cast.bob.id)
        _, below = await threads.context(session, root.id, cast.bob.id)
    assert (above, below) == ([root.id], [leaf.id])


@pytest.mark.parametrize("visibility", ["public", "unlisted", "followers", "direct", "local"])
async def test_counts_come_back_to_zero(cast: Cast, visibility: str) -> None:
    """Whatever was counted for a post is taken back, no more and no less, and no count becomes negative."""
    post = await cast.say(cast.alice)
    kept = await cast.reply(cast.bob, post, quote_id=post.id)
    reply = await cast.reply(cast.bob, post, visibility=visibility, quote_id=post.id)
    await _delete(cast, reply)
    fresh = await cast.again(post)
    assert (fresh.replies_count, fresh.quotes_count, (await cast.again(cast.bob)).posts_count) == (1, 1, 1)
    await cast.change(post, replies_count=0, quotes_count=0)
    await cast.change(cast.bob, posts_count=0)
    await _delete(cast, kept)
    fresh = await cast.again(post)
    assert (fresh.replies_count, fresh.quotes_count, (await cast.again(cast.bob)).posts_count) == (0, 0, 0)


async def test_unfinished_things_were_never_counted(cast: Cast) -> None:
    """Deleting a post that was not published yet takes nothing off any count."""
    await cast.say(cast.alice)
    await _delete(cast, await cast.say(cast.alice, state="processing"))
    assert (await cast.again(cast.alice)).posts_count == 1


async def test_uploads_are_set_free(cast: Cast) -> None:
    """A local upload can be used again (delete and redraft); links to remote files go."""
    async with cast.database.write() as session:
        session.add(Media(id=1, owner_id=cast.alice.id, type="image", url="/1.png"))
    local = await cast.say(cast.alice, media_ids=[1])
    remote = await cast.say(cast.carol, attachments=[AttachmentDraft("image", "https://carol.example/1.png")])
    await _delete(cast, local)
    await _delete(cast, remote)
    async with cast.database.read() as session:
        assert [(item.id, item.object_id) for item in (await session.scalars(select(Media))).all()] == [(1, None)]


async def test_who_must_hear_of_it(cast: Cast, deleted: list[events.ObjectDeleted]) -> None:
    """The wire learns who had been addressed and which remote people have the post by other ways."""
    row = await cast.say(cast.alice, mentions=[cast.mia])
    async with cast.database.write() as session:
        await reactions.react(session, cast.carol, row.id, uri="https://carol.example/like")
    await cast.reply(cast.frank, row)
    await _delete(cast, row)
    [event] = deleted
    assert {actor.name for actor in event.mentioned} == {"mia"}
    assert {actor.name for actor in event.reached} == {"carol", "frank"}
    assert event.object.visibility == "public"


async def test_the_last_post_is_the_one_before(cast: Cast) -> None:
    """The day of somebody's last post goes back when that is deleted; a private one does not count."""
    first = await cast.say(cast.alice, published=now() - timedelta(days=3))
    last = await cast.say(cast.alice)
    await cast.say(cast.alice, visibility="direct", mentions=[cast.mia])
    for gone, expected in ((last, first.published), (first, None)):
        async with cast.database.write() as session:
            await objects.delete(session, gone.id, cast.alice)
        async with cast.database.read() as session:
            assert (await session.get_one(Actor, cast.alice.id)).last_post_at == expected


async def test_a_conversation_ends_with_the_message_before(cast: Cast) -> None:
    """When the last private message is deleted the conversation shows the one before, or goes."""
    first = await cast.say(cast.alice, visibility="direct", mentions=[cast.mia])
    second = await cast.reply(cast.mia, first, visibility="direct", mentions=[cast.alice])

    async def last(reader: int) -> list[int]:
        async with cast.database.read() as session:
            return [row.last_object_id for row in await conversations.page(session, reader, Page())]

    await _delete(cast, second)
    assert await last(cast.alice.id) == await last(cast.mia.id) == [first.id]
    await _delete(cast, first)
    assert await last(cast.alice.id) == await last(cast.mia.id) == []


async def test_open_pages_are_told_where_it_was(cast: Cast) -> None:
    """The live event names the homes, lists, streams and hashtags that had the post."""
    row = await cast.say(cast.alice, hashtags=["soup"])
    await _delete(cast, row)
    async with cast.database.read() as session:
        event = (await session.scalars(select(LiveEvent).where(LiveEvent.type == "delete"))).one()
    assert set(event.data["channels"]) >= {
        f"home:{cast.alice.id}", f"home:{cast.bob.id}", "public", "public:local", "hashtag:soup", "hashtag:local:soup"}
    assert "public:remote" not in event.data["channels"]
