"""Storages of both kinds, and files to put into them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from potluck import jobs, settings
from potluck.db.engine import SQLITE_FILE
from potluck.media import uploads
from potluck.media.storage import Storage
from potluck.settings import Settings
from support.databases import migrated_sqlite
from support.s3 import bucket_settings

Write = Callable[..., Path]


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """An empty storage: a local folder, and a bucket of a real S3-compatible server."""
    if request.param == "local":
        return Storage(Settings(data=tmp_path / "data"))
    return Storage(bucket_settings(request, tmp_path / "data"))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file and gives its path."""

    def make(data: bytes, name: str = "file") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return make


@pytest.fixture
def processing() -> Iterator[None]:
    """A job that processes uploads is known, whether or not this test loads the real one."""
    if uploads.PROCESS in jobs.registry.definitions:
        yield
        return

    @jobs.define(uploads.PROCESS, queue="general", label="Test")
    async def process(job: jobs.Job, media_id: int) -> None:
        """Nothing."""

    yield
    del jobs.registry.definitions[uploads.PROCESS]


@pytest.fixture
def sqlite_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings in force with a fresh SQLite database, where the rules are the same on every database."""
    shutil.copy(migrated_sqlite(), tmp_path / SQLITE_FILE)
    before = settings._current
    yield settings.use(Settings(url="https://potluck.test", data=tmp_path))
    settings._current = before
