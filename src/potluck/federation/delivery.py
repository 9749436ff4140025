"""The delivery engine: takes what is due to its inboxes, in order per host, many hosts at once.

A host has a queue of its own here and at most two requests open; a slow or dead one holds up nobody (`places`). What
became of deliveries is written for many at once; a crash in between repeats some, which receivers recognise by the id.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import tasks
from potluck.db import Database
from potluck.db.base import now
from potluck.federation import delivery_queue
from potluck.federation.delivery_queue import Body, Due, Outcome
from potluck.federation.errors import FederationError, TemporaryFailure
from potluck.federation.fetch import Response, retry_after
from potluck.federation.follower_sync import SyncHeaders
from potluck.federation.host_locks import HostLocks
from potluck.federation.places import Place, Places
from potluck.federation.sealing import Sealer
from potluck.social.live import Waker

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

log = structlog.get_logger(__name__)

PER_HOST = 2
HOST_BUFFER = 20
_IDLE_SECONDS = 2.0
_SETTLE_SECONDS = 0.05
_HOUSEKEEPING_SECONDS = 3600.0
_LOOK_SECONDS = 0.2  # between two looks for what came meanwhile for hosts that were busy
_SETTLE_MOST = 400
_LOOK_MOST = 10_000
# The host is there, but does not take anything now: all that is for it waits (protocol §10).
_HOST_TROUBLE = frozenset({408, 425, 429, 502, 503, 504})
_RETRIED = frozenset({401, 500})


@dataclass(slots=True)
class _Host:
    """What is on its way to one host."""

    name: str
    waiting: deque[Due] = field(default_factory=deque)
    open: int = 0
    busy: set[int] = field(default_factory=set)  # actors and objects of open requests
    failed: bool = False
    full: bool = False  # more is waiting for it in the database
    in_line: bool = False  # it could start, were it not for the limit on all

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do for it here."""
        return not self.open and (self.failed or not self.waiting)


class DeliveryEngine:
    """One engine's deliveries.

    Args:
        db: the database.
        federation: signs and sends.
        waker: tells when something was queued.
        concurrency: requests open at once (setting `delivery_concurrency`), and as many to hosts that let us wait.
    """

    def __init__(self, db: Database, federation: Federation, waker: Waker, *, concurrency: int = 200) -> None:
        self._db = db
        self._federation = federation
        self._waker = waker
        self._concurrency = concurrency
        self._locks = HostLocks(db, "delivery")
        self._sealer = Sealer(federation)
        self._sync_headers = SyncHeaders(db)
        self._hosts: dict[str, _Host] = {}
        self._places = Places(concurrency, concurrency, self._go_on)
        self._lines: dict[bool, deque[_Host]] = {False: deque(), True: deque()}  # for each row of places
        self._tasks: set[asyncio.Task[None]] = set()
        self._outcomes: list[Outcome] = []
        self._waiting = 0
        self._wanted = asyncio.Event()
        self._more = False  # the last look left rows behind
        self._released = False  # hosts were released: rows may have come for them meanwhile
        self._looked_at = 0.0

    async def run(self) -> None:
        """Work until cancelled."""
        helpers = [asyncio.create_task(self._settle_often()), asyncio.create_task(self._keep_house())]
        try:
            while True:
                if not await self._guarded(self.round):
                    await self._pause()
        finally:
            await tasks.end(*helpers)
            await self.close()

    async def _guarded(self, step: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await step()
        except Exception:
            log.exception("delivery_round_failed")
            await asyncio.sleep(1.0)
            return True

    async def close(self) -> None:
        """Break off what is open, and keep what is finished."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._settle()
        await self._locks.close()

    async def drain(self) -> None:
        """Work until nothing is due and nothing is open (tests)."""
        idle = False
        while True:
            took = await self.round()
            if self._tasks:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            await self._settle()
            before, idle = idle, not took and not self._tasks
            if before and idle:  # once more: what was settled just now may have made room for others
                return

    async def round(self) -> bool:
        """Take what is due, as far as there is room, and start it. Returns whether anything was found."""
        self._wanted.clear()
        room = self._concurrency * 4 - self._waiting
        if room < self._concurrency:
            return False
        # Rows that are here already are due in the database until their outcome is written: read over them, which is
        # cheaper than naming all their hosts. Only hosts with long queues are named, as their rows would fill the page.
        full = [host.name for host in self._hosts.values() if host.full]
        here = self._waiting + self._places.taken + len(self._outcomes)
        self._looked_at, self._released = time.monotonic(), False
        async with self._db.read() as session:
            fresh, self._more = await self._look(session, room + here, full)
            await self._sealer.load(session, {row.outgoing_id for row in fresh})
        for host in self._admit(fresh):
            self._start(host)
        return bool(fresh)

    async def _look(self, session: AsyncSession, limit: int, full: list[str]) -> tuple[list[Due], bool]:
        """Due deliveries of hosts that nobody works for, and whether there may be more of them.

        Rows at the front may all be another engine's; then it looks further.
        """
        while True:
            rows = await delivery_queue.due(session, limit, full)
            fresh = [row for row in rows if row.host not in self._hosts]
            ours = await self._locks.take({row.host for row in fresh})
            fresh = [row for row in fresh if row.host in ours]
            if fresh or len(rows) < limit or limit > _LOOK_MOST:
                return fresh, bool(full) or len(rows) == limit
            limit *= 4

    def _admit(self, rows: Iterable[Due]) -> list[_Host]:
        """Put rows into the queues of their hosts."""
        admitted: dict[str, _Host] = {}
        for row in rows:
            host = admitted.setdefault(row.host, _Host(row.host))
            if len(host.waiting) < HOST_BUFFER:
                host.waiting.append(row)
                self._waiting += 1
            else:
                host.full = self._more = True
        self._hosts.update(admitted)
        return list(admitted.values())

    async def _pause(self) -> None:
        """Wait for something new, or for room."""
        waits = [asyncio.create_task(self._waker.wait(delivery_queue.TOPIC, _IDLE_SECONDS)),
                 asyncio.create_task(self._wanted.wait())]
        try:
            await asyncio.wait(waits, timeout=_IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _start(self, host: _Host) -> None:
        """Open requests to a host as far as order and limits allow."""
        while host.waiting and not host.failed and host.open < PER_HOST:
            about = self._sealer.about(host.waiting[0].outgoing_id)
            # Two of one author or about one object at once could overtake each other.
            if host.open and (about is None or about & host.busy):
                return
            place = self._places.take(host.name)
            if place is None:
                if not host.in_line:
                    host.in_line = True
                    self._lines[self._places.is_slow(host.name)].append(host)
                return
            self._open_request(host, host.waiting.popleft(), about or frozenset(), place)

    def _open_request(self, host: _Host, due: Due, about: frozenset[int], place: Place) -> None:
        self._waiting -= 1
        host.open += 1
        host.busy |= about
        task = asyncio.create_task(self._deliver(host, due, about, place))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, host: _Host, due: Due, about: frozenset[int], place: Place) -> None:
        failed = True
        try:
            outcome = await self._attempt(due)
            failed = outcome.host_failed
        except Exception as error:
            log.exception("delivery_failed", delivery=due.id, inbox=due.inbox)
            outcome = Outcome(due, None, now(), done=False, error=f"{type(error).__name__}: {error}")
        finally:
            host.open -= 1
            self._places.give_back(place, failed=failed)
            host.busy -= about
        self._outcomes.append(outcome)
        if outcome.host_failed:
            host.failed = True
            self._waiting -= len(host.waiting)
            host.waiting.clear()
        self._start(host)
        self._go_on()

    def _go_on(self) -> None:
        """Start those next in line, as far as there are places."""
        for slow, line in self._lines.items():
            while line and self._places.has_room(slow=slow):
                first = line.popleft()
                first.in_line = False
                self._start(first)
        if self._more and self._waiting < self._concurrency:
            self._wanted.set()

    async def _attempt(self, due: Due) -> Outcome:
        body = await self._sealer.sealed(due.outgoing_id)
        if body is None:
            return Outcome(due, None, now(), done=True, error="the activity is gone")
        try:
            if await self._federation.is_blocked(due.host):
                return _outcome(due, body, done=True, error="blocked")
            signer = await self._federation.signer(body.actor_id, body.key_id)
            headers = await self._sync_headers.of(body.actor_id, body.id, due.host) if body.followers_only else None
            response = await signer.post(self._federation.client, due.inbox, body.body.encode(), headers)
        except TemporaryFailure as error:
            return _outcome(due, body, host_failed=True, error=str(error), wait=error.retry_after)
        except FederationError as error:
            # The address may not be reached, or the answer is no HTTP: the host's fault, perhaps for a while.
            return _outcome(due, body, host_failed=True, error=str(error))
        return judged(due, body, response)

    async def _settle_often(self) -> None:
        while True:
            await asyncio.sleep(_SETTLE_SECONDS)
            try:
                await self._settle()
            except Exception:
                log.exception("delivery_settle_failed")
                await asyncio.sleep(1.0)

    async def _keep_house(self) -> None:
        while True:
            try:
                async with self._db.write() as session:
                    await delivery_queue.trim(session)
            except Exception:
                log.exception("delivery_housekeeping_failed")
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)

    async def _settle(self) -> None:
        """Write outcomes; hosts all of whose outcomes are written may be asked for again."""
        while self._outcomes or self._sealer.unsaved or self._federation.schemes.has_news:
            group = self._outcomes[:_SETTLE_MOST]
            async with self._db.write() as session:
                await self._sealer.save(session)
                await delivery_queue.settle(session, group)
                await self._federation.schemes.save(session)
            del self._outcomes[:len(group)]
        idle = [host.name for host in self._hosts.values() if host.is_idle]
        for name in idle:
            del self._hosts[name]
        await self._locks.give_back(idle)
        self._released = self._released or bool(idle)
        if self._released and time.monotonic() - self._looked_at > _LOOK_SECONDS:
            self._wanted.set()


def _outcome(
    due: Due, body: Body, *, done: bool = False, host_failed: bool = False, error: str = "", wait: float | None = None
) -> Outcome:
    return Outcome(due, body.object_id, body.created_at, done=done, host_failed=host_failed, error=error,
                   retry_after=wait)


def judged(due: Due, body: Body, response: Response) -> Outcome:
    """What an answer means (protocol §6, §10): 2xx done; 4xx final but for 401, 408, 425, 429; 5xx tried again."""
    status = response.status
    if 200 <= status < 300:
        return _outcome(due, body, done=True)
    error = f"status {status}"
    if status in _HOST_TROUBLE:
        return _outcome(due, body, host_failed=True, error=error, wait=retry_after(response.headers))
    if status in _RETRIED or status > 501:
        return _outcome(due, body, error=error, wait=retry_after(response.headers))
    log.info("delivery_refused", inbox=due.inbox, activity=body.uri, status=status,
             answer=response.body[:300].decode("utf-8", "replace"))
    return _outcome(due, body, done=True, error=error)
