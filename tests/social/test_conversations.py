"""Private conversations: one for each thread and participant here, with the newest message on top."""

import pytest

from potluck.social import conversations, objects
from potluck.social.errors import NotFound
from potluck.social.model import Actor, Conversation
from potluck.social.paging import Page
from support.cast import Cast


async def _of(cast: Cast, reader: Actor, part: Page | None = None) -> list[Conversation]:
    async with cast.database.read() as session:
        return await conversations.page(session, reader.id, part or Page())


async def test_each_local_participant_has_one(cast: Cast) -> None:
    """Author and addressees here have the conversation, unread for all but the author; others have none."""
    row = await cast.say(cast.alice, visibility="direct", mentions=[cast.mia, cast.carol], silent=[cast.eve])
    for reader, unread in ((cast.alice, False), (cast.mia, True), (cast.eve, True)):
        [entry] = await _of(cast, reader)
        assert (entry.last_object_id, entry.unread) == (row.id, unread)
        assert set(entry.participant_ids) == {cast.alice.id, cast.mia.id, cast.carol.id, cast.eve.id} - {reader.id}
    assert await _of(cast, cast.bob) == await _of(cast, cast.carol) == []


async def test_a_thread_is_one_conversation(cast: Cast) -> None:
    """Answers move the conversation to the top and make it unread again."""
    first = await cast.say(cast.alice, visibility="direct", mentions=[cast.mia])
    other = await cast.say(cast.alice, visibility="direct", mentions=[cast.mia])
    assert [entry.last_object_id for entry in await _of(cast, cast.alice)] == [other.id, first.id]
    answer = await cast.reply(cast.mia, first, visibility="direct", mentions=[cast.alice])
    entries = await _of(cast, cast.alice)
    assert [(entry.last_object_id, entry.unread) for entry in entries] == [(answer.id, True), (other.id, False)]
    assert [entry.unread for entry in await _of(cast, cast.mia)] == [False, True]


async def test_other_people_are_another_conversation(cast: Cast) -> None:
    """Below one public post several groups may talk; who is drawn in begins another conversation."""
    public = await cast.say(cast.alice)
    with_mia = await cast.reply(cast.mia, public, visibility="direct", mentions=[cast.alice])
    with_eve = await cast.reply(cast.eve, public, visibility="direct", mentions=[cast.alice])
    both = await cast.reply(cast.alice, with_eve, visibility="direct", mentions=[cast.eve, cast.mia])
    entries = await _of(cast, cast.alice)
    assert [(entry.last_object_id, set(entry.participant_ids), entry.unread) for entry in entries] == [
        (both.id, {cast.eve.id, cast.mia.id}, False), (with_eve.id, {cast.eve.id}, True),
        (with_mia.id, {cast.mia.id}, True)]
    assert [entry.last_object_id for entry in await _of(cast, cast.mia)] == [both.id, with_mia.id]
    back = await cast.reply(cast.mia, both, visibility="direct", mentions=[cast.alice])
    assert [entry.last_object_id for entry in await _of(cast, cast.alice)] == [back.id, both.id, with_eve.id]
    async with cast.database.write() as session:
        await objects.delete(session, back.id, cast.mia)
        await objects.delete(session, both.id, cast.alice)
    assert [entry.last_object_id for entry in await _of(cast, cast.alice)] == [with_eve.id, with_mia.id]


async def test_an_edit_that_names_more_people(cast: Cast) -> None:
    """The message is then part of a conversation with all of them, and of no other."""
    row = await cast.say(cast.carol, visibility="direct", mentions=[cast.alice])
    draft = cast.draft(cast.carol, "and you", visibility="direct", mentions=[cast.alice, cast.mia])
    async with cast.database.write() as session:
        await objects.edit(session, row.id, draft, cast.carol)
    for reader, others in ((cast.alice, {cast.carol.id, cast.mia.id}), (cast.mia, {cast.carol.id, cast.alice.id})):
        [entry] = await _of(cast, reader)
        assert (entry.last_object_id, set(entry.participant_ids)) == (row.id, others)


async def test_many_messages_in_one_batch(cast: Cast) -> None:
    """Messages of one thread that arrive together end in the newest."""
    first = cast.draft(cast.carol, visibility="direct", mentions=[cast.alice])
    second = cast.draft(cast.carol, visibility="direct", mentions=[cast.alice], in_reply_to_uri=first.uri)
    rows = await cast.store(first, second)
    [entry] = await _of(cast, cast.alice)
    assert entry.last_object_id == max(row.id for row in rows)


async def test_late_messages_stay_below(cast: Cast) -> None:
    """An older message that arrives late does not replace the newest."""
    first = await cast.say(cast.carol, visibility="direct", mentions=[cast.alice])
    newest = await cast.reply(cast.carol, first, visibility="direct", mentions=[cast.alice])
    await cast.reply(cast.carol, first, visibility="direct", mentions=[cast.alice],
                     published=first.published.replace(year=2025))
    [entry] = await _of(cast, cast.alice)
    assert entry.last_object_id == newest.id


@pytest.mark.parametrize("how", ["mute", "block", "server"])
async def test_unwanted_messages(cast: Cast, how: str) -> None:
    """A message by someone whom the reader muted or blocked, or whose server, opens no conversation."""
    if how == "server":
        await cast.mute_server(cast.alice, cast.carol.host)
    else:
        await getattr(cast, how)(cast.alice, cast.carol)
    await cast.say(cast.carol, visibility="direct", mentions=[cast.alice, cast.mia])
    assert await _of(cast, cast.alice) == []
    assert len(await _of(cast, cast.mia)) == 1


async def test_other_visibilities_are_no_conversations(cast: Cast) -> None:
    """Only what is addressed to people alone is a private conversation."""
    for visibility in ("public", "unlisted", "followers", "local"):
        await cast.say(cast.alice, visibility=visibility, mentions=[cast.mia])
    assert await _of(cast, cast.mia) == []


async def test_reading_and_removing(cast: Cast) -> None:
    """A reader marks and removes their own conversations; the others keep theirs, and the messages stay."""
    row = await cast.say(cast.alice, visibility="direct", mentions=[cast.mia])
    [entry] = await _of(cast, cast.mia)
    async with cast.database.write() as session:
        assert not (await conversations.mark(session, cast.mia.id, entry.id, unread=False)).unread
    assert not (await _of(cast, cast.mia))[0].unread
    for act in (conversations.one, conversations.remove):
        with pytest.raises(NotFound):
            async with cast.database.write() as session:
                await act(session, cast.alice.id, entry.id)
    async with cast.database.write() as session:
        await conversations.remove(session, cast.mia.id, entry.id)
    assert await _of(cast, cast.mia) == []
    assert len(await _of(cast, cast.alice)) == 1
    assert (await cast.again(row)).deleted_at is None


async def test_a_removed_conversation_comes_back(cast: Cast) -> None:
    """The next message opens it again."""
    first = await cast.say(cast.alice, visibility="direct", mentions=[cast.mia])
    [entry] = await _of(cast, cast.mia)
    async with cast.database.write() as session:
        await conversations.remove(session, cast.mia.id, entry.id)
    await cast.reply(cast.alice, first, visibility="direct", mentions=[cast.mia])
    assert len(await _of(cast, cast.mia)) == 1


async def test_pages(cast: Cast) -> None:
    """Pages go by the newest message of each conversation."""
    rows = [await cast.say(cast.alice, visibility="direct", mentions=[cast.mia]) for _ in range(4)]
    found = await _of(cast, cast.mia, Page(limit=2, max_id=rows[3].id))
    assert [entry.last_object_id for entry in found] == [rows[2].id, rows[1].id]
