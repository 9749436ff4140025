"""Answers, mentions and messages are unread until somebody reads them, on the site or in an app."""

from __future__ import annotations

import pytest

from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.kinds.note import actions as notes
from potluck.kinds.note import messages as letters
from potluck.kinds.note.actions import NoteRequest
from potluck.social import blocks, conversations, markers, messages
from potluck.social.communities import inbox, making
from potluck.social.communities.inbox import MENTIONS, REPLIES, Unread
from potluck.social.communities.making import Wishes
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import User
from potluck.social.paging import Page


@pytest.fixture
async def cast(session, local, pairs):
    """Alice leads soups; Bob and Charlie talk there."""
    made = {}
    for number, name in enumerate(("alice", "bob", "charlie"), 1):
        actor = await local(name)
        session.add(User(id=number, email=f"{name}@mail.test", actor_id=actor.id, password_hash="x"))
        actor.owner_id = number
        made[name] = actor
    await session.flush()
    made["soups"] = await making.create(session, made["alice"], "soups", Wishes("Soups"), pairs=pairs)
    return made


async def discuss(session, cast) -> None:
    """Bob answers Alice's post, Charlie names her elsewhere."""
    post = await links.compose(session, cast["alice"], LinkRequest(cast["soups"].id, "A broth"))
    first = await notes.compose(session, cast["bob"], NoteRequest("Salt!", in_reply_to_id=post.id))
    await notes.compose(session, cast["charlie"], NoteRequest("@alice, please", in_reply_to_id=first.id))


async def test_answers_and_mentions_are_told_apart(session, cast) -> None:
    """Each is marked for itself, or all at once; nobody reads another's."""
    alice, bob = cast["alice"], cast["bob"]
    await discuss(session, cast)
    assert await inbox.unread(session, alice.id) == Unread(1, 1, 0)
    assert await inbox.unread(session, bob.id) == Unread(1, 0, 0)
    [reply] = await inbox.page(session, alice.id, REPLIES, unread_only=True)
    await inbox.mark(session, reply, read=True)
    assert await inbox.unread(session, alice.id) == Unread(0, 1, 0)
    assert [row.id for row in await inbox.page(session, alice.id, REPLIES)] == [reply.id]
    await inbox.mark(session, reply, read=False)
    await inbox.mark_all(session, alice.id)
    assert await inbox.unread(session, alice.id) == Unread()
    with pytest.raises(NotFound):
        await inbox.one(session, bob.id, reply.id, REPLIES)
    with pytest.raises(NotFound):
        await inbox.one(session, alice.id, reply.id, MENTIONS)


async def test_what_was_read_on_the_site_is_read_everywhere(session, cast) -> None:
    """The marker of notifications reaches the marks of apps."""
    await discuss(session, cast)
    newest = (await inbox.page(session, cast["alice"].id, MENTIONS))[0].id
    await markers.set_marker(session, cast["alice"].id, "notifications", newest)
    assert await inbox.unread(session, cast["alice"].id) == Unread()


async def test_messages_are_one_conversation(session, cast) -> None:
    """Sent to the recipient alone, whoever the text names; unread for them until they read it."""
    alice, bob, charlie = cast["alice"], cast["bob"], cast["charlie"]
    first = await letters.send(session, alice, bob, "Did *you* see what @charlie said?")
    answer = await letters.send(session, bob, alice, "No")
    assert answer.in_reply_to_id == first.id
    assert [row.id for row in await messages.page(session, bob.id)] == [answer.id, first.id]
    assert await messages.page(session, charlie.id) == []
    assert len(await conversations.page(session, alice.id, Page())) == 1
    assert await messages.recipients(session, [first, answer]) == {first.id: bob.id, answer.id: alice.id}
    assert [row.id for row in await messages.page(session, bob.id, unread_only=True)] == [first.id]
    assert await inbox.unread(session, bob.id) == Unread(0, 0, 1)
    await messages.mark(session, bob.id, first, read=True)
    assert await inbox.unread(session, bob.id) == Unread()
    [talk] = await conversations.page(session, bob.id, Page())
    assert not talk.unread
    await messages.mark(session, bob.id, first, read=False)
    assert talk.unread
    await conversations.mark(session, bob.id, talk.id, unread=False)
    assert await inbox.unread(session, bob.id) == Unread()
    with pytest.raises(NotFound):
        await messages.one(session, charlie.id, first.id)
    changed = await letters.revise(session, alice, first.id, "Never mind")
    assert "Never mind" in changed.content
    with pytest.raises(NotFound):
        await letters.revise(session, bob, first.id, "x")


async def test_who_may_be_written_to(session, cast) -> None:
    """Not oneself, not those who block one or whom one blocks, not a community; and not without a text."""
    alice, bob = cast["alice"], cast["bob"]
    with pytest.raises(NotAllowed):
        await letters.send(session, alice, alice, "Hello")
    with pytest.raises(NotFound):
        await letters.send(session, alice, cast["soups"], "Hello")
    with pytest.raises(Invalid):
        await letters.send(session, alice, bob, "  ")
    await blocks.block(session, bob, alice)
    for sender, recipient in ((alice, bob), (bob, alice)):
        with pytest.raises(NotAllowed):
            await letters.send(session, sender, recipient, "Hello")
