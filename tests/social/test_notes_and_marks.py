"""Markers, private notes, endorsements and custom emoji: the small things people keep."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from potluck.db.base import now
from potluck.social import account_notes, emojis, endorsements, follows, markers
from potluck.social.drafts import EmojiDraft
from potluck.social.errors import Conflict, Invalid, NotFound
from potluck.social.model import CustomEmoji
from potluck.social.paging import Page


async def test_a_marker_counts_its_writes(session, alice, bob) -> None:
    """Each person has their own; there are two timelines."""
    await markers.set_marker(session, alice.id, "home", 10)
    row = await markers.set_marker(session, alice.id, "home", 20)
    assert (row.last_read_id, row.version) == (20, 2)
    assert set(await markers.get(session, alice.id, ["home", "notifications"])) == {"home"}
    assert await markers.get(session, bob.id, ["home"]) == {}
    with pytest.raises(Invalid):
        await markers.set_marker(session, alice.id, "public", 1)


async def test_a_note_is_seen_by_its_writer_only(session, alice, bob) -> None:
    """It is changed by writing again and removed by an empty text."""
    for text in ("met at lunch", " likes soup "):
        await account_notes.set_note(session, alice, bob, text)
    assert (await follows.relationships(session, alice.id, [bob.id]))[0].note == "likes soup"
    assert (await follows.relationships(session, bob.id, [alice.id]))[0].note == ""
    await account_notes.set_note(session, alice, bob, "")
    assert (await follows.relationships(session, alice.id, [bob.id]))[0].note == ""
    with pytest.raises(Invalid):
        await account_notes.set_note(session, alice, bob, "x" * 2001)


async def test_only_those_one_follows_are_endorsed(session, alice, bob) -> None:
    """Twice is once."""
    with pytest.raises(Invalid):
        await endorsements.endorse(session, alice, bob)
    await follows.follow(session, alice, bob)
    await endorsements.endorse(session, alice, bob)
    await endorsements.endorse(session, alice, bob)
    assert [actor.id for _, actor in await endorsements.endorsed(session, alice.id, Page())] == [bob.id]
    await endorsements.unendorse(session, alice, bob)
    assert await endorsements.endorsed(session, alice.id, Page()) == []


async def test_custom_emoji_of_this_server(session) -> None:
    """A shortcode is one once; what is disabled is offered no more."""
    row = await emojis.create(session, ":soup:", "/emoji/soup.png", category=" Food ")
    assert (row.shortcode, row.category) == ("soup", "Food")
    with pytest.raises(Conflict):
        await emojis.create(session, "soup", "/emoji/other.png")
    for bad in ("", "a", "so up", "x" * 129):
        with pytest.raises(Invalid):
            await emojis.create(session, bad, "/x.png")
    assert [item.shortcode for item in await emojis.local(session)] == ["soup"]
    await emojis.change(session, row.id, disabled=True)
    assert list(await emojis.local(session)) == []
    assert len(await emojis.local(session, all_of_them=True)) == 1
    await emojis.remove(session, row.id)
    with pytest.raises(NotFound):
        await emojis.change(session, row.id, visible=False)


async def test_emoji_of_other_servers_follow_their_documents(session) -> None:
    """A newer one replaces, an older does not, and they do not mix with ours or those of a third server."""
    first = now() - timedelta(days=2)

    async def note(url: str, updated, host: str = "remote.test") -> None:
        await emojis.upsert_remote(session, host, [EmojiDraft("soup", url, updated=updated), EmojiDraft("a b", url)])

    await note("https://remote.test/1.png", first)
    await note("https://remote.test/2.png", first + timedelta(days=1))
    await note("https://remote.test/0.png", first - timedelta(days=1))
    await note("https://third.test/9.png", first, "third.test")
    found = (await session.execute(select(CustomEmoji.host, CustomEmoji.url).order_by(CustomEmoji.host))).all()
    assert [tuple(row) for row in found] == [
        ("remote.test", "https://remote.test/2.png"), ("third.test", "https://third.test/9.png")]
    assert list(await emojis.local(session)) == []
