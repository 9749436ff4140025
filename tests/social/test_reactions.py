"""Likes, emoji, boosts, bookmarks, pins: twice is once, counts are right, and nothing is done unseen."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from potluck.social import events, notifications, objects, reactions
from potluck.social.errors import Conflict, Invalid, NotAllowed, NotFound
from potluck.social.model import (
    Actor,
    Announce,
    Bookmark,
    FeedEntry,
    LiveEvent,
    Object,
    Pin,
    Reaction,
    ThreadMute,
)
from potluck.social.paging import Page
from support.cast import Cast


@pytest.fixture
def heard() -> Iterator[list[events.Event]]:
    """Events about reactions, boosts and pins, in order."""
    kinds = (events.ReactionAdded, events.ReactionRemoved, events.Announced, events.AnnounceRemoved, events.PinsChanged)
    found: list[events.Event] = []

    async def listen(_session: object, event: events.Event) -> None:
        found.append(event)

    for kind in kinds:
        events.subscribe(kind, listen)
    yield found
    for kind in kinds:
        events._handlers[kind].remove(listen)


async def _react(cast: Cast, actor: Actor, row: Object, kind: str = "like", emoji: str = "", **more: str) -> Reaction:
    async with cast.database.write() as session:
        return await reactions.react(session, actor, row.id, kind, emoji, **more)


async def _unreact(cast: Cast, actor: Actor, row: Object, kind: str = "like", emoji: str = "") -> None:
    async with cast.database.write() as session:
        await reactions.unreact(session, actor, row.id, kind, emoji)


async def _announce(cast: Cast, actor: Actor, row: Object, visibility: str = "public", **more: object) -> Announce:
    async with cast.database.write() as session:
        return await reactions.announce(session, actor, row.id, visibility, **more)


async def _told(cast: Cast, reader: Actor) -> list[str]:
    async with cast.database.read() as session:
        return [row.type for row in await notifications.page(session, reader.id, Page())]


async def test_a_like(cast: Cast, heard: list[events.Event]) -> None:
    """A like counts once, is told once, and goes out once, however often it is given."""
    row = await cast.say(cast.alice)
    first = await _react(cast, cast.bob, row)
    again = await _react(cast, cast.bob, row)
    assert first.id == again.id
    assert first.uri == f"https://potluck.test/activities/{first.id}"
    assert (await cast.again(row)).likes_count == 1
    assert await _told(cast, cast.alice) == ["favourite"]
    assert [type(event).__name__ for event in heard] == ["ReactionAdded"]


async def test_a_like_taken_back(cast: Cast, heard: list[events.Event]) -> None:
    """Taking back undoes count and notification; taking back what is not there does nothing."""
    row = await cast.say(cast.alice)
    await _react(cast, cast.bob, row)
    for _ in range(2):
        await _unreact(cast, cast.bob, row)
    assert (await cast.again(row)).likes_count == 0
    assert await _told(cast, cast.alice) == []
    assert [type(event).__name__ for event in heard] == ["ReactionAdded", "ReactionRemoved"]


async def test_counts_are_never_negative(cast: Cast) -> None:
    """A count that is too low for some reason stays at zero."""
    row = await cast.say(cast.alice)
    await _react(cast, cast.bob, row)
    await _react(cast, cast.eve, row, "dislike")
    await _announce(cast, cast.bob, row)
    await cast.change(row, likes_count=0, dislikes_count=0, boosts_count=0)
    await _unreact(cast, cast.bob, row)
    await _unreact(cast, cast.eve, row, "dislike")
    async with cast.database.write() as session:
        await reactions.unannounce(session, cast.bob, row.id)
    fresh = await cast.again(row)
    assert (fresh.likes_count, fresh.dislikes_count, fresh.boosts_count) == (0, 0, 0)


async def test_like_and_dislike_exclude_each_other(cast: Cast) -> None:
    """Who likes does not dislike."""
    row = await cast.say(cast.alice)
    await _react(cast, cast.bob, row, "dislike")
    await _react(cast, cast.bob, row, "like")
    fresh = await cast.again(row)
    assert (fresh.likes_count, fresh.dislikes_count) == (1, 0)
    assert await _told(cast, cast.alice) == ["favourite"]


async def test_emoji(cast: Cast) -> None:
    """Emoji stand beside a like, several by one person, each counted; custom ones keep their image."""
    row = await cast.say(cast.alice)
    await _react(cast, cast.bob, row)
    await _react(cast, cast.bob, row, "emoji", "🍲")
    await _react(cast, cast.eve, row, "emoji", "🍲")
    await _react(cast, cast.carol, row, "emoji", ":yum:", uri="https://carol.example/1", emoji_url="https://carol.example/yum")
    async with cast.database.read() as session:
        counts = (await reactions.emoji_counts(session, [row.id]))[row.id]
    assert counts == [("🍲", None, 2), (":yum:", "https://carol.example/yum", 1)]
    assert (await cast.again(row)).likes_count == 4


async def test_not_too_many_different_emoji(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object takes a limited number of different emoji, but any number of the same."""
    monkeypatch.setattr(reactions, "MAX_DISTINCT_EMOJI", 1)
    row = await cast.say(cast.alice)
    await _react(cast, cast.bob, row, "emoji", "🍲")
    await _react(cast, cast.eve, row, "emoji", "🍲")
    with pytest.raises(Invalid):
        await _react(cast, cast.eve, row, "emoji", "🥧")


async def test_an_id_belongs_to_one_reaction(cast: Cast) -> None:
    """A remote server that uses one id for two things is refused, and breaks nothing."""
    one, two = await cast.say(cast.alice), await cast.say(cast.alice)
    await _react(cast, cast.carol, one, uri="https://carol.example/1")
    with pytest.raises(Conflict):
        await _react(cast, cast.carol, two, uri="https://carol.example/1")
    await _announce(cast, cast.carol, one, uri="https://carol.example/2")
    with pytest.raises(Conflict):
        await _announce(cast, cast.carol, two, uri="https://carol.example/2")


async def test_own_likes_are_not_told(cast: Cast) -> None:
    """Nobody is notified of what they did themselves."""
    row = await cast.say(cast.alice)
    await _react(cast, cast.alice, row)
    await _announce(cast, cast.alice, row)
    assert await _told(cast, cast.alice) == []


async def test_a_boost(cast: Cast, heard: list[events.Event]) -> None:
    """A boost counts once, is told, comes into homes, and goes out; taken back, all of that is undone."""
    row = await cast.say(cast.carol)
    mine = await cast.say(cast.alice)
    first = await _announce(cast, cast.alice, row)
    assert (await _announce(cast, cast.alice, row)).id == first.id
    await _announce(cast, cast.bob, mine)
    assert (await cast.again(row)).boosts_count == 1
    assert await _told(cast, cast.alice) == ["reblog"]
    async with cast.database.read() as session:
        entries = select(func.count()).select_from(FeedEntry).where(FeedEntry.announce_id == first.id)
        assert await session.scalar(entries) == 2
    async with cast.database.write() as session:
        await reactions.unannounce(session, cast.alice, row.id)
        await reactions.unannounce(session, cast.alice, row.id)
        await reactions.unannounce(session, cast.bob, mine.id)
    async with cast.database.read() as session:
        assert await session.scalar(entries) == 0
        last = (await session.scalars(select(LiveEvent).where(LiveEvent.entry_id == first.id,
                                                              LiveEvent.type == "delete"))).one()
    assert f"home:{cast.bob.id}" in last.data["channels"]
    assert (await cast.again(row)).boosts_count == 0
    assert await _told(cast, cast.alice) == []
    assert [type(event).__name__ for event in heard] == ["Announced", "Announced", "AnnounceRemoved", "AnnounceRemoved"]


@pytest.mark.parametrize(("visibility", "own", "other"), [
    ("public", "public", "public"), ("unlisted", "public", "public"), ("local", "local", "local"),
    ("followers", "followers", None), ("direct", None, None)])
async def test_what_may_be_boosted(cast: Cast, visibility: str, own: str | None, other: str | None) -> None:
    """Public and unlisted posts by anyone, one's own for followers to them; private messages never."""
    row = await cast.say(cast.alice, visibility=visibility, mentions=[cast.bob])
    for actor, expected in ((cast.alice, own), (cast.bob, other)):
        if expected is None:
            with pytest.raises(NotAllowed):
                await _announce(cast, actor, row)
        else:
            assert (await _announce(cast, actor, row)).visibility == expected


async def test_quiet_boosts(cast: Cast) -> None:
    """A boost that is fetched or imported counts, but enters no feed and tells nobody."""
    row = await cast.say(cast.alice)
    await cast.follow(cast.eve, cast.bob)
    await _announce(cast, cast.bob, row, quiet=True)
    assert await _told(cast, cast.alice) == []
    async with cast.database.read() as session:
        assert (await session.scalars(select(FeedEntry).where(FeedEntry.announce_id.is_not(None)))).all() == []


async def test_groups_boost_without_a_word(cast: Cast) -> None:
    """A community hands everything on; its members are not notified each time."""
    await cast.change(cast.carol, type="Group")
    await _announce(cast, cast.carol, await cast.say(cast.alice), uri="https://carol.example/1")
    assert await _told(cast, cast.alice) == []


async def test_nothing_is_done_unseen(cast: Cast) -> None:
    """What someone may not see they can neither like, boost, bookmark, pin nor mute: it is not there."""
    row = await cast.say(cast.alice, visibility="followers")
    for actor in (cast.eve, cast.dave, cast.carol):
        for act in (reactions.react, reactions.announce, reactions.bookmark, reactions.pin, reactions.mute_thread):
            with pytest.raises(NotFound):
                async with cast.database.write() as session:
                    await act(session, actor, row.id)
    fresh = await cast.again(row)
    assert (fresh.likes_count, fresh.boosts_count, fresh.version) == (0, 0, 1)


async def test_taking_back_what_one_may_not_see_any_more(cast: Cast) -> None:
    """After a block the blocked can still undo what they did before."""
    row = await cast.say(cast.alice)
    await _react(cast, cast.eve, row)
    await cast.block(cast.alice, cast.eve)
    await _unreact(cast, cast.eve, row)
    assert (await cast.again(row)).likes_count == 0


async def test_bookmarks(cast: Cast, heard: list[events.Event]) -> None:
    """A bookmark is one's own affair: kept once, told to nobody, forgotten on request."""
    row = await cast.say(cast.alice)
    for _ in range(2):
        async with cast.database.write() as session:
            await reactions.bookmark(session, cast.bob, row.id)
    async with cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Bookmark)) == 1
    async with cast.database.write() as session:
        await reactions.unbookmark(session, cast.bob, row.id)
        await reactions.unbookmark(session, cast.bob, row.id)
    async with cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Bookmark)) == 0
    assert heard == []
    assert await _told(cast, cast.alice) == []
    assert (await cast.again(row)).version == 1


async def test_pins(cast: Cast, heard: list[events.Event]) -> None:
    """Five of one's own posts can be pinned, none of others and none that is direct; the wire hears of changes."""
    rows = [await cast.say(cast.alice, str(number)) for number in range(6)]
    async with cast.database.write() as session:
        for row in [*rows[:5], rows[0]]:
            await reactions.pin(session, cast.alice, row.id)
    for wrong in (rows[5], await cast.say(cast.bob), await cast.say(cast.alice, visibility="direct")):
        with pytest.raises(Invalid):
            async with cast.database.write() as session:
                await reactions.pin(session, cast.alice, wrong.id)
    async with cast.database.write() as session:
        await reactions.unpin(session, cast.alice, rows[0].id)
        await reactions.unpin(session, cast.alice, rows[0].id)
        await reactions.pin(session, cast.alice, rows[5].id)
    async with cast.database.read() as session:
        assert set((await session.scalars(select(Pin.object_id))).all()) == {row.id for row in rows[1:]}
    assert [event.pinned for event in heard if isinstance(event, events.PinsChanged)] == [True] * 5 + [False, True]


async def test_a_remote_profile_may_pin_more(cast: Cast) -> None:
    """Another server decides how much it lets people pin."""
    async with cast.database.write() as session:
        for row in await objects.store(session, [cast.draft(cast.carol) for _ in range(7)]):
            await reactions.pin(session, cast.carol, row.object.id)
    async with cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Pin)) == 7


async def test_muting_a_thread(cast: Cast) -> None:
    """A muted conversation notifies no more, whichever of its posts was muted, until it is unmuted."""
    root = await cast.say(cast.alice)
    reply = await cast.reply(cast.bob, root)
    for _ in range(2):
        async with cast.database.write() as session:
            await reactions.mute_thread(session, cast.alice, reply.id)
    await cast.reply(cast.bob, reply, mentions=[cast.alice])
    await _react(cast, cast.bob, root)
    assert await _told(cast, cast.alice) == []
    async with cast.database.write() as session:
        await reactions.unmute_thread(session, cast.alice, root.id)
    await cast.reply(cast.bob, reply, mentions=[cast.alice])
    assert await _told(cast, cast.alice) == ["mention"]
    async with cast.database.read() as session:
        assert (await session.scalars(select(ThreadMute))).all() == []
