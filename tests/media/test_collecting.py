"""What nothing refers to is removed, and nothing else: not beside uploads, not too early."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.media import files, remote_budget
from potluck.media.collecting import Collector
from potluck.media.local_folder import ARRIVING
from potluck.media.model import MediaVariant, RemoteFile, StoredFile, Upload
from potluck.media.places import Stored
from potluck.media.resumable import FOLDER
from potluck.media.storage import Storage
from potluck.social import domain_policies, kept_drafts
from potluck.social.model import Media
from support.cast import Cast
from support.s3 import bucket_settings

LONG_AGO = now() - timedelta(days=3)


@pytest.fixture
def storage(database: Database) -> Storage:
    return Storage(database.settings)


@pytest.fixture
def collector(database: Database, storage: Storage) -> Collector:
    return Collector(database, storage)


async def kept(storage: Storage) -> set[str]:
    return {item.key async for item in storage.everything(storage.place)}


def age(path: Path) -> None:
    os.utime(path, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))


async def attach(cast: Cast, storage: Storage, data: bytes, **media: object) -> tuple[int, Stored]:
    stored = await storage.put_bytes(data, "image/png")
    async with cast.database.write() as session:
        row = Media(id=ids.new(), owner_id=cast.alice.id, type="image", state="ready", created_at=LONG_AGO)
        for key, value in media.items():
            setattr(row, key, value)
        session.add(row)
        await session.flush()
        await files.add_variant(session, storage, row, "full", stored)
    return row.id, stored


async def grow_old(database: Database) -> None:
    async with database.write() as session:
        await session.execute(update(StoredFile).values(used_at=LONG_AGO))


async def test_unused_attachments_go(cast: Cast, storage: Storage, collector: Collector) -> None:
    """An upload that no post took goes after a day, with its files; what is used, new, or waits stays."""
    (said,) = await cast.store(cast.draft(cast.alice))
    _, used = await attach(cast, storage, b"used", object_id=said.id)
    unused_id, unused = await attach(cast, storage, b"unused")
    _, fresh = await attach(cast, storage, b"fresh", created_at=now())
    _, taken_off = await attach(cast, storage, b"taken off lately", loose_since=now())
    _, avatar = await attach(cast, storage, b"avatar", purpose="avatar")
    waiting_id, waiting = await attach(cast, storage, b"waits with a draft")
    async with cast.database.write() as session:
        await kept_drafts.save(session, cast.alice.id, "note", {"text": "x"}, media_ids=[waiting_id])
    await grow_old(cast.database)
    assert await collector.turn() == 1
    assert await kept(storage) == {one.key for one in (used, fresh, taken_off, avatar, waiting)}
    async with cast.database.read() as session:
        assert await session.get(Media, unused_id) is None
        assert unused.key not in (await session.scalars(select(StoredFile.key))).all()


async def test_shared_bytes_stay_while_anybody_has_them(cast: Cast, storage: Storage, collector: Collector) -> None:
    """Of two attachments with the same bytes one goes: the file stays for the other, and goes with it."""
    (said,) = await cast.store(cast.draft(cast.alice))
    await attach(cast, storage, b"same")
    media_id, _ = await attach(cast, storage, b"same", object_id=said.id)
    await asyncio.gather(*files._background)
    await grow_old(cast.database)
    assert await collector.turn() == 0
    assert len(await kept(storage)) == 1
    async with cast.database.write() as session:
        await session.execute(delete(Media).where(Media.id == media_id))
    assert await collector.turn() == 0  # the first turn was at the end of all rows, this one wraps around
    assert await collector.turn() == 1
    assert await kept(storage) == set()


async def test_a_file_that_is_used_again_stays(cast: Cast, storage: Storage, collector: Collector) -> None:
    """Bytes that somebody stores again just when they are to be collected are there afterwards."""
    media_id, _ = await attach(cast, storage, b"same")
    await grow_old(cast.database)
    async with cast.database.write() as session:
        await session.execute(delete(Media).where(Media.id == media_id))
    (said,) = await cast.store(cast.draft(cast.alice))
    collecting = asyncio.create_task(collector.turn())
    attaching = asyncio.create_task(attach(cast, storage, b"same", object_id=said.id))
    await asyncio.gather(collecting, attaching)
    await asyncio.gather(*files._background)
    async with cast.database.read() as session:
        key = await session.scalar(select(StoredFile.key).join(MediaVariant, MediaVariant.file_id == StoredFile.id))
    assert key is not None
    assert await kept(storage) == {key}
    assert await storage.size(key) == 4


async def test_many_store_while_collecting(cast: Cast, storage: Storage) -> None:
    """A collector without grace for files beside many who store the same bytes: no reference is ever left hanging."""
    (said,) = await cast.store(cast.draft(cast.alice))
    hasty = Collector(cast.database, storage, grace=timedelta(0))
    stop = asyncio.Event()

    async def collect() -> None:
        while not stop.is_set():
            await hasty.next_rows()
            await asyncio.sleep(0)

    collecting = asyncio.create_task(collect())
    for _ in range(5):
        await asyncio.gather(*(attach(cast, storage, b"same%d" % (number % 3), object_id=said.id)
                               for number in range(6)))
        async with cast.database.write() as session:
            await session.execute(delete(Media).where(Media.id.in_(select(Media.id).limit(4))))
    stop.set()
    await collecting
    await asyncio.gather(*files._background)
    async with cast.database.read() as session:
        keys = (await session.scalars(select(StoredFile.key).join(
            MediaVariant, MediaVariant.file_id == StoredFile.id))).all()
    assert keys
    for key in set(keys):
        assert await storage.size(key) == 5


async def test_files_without_rows(database: Database, storage: Storage, collector: Collector) -> None:
    """What a crash left on disk goes after a day: stored but not recorded, half-written; other people's files stay."""
    orphan, fresh = await storage.put_bytes(b"orphan", "image/png"), await storage.put_bytes(b"fresh", "image/png")
    recorded = await storage.put_bytes(b"recorded", "image/png")
    async with database.write() as session:
        await files.record(session, storage, recorded)
    half = storage.local.arriving()
    half.write_bytes(b"half")
    strange = storage.local.path(orphan.key).parent / "README"
    strange.write_text("not ours")
    for path in (storage.local.path(orphan.key), storage.local.path(recorded.key), half, strange):
        age(path)
    assert await collector.without_rows() == 2
    assert await kept(storage) == {fresh.key, recorded.key, f"{orphan.key[:2]}/README"}
    assert list((storage.local.root / ARRIVING).iterdir()) == []


async def test_expired_uploads(cast: Cast, storage: Storage, collector: Collector) -> None:
    """Uploads that nobody goes on with go with their bytes, as do bytes whose row is gone."""
    folder = storage.local.root / ".uploads"
    folder.mkdir(parents=True)
    async with cast.database.write() as session:
        for name, expires in (("expired", LONG_AGO), ("current", now() + timedelta(days=1))):
            session.add(Upload(id=ids.new(), name=name, owner_id=cast.alice.id, length=9, expires_at=expires))
    for name in ("expired", "current", "without-row", "current.piece", "new-without-row"):
        (folder / name).write_bytes(b"half")
    for name in ("expired", "current", "without-row", "current.piece"):
        age(folder / name)
    await collector.turn()
    assert sorted(path.name for path in folder.iterdir()) == ["current", "new-without-row"]


async def test_an_upload_that_ends_meanwhile(
        storage: Storage, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of uploads come and go while the folder is read: one that is gone by then disturbs nothing."""
    folder = storage.local.root / FOLDER
    folder.mkdir(parents=True)
    for name in ("gone", "left"):
        (folder / name).touch()
        age(folder / name)
    scandir = os.scandir

    def late(path: Path) -> list[os.DirEntry[str]]:
        entries = list(scandir(path))
        (folder / "gone").unlink(missing_ok=True)
        return entries

    monkeypatch.setattr("potluck.media.local_folder.os.scandir", late)
    await collector.expired_uploads()
    monkeypatch.undo()
    assert list(folder.iterdir()) == []


async def test_everything_at_once(cast: Cast, storage: Storage, collector: Collector) -> None:
    """The command does all of it."""
    await attach(cast, storage, b"unused")
    orphan = await storage.put_bytes(b"orphan", "image/png")
    age(storage.local.path(orphan.key))
    await grow_old(cast.database)
    assert await collector.everything() == 2
    assert await kept(storage) == set()


async def test_a_bucket_is_collected(request: pytest.FixtureRequest, sqlite_settings, tmp_path: Path) -> None:
    """Files in a bucket go too."""
    made = bucket_settings(request, sqlite_settings.data)
    database = Database(made)
    storage = Storage(made)
    recorded, orphan = await storage.put_bytes(b"1", "image/png"), await storage.put_bytes(b"2", "image/png")
    async with database.write() as session:
        await files.record(session, storage, recorded)
    assert await Collector(database, storage, grace=timedelta(0)).without_rows() == 1
    assert await storage.size(orphan.key) is None
    assert await Collector(database, storage, grace=timedelta(0)).everything() == 1
    assert await kept(storage) == set()
    await database.close()


async def cached(database: Database, storage: Storage, name: str, days: int, size: int = 1000) -> str:
    stored = await storage.put_bytes(name.encode() + bytes(size - len(name)), "image/png")
    async with database.write() as session:
        file = await files.record(session, storage, stored)
        session.add(RemoteFile(id=ids.new(), url_hash=name, variant="full", url=f"https://{name}.test/x",
                               host=f"{name}.test", file_id=file.id, size=size,
                               viewed_at=now() - timedelta(days=days)))
    return stored.key


async def test_the_cache_keeps_its_budget(cast: Cast, database: Database, storage: Storage) -> None:
    """Over its budget, files that were not looked at for longest go, rows and bytes, until there is some room."""
    keys = [await cached(database, storage, f"f{days}", days) for days in range(10)]
    await grow_old(database)
    async with database.read() as session:
        found = await remote_budget.state(session, 6000)
        assert (found.files, found.size, found.excess, found.failed) == (10, 10_000, 4000, 0)
    assert await remote_budget.keep_within(database, storage, 0) == 0
    assert await remote_budget.keep_within(database, storage, 10_000) == 0
    assert await remote_budget.keep_within(database, storage, 6000) == 5
    assert await kept(storage) == set(keys[:5])
    assert await remote_budget.keep_within(database, storage, 6000) == 0


async def test_what_is_used_elsewhere_is_not_evicted(cast: Cast, database: Database, storage: Storage) -> None:
    """A cached file whose bytes somebody here uploaded too leaves the cache, but its bytes stay."""
    (said,) = await cast.store(cast.draft(cast.alice))
    key = await cached(database, storage, "same", 5, size=4)
    await attach(cast, storage, b"same", object_id=said.id)
    await asyncio.gather(*files._background)
    await grow_old(database)
    assert await remote_budget.keep_within(database, storage, 1) == 1
    assert await kept(storage) == {key}


async def test_rejected_servers_are_forgotten(cast: Cast, database: Database, storage: Storage) -> None:
    """When the media of a server are rejected, what is kept of it goes; old failures go, too."""
    await cached(database, storage, "bad", 0)
    good = await cached(database, storage, "good", 0)
    await grow_old(database)
    async with database.write() as session:
        session.add_all([RemoteFile(id=ids.new(), url_hash=str(days), variant="full", url="https://x.test",
                                    host="x.test", fetched_at=now() - timedelta(days=days)) for days in (5, 50)])
        await domain_policies.set_policy(session, "bad.test", severity="noop", reject_media=True)
    assert await remote_budget.forget_rejected(database, storage) == 1
    assert await kept(storage) == {good}
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(RemoteFile)) == 2
