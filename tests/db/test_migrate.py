"""The schema: migrations lead to the tables of the model, are applied once, and keep a copy of what was there."""

import asyncio
import importlib
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from potluck.db import migrate
from potluck.db.base import Base
from potluck.db.engine import Database, sqlite_path
from potluck.settings import Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings with an empty database of each kind in turn."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    return Settings(data=tmp_path, database_url=url)


for name in ("potluck.db.nodes", "potluck.social.model", "potluck.federation.model", "potluck.media.model",
             "potluck.jobs.model", "potluck.kinds.note.model"):
    importlib.import_module(name)


def _differences(connection: Connection) -> list[object]:
    options = {"include_name": lambda name, _kind, _parents: "_fts" not in (name or "")}  # made by hand
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


async def test_migrations_make_the_model(empty_settings: Settings) -> None:
    """An empty database that is upgraded has exactly the tables, columns, keys and indexes of the model."""
    database = Database(empty_settings)
    try:
        assert await migrate.upgrade(database)
        async with database.engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await database.close()


def test_revisions_are_read_as_alembic_reads_them() -> None:
    """The newest revision, found without loading Alembic, is the one Alembic would upgrade to."""
    scripts = ScriptDirectory.from_config(migrate.config())
    known = frozenset(script.revision for script in scripts.walk_revisions())
    assert migrate.revisions() == (known, scripts.get_current_head())


async def test_upgrading_twice_changes_nothing(empty_settings: Settings) -> None:
    """Every process may upgrade at its start: the first one does it, the others find it done."""
    databases = [Database(empty_settings) for _ in range(3)]
    changed = await asyncio.gather(*(migrate.upgrade(database) for database in databases))
    assert sorted(changed) == [False, False, True]
    for database in databases:
        await database.close()


async def test_no_migration_loses_rows(tmp_path: Path) -> None:
    """With a row in every table, each referring to the others, every migration leaves every row where it was."""
    database = Database(Settings(data=tmp_path))
    revisions = [script.revision for script in ScriptDirectory.from_config(migrate.config()).walk_revisions()][::-1]
    lost: list[str] = []
    before: dict[str, int] = {}
    for revision in revisions:
        async with database.engine.connect() as connection, migrate._tables_may_be_replaced(database, connection):
            await connection.run_sync(migrate.apply, revision)
            await connection.commit()
        with sqlite3.connect(sqlite_path(database.settings)) as plain:
            now = _filled(plain)
        lost += [f"{revision}: {table}" for table, count in before.items() if now.get(table, 0) < count]
        before = now
    await database.close()
    assert len(before) > 100
    assert lost == []


def _filled(connection: sqlite3.Connection) -> dict[str, int]:
    """Rows of each table, after those that had none have got one."""
    names = [row[0] for row in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '%_fts%'")]
    counts = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    for name in (name for name, count in counts.items() if not count):
        columns = connection.execute(f'PRAGMA table_info("{name}")').fetchall()
        values = ["{}" if kind == "JSON" else "2026-01-01 00:00:00" if kind == "DATETIME" else 1
                  for _, _, kind, *_ in columns]
        connection.execute(f'INSERT INTO "{name}" VALUES ({",".join("?" * len(values))})', values)
    return {name: counts[name] or 1 for name in names}


async def test_a_newer_database_is_refused(database: Database) -> None:
    """A database that a newer version wrote is left alone, with a text that says so."""
    async with database.write() as session:
        await session.execute(text("DELETE FROM alembic_version"))
        await session.execute(text("INSERT INTO alembic_version VALUES ('from_the_future')"))
    with pytest.raises(migrate.SchemaTooNew, match="from_the_future"):
        await migrate.upgrade(database)


def test_the_file_is_copied_before_an_upgrade(tmp_path: Path) -> None:
    """Before a SQLite file is changed, a whole copy of it is put into data/backups."""
    database = Database(Settings(data=tmp_path))
    asyncio.run(_prepare(database))
    migrate._copy_before_upgrade(database, "0001")
    copies = list((tmp_path / "backups").iterdir())
    assert [copy.name.startswith("before-upgrade-from-0001-") for copy in copies] == [True]
    with sqlite3.connect(copies[0]) as copy, sqlite3.connect(sqlite_path(database.settings)) as original:
        tables = "SELECT count(*) FROM sqlite_master"
        assert copy.execute(tables).fetchone() == original.execute(tables).fetchone()


async def _prepare(database: Database) -> None:
    await migrate.upgrade(database)
    await database.close()
