"""Puts the wire together for a process: what a web process needs, and what an engine does."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from potluck import __version__
from potluck.db import Database
from potluck.federation import delivery_queue, outbound
from potluck.federation.addresses import AddressPolicy
from potluck.federation.delivery import DeliveryEngine
from potluck.federation.engine import InboxEngine
from potluck.federation.fetch import Limits, SafeClient
from potluck.federation.fetch_worker import FetchWorker, schedule_stale
from potluck.federation.resolver import Federation
from potluck.settings import Settings
from potluck.social.live import Waker

log = structlog.get_logger(__name__)

_HOUSEKEEPING_SECONDS = 3600.0


@asynccontextmanager
async def opened(
    db: Database, settings: Settings, *, tls: ssl.SSLContext | None = None, connections: int | None = None
) -> AsyncIterator[Federation]:
    """The federation of one process, closed at the end. The instance actor must exist.

    Args:
        tls: TLS settings; the system's certificates by default.
        connections: connections open at once.
    """
    outbound.install()
    limits = Limits(connections=connections or max(256, settings.delivery_concurrency + 64))
    client = SafeClient(AddressPolicy(settings.allow_private), tls=tls, limits=limits,
                        user_agent=f"Potluck/{__version__} (+{settings.url})")
    federation = Federation(db, settings, client)
    await federation.start()
    try:
        yield federation
    finally:
        await federation.close()


class Engine:
    """Everything an engine process does for the wire: inbox, deliveries, background fetches."""

    def __init__(self, db: Database, settings: Settings, federation: Federation, waker: Waker) -> None:
        self._db = db
        self.inbox = InboxEngine(db, federation, waker, batch=settings.inbox_batch)
        self.delivery = DeliveryEngine(db, federation, waker, concurrency=settings.delivery_concurrency)
        self.fetches = FetchWorker(db, federation, waker)

    async def run(self) -> None:
        """Work until cancelled; a part that ends by an error ends all, so that the process is started anew."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.inbox.run())
            group.create_task(self.delivery.run())
            group.create_task(self.fetches.run())
            group.create_task(self._keep_house())

    async def close(self) -> None:
        """Break off what is open; it stays queued. Only where `run` is not used."""
        await self.inbox.close()
        await self.fetches.close()
        await self.delivery.close()

    async def drain(self) -> None:
        """Work until nothing is left to do (tests)."""
        await self.inbox.drain()
        await self.fetches.drain()
        await self.delivery.drain()

    async def _keep_house(self) -> None:
        while True:
            try:
                async with self._db.write() as session:
                    await delivery_queue.trim(session)
                    await schedule_stale(session)
            except Exception:
                log.exception("wire_housekeeping_failed")
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
