"""Posts that an app deleted, and that it may bring back for some days: their words and files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.social.model import Media, RemovedPost

KEPT = timedelta(days=30)
_AT_ONCE = 200

_MEDIA: Any = Media.__table__


async def keep(session: AsyncSession, row: RemovedPost) -> None:
    """Keep what was deleted just now, instead of what had the same address before; its files stay as long."""
    earlier = await session.scalar(select(RemovedPost).where(
        RemovedPost.owner_id == row.owner_id, RemovedPost.url == row.url))
    if earlier is not None:
        await _let_go(session, [earlier])
    session.add(row)
    if row.media_ids:
        await session.execute(update(_MEDIA).where(
            _MEDIA.c.id.in_(row.media_ids), _MEDIA.c.object_id.is_(None)).values(purpose="linked", loose_since=None))
    await session.flush()


async def find(session: AsyncSession, owner_id: int, author_id: int, url: str) -> RemovedPost | None:
    """What somebody deleted at an address of a profile or blog."""
    found: RemovedPost | None = await session.scalar(select(RemovedPost).where(
        RemovedPost.owner_id == owner_id, RemovedPost.author_id == author_id, RemovedPost.url == url,
        RemovedPost.created_at > now() - KEPT))
    return found


async def expire(session: AsyncSession) -> None:
    """Forget what was deleted long ago, some at a time."""
    rows = (await session.scalars(select(RemovedPost).where(RemovedPost.created_at <= now() - KEPT)
                                  .order_by(RemovedPost.created_at).limit(_AT_ONCE))).all()
    if rows:
        await _let_go(session, rows)


async def _let_go(session: AsyncSession, rows: Sequence[RemovedPost]) -> None:
    media_ids = [media_id for row in rows for media_id in row.media_ids]
    if media_ids:
        await session.execute(update(_MEDIA).where(
            _MEDIA.c.id.in_(media_ids), _MEDIA.c.object_id.is_(None)).values(loose_since=now()))
    await session.execute(delete(RemovedPost).where(RemovedPost.id.in_([row.id for row in rows])))
