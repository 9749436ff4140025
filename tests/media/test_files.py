"""Rows of stored files: equal bytes once, variants replaced, quotas counted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select

from potluck import settings
from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.media import files, quotas
from potluck.media.model import MediaVariant, StoredFile, Upload
from potluck.media.storage import Storage
from potluck.social.model import Actor, Media, User
from support.cast import Cast


@pytest.fixture
def storage(database: Database) -> Storage:
    return Storage(database.settings)


async def media_of(database: Database, owner: Actor) -> Media:
    async with database.write() as session:
        row = Media(id=ids.new(), owner_id=owner.id, type="image", state="processing")
        session.add(row)
    return row


async def test_equal_bytes_are_stored_once(cast: Cast, storage: Storage, write) -> None:
    """Two people who upload the same file share its bytes; each one's row counts for itself."""
    rows = []
    for owner in (cast.alice, cast.bob):
        media = await media_of(cast.database, owner)
        stored = await storage.put(write(b"same"), "image/png")
        async with cast.database.write() as session:
            rows.append(await files.add_variant(session, storage, media, "full", stored, width=3, height=4))
    await asyncio.gather(*files._background)
    assert rows[0].file_id == rows[1].file_id
    assert [item.key async for item in storage.everything("local")] == [
        await _key(cast.database, rows[0].file_id)]


async def _key(database: Database, file_id: int) -> str:
    async with database.read() as session:
        return (await session.get_one(StoredFile, file_id)).key


async def test_many_at_once_share_one_row(cast: Cast, storage: Storage, write) -> None:
    """The same bytes stored by many at the same moment make one row and leave one file."""
    media = [await media_of(cast.database, cast.alice) for _ in range(6)]
    path = write(b"same")

    async def add(row: Media) -> None:
        stored = await storage.put(path, "image/png")
        async with cast.database.write() as session:
            await files.add_variant(session, storage, row, "full", stored)

    await asyncio.gather(*map(add, media))
    await asyncio.gather(*files._background)
    async with cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(StoredFile)) == 1
        key = await session.scalar(select(StoredFile.key))
    assert [item.key async for item in storage.everything("local")] == [key]


async def test_a_failed_transaction_keeps_what_was_there(cast: Cast, storage: Storage, write) -> None:
    """When the rows are not written, the bytes of others stay as they are."""
    media = await media_of(cast.database, cast.alice)
    first = await storage.put(write(b"same"), "image/png")
    async with cast.database.write() as session:
        await files.add_variant(session, storage, media, "full", first)
    second = await storage.put(write(b"same"), "image/png")
    with pytest.raises(RuntimeError):
        async with cast.database.write() as session:
            await files.add_variant(session, storage, media, "full", second)
            raise RuntimeError
    assert await storage.size(first.key) == 4


async def test_a_variant_is_replaced(cast: Cast, storage: Storage, write) -> None:
    """A variant made again takes the place of the one before."""
    media = await media_of(cast.database, cast.alice)
    for data in (b"first", b"second!"):
        stored = await storage.put(write(data), "image/png")
        async with cast.database.write() as session:
            await files.add_variant(session, storage, media, "full", stored)
    async with cast.database.read() as session:
        found = await files.variants_of(session, [media.id])
        variant, key = found[media.id]["full"]
        assert (variant.size, key) == (7, stored.key)
        assert await session.scalar(select(func.count()).select_from(MediaVariant)) == 1


async def test_quota_by_role_and_person(cast: Cast, database: Database) -> None:
    """A person has the quota of the role, unless an administrator gave another one."""
    async with database.write() as session:
        assert await quotas.quota_of(session, cast.alice) == settings.current().quota
        assert await quotas.quota_of(session, cast.mona) == settings.current().quota_staff
        user = (await session.scalars(select(User).where(User.actor_id == cast.mona.id))).one()
        user.media_quota = 1000
        await session.flush()
        assert await quotas.quota_of(session, cast.mona) == 1000


async def test_quota_counts_files_and_uploads_under_way(cast: Cast, storage: Storage, write) -> None:
    """What is stored and what is announced count; an upload that expired or is done does not."""
    media = await media_of(cast.database, cast.alice)
    async with cast.database.write() as session:
        for name, size in (("original", 500), ("small", 100)):
            stored = await storage.put(write(bytes(size)), "image/png")
            await files.add_variant(session, storage, media, name, stored)
        later, before = now().replace(year=2100), now().replace(year=2000)
        uploads = [Upload(id=ids.new(), name=str(number), owner_id=cast.alice.id, length=length, expires_at=expires,
                          media_id=done)
                   for number, (length, expires, done) in enumerate([
                       (1000, later, None), (5000, before, None), (7000, later, media.id)])]
        session.add_all(uploads)
        await session.flush()
        room = await quotas.room_of(session, cast.alice)
        assert (room.used, room.reserved) == (600, 1000)
        assert (await quotas.room_of(session, cast.alice, without=uploads[0].id)).reserved == 0
        assert (await quotas.room_of(session, cast.bob)).used == 0
        assert await quotas.used_by(session, [cast.alice.id, cast.bob.id]) == {cast.alice.id: 600}


async def test_no_room_is_said_in_numbers(cast: Cast, database: Database) -> None:
    """Who is over the quota is told how much there is and what to do."""
    async with database.write() as session:
        with pytest.raises(quotas.NoRoom, match=r"already take 0 bytes of the 10 GB.*Delete some"):
            await quotas.check_room(session, cast.alice, 11 << 30)
        await quotas.check_room(session, cast.alice, 10 << 30)
        await quotas.check_room(session, cast.mona, 1 << 50)


def test_limits_by_type(tmp_path: Path) -> None:
    """Each kind of file has its limit; 0 is none."""
    made = settings.Settings(image_limit=10, audio_limit=20, video_limit=0, file_limit=5)
    assert [quotas.limit_for(word, made) for word in ("image/png", "audio/ogg", "video/mp4", "text/vtt", "")] == [
        10, 20, 0, 5, 5]
    assert quotas.largest(made) == 0
    quotas.check_size(1 << 60, 0)
    with pytest.raises(quotas.TooLarge, match="11 bytes; at most 10 bytes"):
        quotas.check_size(11, 10)
