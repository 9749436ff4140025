"""Rows of stored files, and who refers to them: attachments through their variants, the cache of remote files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import after_commit, upsert
from potluck.db.ids import ids
from potluck.media.model import MediaVariant, StoredFile
from potluck.media.places import StorageError, Stored
from potluck.media.storage import Storage
from potluck.social.model import Media

log = structlog.get_logger(__name__)

ORIGINAL = "original"
"""The variant that holds a file as it was sent. It is never shown: it may tell where a picture was taken."""

_FILE: Any = StoredFile.__table__
_background: set[asyncio.Task[None]] = set()


async def record(session: AsyncSession, storage: Storage, stored: Stored) -> StoredFile:
    """The row for what was put; that of the bytes which were there already, if any (the new copy is then removed).

    Call it in the transaction that writes what refers to the row. The row is locked against the collector until then.
    """
    moment = now()
    found = await session.execute(upsert(
        session, _FILE, ("digest",), {
            "id": ids.new(), "digest": stored.digest, "size": stored.size, "media_type": stored.media_type,
            "key": stored.key, "place": stored.place, "created_at": moment, "used_at": moment},
        {"used_at": moment}).returning(_FILE.c.id))
    row = await session.get_one(StoredFile, found.scalar_one(), populate_existing=True)
    if row.key != stored.key and await _is_lost(storage, row.key):
        row.key, row.place = stored.key, stored.place
        await session.flush()
    elif row.key != stored.key:
        after_commit(session, lambda: remove_soon(storage, [stored.key]))
    return row


async def _is_lost(storage: Storage, key: str) -> bool:
    """Whether the storage has lost a file: then equal bytes that come again mend it."""
    try:
        return await storage.size(key) is None
    except StorageError:
        return False


def remove_soon(storage: Storage, keys: Sequence[str]) -> None:
    """Remove files that no row names any more, without anybody waiting. What fails is left to the collector."""

    async def remove() -> None:
        try:
            await storage.delete(keys)
        except (StorageError, OSError) as error:
            log.warning("files_not_removed", count=len(keys), error=str(error))

    task = asyncio.create_task(remove())
    _background.add(task)
    task.add_done_callback(_background.discard)


async def add_variant(session: AsyncSession, storage: Storage, media: Media, name: str, stored: Stored,
                      **facts: Any) -> MediaVariant:
    """Make what was put the variant `name` of an attachment, instead of the one it may have had.

    Args:
        facts: width, height, duration, bitrate, meta.
    """
    row = await record(session, storage, stored)
    await session.execute(delete(MediaVariant).where(MediaVariant.media_id == media.id, MediaVariant.name == name))
    variant = MediaVariant(id=ids.new(), media_id=media.id, name=name, file_id=row.id, owner_id=media.owner_id,
                           size=row.size, media_type=row.media_type, **facts)
    session.add(variant)
    await session.flush()
    return variant


Variants = dict[str, tuple[MediaVariant, str]]
"""The variants of an attachment by name, each with the name of its file in the storage."""


async def variants_of(session: AsyncSession, media_ids: Iterable[int]) -> dict[int, Variants]:
    """The variants of each attachment. One query."""
    rows = await session.execute(
        select(MediaVariant, StoredFile.key).join(StoredFile, StoredFile.id == MediaVariant.file_id)
        .where(MediaVariant.media_id.in_(list(media_ids))))
    found: dict[int, Variants] = {}
    for variant, key in rows:
        found.setdefault(variant.media_id, {})[variant.name] = (variant, key)
    return found
