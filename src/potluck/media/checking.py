"""Holds the storage against the rows: is every file there, whole, and are its bytes those that were stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import Database
from potluck.media import quotas
from potluck.media.model import MediaVariant, RemoteFile, StoredFile
from potluck.media.places import NoSuchFile
from potluck.media.storage import Storage
from potluck.social.model import Actor, User

_ROWS = 500
GOOD = "good"
MISSING = "missing"
SHORT = "of another length"
DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Checked:
    """How one file stands: `GOOD`, `MISSING`, `SHORT` or `DAMAGED`."""

    key: str
    size: int
    outcome: str


async def check(db: Database, storage: Storage, *, digests: bool) -> AsyncIterator[Checked]:
    """Look at every file that a row names; with `digests` read it through."""
    after = 0
    while True:
        async with db.read() as session:
            rows = (await session.scalars(select(StoredFile).where(StoredFile.id > after).order_by(
                StoredFile.id).limit(_ROWS))).all()
        if not rows:
            return
        after = rows[-1].id
        for row in rows:
            yield Checked(row.key, row.size, await _outcome(storage, row, digests=digests))


async def _outcome(storage: Storage, row: StoredFile, *, digests: bool) -> str:
    size = await storage.size(row.key, row.place)
    if size is None:
        return MISSING
    if size != row.size:
        return SHORT
    try:
        return GOOD if not digests or await storage.digest(row.key, row.place) == row.digest else DAMAGED
    except NoSuchFile:
        return MISSING


@dataclass(frozen=True, slots=True)
class Place:
    """What lies in one place."""

    name: str
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Person:
    """What the files of one actor take."""

    actor_id: int
    name: str
    files: int
    size: int
    quota: int  # 0 for no limit


async def places(session: AsyncSession) -> list[Place]:
    """How many files, and bytes, lie where."""
    rows = await session.execute(select(StoredFile.place, func.count(), func.sum(StoredFile.size)).group_by(
        StoredFile.place).order_by(StoredFile.place))
    return [Place(name, files, int(size)) for name, files, size in rows]


async def biggest(session: AsyncSession, limit: int = 20) -> list[Person]:
    """Whose files take most."""
    size: Any = func.sum(MediaVariant.size)
    rows = await session.execute(
        select(Actor.id, Actor.name, func.count(), size, User.media_quota, User.role)
        .join(MediaVariant, MediaVariant.owner_id == Actor.id).outerjoin(User, User.id == Actor.owner_id)
        .group_by(Actor.id, Actor.name, User.media_quota, User.role).order_by(size.desc()).limit(limit))
    return [Person(actor_id, name, files, int(total), quotas.allowed(quota, role or "user"))
            for actor_id, name, files, total, quota, role in rows]


async def cached_files(session: AsyncSession) -> tuple[int, int]:
    """Files of other servers, and their bytes."""
    files, size = (await session.execute(select(func.count(), func.coalesce(func.sum(RemoteFile.size), 0)).where(
        RemoteFile.size > 0))).one()
    return files, int(size)
