"""Brings the database to the schema of this version: under a lock, with a copy of a SQLite file made first."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from potluck.db.engine import Database, sqlite_path

log = structlog.get_logger(__name__)

_ADVISORY_LOCK = 0x706F746C


class SchemaTooNew(RuntimeError):
    """The database was written by a newer version of Potluck than this one."""


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, made in code: there is no ini file to keep in step."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
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


async def _upgrade_locked(db: Database, connection: Any) -> bool:
    current = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    await connection.rollback()
    scripts = ScriptDirectory.from_config(config())
    head = scripts.get_current_head()
    if current == head:
        return False
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise SchemaTooNew(f"the database has schema {current!r}, which this version of Potluck does not know")
    if current is not None and db.is_sqlite:
        await asyncio.to_thread(_copy_before_upgrade, db, current)
    log.info("schema_upgrade", before=current, after=head)
    await connection.run_sync(lambda sync: command.upgrade(config(sync), "head"))
    await connection.commit()
    return True


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
