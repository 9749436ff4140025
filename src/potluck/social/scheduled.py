"""Posts that wait for their time. A kind checks what is to be published and publishes it; here is the waiting."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import KeptDraft, ScheduledPost
from potluck.social.paging import Page, rows_of

EARLIEST = timedelta(minutes=5)
LATEST = timedelta(days=5 * 365)
MAX_WAITING = 300
MAX_PER_DAY = 25


async def schedule(session: AsyncSession, owner_id: int, kind: str, request: dict[str, Any], when: datetime, *,
                   media_ids: Sequence[int] = (), app_id: int | None = None) -> ScheduledPost:
    """Have something published later.

    Raises:
        Invalid: the time is too near or too far, or too much waits already.
    """
    await _check_time(session, owner_id, when)
    waiting = await session.scalar(select(func.count()).select_from(ScheduledPost).where(
        ScheduledPost.owner_id == owner_id)) or 0
    if waiting >= MAX_WAITING:
        raise Invalid("scheduled_at", "Validation failed: You have exceeded the limit of %(most)s scheduled posts",
                      "too_many", most=MAX_WAITING)
    await _check_media(session, owner_id, media_ids)
    row = ScheduledPost(id=ids.new(), owner_id=owner_id, kind=kind, scheduled_at=when, request=request,
                        media_ids=list(media_ids), app_id=app_id, created_at=now())
    session.add(row)
    await session.flush()
    return row


async def _check_time(session: AsyncSession, owner_id: int, when: datetime, but: int = 0) -> None:
    if when < now() + EARLIEST:
        raise Invalid("scheduled_at", "Validation failed: The scheduled date must be at least five minutes in the"
                      " future", "too_soon")
    if when > now() + LATEST:
        raise Invalid("scheduled_at", "Validation failed: The scheduled date is too far in the future", "too_late")
    midnight = when.replace(hour=0, minute=0, second=0, microsecond=0)
    same_day = await session.scalar(select(func.count()).select_from(ScheduledPost).where(
        ScheduledPost.owner_id == owner_id, ScheduledPost.id != but, ScheduledPost.scheduled_at >= midnight,
        ScheduledPost.scheduled_at < midnight + timedelta(days=1))) or 0
    if same_day >= MAX_PER_DAY:
        raise Invalid("scheduled_at",
                      "Validation failed: You have exceeded the limit of %(most)s scheduled posts for that day",
                      "too_many", most=MAX_PER_DAY)


async def _check_media(session: AsyncSession, owner_id: int, media_ids: Collection[int]) -> None:
    """Refuse files that wait with another post already."""
    if media_ids and set(media_ids) & await media_waiting(session, owner_id):
        raise Invalid("media_ids", "Validation failed: Media not found or already attached elsewhere", "taken")


async def media_waiting(session: AsyncSession, owner_id: int | None = None) -> set[int]:
    """Files that scheduled posts and drafts will need (of one person, or of everyone): they are not swept."""
    found: set[int] = set()
    for table in (ScheduledPost, KeptDraft):
        if table is KeptDraft and owner_id is not None:
            continue
        query = select(table.media_ids)
        if owner_id is not None:
            query = query.where(table.owner_id == owner_id)
        for media_ids in (await session.scalars(query)).all():
            found.update(media_ids)
    return found


async def page(session: AsyncSession, owner_id: int, part: Page) -> list[ScheduledPost]:
    """A page of what a person has waiting, last written first; with what could not be published."""
    query = select(ScheduledPost).where(ScheduledPost.owner_id == owner_id)
    return await rows_of(session, query, ScheduledPost.id, part)


async def one(session: AsyncSession, owner_id: int, post_id: int) -> ScheduledPost:
    """One scheduled post of a person.

    Raises:
        NotFound: it does not exist (any more), or is someone else's.
    """
    return await _one(session, select(ScheduledPost).where(
        ScheduledPost.id == post_id, ScheduledPost.owner_id == owner_id))


async def _held(session: AsyncSession, owner_id: int, post_id: int) -> ScheduledPost:
    """The same, to be changed: whoever publishes it meanwhile is waited for."""
    return await _one(session, select(ScheduledPost).where(
        ScheduledPost.id == post_id, ScheduledPost.owner_id == owner_id).with_for_update())


async def _one(session: AsyncSession, query: Any) -> ScheduledPost:
    row: ScheduledPost | None = await session.scalar(query)
    if row is None:
        raise NotFound
    return row


async def move(session: AsyncSession, owner_id: int, post_id: int, when: datetime) -> ScheduledPost:
    """Give a scheduled post another time; one that could not be published is tried again then.

    Raises:
        NotFound: it does not exist, or is someone else's.
        Invalid: the time cannot be used.
    """
    row = await _held(session, owner_id, post_id)
    await _check_time(session, owner_id, when, but=row.id)
    row.scheduled_at, row.error = when, None
    await session.flush()
    return row


async def cancel(session: AsyncSession, owner_id: int, post_id: int) -> None:
    """Do not publish it.

    Raises:
        NotFound: it does not exist, or is someone else's.
    """
    await session.delete(await _held(session, owner_id, post_id))
    await session.flush()


async def due(session: AsyncSession, kind: str, moment: datetime, limit: int = 50) -> Sequence[ScheduledPost]:
    """What of a kind is to be published by now, earliest first."""
    return (await session.scalars(select(ScheduledPost).where(
        ScheduledPost.kind == kind, ScheduledPost.scheduled_at <= moment, ScheduledPost.error.is_(None))
        .order_by(ScheduledPost.scheduled_at, ScheduledPost.id).limit(limit))).all()


async def take(session: AsyncSession, post_id: int) -> ScheduledPost | None:
    """The row, for publishing it in this transaction; None when another process has it, or it was cancelled."""
    row: ScheduledPost | None = await session.scalar(select(ScheduledPost).where(
        ScheduledPost.id == post_id, ScheduledPost.error.is_(None), ScheduledPost.scheduled_at <= now()
    ).with_for_update(skip_locked=True))
    return row


async def fail(session: AsyncSession, post_id: int, reason: str) -> None:
    """Note why it could not be published. It stays, so that its author can see to it."""
    row = await session.get(ScheduledPost, post_id)
    if row is not None:
        row.error = reason[:500]
