"""The engine's queues for the administrator's page: the site may not import the wire, so this stands between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import delivery_queue, journal
from potluck.federation.model import Delivery, FetchJob, InboxItem
from potluck.social import live
from potluck.social.model import Server
from potluck.web.ports import HostBacklog, ParkedItem, QueueState

_DELIVERY: Any = Delivery.__table__
_ITEM: Any = InboxItem.__table__


class EngineQueues:
    """`potluck.web.ports.Queues` by way of the journal and the delivery queue."""

    async def state(self, session: AsyncSession) -> QueueState:
        """All counts."""
        inbox = await journal.health(session)
        waiting, failed = await delivery_queue.waiting_count(session)
        fetches = await session.scalar(select(func.count()).select_from(FetchJob)) or 0
        return QueueState(inbox_waiting=inbox.waiting + inbox.delayed, inbox_parked=inbox.parked,
                          inbox_oldest=inbox.oldest, deliveries_waiting=waiting, deliveries_failed=failed,
                          fetches_waiting=fetches)

    async def parked(self, session: AsyncSession, limit: int) -> Sequence[ParkedItem]:
        """Inbox items that failed, newest first."""
        return [ParkedItem(row.id, row.host, row.signer_uri, row.error or "", row.attempts, row.received_at)
                for row in await journal.parked(session, limit=limit)]

    async def backlog(self, session: AsyncSession, limit: int) -> Sequence[HostBacklog]:
        """Hosts with deliveries that were tried in vain, most first."""
        failed = func.count(_DELIVERY.c.failed_at)
        total = func.count()
        open_next = func.min(case((_DELIVERY.c.failed_at.is_(None), _DELIVERY.c.next_at)))
        trouble = or_(_DELIVERY.c.attempts > 0, _DELIVERY.c.failed_at.is_not(None),
                      Server.failing_since.is_not(None))
        rows = await session.execute(
            select(_DELIVERY.c.host, total - failed, failed, open_next, func.max(_DELIVERY.c.error))
            .outerjoin(Server, Server.host == _DELIVERY.c.host).where(trouble)
            .group_by(_DELIVERY.c.host).order_by(total.desc(), _DELIVERY.c.host).limit(limit))
        return [HostBacklog(host, waiting, given_up, next_at, error or "")
                for host, waiting, given_up, next_at, error in rows.all()]

    async def retry_item(self, session: AsyncSession, item_id: int | None) -> None:
        """Process a parked item again; all of them for None."""
        if item_id is not None:
            await journal.retry(session, item_id)
            return
        await session.execute(update(_ITEM).where(_ITEM.c.parked_at.is_not(None)).values(
            parked_at=None, retry_at=None, attempts=0, error=None))
        await live.wake(session, journal.TOPIC)

    async def drop_item(self, session: AsyncSession, item_id: int) -> None:
        """Forget a parked item."""
        await journal.discard(session, item_id)

    async def retry_host(self, session: AsyncSession, host: str) -> None:
        """Try everything for a host again now."""
        await delivery_queue.retry_host(session, host)
