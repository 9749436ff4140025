"""Fixtures every test may ask for by name, and what must end with the run."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from potluck.social import fading
from support import compilation, haste, postgres, s3
from support.postgres_pool import Pool

_POSTGRES = pytest.StashKey[Path]()
_FOLDER = "POTLUCK_TEST_POSTGRES"
_OWNER = "POTLUCK_TEST_OWNER"


def pytest_configure(config: pytest.Config) -> None:
    """The first process of a run names the folder of its PostgreSQL server; its workers inherit the name."""
    compilation.share()
    haste.without_disk()
    if not hasattr(config, "workerinput"):
        config.stash[_POSTGRES] = postgres.make_folder()
        os.environ[_FOLDER] = str(config.stash[_POSTGRES])
        os.environ[_OWNER] = str(os.getpid())


def pytest_collection_finish() -> None:
    """Everything is loaded, the tests begin."""
    haste.collect_seldom()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the run started."""
    folder = config.stash.get(_POSTGRES, None)
    if folder is not None:
        postgres.stop(folder)


@pytest.fixture(scope="session")
def postgres_server() -> postgres.Server:
    """The PostgreSQL server of this run, started by the first test that asks."""
    return postgres.shared(Path(os.environ[_FOLDER]), owner=int(os.environ[_OWNER]))


@pytest.fixture
def empty_postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """URL of an empty database of this test alone."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def postgres_pool(postgres_server: postgres.Server) -> Pool:
    """Databases with Potluck's tables that tests of this process use one after another."""
    return Pool(postgres_server, _migrate)


@pytest.fixture
def postgres_url(postgres_pool: Pool) -> Iterator[str]:
    """URL of a database that this test has for itself, with all of Potluck's tables and nothing in them."""
    lent = postgres_pool.take()
    fading.forget_all()  # what is kept of the test before, which had the same URL
    yield postgres_pool.server.url(lent.name)
    postgres_pool.give_back(lent)


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """URL of an S3-compatible server, shared by the tests of this process."""
    with s3.s3_server() as url:
        yield url


@pytest.fixture
def s3_bucket(s3_url: str) -> str:
    """An empty bucket of this test alone on that server."""
    return s3.make_bucket(s3_url, f"bucket-{secrets.token_hex(6)}")


def _migrate(url: str) -> None:
    asyncio.run(_migrate_async(url))


async def _migrate_async(url: str) -> None:
    from potluck.db.engine import Database
    from potluck.db.migrate import upgrade
    from potluck.settings import Settings

    with tempfile.TemporaryDirectory() as data:
        database = Database(Settings(database_url=url, data=Path(data)))
        try:
            await upgrade(database)
        finally:
            await database.close()
