"""`database`: every test that asks for it runs twice, on a SQLite file and on a PostgreSQL database of its own."""

from __future__ import annotations

import asyncio
import atexit
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import event

from potluck import kinds, settings
from potluck.db.engine import SQLITE_FILE, Database
from potluck.db.migrate import upgrade
from potluck.settings import Settings

URL = "https://potluck.test"
"""Public address of the server in tests."""

BACKGROUND = ("wakeup", "live_event", "domain_policy", "spam_rule", "ip_block")
"""Tables that are read now and then, whatever is asked for, and kept for seconds: not counted as any cost."""

_BACKGROUND_READ = re.compile(rf"SELECT\b(?:(?!\bFROM\b).)*\bFROM ({'|'.join(BACKGROUND)})\b", re.DOTALL)


async def _migrate(made: Settings) -> None:
    database = Database(made)
    try:
        await upgrade(database)
    finally:
        await database.close()


@cache
def migrated_sqlite() -> Path:
    """A SQLite file with all tables, made once in this process, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="potluck-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with ThreadPoolExecutor(1) as pool:  # whoever asks may be in an event loop
        pool.submit(asyncio.run, _migrate(Settings(url=URL, data=folder))).result()
    return folder / SQLITE_FILE


@pytest.fixture(params=["sqlite", "postgresql"])
def database_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of this process with a fresh database that has all tables, of each kind in turn."""
    if request.param == "sqlite":
        shutil.copy(migrated_sqlite(), tmp_path / SQLITE_FILE)
        with _in_force(Settings(url=URL, data=tmp_path)) as made:
            yield made
        return
    with _in_force(Settings(url=URL, data=tmp_path, database_url=request.getfixturevalue("postgres_url"))) as made:
        yield made


@contextmanager
def _in_force(made: Settings) -> Iterator[Settings]:
    before = settings._current
    yield settings.use(made)
    settings._current = before


@pytest.fixture
async def database(database_settings: Settings) -> AsyncIterator[Database]:
    """An open database of each kind in turn, empty but for its tables; every kind is registered."""
    kinds.install()
    opened = Database(database_settings)
    yield opened
    await opened.close()


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The SQL statements sent within the block, in order, without those that read `BACKGROUND`."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not _BACKGROUND_READ.match(statement):
            sent.append(statement)

    engines = {database.engine.sync_engine}  # on PostgreSQL the reading engine is the same one with other options
    if database.is_sqlite:
        engines.add(database.engine_for_reading.sync_engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
