"""`potluck engine`: the process that works through the inbox, delivers, fetches and keeps house."""

from __future__ import annotations

import asyncio
import contextlib
import signal

import structlog
import uvloop

from potluck.apis.mastodon.push_delivery import PushEngine
from potluck.assembly import federation, install
from potluck.db.engine import Database
from potluck.db.migrate import upgrade
from potluck.db.nodes import NodeLease
from potluck.federation.cards import CardWorker
from potluck.federation.delivery import DeliveryEngine
from potluck.federation.engine import InboxEngine
from potluck.federation.fetch_worker import FetchWorker
from potluck.federation.finding import Finder
from potluck.housekeeping import Housekeeping
from potluck.jobs import JobEngine
from potluck.kinds.article import publishing as articles
from potluck.kinds.link import scheduled as links
from potluck.kinds.note import scheduled as notes
from potluck.kinds.publishing_later import Publisher
from potluck.settings import Settings, use, with_secret
from potluck.social.live import Waker
from potluck.social.post_index_fill import PostIndexFiller
from potluck.transfer import ports as transfer_ports
from potluck.transfer.blogs import fetching

log = structlog.get_logger(__name__)


def run(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM; what is in hand is finished or left for the next start."""
    uvloop.run(_work(settings))


async def _work(settings: Settings) -> None:
    install()
    settings = use(with_secret(settings))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    db = Database(settings, pool_size=4)
    try:
        await upgrade(db)
        async with NodeLease(db, "engine"), Waker(db) as waker, federation(db, settings) as wire:
            transfer_ports.plug(Finder(wire))
            fetching.plug(wire.client, wire.is_blocked)
            tasks = [asyncio.create_task(work) for work in (
                InboxEngine(db, wire, waker, batch=settings.inbox_batch).run(),
                DeliveryEngine(db, wire, waker, concurrency=settings.delivery_concurrency).run(),
                FetchWorker(db, wire, waker).run(),
                JobEngine(db, waker).run(),
                Housekeeping(db).run(),
                PostIndexFiller(db).run(),
                Publisher(db, wire, (notes.LATER, links.LATER, articles.LATER)).run(),
                PushEngine(db, wire.client, waker).run(),
                CardWorker(db, wire.client, wire.is_blocked, waker).run(),
            )]
            log.info("engine_started")
            await _until(stop, tasks)
    finally:
        await db.close()
    log.info("engine_stopped")


async def _until(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Wait for the signal, or for a task that fails; then end all tasks."""
    waiting = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in (waiting, *tasks):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            if task not in done:
                await task
    for task in done - {waiting}:
        task.result()
