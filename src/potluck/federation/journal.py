"""The inbox journal: activities that were acknowledged and wait to be processed, or are parked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.federation.model import InboxItem
from potluck.social import live

_ITEM: Any = InboxItem.__table__

TOPIC = "inbox"
MAX_ATTEMPTS = 8
_FIRST_RETRY = 30.0


@dataclass(frozen=True, slots=True)
class Received:
    """An activity on its way into the journal."""

    host: str  # of the signer: order is kept per host
    signer_uri: str
    inbox_actor_id: int | None
    body: str


@dataclass(frozen=True, slots=True)
class QueueHealth:
    """How the inbox is doing, for the administrator's page and metrics."""

    waiting: int
    delayed: int  # waiting for another try
    parked: int
    oldest: datetime | None  # when the oldest waiting item came


async def append(session: AsyncSession, items: Sequence[Received]) -> list[None]:
    """Write items to the journal and wake the engine."""
    moment = now()
    await session.execute(insert(_ITEM), [
        {"id": ids.new(), "host": item.host, "signer_uri": item.signer_uri,
         "inbox_actor_id": item.inbox_actor_id, "body": item.body, "attempts": 0,
         "retry_at": None, "parked_at": None, "error": None, "received_at": moment} for item in items])
    await live.wake(session, TOPIC)
    return [None] * len(items)


async def waiting(
    session: AsyncSession,
    limit: int,
    *,
    without_hosts: Collection[str] = (),
    only_hosts: Collection[str] | None = None,
) -> Sequence[Any]:
    """Waiting items, oldest first: rows of id, host, signer_uri, inbox_actor_id, body, attempts.

    Args:
        without_hosts: hosts whose items are being worked on.
        only_hosts: hosts this engine holds the locks of (several engines on PostgreSQL).
    """
    query = select(_ITEM.c.id, _ITEM.c.host, _ITEM.c.signer_uri, _ITEM.c.inbox_actor_id, _ITEM.c.body,
                   _ITEM.c.attempts).where(*_ready()).order_by(_ITEM.c.id).limit(limit)
    if without_hosts:
        query = query.where(_ITEM.c.host.not_in(without_hosts))
    if only_hosts is not None:
        query = query.where(_ITEM.c.host.in_(only_hosts))
    return (await session.execute(query)).all()


async def waiting_hosts(session: AsyncSession, limit: int, without_hosts: Collection[str]) -> list[str]:
    """Hosts of the oldest waiting items."""
    query = select(_ITEM.c.host).where(*_ready()).order_by(_ITEM.c.id).limit(limit)
    if without_hosts:
        query = query.where(_ITEM.c.host.not_in(without_hosts))
    return list(dict.fromkeys((await session.scalars(query)).all()))


def _ready() -> tuple[Any, ...]:
    return _ITEM.c.parked_at.is_(None), or_(_ITEM.c.retry_at.is_(None), _ITEM.c.retry_at <= now())


async def done(session: AsyncSession, item_ids: Collection[int]) -> None:
    """Remove processed items; called in the transaction of their effects."""
    if item_ids:
        await session.execute(delete(_ITEM).where(_ITEM.c.id.in_(item_ids)))


async def postpone(session: AsyncSession, item_id: int, attempts: int, error: str) -> None:
    """Temporary trouble: try again after a while that grows each time; after eight tries the item is parked."""
    if attempts + 1 >= MAX_ATTEMPTS:
        await park(session, item_id, error)
        return
    await session.execute(update(_ITEM).where(_ITEM.c.id == item_id).values(
        attempts=attempts + 1, error=error[:2000],
        retry_at=now() + timedelta(seconds=_FIRST_RETRY * 2.5**attempts)))


async def park(session: AsyncSession, item_id: int, error: str) -> None:
    """Set an item aside with its error; it no longer holds up anything."""
    await session.execute(update(_ITEM).where(_ITEM.c.id == item_id).values(
        parked_at=now(), retry_at=None, attempts=_ITEM.c.attempts + 1, error=error[:2000]))


async def parked(session: AsyncSession, *, before: int | None = None, limit: int = 40) -> list[InboxItem]:
    """Parked items, newest first; `before` is the last id of the page before."""
    query = select(InboxItem).where(InboxItem.parked_at.is_not(None)).order_by(InboxItem.id.desc())
    if before is not None:
        query = query.where(InboxItem.id < before)
    return list((await session.scalars(query.limit(limit))).all())


async def retry(session: AsyncSession, item_id: int) -> bool:
    """Put a parked item back in the queue. Returns whether there was one."""
    found: Any = await session.execute(
        update(_ITEM).where(_ITEM.c.id == item_id, _ITEM.c.parked_at.is_not(None))
        .values(parked_at=None, retry_at=None, attempts=0, error=None))
    await live.wake(session, TOPIC)
    return bool(found.rowcount)


async def discard(session: AsyncSession, item_id: int) -> bool:
    """Throw a parked item away. Returns whether there was one."""
    found: Any = await session.execute(
        delete(_ITEM).where(_ITEM.c.id == item_id, _ITEM.c.parked_at.is_not(None)))
    return bool(found.rowcount)


async def trim(session: AsyncSession, days: int = 30) -> None:
    """Forget items that were parked long ago."""
    await session.execute(delete(_ITEM).where(_ITEM.c.parked_at < now() - timedelta(days=days)))


async def health(session: AsyncSession) -> QueueHealth:
    """How many items wait, are delayed, are parked."""
    open_ = _ITEM.c.parked_at.is_(None)
    total, oldest, delayed = (await session.execute(select(
        func.count(), func.min(_ITEM.c.received_at), func.count(_ITEM.c.retry_at)).where(open_))).one()
    parked_count = await session.scalar(
        select(func.count()).select_from(_ITEM).where(_ITEM.c.parked_at.is_not(None)))
    return QueueHealth(waiting=total - delayed, delayed=delayed, parked=parked_count or 0, oldest=oldest)
