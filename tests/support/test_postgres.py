"""The throw-away PostgreSQL server."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import asyncpg

from support import postgres
from support.postgres_pool import Pool


async def _ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_empty_database(empty_postgres_url: str) -> None:
    """A test gets a database of its own without a single table, in UTF-8."""
    assert await _ask(empty_postgres_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    assert await _ask(empty_postgres_url, "SHOW server_encoding") == "UTF8"


def test_template_filled_once(postgres_server: postgres.Server) -> None:
    """What a template was filled with is in every copy, and it is filled once however often it is asked for."""
    filled: list[str] = []

    def fill(url: str) -> None:
        filled.append(url)
        asyncio.run(_ask(url, "CREATE TABLE dish (name text)"))

    name = f"dishes_{os.getpid()}"
    assert postgres_server.template(name, fill) == postgres_server.template(name, fill) == name
    copy = postgres_server.create(name)
    assert asyncio.run(_ask(postgres_server.url(copy), "SELECT count(*) FROM dish")) == 0
    postgres_server.drop(copy)
    assert filled == [postgres_server.url(name)]


async def test_migrated_database(postgres_url: str) -> None:
    """A test may start from Potluck's own tables."""
    assert await _ask(postgres_url, "SELECT count(*) FROM alembic_version") == 1


def test_emptied_for_the_next(postgres_pool: Pool) -> None:
    """What one test wrote, and what it counted, the next one does not see in the same database."""
    first = postgres_pool.take()
    url = postgres_pool.server.url(first.name)
    event = "INSERT INTO live_event (type, data, created_at) VALUES ('update', '{}', now()) RETURNING id"
    assert asyncio.run(_ask(url, event)) == 1
    postgres_pool.give_back(first)
    second = postgres_pool.take()
    assert second is first
    assert asyncio.run(_ask(url, "SELECT count(*) FROM live_event")) == 0
    assert asyncio.run(_ask(url, event)) == 1
    postgres_pool.give_back(second)


def test_changed_tables_not_used_again(postgres_pool: Pool) -> None:
    """A database whose tables a test has changed is dropped, the next test has another."""
    first = postgres_pool.take()
    asyncio.run(_ask(postgres_pool.server.url(first.name), "CREATE TABLE leftover (id int)"))
    postgres_pool.give_back(first)
    second = postgres_pool.take()
    assert second.name != first.name
    postgres_pool.give_back(second)


def test_listens_on_loopback_only(postgres_server: postgres.Server) -> None:
    """Nobody outside this machine reaches the server."""
    assert asyncio.run(_ask(postgres_server.url("postgres"), "SHOW listen_addresses")) == "127.0.0.1"


def test_ends_with_its_owner() -> None:
    """When the process that wanted a server dies without a word, server and folder go too."""
    owner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    folder = postgres.make_folder()
    server = postgres.shared(folder, owner=owner.pid)
    assert asyncio.run(_ask(server.url("postgres"), "SELECT 1")) == 1
    owner.kill()
    owner.wait()
    _wait_until_gone(folder)


def test_running_block() -> None:
    """A program that is no test has a server for the length of a block, durable as in production."""
    with postgres.running() as server:
        assert asyncio.run(_ask(server.url("postgres"), "SHOW fsync")) == "on"
    assert not server.folder.exists()


def _wait_until_gone(folder: Path) -> None:
    deadline = time.monotonic() + 20
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not folder.exists()
