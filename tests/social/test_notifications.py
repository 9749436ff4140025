"""Notifications: told once, to those who want to know, plain or in groups."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social import notifications, reactions
from potluck.social.errors import NotFound
from potluck.social.model import Actor, LiveEvent, Marker, Notification, Object
from potluck.social.notifications import Notice
from potluck.social.paging import Page
from support.cast import Cast, ago
from support.databases import statements


async def _told(cast: Cast, reader: Actor, **more: object) -> list[str]:
    """Types of someone's notifications, newest first."""
    async with cast.database.read() as session:
        return [row.type for row in await notifications.page(session, reader.id, more.pop("part", Page()), **more)]


async def _notify(cast: Cast, *notices: Notice) -> list[int]:
    async with cast.database.write() as session:
        return await notifications.notify(session, notices)


async def _like(cast: Cast, row: Object, *actors: Actor) -> None:
    async with cast.database.write() as session:
        for actor in actors:
            await reactions.react(session, actor, row.id)


async def test_mentions(cast: Cast) -> None:
    """Local people who are named are told; silent addressees, remote people and the author are not."""
    await cast.say(cast.alice, mentions=[cast.bob, cast.carol, cast.alice], silent=[cast.mia])
    assert await _told(cast, cast.bob) == ["mention"]
    assert await _told(cast, cast.mia) == await _told(cast, cast.alice) == await _told(cast, cast.carol) == []


@pytest.mark.parametrize("how", ["muted", "muted for a time", "blocked", "blocked by", "server"])
async def test_unwanted(cast: Cast, how: str) -> None:
    """Nothing comes from those whom the reader muted or blocked, who blocked them, or whose server they hid."""
    match how:
        case "muted":
            await cast.mute(cast.bob, cast.carol)
        case "muted for a time":
            await cast.mute(cast.bob, cast.carol, expires_at=now() + timedelta(hours=1))
        case "blocked":
            await cast.block(cast.bob, cast.carol)
        case "blocked by":
            await cast.block(cast.carol, cast.bob)
        case _:
            await cast.mute_server(cast.bob, cast.carol.host)
    await cast.say(cast.carol, mentions=[cast.bob, cast.eve])
    assert await _told(cast, cast.bob) == []
    assert await _told(cast, cast.eve) == ["mention"]


@pytest.mark.parametrize("changes", [{"expires_at": ago(minutes=1)}, {"notifications": False}])
async def test_mutes_that_let_notifications_through(cast: Cast, changes: dict[str, object]) -> None:
    """A mute that is over, or that leaves notifications alone, keeps none away from being written."""
    await cast.mute(cast.bob, cast.carol, **changes)
    assert await _notify(cast, Notice(cast.bob.id, "follow", cast.carol.id))


async def test_told_once(cast: Cast) -> None:
    """The same thing by the same person about the same post is told once, also when taken back and given again."""
    row = await cast.say(cast.alice)
    notice = Notice(cast.alice.id, "favourite", cast.bob.id, row.id, row.id)
    assert len(await _notify(cast, notice, notice)) == 1
    assert await _notify(cast, notice) == []
    assert len(await _notify(cast, Notice(cast.alice.id, "update", cast.bob.id, row.id))) == 1
    assert len(await _notify(cast, Notice(cast.alice.id, "update", cast.bob.id, row.id))) == 1


async def test_own_acts(cast: Cast) -> None:
    """Nobody is told of their own acts, but everyone of the end of their own poll."""
    row = await cast.say(cast.alice)
    assert await _notify(cast, Notice(cast.alice.id, "favourite", cast.alice.id, row.id)) == []
    assert len(await _notify(cast, Notice(cast.alice.id, "poll", cast.alice.id, row.id))) == 1


async def test_only_local_people(cast: Cast) -> None:
    """There are no notifications for remote or deleted readers."""
    await cast.change(cast.mia, deleted_at=now())
    assert await _notify(cast, Notice(cast.carol.id, "follow", cast.bob.id),
                         Notice(cast.mia.id, "follow", cast.bob.id)) == []


async def test_every_post_of_someone(cast: Cast) -> None:
    """A follow with notifications tells of each new post, not of answers, and once of one that names the reader."""
    await cast.follow(cast.eve, cast.alice, notify=True)
    post = await cast.say(cast.alice)
    await cast.reply(cast.alice, post)
    await cast.say(cast.alice, mentions=[cast.eve])
    await cast.say(cast.alice, visibility="direct", mentions=[cast.bob])
    assert await _told(cast, cast.eve) == ["mention", "status"]


async def test_quotes(cast: Cast) -> None:
    """The quoted are told of each quote they may see; two quotes of one post in one batch are two."""
    row = await cast.say(cast.alice)
    await cast.store(*[cast.draft(cast.carol, quote_id=row.id) for _ in range(2)])
    await cast.say(cast.bob, quote_id=row.id, visibility="followers")
    assert await _told(cast, cast.alice) == ["quote", "quote"]


async def test_what_cannot_be_seen_is_not_told(cast: Cast) -> None:
    """A notification about a post that its reader may not see (any more) is not shown and not counted."""
    row = await cast.say(cast.carol, mentions=[cast.bob])
    await cast.block(cast.carol, cast.bob)
    assert await _told(cast, cast.bob) == []
    async with cast.database.read() as session:
        assert await notifications.unread_count(session, cast.bob.id) == 0
        assert row.id == await session.scalar(select(Notification.object_id))


async def test_suspended_people_are_not_heard_of(cast: Cast) -> None:
    """What suspended or deleted people did is not shown."""
    await _notify(cast, Notice(cast.bob.id, "follow", cast.carol.id), Notice(cast.bob.id, "follow", cast.frank.id))
    await cast.change(cast.carol, suspended_at=now())
    await cast.change(cast.frank, deleted_at=now())
    assert await _told(cast, cast.bob) == []


async def test_filters_of_a_page(cast: Cast) -> None:
    """A page may be limited to types, to all but some, to one person; what a policy set aside is left out."""
    row = await cast.say(cast.alice)
    await _like(cast, row, cast.bob, cast.carol)
    await _notify(cast, Notice(cast.alice.id, "follow", cast.bob.id))
    assert await _told(cast, cast.alice) == ["follow", "favourite", "favourite"]
    assert await _told(cast, cast.alice, types=["follow"]) == ["follow"]
    assert await _told(cast, cast.alice, exclude_types=["follow"]) == ["favourite"] * 2
    assert await _told(cast, cast.alice, actor_id=cast.bob.id) == ["follow", "favourite"]
    assert await _told(cast, cast.alice, part=Page(limit=1)) == ["follow"]
    async with cast.database.write() as session:
        await session.execute(update(Notification).values(filtered=True))
    assert await _told(cast, cast.alice) == []
    assert len(await _told(cast, cast.alice, include_filtered=True)) == 3


async def test_groups(cast: Cast) -> None:
    """Likes and boosts of one post are one group, newest first; mentions stand alone; a page has whole groups."""
    one, two = await cast.say(cast.alice, "1"), await cast.say(cast.alice, "2")
    await _like(cast, one, cast.bob, cast.carol, cast.frank)
    await _like(cast, two, cast.bob)
    await _like(cast, one, cast.eve)
    for _ in range(2):
        await cast.say(cast.bob, mentions=[cast.alice])
    async with cast.database.read() as session:
        found = await notifications.groups(session, cast.alice.id, Page())
        assert [(group.type, group.count) for group in found] == [
            ("mention", 1), ("mention", 1), ("favourite", 4), ("favourite", 1)]
        likes = found[2]
        assert likes.actor_ids == [cast.eve.id, cast.frank.id, cast.carol.id, cast.bob.id]
        assert likes.newest.actor_id == cast.eve.id
        assert likes.oldest_id < likes.newest.id
        assert len(await notifications.groups(session, cast.alice.id, Page(limit=3))) == 3
        alone = await notifications.groups(session, cast.alice.id, Page(), grouped_types=["reblog"])
        assert len(alone) == 7
        members = await notifications.in_group(session, cast.alice.id, likes.key)
        assert [row.actor_id for row in members] == likes.actor_ids
        [single] = await notifications.in_group(session, cast.alice.id, found[0].key)
        assert single.type == "mention"
        assert await notifications.in_group(session, cast.bob.id, likes.key) == []
        assert await notifications.in_group(session, cast.alice.id, "ungrouped-nonsense") == []


async def test_one(cast: Cast) -> None:
    """A notification can be read by its own reader only."""
    [new_id] = await _notify(cast, Notice(cast.alice.id, "follow", cast.bob.id))
    async with cast.database.read() as session:
        assert (await notifications.one(session, cast.alice.id, new_id)).actor_id == cast.bob.id
        with pytest.raises(NotFound):
            await notifications.one(session, cast.bob.id, new_id)


async def test_dismissing(cast: Cast) -> None:
    """One, a group, or all of one's own can be forgotten; nobody else's."""
    row = await cast.say(cast.alice)
    await _like(cast, row, cast.bob, cast.carol)
    await cast.say(cast.bob, mentions=[cast.alice, cast.mia])
    async with cast.database.write() as session:
        every = (await session.scalars(select(Notification.id))).all()
        await notifications.dismiss(session, cast.eve.id, every)
        [mention, likes] = await notifications.groups(session, cast.alice.id, Page())
        await notifications.dismiss_group(session, cast.alice.id, likes.key)
    assert await _told(cast, cast.alice) == ["mention"]
    async with cast.database.write() as session:
        await notifications.dismiss(session, cast.alice.id, [mention.newest.id])
    assert await _told(cast, cast.alice) == []
    async with cast.database.write() as session:
        await notifications.clear(session, cast.alice.id)
    assert await _told(cast, cast.mia) == ["mention"]


async def test_unread(cast: Cast) -> None:
    """Unread is what is newer than the reader's marker, counted up to a limit."""
    row = await cast.say(cast.alice)
    await _like(cast, row, cast.bob, cast.carol, cast.frank)
    async with cast.database.write() as session:
        assert await notifications.unread_count(session, cast.alice.id) == 3
        assert await notifications.unread_count(session, cast.alice.id, most=2) == 2
        assert await notifications.unread_count(session, cast.alice.id, types=["mention"]) == 0
        assert await notifications.unread_count(session, cast.alice.id, exclude_types=["favourite"]) == 0
        newest = (await notifications.page(session, cast.alice.id, Page(limit=2)))[1]
        session.add(Marker(actor_id=cast.alice.id, timeline="notifications", last_read_id=newest.id))
        await session.flush()
        assert await notifications.unread_count(session, cast.alice.id) == 1


async def test_sweep(cast: Cast) -> None:
    """Old notifications are forgotten."""
    async with cast.database.write() as session:
        session.add(Notification(id=ids.new(), reader_id=cast.alice.id, type="follow", actor_id=cast.bob.id,
                                 group_key="x", created_at=ago(days=200)))
    await _notify(cast, Notice(cast.alice.id, "follow_request", cast.bob.id))
    async with cast.database.write() as session:
        await notifications.sweep(session, ago(days=180))
    assert await _told(cast, cast.alice) == ["follow_request"]


async def test_constant_number_of_statements(cast: Cast) -> None:
    """Telling many costs as many statements as telling one, and each reader's streams hear of it."""
    rows = await cast.store(*[cast.draft(cast.alice) for _ in range(50)])
    counts = []
    for part in (rows[:1], rows[1:]):
        notices = [Notice(cast.alice.id, "favourite", cast.bob.id, row.id, row.id) for row in part]
        with statements(cast.database) as sent:
            await _notify(cast, *notices)
        counts.append(len(sent))
    assert counts[0] == counts[1]
    async with cast.database.read() as session:
        told = (await session.scalars(select(LiveEvent).where(LiveEvent.type == "notification"))).all()
    assert len(told) == 50
    assert {event.reader_id for event in told} == {cast.alice.id}
