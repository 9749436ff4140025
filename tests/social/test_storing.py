"""Storing objects: once each, whatever the order of arrival, in a fixed number of statements."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from potluck.db.base import now
from potluck.db.ids import time_of
from potluck.social import events, objects, reactions
from potluck.social.drafts import AttachmentDraft
from potluck.social.model import (
    Actor,
    Conversation,
    ConversationMessage,
    FeedEntry,
    Hashtag,
    LiveEvent,
    Media,
    Mention,
    Notification,
    Object,
    ObjectDocument,
    ObjectTag,
    ThreadMute,
)
from support.cast import Cast, ago
from support.databases import statements


async def _count(cast: Cast, table: type) -> int:
    async with cast.database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_local_object_gets_its_addresses(cast: Cast) -> None:
    """What is said here has an id and a page of this server, and is marked as local."""
    row = await cast.say(cast.alice)
    assert row.uri == f"https://potluck.test/objects/{row.id}"
    assert row.url == f"https://potluck.test/@alice/{row.id}"
    assert row.local
    assert row.thread_root_id == row.id


async def test_an_author_is_needed(cast: Cast) -> None:
    """A draft whose author nobody settled is a mistake of ours and stores nothing."""
    with pytest.raises(ValueError, match="author_id"):
        await cast.store(cast.draft(cast.alice, author_id=None))
    assert await _count(cast, Object) == 0


async def test_storing_twice_has_no_effect(cast: Cast) -> None:
    """The same uri again gives the object that is there: no second row, no second notification, same counts."""
    draft = cast.draft(cast.carol, "hi @alice", mentions=[cast.alice])
    [first] = await cast.store(draft)
    async with cast.database.write() as session:
        [again] = await objects.store(session, [draft])
    assert (again.object.id, again.created) == (first.id, False)
    assert await _count(cast, Object) == 1
    assert await _count(cast, Notification) == 1
    assert (await cast.again(cast.carol)).posts_count == 1


async def test_the_same_uri_twice_in_a_batch(cast: Cast) -> None:
    """Two drafts of one thing in one batch make one object, and both are answered with it."""
    draft = cast.draft(cast.carol)
    async with cast.database.write() as session:
        stored = await objects.store(session, [draft, cast.draft(cast.carol, uri=draft.uri)])
    assert [item.created for item in stored] == [True, False]
    assert stored[0].object.id == stored[1].object.id


async def test_answers_in_the_order_of_the_drafts(cast: Cast) -> None:
    """However parents are sorted for the database, the answer has the caller's order."""
    parent = cast.draft(cast.carol, "first")
    reply = cast.draft(cast.frank, "second", in_reply_to_uri=parent.uri)
    rows = await cast.store(reply, parent)
    assert [row.content for row in rows] == ["second", "first"]


async def test_a_deleted_thing_does_not_come_back(cast: Cast) -> None:
    """A late Create of something that was deleted is passed over."""
    draft = cast.draft(cast.carol)
    [row] = await cast.store(draft)
    async with cast.database.write() as session:
        await objects.delete(session, row.id, cast.carol)
    async with cast.database.write() as session:
        [again] = await objects.store(session, [draft])
    assert (again.object, again.created) == (None, False)


async def test_parents_within_a_batch(cast: Cast) -> None:
    """A whole conversation in one batch, children first, gets its parents, thread and counts."""
    first = cast.draft(cast.carol, "1")
    second = cast.draft(cast.frank, "2", in_reply_to_uri=first.uri)
    third = cast.draft(cast.carol, "3", in_reply_to_uri=second.uri)
    rows = {row.content: await cast.again(row) for row in await cast.store(third, second, first)}
    assert rows["3"].in_reply_to_id == rows["2"].id
    assert rows["2"].in_reply_to_id == rows["1"].id
    assert {row.thread_root_id for row in rows.values()} == {rows["1"].id}
    assert [rows[name].replies_count for name in "123"] == [1, 1, 0]
    assert rows["3"].in_reply_to_author_id == cast.frank.id


async def test_orphans_are_adopted(cast: Cast) -> None:
    """Replies that came before their parent are bound to it, and what hangs on them joins its thread."""
    grandparent = cast.draft(cast.carol, "1")
    parent = cast.draft(cast.frank, "2", in_reply_to_uri=grandparent.uri)
    child = cast.draft(cast.carol, "3", in_reply_to_uri=parent.uri)
    grandchild = cast.draft(cast.frank, "4", in_reply_to_uri=child.uri)
    rows = [(await cast.store(draft))[0] for draft in (grandchild, child, parent, grandparent)]
    fourth, third, second, first = [await cast.again(row) for row in rows]
    assert [row.thread_root_id for row in (first, second, third, fourth)] == [first.id] * 4
    assert [fourth.in_reply_to_id, third.in_reply_to_id, second.in_reply_to_id] == [third.id, second.id, first.id]
    assert [row.replies_count for row in (first, second, third)] == [1, 1, 1]


async def test_chained_adoptions_in_one_batch(cast: Cast) -> None:
    """Two parents that come together, one of them above the other's thread, leave one thread, not two."""
    top = cast.draft(cast.carol, "top")
    middle = cast.draft(cast.frank, "middle", in_reply_to_uri=top.uri)
    below = cast.draft(cast.carol, "below", in_reply_to_uri=middle.uri)
    lowest = cast.draft(cast.frank, "lowest", in_reply_to_uri=below.uri)
    rows = await cast.store(middle) + await cast.store(lowest) + await cast.store(below, top)
    roots = {(await cast.again(row)).thread_root_id for row in rows}
    assert roots == {next(row.id for row in rows if row.content == "top")}


async def test_a_deleted_orphan_is_not_counted(cast: Cast) -> None:
    """A reply that was deleted before its parent came is bound for the thread's shape, but not counted."""
    parent = cast.draft(cast.carol)
    [orphan] = await cast.store(cast.draft(cast.frank, in_reply_to_uri=parent.uri))
    async with cast.database.write() as session:
        await objects.delete(session, orphan.id, cast.frank)
    [row] = await cast.store(parent)
    assert (await cast.again(row)).replies_count == 0


async def test_a_circle_of_replies(cast: Cast) -> None:
    """Hostile objects that answer each other are stored and hang nobody up, in one batch or one by one."""
    one, two, three = (cast.draft(cast.carol, str(number)) for number in range(3))
    one.in_reply_to_uri, two.in_reply_to_uri, three.in_reply_to_uri = two.uri, three.uri, one.uri
    assert len(await cast.store(one, two)) == 2
    assert len(await cast.store(three)) == 1
    self_made = cast.draft(cast.carol, uri="https://carol.example/notes/own")
    self_made.in_reply_to_uri = self_made.uri
    assert len(await cast.store(self_made)) == 1


async def test_thread_mutes_follow_their_thread(cast: Cast) -> None:
    """Who muted a conversation keeps it muted when it turns out to be part of a larger one."""
    top = cast.draft(cast.carol)
    [reply] = await cast.store(cast.draft(cast.frank, in_reply_to_uri=top.uri))
    async with cast.database.write() as session:
        await reactions.mute_thread(session, cast.alice, reply.id)
    [root] = await cast.store(top)
    async with cast.database.read() as session:
        assert (await session.scalars(select(ThreadMute.thread_root_id))).all() == [root.id]


async def test_conversations_follow_their_thread(cast: Cast) -> None:
    """Two private threads that turn out to be one are one conversation, the one with the newer message."""
    top = cast.draft(cast.carol, visibility="direct", mentions=[cast.alice])
    low = cast.draft(cast.carol, visibility="direct", mentions=[cast.alice], in_reply_to_uri=top.uri)
    [newer] = await cast.store(low)
    [older] = await cast.store(top)
    async with cast.database.read() as session:
        [entry] = (await session.scalars(select(Conversation))).all()
    assert entry.thread_root_id == older.id
    assert entry.last_object_id in (newer.id, older.id)
    async with cast.database.read() as session:
        assert set((await session.scalars(select(ConversationMessage.object_id))).all()) == {newer.id, older.id}


async def test_constant_number_of_statements(cast: Cast) -> None:
    """A hundred drafts of every sort cost as many statements as one."""
    await cast.list_of(cast.bob, cast.alice)
    parent = await cast.say(cast.alice, "parent")

    def drafts(count: int) -> list[object]:
        return [cast.draft(cast.carol, f"hi {number}", mentions=[cast.alice], silent=[cast.bob],
                           hashtags=["Soup", f"n{count}x{number}"], document="{}",
                           in_reply_to_uri=parent.uri, quote_uri=parent.uri,
                           attachments=[AttachmentDraft("image", f"https://carol.example/{number}.png")])
                for number in range(count)]

    await cast.store(*drafts(2))  # what a process keeps in memory is read by the first
    counts = []
    for number in (1, 100):
        with statements(cast.database) as sent:
            await cast.store(*drafts(number))
        counts.append(len(sent))
    assert counts[0] == counts[1]
    assert counts[1] < 60


async def test_constant_number_of_statements_for_adoption(cast: Cast) -> None:
    """A parent that a hundred replies wait for costs as many statements as one that a single reply waits for."""
    counts = []
    for number in (1, 100):
        parent = cast.draft(cast.carol)
        await cast.store(*[cast.draft(cast.frank, in_reply_to_uri=parent.uri) for _ in range(number)])
        with statements(cast.database) as sent:
            [row] = await cast.store(parent)
        counts.append(len(sent))
        assert (await cast.again(row)).replies_count == number
    assert counts[0] == counts[1]


async def test_counts_hold_nothing_private(cast: Cast) -> None:
    """Only what everyone may read, or everyone here, is counted where everyone sees the number."""
    post = await cast.say(cast.alice)
    for visibility in ("public", "unlisted", "followers", "direct"):
        await cast.reply(cast.bob, post, visibility=visibility, quote_id=post.id)
    fresh = await cast.again(post)
    assert (fresh.replies_count, fresh.quotes_count) == (2, 2)
    assert (await cast.again(cast.bob)).posts_count == 2


async def test_the_version_rises_with_what_is_shown(cast: Cast) -> None:
    """A rendered post in a cache is known to be old as soon as it has one more reply."""
    post = await cast.say(cast.alice)
    await cast.reply(cast.bob, post)
    assert (await cast.again(post)).version == 2


async def test_last_post_never_goes_back(cast: Cast) -> None:
    """Old posts that are fetched late leave the time of the last post as it is."""
    await cast.say(cast.carol)
    newest = (await cast.again(cast.carol)).last_post_at
    await cast.say(cast.carol, published=ago(days=400), quiet=True)
    assert (await cast.again(cast.carol)).last_post_at == newest


async def test_ids_sort_by_time_of_publication(cast: Cast) -> None:
    """An old post that arrives now sorts where it belongs."""
    moment = ago(days=3)
    row = await cast.say(cast.carol, published=moment)
    assert abs(time_of(row.id) - moment) < timedelta(seconds=2)


async def test_quiet_drafts_tell_nobody(cast: Cast) -> None:
    """What is fetched or imported is stored, but enters no feed, notifies nobody and is not sent out."""
    heard: list[events.ObjectsPublished] = []

    async def listen(_session: object, event: events.ObjectsPublished) -> None:
        heard.append(event)

    events.subscribe(events.ObjectsPublished, listen)
    try:
        await cast.say(cast.alice, mentions=[cast.bob], quiet=True)
        assert heard == []
        await cast.say(cast.alice, state="processing", mentions=[cast.bob])
        assert heard == []
        await cast.say(cast.alice)
        assert len(heard) == 1
    finally:
        events._handlers[events.ObjectsPublished].remove(listen)
    assert await _count(cast, Notification) == 0
    assert await _count(cast, FeedEntry) == 2
    assert await _count(cast, LiveEvent) == 1


async def test_a_failing_subscriber_undoes_the_act(cast: Cast) -> None:
    """An act and its consequences are one: if the wire cannot take it down, the post is not there either."""

    async def fail(_session: object, _event: object) -> None:
        raise RuntimeError("no")

    events.subscribe(events.ObjectsPublished, fail)
    try:
        with pytest.raises(RuntimeError):
            await cast.say(cast.alice)
    finally:
        events._handlers[events.ObjectsPublished].remove(fail)
    assert await _count(cast, Object) == 0


async def test_parts(cast: Cast) -> None:
    """Document, mentions, hashtags and attachments are kept; a named mention wins over a silent one."""
    row = await cast.say(
        cast.carol, mentions=[cast.alice], silent=[cast.alice, cast.bob], hashtags=["#Soup", "soup", "SOUP", "7"],
        document='{"id":"x"}', attachments=[
            AttachmentDraft("image", "https://carol.example/2.png", "image/png", "a bowl", focus=(0.5, -1), width=7),
            AttachmentDraft("audio", "https://carol.example/1.mp3", duration=3.5)])
    async with cast.database.read() as session:
        mentions = {(item.actor_id, item.silent) for item in (await session.scalars(select(Mention))).all()}
        assert mentions == {(cast.alice.id, False), (cast.bob.id, True)}
        assert (await session.scalars(select(Hashtag.name).join(ObjectTag))).all() == ["soup"]
        media = (await session.scalars(select(Media).order_by(Media.position))).all()
        assert [(item.type, item.description, item.focus_y, item.meta) for item in media] == [
            ("image", "a bowl", -1.0, {"width": 7}), ("audio", "", None, {"duration": 3.5})]
        assert (await session.get_one(ObjectDocument, row.id)).document == '{"id":"x"}'


async def test_uploads_of_others_are_not_bound(cast: Cast) -> None:
    """Whatever ids a draft names, only its author's own uploads become part of it."""
    async with cast.database.write() as session:
        session.add_all([Media(id=number, owner_id=owner.id, type="image")
                         for number, owner in ((1, cast.alice), (2, cast.bob))])
    row = await cast.say(cast.alice, media_ids=[2, 1])
    async with cast.database.read() as session:
        found = dict((await session.execute(select(Media.id, Media.object_id))).all())
    assert found == {1: row.id, 2: None}


async def test_lookups(cast: Cast) -> None:
    """Objects are found by id and uri, many at once; unknown ones are absent."""
    row = await cast.say(cast.carol)
    async with cast.database.read() as session:
        assert set(await objects.by_ids(session, [row.id, 1])) == {row.id}
        assert set(await objects.by_uris(session, [row.uri, "https://nobody.example/"])) == {row.uri}
        assert (await objects.by_uri(session, row.uri)).id == row.id
        assert await objects.by_id(session, 1) is None
        assert await objects.by_ids(session, []) == {}


async def test_unknown_parent_is_remembered(cast: Cast) -> None:
    """A reply whose parent is not here keeps its uri and begins a thread of its own for now."""
    row = await cast.say(cast.carol, in_reply_to_uri="https://far.example/1")
    assert (row.in_reply_to_id, row.in_reply_to_uri, row.thread_root_id) == (None, "https://far.example/1", row.id)


async def test_local_reply_belongs_to_the_conversation_its_parent_names(cast: Cast) -> None:
    """A reply from here carries on the context of the thread (FEP-7888)."""
    parent = await cast.say(cast.carol, context_uri="https://carol.example/contexts/1")
    assert (await cast.reply(cast.alice, parent)).context_uri == "https://carol.example/contexts/1"


async def test_published_in_the_future_counts_as_now(cast: Cast) -> None:
    """Nobody stays at the top of a feed by a clock that runs ahead."""
    row = await cast.say(cast.carol, published=now() + timedelta(hours=20))
    later = await cast.say(cast.carol)
    assert row.id < later.id


async def test_nothing_to_store(cast: Cast) -> None:
    """An empty batch is no error."""
    assert await cast.store() == []
    async with cast.database.read() as session:
        assert (await session.get_one(Actor, cast.alice.id)).posts_count == 0
