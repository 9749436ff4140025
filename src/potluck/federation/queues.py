"""The queues as the administrator sees them: how much waits, what failed, and trying it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import delivery_queue, journal
from potluck.federation.model import Delivery, FetchJob, InboxItem
from potluck.social import live

_DELIVERY: Any = Delivery.__table__
_ITEM: Any = InboxItem.__table__


@dataclass(frozen=True, slots=True)
class QueueState:
    """How the queues stand."""

    inbox_waiting: int
    inbox_parked: int
    inbox_oldest: datetime | None
    deliveries_waiting: int
    deliveries_failed: int
    fetches_waiting: int


@dataclass(frozen=True, slots=True)
class HostBacklog:
    """What waits for one host: deliveries to come, those given up, and the last error."""

    host: str
    waiting: int
    failed: int
    next_at: datetime | None
    error: str


async def state(session: AsyncSession) -> QueueState:
    """All counts."""
    inbox = await journal.health(session)
    waiting, failed = await delivery_queue.waiting_count(session)
    fetches = await session.scalar(select(func.count()).select_from(FetchJob)) or 0
    return QueueState(inbox.waiting + inbox.delayed, inbox.parked, inbox.oldest, waiting, failed, fetches)


async def parked(session: AsyncSession, limit: int = 40, *, before: int | None = None) -> Sequence[InboxItem]:
    """Inbox items that failed, newest first."""
    return await journal.parked(session, before=before, limit=limit)


async def backlog(session: AsyncSession, limit: int = 100) -> Sequence[HostBacklog]:
    """Hosts with deliveries that failed or were tried in vain, most first."""
    rows = await session.execute(
        select(_DELIVERY.c.host, func.count() - func.count(_DELIVERY.c.failed_at), func.count(_DELIVERY.c.failed_at),
               func.min(_DELIVERY.c.next_at), func.max(_DELIVERY.c.error))
        .group_by(_DELIVERY.c.host).having(func.count(_DELIVERY.c.error) > 0)
        .order_by(func.count().desc()).limit(limit))
    return [HostBacklog(host, waiting, failed, next_at, error or "")
            for host, waiting, failed, next_at, error in rows.all()]


async def retry_item(session: AsyncSession, item_id: int | None) -> None:
    """Process a parked item again; all of them for None."""
    if item_id is not None:
        await journal.retry(session, item_id)
        return
    await session.execute(update(_ITEM).where(_ITEM.c.parked_at.is_not(None)).values(
        parked_at=None, retry_at=None, attempts=0, error=None))
    await live.wake(session, journal.TOPIC)


async def drop_item(session: AsyncSession, item_id: int) -> None:
    """Forget a parked item."""
    await journal.discard(session, item_id)


async def retry_host(session: AsyncSession, host: str) -> None:
    """Try everything for a host again now, whatever its circuit breaker says."""
    await delivery_queue.retry_host(session, host)
