"""Opens the database and hands out transactions: `read()` for looking, `write()` for changing.

On SQLite a write begins with `BEGIN IMMEDIATE`, so that two writers queue instead of failing half-way, and all
writers of one process share one connection behind a lock. On PostgreSQL a write is an ordinary transaction, a read
one that is read-only and sees one snapshot, as on SQLite.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from potluck.db import direct_sqlite
from potluck.db.direct_postgresql import DirectPostgreSQL
from potluck.db.gathering import Gathering
from potluck.db.prepared import Prepared, as_ids
from potluck.settings import Settings

SQLITE_FILE = "potluck.sqlite3"

_PRAGMAS: tuple[str, ...] = (
    "busy_timeout=15000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY",
    "cache_size=-16000", "mmap_size=268435456")

_json_encoder = msgspec.json.Encoder()


def _dump_json(value: Any) -> str:
    return _json_encoder.encode(value).decode()


def sqlite_path(settings: Settings) -> Path:
    """The SQLite database file."""
    return settings.data / SQLITE_FILE


def async_url(settings: Settings, sqlite_driver: str = "aiosqlite") -> str:
    """SQLAlchemy URL of the configured database."""
    if settings.is_sqlite:
        return f"sqlite+{sqlite_driver}:///{sqlite_path(settings)}"
    _, _, rest = settings.database_url.partition("://")
    return f"postgresql+asyncpg://{rest}"


class Database:
    """The open database of one process.

    Args:
        settings: which database.
        pool_size: connections for reading (SQLite), or for everything (PostgreSQL).
    """

    def __init__(self, settings: Settings, *, pool_size: int = 5) -> None:
        self.settings = settings
        self.is_sqlite = settings.is_sqlite
        if self.is_sqlite:
            settings.data.mkdir(parents=True, exist_ok=True)
            self._reader = self._sqlite_engine(pool_size, read_only=True)
            self._writer = self._sqlite_engine(1, read_only=False)
        else:
            self._writer = create_async_engine(
                async_url(settings), pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=False,
                json_serializer=_dump_json, json_deserializer=msgspec.json.decode,
            )
            # The same connections; only the BEGIN of a reading transaction differs.
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._direct = DirectPostgreSQL(async_url(settings), pool_size)
        self._hot: sqlite3.Connection | None = None  # for `fetch`
        self._gatherings: dict[Prepared, Gathering] = {}
        self._write_lock = asyncio.Lock()

    @property
    def engine(self) -> AsyncEngine:
        """The engine that may write (migrations, backup, tests)."""
        return self._writer

    @property
    def engine_for_reading(self) -> AsyncEngine:
        """The engine behind `read()`."""
        return self._reader

    def _sqlite_engine(self, size: int, *, read_only: bool) -> AsyncEngine:
        engine = create_async_engine(
            async_url(self.settings, direct_sqlite.DRIVER if read_only else "aiosqlite"),
            poolclass=AsyncAdaptedQueuePool, pool_size=size, max_overflow=0,
            json_serializer=_dump_json, json_deserializer=msgspec.json.decode,
        )

        @event.listens_for(engine.sync_engine, "connect")
        def _prepare(connection: Any, _record: Any) -> None:
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in _PRAGMAS:
                cursor.execute(f"PRAGMA {pragma}")
            if read_only:
                cursor.execute("PRAGMA query_only=ON")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def _begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

        return engine

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for reading; it sees one consistent state and changes nothing."""
        async with AsyncSession(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    async def fetch(self, prepared: Prepared, **parameters: Any) -> Sequence[Any]:
        """All rows of a prepared SELECT, as the driver gives them, by itself (in no session)."""
        text, values = prepared.bound(self._reader.dialect, parameters)
        if self._hot is not None:
            return self._hot.execute(text, values).fetchall()
        if self.is_sqlite:
            self._hot = sqlite3.connect(sqlite_path(self.settings), isolation_level=None)
            for pragma in (*_PRAGMAS, "query_only=ON"):
                self._hot.execute(f"PRAGMA {pragma}")
            return self._hot.execute(text, values).fetchall()
        return await self._direct.fetch(text, values)

    async def fetch_by_ids(self, prepared: Prepared, ids: Sequence[int]) -> Sequence[Any]:
        """`fetch` for a statement over `ids` whose first column is the id; those who ask at the same time share it."""
        if self.is_sqlite:  # answers at once, on this thread
            return await self.fetch(prepared, ids=as_ids(ids))
        gathering = self._gatherings.get(prepared)
        if gathering is None:
            gathering = self._gatherings[prepared] = Gathering(lambda many: self.fetch(prepared, ids=as_ids(many)))
        return await gathering.rows(ids)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session whose changes are committed together when the block ends, or not at all when it raises.

        Functions registered with `after_commit(session, f)` run once the commit has succeeded.
        """
        if self.is_sqlite:
            async with self._write_lock, self._committing() as session:
                yield session
        else:
            async with self._committing() as session:
                yield session
        for callback in session.info.get("after_commit", ()):
            callback()

    @asynccontextmanager
    async def _committing(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self._writer, expire_on_commit=False, autoflush=False) as session, session.begin():
            yield session

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self._hot is not None:
            self._hot.close()
            self._hot = None
        if self.is_sqlite:
            await self._reader.dispose()
        else:
            await self._direct.close()


def after_commit(session: AsyncSession, callback: Any) -> None:
    """Run `callback()` after the transaction of `session` has been committed (never if it is rolled back)."""
    session.info.setdefault("after_commit", []).append(callback)


def insert_or_ignore(session: AsyncSession, table: Any) -> Any:
    """An INSERT into `table` that passes over rows which break a unique key, for the database in use."""
    return insert_ignoring(session.get_bind().dialect.name, table)


def insert_ignoring(dialect: str, table: Any) -> Any:
    """`insert_or_ignore` for a database by the name of its dialect."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_postgresql

        return insert_postgresql(table).on_conflict_do_nothing()
    from sqlalchemy.dialects.sqlite import insert as insert_sqlite

    return insert_sqlite(table).on_conflict_do_nothing()


def upsert(session: AsyncSession, table: Any, unique: Sequence[str], row: Mapping[str, Any],
           changes: Mapping[str, Any]) -> Any:
    """An INSERT of `row` that, where the columns `unique` are taken, makes `changes` to the row that is there."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_postgresql

        return insert_postgresql(table).values(row).on_conflict_do_update(index_elements=unique, set_=dict(changes))
    from sqlalchemy.dialects.sqlite import insert as insert_sqlite

    return insert_sqlite(table).values(row).on_conflict_do_update(index_elements=unique, set_=dict(changes))


def insert_or_update(session: AsyncSession, table: Any, columns: Sequence[str]) -> Any:
    """An INSERT into `table` that replaces `columns` of the row which has the same primary key, if there is one."""
    made: Any
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_postgresql

        made = insert_postgresql(table)
    else:
        from sqlalchemy.dialects.sqlite import insert as insert_sqlite

        made = insert_sqlite(table)
    return made.on_conflict_do_update(index_elements=list(table.primary_key.columns),
                                      set_={name: made.excluded[name] for name in columns})
