"""Objects that wait for their files: written already, seen by nobody, published when all attachments are ready."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.social import storing
from potluck.social.model import Media, Object

PROCESSING, PUBLISHED = "processing", "published"


async def media_ready(session: AsyncSession, media_id: int) -> Object | None:
    """An attachment became ready: publish its object if that was all it waited for.

    Returns:
        The object that was published, if one was.
    """
    # No stronger lock than `key_share`: whoever refers to the object, as every one of its files does, holds a weak one,
    # and two files that become ready at once would wait for each other.
    row = await session.scalar(
        select(Object).join(Media, Media.object_id == Object.id).where(
            Media.id == media_id, Object.state == PROCESSING, Object.deleted_at.is_(None),
        ).with_for_update(of=Object, key_share=True))
    return await _publish(session, row)


async def object_ready(session: AsyncSession, object_id: int) -> Object | None:
    """A file was taken off an object: publish it if it waits for no other, and there is something to show.

    Returns:
        The object that was published, if it was.
    """
    row = await session.scalar(select(Object).where(
        Object.id == object_id, Object.state == PROCESSING, Object.deleted_at.is_(None),
    ).with_for_update(key_share=True))
    if row is not None and not row.content and not await session.scalar(
            select(Media.id).where(Media.object_id == object_id).limit(1)):
        return None
    return await _publish(session, row)


async def _publish(session: AsyncSession, row: Object | None) -> Object | None:
    """Publish an object if none of its files keeps it waiting."""
    if row is None:
        return None
    unready = await session.scalar(select(Media.id).where(Media.object_id == row.id, Media.state != "ready").limit(1))
    if unready is not None:
        return None
    row.state, row.published, row.version = PUBLISHED, now(), row.version + 1
    await session.flush()
    await storing.publish(session, [row])
    return row


async def waiting_of(session: AsyncSession, author_id: int, limit: int = 40) -> Sequence[Object]:
    """Someone's objects that wait for their files, newest first."""
    rows = await session.scalars(
        select(Object).where(Object.author_id == author_id, Object.state == PROCESSING, Object.deleted_at.is_(None))
        .order_by(Object.id.desc()).limit(limit))
    return rows.all()

