"""Brings the database to the schema of this version: under a lock, with a copy of a SQLite file made first.

Alembic (9 MiB, half a second) is loaded only when there is something to do: every process calls `upgrade`.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import re
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from potluck.db.engine import Database, sqlite_path
from potluck.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config

log = structlog.get_logger(__name__)

_ADVISORY_LOCK = 0x706F746C
_MIGRATIONS = Path(__file__).parent / "migrations"
_REVISION = re.compile(r"""^(down_)?revision\b.*?=\s*['"]([^'"]+)['"]""", re.MULTILINE)


class Unreachable(RuntimeError):
    """The database cannot be opened."""


class SchemaTooNew(RuntimeError):
    """The database was written by a newer version of Potluck than this one."""


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, made in code: there is no ini file to keep in step."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(_MIGRATIONS))
    made.attributes["connection"] = connection
    return made


async def upgrade(db: Database) -> bool:
    """Upgrade the schema to the newest version if it is older; every process may call this at its start.

    Returns:
        Whether anything was changed.

    Raises:
        SchemaTooNew: the database knows a version that this code does not.
    """
    async with _file_lock(db), db.engine.connect() as connection:
        if not db.is_sqlite:
            await connection.execute(text(f"SELECT pg_advisory_lock({_ADVISORY_LOCK})"))
            await connection.commit()
        try:
            return await _upgrade_locked(db, connection)
        finally:
            if not db.is_sqlite:
                await connection.rollback()  # a failed upgrade must not keep the lock
                await connection.execute(text(f"SELECT pg_advisory_unlock({_ADVISORY_LOCK})"))
                await connection.commit()


async def upgrade_alone(settings: Settings) -> bool:
    """`upgrade` for who has the database open for nothing else.

    Raises:
        Unreachable: it cannot be opened.
    """
    db = await _opened(settings)
    try:
        return await upgrade(db)
    finally:
        await db.close()


async def _opened(settings: Settings) -> Database:
    try:
        db = Database(settings, pool_size=1)
        async with db.engine.connect():
            return db
    except (OSError, SQLAlchemyError) as error:
        reason = str(error.orig) if isinstance(error, DBAPIError) else str(error)
        raise Unreachable(f"the database cannot be opened: {reason.strip() or type(error).__name__}") from error


async def _upgrade_locked(db: Database, connection: AsyncConnection) -> bool:
    current = await connection.run_sync(current_revision)
    await connection.rollback()
    known, head = revisions()
    if current == head:
        return False
    if current is not None and current not in known:
        raise SchemaTooNew(f"the database has schema {current!r}, which this version of Potluck does not know")
    if current is not None and db.is_sqlite:
        await asyncio.to_thread(_copy_before_upgrade, db, current)
    log.info("schema_upgrade", before=current, after=head)
    async with _tables_may_be_replaced(db, connection):
        await connection.run_sync(apply, "head")
        await connection.commit()
    return True


def apply(connection: Connection, revision: str) -> None:
    """Run the migrations up to a revision."""
    from alembic import command

    command.upgrade(config(connection), revision)


@contextlib.asynccontextmanager
async def _tables_may_be_replaced(db: Database, connection: AsyncConnection) -> AsyncIterator[None]:
    """SQLite changes some things of a table by making it anew. Dropping the old one would delete what refers to it.

    So foreign keys rest meanwhile, as SQLite's own procedure for it says (sqlite.org/lang_altertable.html, section 7).
    """
    if not db.is_sqlite:
        yield
        return
    driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        await connection.rollback()  # within a transaction the setting would not change
        await driver.execute("PRAGMA foreign_keys=ON")


def revisions() -> tuple[frozenset[str], str]:
    """The revisions this code knows, and the newest of them (the one no other builds on)."""
    known: set[str] = set()
    built_on: set[str] = set()
    for file in sorted((_MIGRATIONS / "versions").glob("*.py")):
        for down, revision in _REVISION.findall(file.read_text(encoding="utf-8")):
            if not down and revision in known:
                raise ValueError(f"two migrations are called {revision!r}; {file.name} is one of them")
            (built_on if down else known).add(revision)
    (head,) = known - built_on
    return frozenset(known), head


def current_revision(connection: Connection) -> str | None:
    """The revision of a database's schema; None before its first upgrade."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _copy_before_upgrade(db: Database, revision: str) -> None:
    folder = db.settings.data / "backups"
    folder.mkdir(exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = folder / f"before-upgrade-from-{revision}-{stamp}.sqlite3"
    with contextlib.closing(sqlite3.connect(sqlite_path(db.settings))) as source, \
            contextlib.closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    log.info("schema_backup", file=str(target))


@contextlib.asynccontextmanager
async def _file_lock(db: Database) -> AsyncIterator[None]:
    """Processes on one machine upgrade one after the other (SQLite; PostgreSQL has its advisory lock besides)."""
    db.settings.data.mkdir(parents=True, exist_ok=True)
    with (db.settings.data / "upgrade.lock").open("w") as handle:
        await asyncio.to_thread(fcntl.flock, handle, fcntl.LOCK_EX)
        yield
