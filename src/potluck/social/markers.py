"""How far a person has read home and notifications, shared by all their apps and the site."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.social.errors import Invalid
from potluck.social.model import Marker, Notification

TIMELINES = ("home", "notifications")

_MARKER: Any = Marker.__table__
_NOTIFICATION: Any = Notification.__table__


async def get(session: AsyncSession, actor_id: int, timelines: Collection[str]) -> dict[str, Marker]:
    """The markers of a person by timeline; those never set are left out."""
    rows = await session.scalars(select(Marker).where(Marker.actor_id == actor_id, Marker.timeline.in_(timelines)))
    return {row.timeline: row for row in rows}


async def set_marker(session: AsyncSession, actor_id: int, timeline: str, last_read_id: int) -> Marker:
    """Set a marker; its version rises by one with each write.

    Raises:
        Invalid: there is no such timeline.
    """
    if timeline not in TIMELINES:
        raise Invalid("timeline", "Validation failed: Timeline is not included in the list")
    await session.execute(insert_or_ignore(session, _MARKER).values(
        actor_id=actor_id, timeline=timeline, last_read_id=0, version=0, updated_at=now()))
    await session.execute(update(_MARKER).where(_MARKER.c.actor_id == actor_id, _MARKER.c.timeline == timeline).values(
        last_read_id=last_read_id, version=_MARKER.c.version + 1, updated_at=now()))
    if timeline == "notifications":
        await session.execute(update(_NOTIFICATION).where(
            _NOTIFICATION.c.reader_id == actor_id, _NOTIFICATION.c.unread, _NOTIFICATION.c.id <= last_read_id,
        ).values(unread=False))
    return (await session.scalars(
        select(Marker).where(Marker.actor_id == actor_id, Marker.timeline == timeline)
        .execution_options(populate_existing=True))).one()
