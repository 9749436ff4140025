"""Objects of every kind: look up, store, edit, delete. The large acts live in modules of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.deleting import delete
from potluck.social.editing import edit
from potluck.social.model import Media, Object
from potluck.social.storing import Stored, store, tell_late, tell_missed

__all__ = ["Stored", "by_id", "by_ids", "by_uri", "by_uris", "delete", "edit", "media_of", "store", "tell_late",
           "tell_missed"]


async def by_id(session: AsyncSession, object_id: int) -> Object | None:
    """The object with this id, deleted or not."""
    return await session.get(Object, object_id)


async def by_ids(session: AsyncSession, object_ids: Iterable[int]) -> dict[int, Object]:
    """Objects by id, in one query."""
    wanted = set(object_ids)
    if not wanted:
        return {}
    rows = await session.scalars(select(Object).where(Object.id.in_(wanted)))
    return {row.id: row for row in rows}


async def by_uri(session: AsyncSession, uri: str) -> Object | None:
    """The object with this ActivityPub id, deleted or not."""
    found: Object | None = await session.scalar(select(Object).where(Object.uri == uri))
    return found


async def by_uris(session: AsyncSession, uris: Iterable[str]) -> dict[str, Object]:
    """Objects by ActivityPub id, in one query."""
    wanted = set(uris)
    if not wanted:
        return {}
    rows = await session.scalars(select(Object).where(Object.uri.in_(wanted)))
    return {row.uri: row for row in rows}


async def media_of(session: AsyncSession, object_id: int) -> Sequence[Media]:
    """The files of an object, in order."""
    return (await session.scalars(select(Media).where(Media.object_id == object_id)
                                  .order_by(Media.position, Media.id))).all()
