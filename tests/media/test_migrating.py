"""Files move between storages while the server runs: verified, resumable, none lost."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from potluck import cli, settings
from potluck.db.engine import Database
from potluck.media import checking, files, migrating
from potluck.media.collecting import Collector
from potluck.media.migrating import Migration
from potluck.media.model import StoredFile
from potluck.media.places import StorageError
from potluck.media.storage import Storage
from potluck.settings import Settings
from support.s3 import bucket_settings


@pytest.fixture
def both(request: pytest.FixtureRequest, sqlite_settings: Settings) -> Settings:
    """Settings with a folder and a bucket; new files go to the folder."""
    made = bucket_settings(request, sqlite_settings.data)
    return settings.use(replace(made, media_storage="local"))


@pytest.fixture
def storage(both: Settings) -> Storage:
    return Storage(both)


async def fill(storage: Storage, database: Database, count: int = 6) -> list[str]:
    keys = []
    for number in range(count):
        stored = await storage.put_bytes(b"file %d" % number * 100, "image/png")
        async with database.write() as session:
            keys.append((await files.record(session, storage, stored)).key)
    return keys


async def outcomes(migration: Migration, most: int = 100) -> list[str]:
    found = []
    async with aclosing(migration.run()) as moving:
        async for moved in moving:
            found.append(moved.outcome)
            if len(found) == most:
                break
    return found


async def places(database: Database) -> set[str]:
    async with database.read() as session:
        return set((await session.scalars(select(StoredFile.place))).all())


async def listed(storage: Storage, place: str) -> set[str]:
    return {item.key async for item in storage.everything(place)}


@pytest.fixture
async def database(both: Settings):
    opened = Database(both)
    yield opened
    await opened.close()


async def test_there_and_back(storage: Storage, database: Database) -> None:
    """All files go to the bucket and back: the rows say so, nothing stays behind, every byte is the same."""
    keys = await fill(storage, database)
    for target, source in (("s3", "local"), ("local", "s3")):
        assert await outcomes(Migration(database, storage, target)) == [migrating.MOVED] * len(keys)
        assert await places(database) == {target}
        assert (await listed(storage, target), await listed(storage, source)) == (set(keys), set())
        async with database.read() as session:
            assert await migrating.left(session, target) == (0, 0)
        found = [one.outcome async for one in checking.check(database, storage, digests=True)]
        assert found == [checking.GOOD] * len(keys)


async def test_stopped_and_begun_again(storage: Storage, database: Database) -> None:
    """A migration that was stopped goes on with what is left, and every file can be read all the time."""
    keys = await fill(storage, database, 12)
    first = len(await outcomes(Migration(database, storage, "s3"), most=3))
    async with database.read() as session:
        left, _ = await migrating.left(session, "s3")
    assert 0 < left <= 12 - first
    for key in keys:
        assert await storage.size(key)
    assert len(await outcomes(Migration(database, storage, "s3"))) == left
    assert await listed(storage, "s3") == set(keys)


async def test_killed_between_copy_and_removal(storage: Storage, database: Database) -> None:
    """A copy left behind by a kill goes with the collector once the other one is there; otherwise never."""
    keys = await fill(storage, database, 2)
    await storage.bucket.put(storage.local.path(keys[0]), keys[0])
    async with database.write() as session:
        await session.execute(update(StoredFile).values(place="s3"))  # but the second is not in the bucket
    await Collector(database, storage, grace=timedelta(0)).without_rows()
    assert (await listed(storage, "s3"), await listed(storage, "local")) == ({keys[0]}, {keys[1]})


async def test_damage_is_not_moved(storage: Storage, database: Database) -> None:
    """A file whose bytes changed, or that is gone, is told and left as it is."""
    damaged, missing, short, good = await fill(storage, database, 4)
    storage.local.path(damaged).write_bytes(b"x" * 600)
    storage.local.path(missing).unlink()
    storage.local.path(short).write_bytes(b"x")
    size = len(b"file 0" * 100)
    storage.local.path(damaged).write_bytes(b"x" * size)
    found = {one.key: one.outcome async for one in checking.check(database, storage, digests=True)}
    assert found == {damaged: checking.DAMAGED, missing: checking.MISSING, short: checking.SHORT, good: checking.GOOD}
    moved = {one.key: one.outcome async for one in Migration(database, storage, "s3").run()}
    assert moved == {damaged: migrating.DAMAGED, missing: migrating.MISSING, short: migrating.DAMAGED,
                     good: migrating.MOVED}
    assert await listed(storage, "s3") == {good}
    assert await listed(storage, "local") == {damaged, short}


async def test_a_bad_copy_is_not_taken(storage: Storage, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that differs is removed, and the file stays where it is; trouble with the bucket moves nothing."""
    keys = await fill(storage, database, 1)
    put = storage.bucket.put

    async def corrupting(source: Path, key: str) -> None:
        other = source.with_name("other")
        other.write_bytes(b"other bytes")
        await put(other, key)
        other.unlink()

    async def failing(source: Path, key: str) -> None:
        raise StorageError("no answer")

    for broken in (corrupting, failing):
        monkeypatch.setattr(storage.bucket, "put", broken)
        assert await outcomes(Migration(database, storage, "s3")) == [migrating.FAILED]
        assert (await listed(storage, "s3"), await listed(storage, "local")) == (set(), set(keys))
        assert await places(database) == {"local"}


async def test_the_commands(storage: Storage, database: Database, both: Settings,
                            monkeypatch: pytest.MonkeyPatch) -> None:
    """`potluck media` moves, checks, counts and cleans up, and says so; damage ends it with 1."""
    keys = await fill(storage, database, 3)

    async def run(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, cli.cli, ["media", *words])

    done = await run("migrate", "--to", "s3")
    assert (done.exit_code, "3 files are moved to s3" in done.output) == (0, True), done.output
    assert "set media_storage to s3" in done.output
    assert "0 files are moved" in (await run("migrate", "--to", "s3")).output
    assert "3 files are good" in (await run("check", "--digests")).output
    used = (await run("usage")).output
    assert "s3" in used
    assert "database" in used
    assert "0 files are removed" in (await run("collect")).output
    await storage.delete(keys[:1])
    broken = await run("check")
    assert (broken.exit_code, f"{keys[0]}: missing" in broken.output) == (1, True)
    settings.use(replace(both, s3_bucket=""))
    refused = await run("migrate", "--to", "s3")
    assert (refused.exit_code, "s3_bucket is empty" in refused.output) == (1, True)
