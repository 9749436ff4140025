"""What happens now: events for open pages and streams, and nudges for waiting workers, across processes.

A writer adds a `LiveEvent` row and raises a `Wakeup` counter in the transaction of the cause, so nothing is told that
was not committed. Readers learn of it by LISTEN/NOTIFY on PostgreSQL and by polling the counters on SQLite.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import tasks
from potluck.db.base import fixed, now
from potluck.db.engine import Database
from potluck.social.model import Actor, FeedEntry, Hashtag, LiveEvent, Object, ObjectTag, Wakeup

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.1
QUEUE_SIZE = 500
KEEP_SECONDS = 600
_RECENT = 2000
_BATCH = 500
_LOOK_BACK = 500


async def wake(session: AsyncSession, topic: str) -> None:
    """Have workers that wait for `topic` look at once after this transaction."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_notify('potluck', :topic)"), {"topic": topic})
        return
    if topic in session.info.setdefault("woken", set()):
        return
    session.info["woken"].add(topic)
    await session.execute(
        text("INSERT INTO wakeup (topic, counter) VALUES (:topic, 1)"
             " ON CONFLICT (topic) DO UPDATE SET counter = counter + 1"),
        {"topic": topic},
    )


async def publish(
    session: AsyncSession,
    type: str,  # noqa: A002 - the word of the column
    *,
    object_id: int | None = None,
    entry_id: int | None = None,
    reader_id: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Tell listeners: see `publish_many`."""
    await publish_many(session, [{"type": type, "object_id": object_id, "entry_id": entry_id,
                                  "reader_id": reader_id, "data": dict(data or {})}])


async def publish_many(session: AsyncSession, events: list[dict[str, Any]]) -> None:
    """Add live events: dicts of type, object_id, entry_id, reader_id (one reader, or None for all), data."""
    if not events:
        return
    moment = now()
    for event in events:
        event.setdefault("created_at", moment)
        event.setdefault("data", {})
        for key in ("object_id", "entry_id", "reader_id"):
            event.setdefault(key, None)
    await session.execute(insert(LiveEvent.__table__), events)  # type: ignore[arg-type]
    await wake(session, "live")


_observers: dict[str, list[Callable[[LiveEvent], None]]] = {}


def observe(type_name: str, observer: Callable[[LiveEvent], None]) -> None:
    """Have `observer` told of events of a type in every process that has a `Hub` (to forget what is kept)."""
    _observers.setdefault(type_name, []).append(observer)


class Waker:
    """Lets workers wait until a topic is raised by any process, or a time has passed."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._seen: dict[str, int] = {}
        self._events: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Waker:
        self._task = asyncio.create_task(self._poll() if self._db.is_sqlite else self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            await tasks.end(self._task)

    def raise_(self, topic: str) -> None:
        """Wake waiters of this process."""
        self._events[topic].set()

    async def wait(self, topic: str, timeout: float) -> bool:  # noqa: ASYNC109 - that it passes is no error here
        """Wait until `topic` is raised (True) or `timeout` seconds have passed (False)."""
        event = self._events[topic]
        try:
            async with asyncio.timeout(timeout):
                await event.wait()
        except TimeoutError:
            return False
        event.clear()
        return True

    async def _poll(self) -> None:
        async with self._db.engine_for_reading.connect() as connection:
            version = None
            while True:
                current = await connection.run_sync(_data_version)
                if current != version:
                    version = current
                    self._compare(await connection.run_sync(_counters))
                await asyncio.sleep(POLL_SECONDS)

    def _compare(self, rows: Iterable[Any]) -> None:
        for topic, counter in rows:
            if self._seen.get(topic) != counter:
                self._seen[topic] = counter
                self.raise_(topic)

    async def _listen(self) -> None:
        import asyncpg  # not loaded where the database is SQLite

        while True:
            try:
                await self._listen_once()
            except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("live_listen_lost", error=str(error))
            for event in self._events.values():
                event.set()
            await asyncio.sleep(1)

    async def _listen_once(self) -> None:
        async with self._db.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            lost = asyncio.Event()
            driver.add_termination_listener(lambda *_: lost.set())
            await driver.add_listener("potluck", lambda *args: self.raise_(args[3]))
            await lost.wait()


def _data_version(connection: Connection) -> int:
    """A number that differs once any other connection, of any process, has changed the SQLite file."""
    version: int = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
    connection.rollback()
    return version


def _counters(connection: Connection) -> Sequence[Any]:
    rows = connection.execute(select(Wakeup.topic, Wakeup.counter)).all()
    connection.rollback()
    return rows


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """One event for one listener.

    `channels` are those of the listener's subscriptions it came through: `home:ACTOR`, `list:LIST`, `public`,
    `public:local`, `public:remote`, `hashtag:NAME`, `hashtag:local:NAME`, `notifications:ACTOR`, `direct:ACTOR`,
    `jobs:ACTOR`, `discussion:POST`.
    """

    id: int
    channels: frozenset[str]
    type: str
    object_id: int | None
    entry_id: int | None
    data: Mapping[str, Any] = field(default_factory=dict)


class Hub:
    """Hands live events to the listeners of one web process; a listener that is too slow is dropped."""

    def __init__(self, db: Database, waker: Waker) -> None:
        self._db = db
        self._waker = waker
        self._listeners: dict[asyncio.Queue[LiveMessage | None], set[str]] = {}
        self._closed = False
        self._task: asyncio.Task[None] | None = None
        self._last = 0
        self._recent: dict[int, None] = {}

    async def __aenter__(self) -> Hub:
        async with self._db.read() as session:
            self._last = await session.scalar(select(func.max(LiveEvent.id))) or 0
            await self._new_rows(session)  # what happened before nobody here has asked for
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            await tasks.end(self._task)
        self.close()

    def close(self) -> None:
        """End what listens, now and later: a server that stops waits for its answers, and a stream is one."""
        self._closed = True
        for queue in self._listeners:
            _end(queue)

    @asynccontextmanager
    async def listen(self, channels: set[str]) -> AsyncIterator[asyncio.Queue[LiveMessage | None]]:
        """A queue of messages for `channels` (the set may be changed while listening). None on it means: closed."""
        queue: asyncio.Queue[LiveMessage | None] = asyncio.Queue(QUEUE_SIZE)
        self._listeners[queue] = channels
        if self._closed:
            _end(queue)
        try:
            yield queue
        finally:
            self._listeners.pop(queue, None)

    @property
    def listeners(self) -> int:
        """How many are listening."""
        return len(self._listeners)

    async def _run(self) -> None:
        while True:
            await self._waker.wait("live", 5)
            try:
                while await self.dispatch() >= _BATCH:
                    pass
            except Exception:
                log.exception("live_dispatch_failed")

    async def dispatch(self) -> int:
        """Hand what is new to the listeners; returns how many events were new."""
        async with self._db.read() as session:
            rows = await self._new_rows(session)
            for row in rows:
                for observer in _observers.get(row.type, ()):
                    observer(row)
            if not rows or not self._listeners:
                return len(rows)
            routes = await _routes(session, rows, set().union(*self._listeners.values()))
        for row in rows:
            self._deliver(row, routes.get(row.id, frozenset()))
        return len(rows)

    async def _new_rows(self, session: AsyncSession) -> list[LiveEvent]:
        # On PostgreSQL ids are drawn before the commit: look back a little and pass over what was seen.
        look_back = 0 if self._db.is_sqlite else _LOOK_BACK
        query = select(LiveEvent).where(LiveEvent.id > self._last - look_back).order_by(LiveEvent.id).limit(
            _BATCH + look_back)
        rows = [row for row in (await session.scalars(query)).all() if row.id not in self._recent]
        for row in rows:
            self._recent[row.id] = None
            self._last = max(self._last, row.id)
        while len(self._recent) > _RECENT:
            del self._recent[next(iter(self._recent))]
        return rows

    def _deliver(self, row: LiveEvent, channels: frozenset[str]) -> None:
        for queue, wanted in list(self._listeners.items()):
            through = channels & wanted
            if not through:
                continue
            message = LiveMessage(row.id, through, row.type, row.object_id, row.entry_id, row.data)
            if queue.full():
                log.info("live_listener_too_slow")
                self._listeners.pop(queue, None)
                _end(queue)
            else:
                queue.put_nowait(message)


def _end(queue: asyncio.Queue[LiveMessage | None]) -> None:
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(None)


_PRIVATE_CHANNELS = {"notification": ("home", "notifications"), "conversation": ("direct",),
                     "filters_changed": ("home",), "notifications_merged": ("home", "notifications"), "job": ("jobs",)}


async def _routes(session: AsyncSession, rows: list[LiveEvent], wanted: set[str]) -> dict[int, frozenset[str]]:
    """For each event the channels (of those wanted by anyone here) it belongs to, in four queries at the most."""
    feeds = await _feeds_of(session, rows, wanted)
    streams = await _streams_of(session, rows)
    for object_id, channel in (await _discussions_of(session, rows, wanted)).items():
        streams[object_id].add(channel)
    routes: dict[int, frozenset[str]] = {}
    for row in rows:
        if row.reader_id is not None:
            prefixes = _PRIVATE_CHANNELS.get(row.type, ("home", "direct"))
            channels = {f"{prefix}:{row.reader_id}" for prefix in prefixes}
        elif "channels" in row.data:
            channels = set(row.data["channels"])
        elif row.entry_id is not None and row.entry_id != row.object_id:
            channels = feeds[row.object_id or 0, row.entry_id]  # a boost: only where it is an entry of its own
        elif row.entry_id is not None:
            channels = feeds[row.object_id or 0, row.entry_id] | streams[row.object_id or 0]
        else:
            channels = feeds[row.object_id or 0, None] | streams[row.object_id or 0]
        routes[row.id] = frozenset(channels)
    return routes


async def _feeds_of(session: AsyncSession, rows: list[LiveEvent], wanted: set[str],
                    ) -> dict[tuple[int, int | None], set[str]]:
    """Channels of feeds that hold an object as the entry with this id, and (entry None) as any entry."""
    names = {int(number): f"{prefix}:{number}" for prefix, _, number in (name.partition(":") for name in wanted)
             if prefix in ("home", "list") and number.isdecimal()}
    object_ids = {row.object_id for row in rows if row.reader_id is None and row.object_id}
    found: dict[tuple[int, int | None], set[str]] = defaultdict(set)
    if not names or not object_ids:
        return found
    query = select(FeedEntry.feed_id, FeedEntry.entry_id, FeedEntry.object_id).where(
        FeedEntry.object_id.in_(object_ids), FeedEntry.feed_id.in_(names))
    for feed_id, entry_id, object_id in (await session.execute(query)).all():
        found[object_id, entry_id].add(names[feed_id])
        found[object_id, None].add(names[feed_id])
    return found


async def _discussions_of(session: AsyncSession, rows: list[LiveEvent], wanted: set[str]) -> dict[int, str]:
    """Which new objects belong to discussions that somebody here looks at."""
    roots = {int(number) for prefix, _, number in (name.partition(":") for name in wanted)
             if prefix == "discussion" and number.isdecimal()}
    new = {row.object_id for row in rows if row.type == "update" and row.object_id == row.entry_id}
    if not roots or not new:
        return {}
    found = await session.execute(select(Object.id, Object.thread_root_id).where(
        Object.id.in_(new), Object.thread_root_id.in_(roots), Object.id != Object.thread_root_id))
    return {object_id: f"discussion:{root}" for object_id, root in found.all()}


async def _streams_of(session: AsyncSession, rows: list[LiveEvent]) -> dict[int, set[str]]:
    """Channels of everyone's posts, by the rules of `timelines.public` and `timelines.hashtag`."""
    object_ids = {row.object_id for row in rows if row.reader_id is None and row.object_id}
    found: dict[int, set[str]] = defaultdict(set)
    if not object_ids:
        return found
    query = select(Object.id, Object.local, Object.in_reply_to_uri).join(Actor, Actor.id == Object.author_id).where(
        Object.id.in_(object_ids), Object.visibility == fixed("public"), Object.state == fixed("published"),
        Object.deleted_at.is_(None), Actor.silenced_at.is_(None), Actor.suspended_at.is_(None),
        Actor.deleted_at.is_(None))
    local: dict[int, bool] = {}
    for object_id, is_local, parent in (await session.execute(query)).all():
        local[object_id] = is_local
        if parent is None:
            found[object_id] |= {"public", "public:local" if is_local else "public:remote"}
    tags = select(ObjectTag.object_id, Hashtag.name).join(Hashtag).where(ObjectTag.object_id.in_(local))
    for object_id, name in (await session.execute(tags)).all() if local else ():
        found[object_id].add(f"hashtag:{name}")
        if local[object_id]:
            found[object_id].add(f"hashtag:local:{name}")
    return found


async def trim(session: AsyncSession) -> None:
    """Forget live events older than ten minutes."""
    await session.execute(delete(LiveEvent).where(LiveEvent.created_at < now() - timedelta(seconds=KEEP_SECONDS)))


__all__ = ["Hub", "LiveMessage", "Waker", "publish", "publish_many", "trim", "wake"]
