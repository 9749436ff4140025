"""Moves files from one place to another while the server runs: copied, verified, the row changed, the old copy removed.

Each file is moved by itself, so that it can be stopped or killed at any moment and goes on where it was: a row says
where its file is, and says so only once a verified copy is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import Database
from potluck.media.model import StoredFile
from potluck.media.places import LOCAL, S3, NoSuchFile, StorageError
from potluck.media.storage import Storage

_FILE: Any = StoredFile.__table__
_ROWS = 200
_AT_ONCE = 4

MOVED = "moved"
MISSING = "missing"
DAMAGED = "damaged"
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one file.

    Attributes:
        outcome: `MOVED`, `MISSING` (the old place has it not), `DAMAGED` (its bytes are others), or `FAILED` (the
            storage; it may be tried again).
    """

    key: str
    size: int
    outcome: str
    text: str = ""


async def left(session: AsyncSession, target: str) -> tuple[int, int]:
    """How many files are not in `target` yet, and their bytes."""
    count, size = (await session.execute(select(
        func.count(), func.coalesce(func.sum(StoredFile.size), 0)).where(StoredFile.place != target))).one()
    return count, int(size)


class Migration:
    """Moves all files to a place.

    Args:
        verify: read every copy back and compare its digest; else only its size is compared.
    """

    def __init__(self, db: Database, storage: Storage, target: str, *, verify: bool = True) -> None:
        self._db = db
        self._storage = storage
        self._target = target
        self._verify = verify

    async def run(self) -> AsyncIterator[Moved]:
        """Move file by file, a few at once; gives what became of each."""
        after = 0
        while rows := await self._next(after):
            after = rows[-1].id
            waiting = {asyncio.ensure_future(self._move(row)) for row in rows[:_AT_ONCE]}
            rest = iter(rows[_AT_ONCE:])
            try:
                while waiting:
                    done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        row = next(rest, None)
                        if row is not None:
                            waiting.add(asyncio.ensure_future(self._move(row)))
                        yield task.result()
            finally:
                await asyncio.gather(*waiting)  # who stops here stops between files

    async def _next(self, after: int) -> list[Any]:
        async with self._db.read() as session:
            return list((await session.execute(select(
                StoredFile.id, StoredFile.key, StoredFile.size, StoredFile.digest, StoredFile.place).where(
                    StoredFile.place != self._target, StoredFile.id > after).order_by(StoredFile.id).limit(_ROWS)
            )).all())

    async def _move(self, row: Any) -> Moved:
        try:
            outcome, text = await self._copy(row)
        except NoSuchFile:
            return Moved(row.key, row.size, MISSING, "the storage has no such file")
        except (StorageError, OSError) as error:
            return Moved(row.key, row.size, FAILED, str(error))
        if outcome != MOVED:
            return Moved(row.key, row.size, outcome, text)
        async with self._db.write() as session:
            await session.execute(update(_FILE).where(_FILE.c.id == row.id).values(place=self._target))
        await self._storage.delete([row.key], place=row.place)
        return Moved(row.key, row.size, MOVED)

    async def _copy(self, row: Any) -> tuple[str, str]:
        if await self._storage.digest(row.key, row.place) != row.digest:
            return DAMAGED, f"the bytes in {row.place} are not those that were stored"
        if self._target == S3:
            await self._storage.bucket.put(self._storage.local.path(row.key), row.key)
        else:
            await self._to_folder(row)
        if await self._is_there(row):
            return MOVED, ""
        await self._storage.delete([row.key], place=self._target)
        return FAILED, f"the copy in {self._target} differs"

    async def _to_folder(self, row: Any) -> None:
        path = await asyncio.to_thread(self._storage.local.arriving)
        try:
            await self._storage.fetch_to(row.key, path)
            await self._storage.put_as(row.key, path, LOCAL, move=True)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def _is_there(self, row: Any) -> bool:
        if self._verify:
            return await self._storage.digest(row.key, self._target) == str(row.digest)
        return await self._storage.size(row.key, self._target) == int(row.size)
