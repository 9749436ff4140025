"""The database: what a read and a write transaction promise, on SQLite and on PostgreSQL."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from potluck.db.base import now
from potluck.db.engine import Database, after_commit, async_url, insert_or_ignore
from potluck.db.ids import ids
from potluck.settings import Settings
from potluck.social.model import Hashtag, LiveEvent, Wakeup


async def _names(database: Database) -> list[str]:
    async with database.read() as session:
        return list((await session.scalars(select(Hashtag.name).order_by(Hashtag.name))).all())


async def test_write_commits_at_the_end(database: Database) -> None:
    """What a write block does is there once it has ended."""
    async with database.write() as session:
        session.add(Hashtag(id=ids.new(), name="soup", display="Soup"))
    assert await _names(database) == ["soup"]


async def test_write_is_all_or_nothing(database: Database) -> None:
    """A write block that raises leaves nothing behind."""
    with pytest.raises(RuntimeError, match="spilled"):
        async with database.write() as session:
            session.add(Hashtag(id=ids.new(), name="soup", display="Soup"))
            await session.flush()
            raise RuntimeError("spilled")
    assert await _names(database) == []


async def test_after_commit_only_after_success(database: Database) -> None:
    """A function registered with a transaction runs once it is committed, and never if it is not."""
    ran: list[str] = []
    async with database.write() as session:
        after_commit(session, lambda: ran.append("good"))
        assert ran == []
    with pytest.raises(RuntimeError):
        async with database.write() as session:
            after_commit(session, lambda: ran.append("bad"))
            raise RuntimeError
    assert ran == ["good"]


async def test_read_changes_nothing(database: Database) -> None:
    """Whatever is tried in a read block, nothing of it stays."""
    with pytest.raises(SQLAlchemyError):
        async with database.read() as session:
            await session.execute(insert_or_ignore(session, Wakeup).values(topic="x", counter=1))
            await session.commit()
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Wakeup)) == 0


async def test_insert_or_ignore_keeps_the_first(database: Database) -> None:
    """A row that breaks a unique key is passed over, the rest is inserted."""
    rows = [{"id": ids.new(), "name": name, "display": str(number), "created_at": now()}
            for number, name in enumerate(["soup", "salad", "soup"])]
    async with database.write() as session:
        await session.execute(insert_or_ignore(session, Hashtag), rows)
    async with database.read() as session:
        found = dict((await session.execute(select(Hashtag.name, Hashtag.display))).all())
    assert found == {"soup": "0", "salad": "1"}


async def test_writers_queue(database: Database) -> None:
    """Many writers at once neither fail nor lose what another wrote."""
    async with database.write() as session:
        session.add(Wakeup(topic="count", counter=0))

    async def raise_it() -> None:
        async with database.write() as session:
            await session.execute(text("UPDATE wakeup SET counter = counter + 1 WHERE topic = 'count'"))

    await asyncio.gather(*(raise_it() for _ in range(20)))
    async with database.read() as session:
        assert await session.scalar(select(Wakeup.counter)) == 20


async def test_two_processes_write(database_settings: Settings) -> None:
    """Two open databases, as of two processes, write at the same time and wait for each other."""
    first, second = Database(database_settings), Database(database_settings)

    async def add(database: Database, name: str) -> None:
        async with database.write() as session:
            session.add(Hashtag(id=ids.new(), name=name, display=name))
            await session.flush()
            await asyncio.sleep(0.05)

    await asyncio.gather(*(add(database, f"{number}x") for number in range(3) for database in (first,)),
                         *(add(second, f"{number}y") for number in range(3)))
    assert len(await _names(first)) == 6
    await first.close()
    await second.close()


async def test_times_keep_microseconds_and_zone(database: Database) -> None:
    """A time comes back as it was stored, in UTC, whatever the zone of the machine."""
    moment = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
    async with database.write() as session:
        session.add(LiveEvent(type="x", created_at=moment, data={"a": [1, {"b": None}]}))
    async with database.read() as session:
        row = (await session.scalars(select(LiveEvent))).one()
    assert row.created_at == moment
    assert row.created_at.tzinfo is UTC
    assert row.data == {"a": [1, {"b": None}]}


async def test_a_time_without_zone_is_refused(database: Database) -> None:
    """A time without a zone means nothing and is never stored."""
    with pytest.raises(SQLAlchemyError, match="without zone"):
        async with database.write() as session:
            session.add(LiveEvent(type="x", created_at=datetime(2026, 1, 1)))
            await session.flush()


async def test_foreign_keys_hold(database: Database) -> None:
    """A row cannot point at nothing, on SQLite either."""
    from potluck.social.model import ObjectTag

    with pytest.raises(SQLAlchemyError):
        async with database.write() as session:
            session.add(ObjectTag(hashtag_id=1, object_id=2))


def test_address_of_postgresql() -> None:
    """Both usual spellings of a PostgreSQL address are understood."""
    for scheme in ("postgres", "postgresql"):
        made = Settings(database_url=f"{scheme}://user:pw@db.test:5433/potluck", data=Path("unused"))
        assert async_url(made) == "postgresql+asyncpg://user:pw@db.test:5433/potluck"
