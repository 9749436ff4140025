"""Live events: told after the commit, in every process, to those listeners whom they concern."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from potluck import stopping
from potluck.db.base import now
from potluck.db.engine import Database
from potluck.settings import Settings
from potluck.social import live, objects, reactions
from potluck.social.live import Hub, LiveMessage, Waker
from potluck.social.model import LiveEvent
from support.cast import Cast


class Ear:
    """A listener: what it has heard so far."""

    def __init__(self, hub: Hub, queue: asyncio.Queue[LiveMessage | None]) -> None:
        self.hub = hub
        self.queue = queue

    async def heard(self) -> list[tuple[str, set[str]]]:
        """(type, channels) of everything that came, in order."""
        await self.hub.dispatch()
        found = []
        while not self.queue.empty():
            message = self.queue.get_nowait()
            assert message is not None
            found.append((message.type, set(message.channels)))
        return found


@asynccontextmanager
async def _ear(cast: Cast, *channels: str) -> AsyncIterator[Ear]:
    """A listener on a hub that is driven by hand."""
    hub = Hub(cast.database, Waker(cast.database))
    async with cast.database.read() as session:
        hub._last = await session.scalar(select(func.max(LiveEvent.id))) or 0
        await hub._new_rows(session)
    async with hub.listen(set(channels)) as queue:
        yield Ear(hub, queue)


async def test_homes_and_lists(cast: Cast) -> None:
    """A post is told to the homes and lists that it came into, and to no others."""
    made = await cast.list_of(cast.bob, cast.alice)
    async with _ear(cast, f"home:{cast.bob.id}", f"home:{cast.eve.id}", f"list:{made.id}") as ear:
        await cast.say(cast.alice)
        assert await ear.heard() == [("update", {f"home:{cast.bob.id}", f"list:{made.id}"})]


async def test_public_streams(cast: Cast) -> None:
    """A public post is told to the streams of here or elsewhere and of its hashtags; answers to hashtags only."""
    streams = ("public", "public:local", "public:remote", "hashtag:soup", "hashtag:local:soup", "hashtag:pie")
    async with _ear(cast, *streams) as ear:
        local = await cast.say(cast.alice, hashtags=["soup"])
        assert await ear.heard() == [("update", {"public", "public:local", "hashtag:soup", "hashtag:local:soup"})]
        await cast.say(cast.carol, hashtags=["soup"])
        assert await ear.heard() == [("update", {"public", "public:remote", "hashtag:soup"})]
        await cast.reply(cast.carol, local, hashtags=["soup"])
        assert await ear.heard() == [("update", {"hashtag:soup"})]


@pytest.mark.parametrize("visibility", ["unlisted", "followers", "direct", "local", "group"])
async def test_private_things_are_in_no_public_stream(cast: Cast, visibility: str) -> None:
    """Only public posts are told in public streams, new, changed or boosted."""
    async with _ear(cast, "public", "public:local", "hashtag:soup", f"home:{cast.eve.id}") as ear:
        row = await cast.say(cast.alice, visibility=visibility, hashtags=["soup"])
        async with cast.database.write() as session:
            await objects.edit(session, row.id, cast.draft(cast.alice, "new", hashtags=["soup"]), cast.alice)
        assert await ear.heard() == []


async def test_limited_people_are_in_no_public_stream(cast: Cast) -> None:
    """Silenced authors are told to their followers only."""
    await cast.change(cast.alice, silenced_at=now())
    async with _ear(cast, "public", f"home:{cast.bob.id}") as ear:
        await cast.say(cast.alice)
        assert await ear.heard() == [("update", {f"home:{cast.bob.id}"})]


async def test_boosts_only_where_they_are_entries(cast: Cast) -> None:
    """A boost is told to homes that show it as one, not to those that have the post already, nor to the public."""
    await cast.follow(cast.eve, cast.alice)
    await cast.follow(cast.bob, cast.carol)
    row = await cast.say(cast.carol)
    async with _ear(cast, f"home:{cast.bob.id}", f"home:{cast.eve.id}", "public") as ear:
        async with cast.database.write() as session:
            await reactions.announce(session, cast.alice, row.id)
        assert await ear.heard() == [("update", {f"home:{cast.eve.id}"})]
        async with cast.database.write() as session:
            await reactions.unannounce(session, cast.alice, row.id)
        assert await ear.heard() == [("delete", {f"home:{cast.eve.id}"})]


async def test_edits_and_deletions_reach_whoever_has_it(cast: Cast) -> None:
    """A change is told wherever the post stands, as itself or as a boost."""
    await cast.follow(cast.eve, cast.bob)
    row = await cast.say(cast.alice)
    async with cast.database.write() as session:
        await reactions.announce(session, cast.bob, row.id)
    everywhere = {f"home:{cast.alice.id}", f"home:{cast.bob.id}", f"home:{cast.eve.id}", "public"}
    async with _ear(cast, *everywhere, f"home:{cast.mia.id}") as ear:
        async with cast.database.write() as session:
            await objects.edit(session, row.id, cast.draft(cast.alice, "new"), cast.alice)
        heard = [item for item in await ear.heard() if item[0] == "status.update"]
        assert heard == [("status.update", everywhere)]
        async with cast.database.write() as session:
            await objects.delete(session, row.id, cast.alice)
        assert await ear.heard() == [("delete", everywhere)]


async def test_notifications_and_conversations(cast: Cast) -> None:
    """A notification is told to its reader's own streams, a private message to the stream of conversations."""
    names = ("home", "notifications", "direct")
    channels = [f"{name}:{person.id}" for person in (cast.mia, cast.eve) for name in names]
    async with _ear(cast, *channels) as ear:
        await cast.say(cast.alice, visibility="direct", mentions=[cast.mia])
        assert await ear.heard() == [
            ("notification", {f"home:{cast.mia.id}", f"notifications:{cast.mia.id}"}),
            ("conversation", {f"direct:{cast.mia.id}"})]


async def test_channels_of_nonsense(cast: Cast) -> None:
    """A listener who asks for nonsense disturbs nobody."""
    async with _ear(cast, "home:", "list:x", "home:1e9", "☃", f"home:{cast.bob.id}") as ear:
        await cast.say(cast.alice)
        assert await ear.heard() == [("update", {f"home:{cast.bob.id}"})]


async def test_nothing_old_is_told(cast: Cast) -> None:
    """A process that starts tells its listeners only of what happens from then on."""
    await cast.say(cast.alice)
    async with Waker(cast.database) as waker, Hub(cast.database, waker) as hub, \
            hub.listen({f"home:{cast.bob.id}"}) as queue:
        await asyncio.sleep(0.3)
        assert queue.empty()
        row = await cast.say(cast.alice, "new")
        message = await asyncio.wait_for(queue.get(), 10)
    assert message is not None
    assert (message.type, message.object_id, message.entry_id) == ("update", row.id, row.id)


async def test_nothing_is_told_that_was_not_committed(cast: Cast) -> None:
    """An act that is undone is not heard of."""
    async with _ear(cast, f"home:{cast.bob.id}") as ear:
        with pytest.raises(RuntimeError):
            async with cast.database.write() as session:
                await objects.store(session, [cast.draft(cast.alice)])
                raise RuntimeError
        assert await ear.heard() == []


async def test_every_process_hears(cast: Cast, database_settings: Settings) -> None:
    """Listeners of another process hear of it within a moment, without being asked."""
    other = Database(database_settings)
    async with Waker(other) as waker, Hub(other, waker) as hub, hub.listen({f"home:{cast.bob.id}"}) as queue:
        await asyncio.sleep(0.3)
        await cast.say(cast.alice)
        message = await asyncio.wait_for(queue.get(), 10)
    assert message is not None
    assert message.type == "update"
    await other.close()


async def test_workers_are_woken(cast: Cast, database_settings: Settings) -> None:
    """A worker that waits for its topic is woken by a commit elsewhere; another topic, or none, lets it wait."""
    other = Database(database_settings)
    async with Waker(other) as waker:
        while await waker.wait("inbox", 0.5):
            pass
        async with cast.database.write() as session:
            await live.wake(session, "delivery")
        assert not await waker.wait("inbox", 0.5)
        async with cast.database.write() as session:
            for _ in range(3):
                await live.wake(session, "inbox")
        assert await waker.wait("inbox", 10)
        waker.raise_("inbox")
        assert await waker.wait("inbox", 1)
    await other.close()


async def test_a_slow_listener_is_dropped(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not take messages away is closed (None) instead of filling the memory."""
    monkeypatch.setattr(live, "QUEUE_SIZE", 2)
    async with _ear(cast, "public") as ear:
        for _ in range(4):
            await cast.say(cast.alice)
        await ear.hub.dispatch()
        assert ear.hub.listeners == 0
        assert [ear.queue.get_nowait() for _ in range(2)][-1] is None


async def test_listeners_are_told_when_the_process_ends(cast: Cast) -> None:
    """As soon as it is asked to stop each listener gets None, the slow ones too, and who listens later at once."""
    hub = Hub(cast.database, Waker(cast.database))
    async with hub.listen({"public"}) as queue, hub.listen(set()) as slow:
        while not slow.full():
            slow.put_nowait(LiveMessage(1, frozenset(), "x", None, None))
        with stopping.doing(hub.close):
            stopping.begin()
        assert queue.get_nowait() is None
        assert [slow.get_nowait() for _ in range(slow.qsize())][-1] is None
        async with hub.listen({"public"}) as late:
            assert late.get_nowait() is None


async def test_many_at_once(cast: Cast) -> None:
    """More events than one round takes are all delivered, in order."""
    async with cast.database.write() as session:
        await live.publish_many(session, [{"type": "x", "data": {"channels": ["public"], "n": number}}
                                          for number in range(1200)])
    hub = Hub(cast.database, Waker(cast.database))
    async with hub.listen({"public"}) as queue:
        while await hub.dispatch():
            queue._queue.clear()  # type: ignore[attr-defined]
    assert len(hub._recent) >= 1200


async def test_trim(cast: Cast) -> None:
    """Events are forgotten after some minutes."""
    await cast.say(cast.alice)
    async with cast.database.write() as session:
        await session.execute(update(LiveEvent).values(created_at=now() - timedelta(seconds=live.KEEP_SECONDS + 1)))
    await cast.say(cast.alice)
    async with cast.database.write() as session:
        await live.trim(session)
    async with cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(LiveEvent)) == 1
