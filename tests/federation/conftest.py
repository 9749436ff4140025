"""Fixtures of the wire: a server with one engine driven by hand, and pretended remote servers on loopback."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from potluck import assembly, settings
from potluck.db.engine import SQLITE_FILE, Database
from potluck.federation.delivery import DeliveryEngine
from potluck.federation.engine import InboxEngine
from potluck.federation.fetch_worker import FetchWorker
from potluck.federation.model import Delivery, FetchJob, InboxItem
from potluck.federation.resolver import Federation
from potluck.settings import Settings
from potluck.social import actors, follows, keys, objects
from potluck.social.drafts import Draft
from potluck.social.live import Waker
from potluck.social.model import Actor, FeedEntry, Object, User
from support.databases import migrated_sqlite

from .peers import HERE, Peer, RemotePerson

PAIRS = [keys.make_pairs() for _ in range(2)]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """As everywhere, but loopback addresses may be reached."""
    values: dict[str, Any] = {"url": HERE, "data": tmp_path, "allow_private": (ip_network("127.0.0.0/8"),)}
    if request.param == "sqlite":
        shutil.copy(migrated_sqlite(), tmp_path / SQLITE_FILE)
    else:
        values["database_url"] = request.getfixturevalue("postgres_url")
    before = settings._current
    yield settings.use(Settings(**values))
    settings._current = before


class Engine:
    """The three parts of an engine, driven by hand."""

    def __init__(self, db: Database, made: Settings, federation: Federation) -> None:
        waker = Waker(db)
        self.inbox = InboxEngine(db, federation, waker, batch=made.inbox_batch)
        self.delivery = DeliveryEngine(db, federation, waker, concurrency=made.delivery_concurrency)
        self.fetches = FetchWorker(db, federation, waker)

    async def close(self) -> None:
        """Give back locks and connections."""
        for part in (self.inbox, self.fetches, self.delivery):
            await part.close()


@dataclass
class Wire:
    """Our server: its database, federation and engine, and short words for what is done with them."""

    db: Database
    federation: Federation
    engine: Engine
    refused: list[str] = field(default_factory=list)

    async def local(self, name: str, **changes: Any) -> Actor:
        """A local person with keys."""
        async with self.db.write() as session:
            actor = await actors.create_local(session, name, pairs=PAIRS[0])
            for key, value in changes.items():
                setattr(actor, key, value)
        return actor

    async def learn(self, person: RemotePerson) -> Actor:
        """Have a remote person known here."""
        found = await self.federation.actor_by_uri(person.uri)
        assert found is not None
        return found

    async def follow(self, follower: Actor, followed: Actor, *, accepted: bool = True) -> None:
        """A follow, accepted by the followed."""
        async with self.db.write() as session:
            row = await follows.follow(session, follower, followed)
            if accepted and row.state != "accepted":
                await follows.accept(session, followed, follower)

    async def say(self, author: Actor, content: str = "<p>hello</p>", **changes: Any) -> Object:
        """A local note."""
        from potluck.db.base import now

        draft = Draft(**({"kind": "note", "type": "Note", "published": now(), "author_id": author.id,
                          "content": content} | changes))
        async with self.db.write() as session:
            stored = await objects.store(session, [draft])
        assert stored[0].object is not None
        return stored[0].object

    async def take(self, person: RemotePerson, *activities: Any) -> None:
        """Receive activities and work until nothing is left to do."""
        for activity in activities:
            await person.send(self.federation, activity)
        await self.work()

    async def work(self) -> None:
        """Work until the inbox is empty and no fetch is due; deliveries are not made. Nothing may fail by our fault."""
        await self.engine.inbox.drain()
        await self.engine.fetches.drain()
        assert [item.error for item in await self.journal() if item.parked_at] == []

    async def deliver(self) -> None:
        """Make the deliveries that are due."""
        await self.engine.delivery.drain()

    async def object(self, uri: str) -> Object | None:
        """The object with this id."""
        async with self.db.read() as session:
            return await objects.by_uri(session, uri)

    async def actor(self, uri: str) -> Actor | None:
        """The actor with this id."""
        async with self.db.read() as session:
            return await actors.by_uri(session, uri)

    async def rows(self, query: Any) -> list[Any]:
        """Rows of a query."""
        async with self.db.read() as session:
            return list((await session.scalars(query)).all())

    async def home(self, reader: Actor) -> list[int]:
        """Ids of the objects in somebody's home."""
        return await self.rows(select(FeedEntry.object_id).where(FeedEntry.feed_id == reader.id))

    async def journal(self) -> list[InboxItem]:
        """What is in the inbox journal."""
        return await self.rows(select(InboxItem).order_by(InboxItem.id))

    async def deliveries(self) -> list[Delivery]:
        """What is queued for delivery."""
        return await self.rows(select(Delivery).order_by(Delivery.id))

    async def jobs(self) -> list[FetchJob]:
        """What is to be fetched."""
        return await self.rows(select(FetchJob).order_by(FetchJob.id))


@pytest.fixture
async def wire(database_settings: Settings) -> AsyncIterator[Wire]:
    """Our server, with its instance actor."""
    assembly.install()
    db = Database(database_settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        async with db.write() as session:
            await actors.instance_actor(session)
        federation = await stack.enter_async_context(assembly.federation(db, database_settings))
        engine = Engine(db, database_settings, federation)
        stack.push_async_callback(engine.close)
        yield Wire(db, federation, engine)


@pytest.fixture
async def new_peer() -> AsyncIterator[Callable[[], Awaitable[Peer]]]:
    """Starts pretended servers."""
    started: list[Peer] = []

    async def start() -> Peer:
        peer = Peer()
        await peer.start()
        started.append(peer)
        return peer

    yield start
    for peer in started:
        await peer.stop()


@pytest.fixture
async def peer(new_peer: Callable[[], Awaitable[Peer]]) -> Peer:
    """One pretended server."""
    return await new_peer()


@pytest.fixture
async def other(new_peer: Callable[[], Awaitable[Peer]]) -> Peer:
    """Another one."""
    return await new_peer()


@pytest.fixture
async def alice(wire: Wire) -> Actor:
    """A local person with a login."""
    made = await wire.local("alice", owner_id=1)
    async with wire.db.write() as session:
        session.add(User(id=1, email="alice@mail.test", actor_id=made.id, password_hash="x"))
    return made


@pytest.fixture
def group(peer: Peer) -> RemotePerson:
    """A community on another server."""
    return peer.community()
