"""One open transaction for the whole of a test, and people made by the rules themselves.

Alice, Bob and Charlie live here, Dora and Emil on another server. Every test runs on SQLite and on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.social import actors, events, objects
from potluck.social.drafts import Draft
from potluck.social.keys import KeyPairs, make_pairs
from potluck.social.model import Actor, Object
from support.drafts import remote_draft


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """One transaction for the whole test."""
    async with database.write() as opened:
        yield opened


@pytest.fixture(scope="session")
def pairs() -> KeyPairs:
    """Keys made once, since making them takes long."""
    return make_pairs()


Make = Callable[..., Awaitable[Actor]]


@pytest.fixture
def local(session: AsyncSession, pairs: KeyPairs) -> Make:
    """Makes a local actor of a name."""

    async def make(name: str, **changes: object) -> Actor:
        actor = await actors.create_local(session, name, pairs=pairs)
        for key, value in changes.items():
            setattr(actor, key, value)
        await session.flush()
        return actor

    return make


@pytest.fixture
def remote(session: AsyncSession) -> Make:
    """Makes a remote actor out of `name@host`."""

    async def make(handle: str, **changes: object) -> Actor:
        name, _, host = handle.partition("@")
        return await actors.upsert_remote(session, remote_draft(name, host, **changes), None)

    return make


@pytest.fixture
async def alice(local: Make) -> Actor:
    """A local person."""
    return await local("alice")


@pytest.fixture
async def bob(local: Make) -> Actor:
    """Another local person."""
    return await local("bob")


@pytest.fixture
async def charlie(local: Make) -> Actor:
    """A local person who may see nothing that is not public."""
    return await local("charlie")


@pytest.fixture
async def dora(remote: Make) -> Actor:
    """A person of another server."""
    return await remote("dora@remote.test")


@pytest.fixture
async def emil(remote: Make) -> Actor:
    """Another person of that server."""
    return await remote("emil@remote.test")


Post = Callable[..., Awaitable[Object]]


@pytest.fixture
def post(session: AsyncSession) -> Post:
    """Makes an object by an author: `await post(alice, "text", visibility="followers")`."""

    async def make(author: Actor, content: str = "<p>Hello</p>", **changes: object) -> Object:
        draft = Draft(kind="note", type="Note", published=now(), author_id=author.id, content=content,
                      uri=None if author.is_local else f"{author.uri}/{now().timestamp()}")
        for key, value in changes.items():
            setattr(draft, key, value)
        stored = (await objects.store(session, [draft]))[0]
        assert stored.object is not None
        return await session.get_one(Object, stored.object.id)

    return make


@pytest.fixture
def heard(request: pytest.FixtureRequest) -> Iterator[list[events.Event]]:
    """Events emitted during the test, in order."""
    found: list[events.Event] = []
    kinds = [kind for kind in vars(events).values()
             if isinstance(kind, type) and issubclass(kind, events.Event) and kind is not events.Event]

    async def listen(_session: AsyncSession, event: events.Event) -> None:
        found.append(event)

    for kind in kinds:
        events.subscribe(kind, listen)
    yield found
    for kind in kinds:
        events._handlers[kind].remove(listen)
