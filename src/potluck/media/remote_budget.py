"""Keeps the cache of remote files within its budget: those that were not looked at for longest go first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.media.collecting import Collector
from potluck.media.model import RemoteFile
from potluck.media.storage import Storage
from potluck.social import domain_policies

ROOM_MADE = 0.95
"""How full the budget is left, so that not every new file makes another one go."""

_BATCH = 500
_BATCHES = 40
_KEEP_FAILURES = timedelta(days=30)
_REMOTE: Any = RemoteFile.__table__


@dataclass(frozen=True, slots=True)
class CacheState:
    """How the cache stands.

    Attributes:
        files: files that are kept.
        size: their bytes.
        failed: addresses that could not be had.
        oldest: when the file that goes next was last looked at.
        excess: bytes over the budget, which go in the next turn.
    """

    files: int
    size: int
    failed: int
    oldest: datetime | None
    excess: int


async def state(session: AsyncSession, budget: int) -> CacheState:
    """How the cache stands. Two looks into an index."""
    files, size, oldest = (await session.execute(select(
        func.count(), func.coalesce(func.sum(RemoteFile.size), 0), func.min(RemoteFile.viewed_at)).where(
            RemoteFile.size > 0))).one()
    failed = await session.scalar(select(func.count()).select_from(RemoteFile).where(RemoteFile.size == 0))
    return CacheState(files, int(size), failed or 0, oldest, max(0, int(size) - budget) if budget else 0)


async def keep_within(db: Database, storage: Storage, budget: int) -> int:
    """Evict until the cache fits into its budget. Returns how many files were evicted."""
    collector = Collector(db, storage, grace=timedelta(hours=1))
    async with db.read() as session:
        size = (await state(session, budget)).size
    if not budget or size <= budget:
        return 0
    evicted = 0
    for _ in range(_BATCHES):
        if size <= budget * ROOM_MADE:
            break
        rows = await _oldest(db, size - int(budget * ROOM_MADE))
        if not rows:
            break
        await _remove(db, storage, collector, rows)
        size -= sum(row.size for row in rows)
        evicted += len(rows)
    return evicted


async def _oldest(db: Database, excess: int) -> list[Any]:
    """The files that were not looked at for longest, as many as are worth `excess` bytes, in a bounded number."""
    async with db.read() as session:
        rows = (await session.execute(select(RemoteFile.id, RemoteFile.file_id, RemoteFile.size).where(
            RemoteFile.size > 0).order_by(RemoteFile.viewed_at).limit(_BATCH))).all()
    found = []
    for row in rows:
        if excess <= 0:
            break
        found.append(row)
        excess -= row.size
    return found


async def _remove(db: Database, storage: Storage, collector: Collector, rows: Sequence[Any]) -> None:
    async with db.write() as session:
        await session.execute(delete(_REMOTE).where(_REMOTE.c.id.in_([row.id for row in rows])))
        keys = await collector.drop_rows(session, [row.file_id for row in rows if row.file_id])
    await storage.delete(keys)


async def forget_rejected(db: Database, storage: Storage) -> int:
    """Remove files of servers whose media are rejected, and old failures. Returns how many files were removed."""
    collector = Collector(db, storage, grace=timedelta(hours=1))
    async with db.write() as session:
        await session.execute(delete(_REMOTE).where(_REMOTE.c.size == 0,
                                                    _REMOTE.c.fetched_at < now() - _KEEP_FAILURES))
    async with db.read() as session:
        policies = await domain_policies.load(session)
        hosts = (await session.scalars(select(RemoteFile.host).distinct())).all()
        rejected = [host for host in hosts if policies.of(host).reject_media or policies.of(host).is_suspended]
        rows = (await session.execute(select(RemoteFile.id, RemoteFile.file_id).where(
            RemoteFile.host.in_(rejected[:_BATCH])).limit(_BATCH * 10))).all() if rejected else []
    for first in range(0, len(rows), _BATCH):
        await _remove(db, storage, collector, rows[first:first + _BATCH])
    return len(rows)
