"""Removes what nothing refers to: attachments nobody used, files without references, files without rows, old uploads.

Safe beside everything that stores files at the same time. A row is removed only if it was not used for a day, and
using one (`files.record`) renews that in the transaction which refers to it; its name never comes back, so that the
file of a removed row cannot be one that was just stored again; a file without a row is removed only after a day,
which is far longer than the moment between storing bytes and writing their row.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.media.model import MediaVariant, RemoteFile, StoredFile, Upload
from potluck.media.places import LOCAL, S3, Item, is_key
from potluck.media.resumable import FOLDER
from potluck.media.storage import Storage
from potluck.social.model import Media
from potluck.social.scheduled import media_waiting

log = structlog.get_logger(__name__)

GRACE = timedelta(days=1)
_ROWS = 5000  # looked at in one query
_BATCH = 500
_FILE: Any = StoredFile.__table__
_MEDIA: Any = Media.__table__
_UPLOAD: Any = Upload.__table__


class Collector:
    """Collects for one server. It remembers how far it has looked, so that each turn costs the same."""

    def __init__(self, db: Database, storage: Storage, *, grace: timedelta = GRACE) -> None:
        self._db = db
        self._storage = storage
        self._grace = grace
        self._after = 0

    async def turn(self) -> int:
        """One turn of housekeeping: unused attachments, old uploads, and the next part of all rows.

        Returns:
            How many files were removed.
        """
        await self.unused_media()
        await self.expired_uploads()
        removed, _ = await self.next_rows()
        return removed

    async def everything(self) -> int:
        """All of it at once (`potluck media collect`). Returns how many files were removed."""
        await self.unused_media()
        await self.expired_uploads()
        self._after, total, more = 0, 0, True
        while more:
            removed, more = await self.next_rows()
            total += removed
        return total + await self.without_rows()

    async def unused_media(self) -> int:
        """Uploads that no post took, or that were taken off one, a day ago. What waits with a scheduled post stays."""
        removed = 0
        async with self._db.write() as session:
            waiting = await media_waiting(session)
            found = await session.scalars(select(Media.id).where(
                Media.object_id.is_(None), Media.owner_id.is_not(None),
                func.coalesce(Media.loose_since, Media.created_at) < self._before,
                or_(Media.purpose == "attachment", Media.loose_since.is_not(None))).limit(_BATCH + len(waiting)))
            wanted = [media_id for media_id in found.all() if media_id not in waiting]
            if wanted:
                await session.execute(delete(_MEDIA).where(_MEDIA.c.id.in_(wanted), _MEDIA.c.object_id.is_(None)))
                removed = len(wanted)
        return removed

    async def next_rows(self) -> tuple[int, bool]:
        """Remove files that nothing refers to among the next part of all rows.

        Returns:
            How many were removed, and whether there are rows behind that part.
        """
        async with self._db.read() as session:
            part = select(StoredFile.id).where(StoredFile.id > self._after).order_by(StoredFile.id).limit(_ROWS)
            last = await session.scalar(select(func.max(part.subquery().c.id)))
            if last is None:
                self._after = 0
                return 0, False
            found = await session.scalars(select(StoredFile.id).where(
                StoredFile.id > self._after, StoredFile.id <= last, *self._unreferenced()))
            wanted = found.all()
        self._after = last
        removed = 0
        for first in range(0, len(wanted), _BATCH):
            removed += await self.drop(wanted[first:first + _BATCH])
        return removed, True

    async def drop(self, file_ids: Sequence[int]) -> int:
        """Remove these files unless something refers to them. Rows first: what a crash leaves has no row then."""
        async with self._db.write() as session:
            keys = await self.drop_rows(session, file_ids)
        await self._storage.delete(keys)
        return len(keys)

    async def drop_rows(self, session: AsyncSession, file_ids: Iterable[int]) -> list[str]:
        """Remove rows that nothing refers to. Returns the names of files to be removed once that is committed."""
        wanted = list(file_ids)
        # Whoever refers to one just now is waited for; only a statement that begins afterwards sees the reference.
        await session.execute(select(_FILE.c.id).where(_FILE.c.id.in_(wanted)).order_by(_FILE.c.id).with_for_update())
        found = await session.execute(delete(_FILE).where(
            _FILE.c.id.in_(wanted), *self._unreferenced()).returning(_FILE.c.key))
        return list(found.scalars())

    def _unreferenced(self) -> list[Any]:
        return [StoredFile.used_at < self._before,
                ~exists().where(MediaVariant.file_id == StoredFile.id),
                ~exists().where(RemoteFile.file_id == StoredFile.id)]

    @property
    def _before(self) -> datetime:
        return now() - self._grace

    async def without_rows(self) -> int:
        """Remove files that no row names, and what crashes left half-written. Looks at every file there is."""
        local = self._storage.local
        old = [item.key for item in await asyncio.to_thread(local.left_over) if item.modified < self._before]
        await asyncio.to_thread(local.delete, old)
        removed = len(old)
        for place in (LOCAL, *([S3] if self._storage.has_bucket else [])):
            batch: list[Item] = []
            async for item in self._storage.everything(place):
                if is_key(item.key) and item.modified < self._before:
                    batch.append(item)
                if len(batch) == _BATCH:
                    removed += await self._remove_unknown(batch, place)
                    batch = []
            removed += await self._remove_unknown(batch, place)
        return removed

    async def _remove_unknown(self, items: list[Item], place: str) -> int:
        async with self._db.read() as session:
            rows = await session.execute(select(StoredFile.key, StoredFile.place).where(
                StoredFile.key.in_([item.key for item in items])))
            places = {key: where for key, where in rows}  # noqa: C416 - rows are no pairs to the type checker
        unknown = [item.key for item in items if places.get(item.key) is None]
        for item in items:  # a copy that a move left behind when it was killed
            where = places.get(item.key, place)
            if where != place and await self._storage.size(item.key, where) == item.size:
                unknown.append(item.key)
        if unknown:
            await self._storage.delete(unknown, place=place)
            log.info("files_without_rows_removed", place=place, count=len(unknown))
        return len(unknown)

    async def expired_uploads(self) -> int:
        """Forget uploads nobody goes on with, with their bytes, and bytes of uploads that no row knows."""
        async with self._db.write() as session:
            found = await session.execute(delete(_UPLOAD).where(_UPLOAD.c.expires_at < now()).returning(_UPLOAD.c.name))
            expired = list(found.scalars())
        folder = self._storage.local.root / FOLDER
        await asyncio.to_thread(_remove_uploads, folder, expired)
        lying = await asyncio.to_thread(self._storage.local.items, folder)
        old = [item.key.rpartition("/")[2] for item in lying if item.modified < self._before][:_BATCH]
        async with self._db.read() as session:
            known = set((await session.scalars(select(Upload.name).where(Upload.name.in_(old)))).all())
        await asyncio.to_thread(_remove_uploads, folder, [name for name in old if name not in known])
        return len(expired)


def _remove_uploads(folder: Path, names: Iterable[str]) -> None:
    """Remove files of uploads, but for one that a request is just working on."""
    for name in names:
        with contextlib.suppress(FileNotFoundError, BlockingIOError):
            handle = os.open(folder / name, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                (folder / name).unlink()
            finally:
                os.close(handle)
