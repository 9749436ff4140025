"""The inbox engine: takes waiting activities in batches, keeps the order per host, works for many hosts at once.

What needs nothing from outside is applied in large transactions. A host whose next item needs fetches gets a lane of
its own, where its items are prepared one after the other outside of any transaction; it holds up no other host.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import tasks
from potluck.db import Database
from potluck.federation import group_activities, journal
from potluck.federation.applying import Batch, Item, dropped, item_of, needs_fetch, references, trim_seen
from potluck.federation.errors import FederationError
from potluck.federation.group_commit import GroupCommit
from potluck.federation.host_locks import HostLocks
from potluck.federation.inbound import Inbound, look_up
from potluck.federation.preparing import prepare
from potluck.social.live import Waker

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

log = structlog.get_logger(__name__)

MAX_LANES = 256
LANE_SECONDS = 90.0
_IDLE_SECONDS = 2.0
_LOOKS = 5  # past hosts that other engines hold
_HOUSEKEEPING_SECONDS = 3600.0


class InboxEngine:
    """One engine's work on the inbox journal.

    Args:
        db: the database.
        federation: for fetches.
        waker: tells when something was appended.
        batch: items in one transaction at the most (setting `inbox_batch`).
    """

    def __init__(self, db: Database, federation: Federation, waker: Waker, *, batch: int = 100) -> None:
        self._db = db
        self._federation = federation
        self._waker = waker
        self._batch = batch
        self._locks = HostLocks(db, "inbox")
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._prepared: GroupCommit[Item, bool] = GroupCommit(db, self._apply, most=batch, isolate=True)

    async def run(self) -> None:
        """Work until cancelled."""
        keeper = asyncio.create_task(self._keep_house())
        try:
            while True:
                if not await self._guarded(self.round):
                    await self._waker.wait(journal.TOPIC, _IDLE_SECONDS)
        finally:
            keeper.cancel()
            await self.close()

    async def _guarded(self, step: Callable[[], Awaitable[bool]]) -> bool:
        """A round that fails (the database is away) is tried again after a while."""
        try:
            return await step()
        except Exception:
            log.exception("inbox_round_failed")
            await asyncio.sleep(1.0)
            return True

    async def close(self) -> None:
        """Stop the lanes; their items stay in the journal."""
        await tasks.end(*self._lanes.values())
        await self._locks.close()

    async def drain(self) -> None:
        """Work until nothing is waiting and no lane is open (tests, shutdown of a test server)."""
        while await self.round() or self._lanes:
            if self._lanes:
                await asyncio.wait(self._lanes.values(), return_when=asyncio.FIRST_COMPLETED)

    async def round(self) -> bool:
        """Take one batch. Returns whether there was anything to do."""
        if len(self._lanes) >= MAX_LANES:
            await asyncio.wait(self._lanes.values(), return_when=asyncio.FIRST_COMPLETED)
        rows = await self._claim()
        if not rows:
            return False
        items = [item_of(row) for row in rows]
        done = await self._commit(items)
        waiting: dict[str, list[Item]] = {}
        for item, is_done in zip(items, done, strict=True):
            if not is_done:
                waiting.setdefault(item.host, []).append(item)
        for host, held in waiting.items():
            self._open_lane(host, held)
        await self._locks.give_back({row.host for row in rows} - self._lanes.keys())
        return True

    async def _claim(self) -> Sequence[Any]:
        if self._db.is_sqlite:
            async with self._db.read() as session:
                return await journal.waiting(session, self._batch, without_hosts=list(self._lanes))
        ours = await self._claim_hosts()
        if not ours:
            return ()
        # Read again: only now nobody else can be working on these hosts.
        async with self._db.read() as session:
            return await journal.waiting(session, self._batch, only_hosts=ours)

    async def _claim_hosts(self) -> set[str]:
        """Hosts with waiting items that no other engine works for."""
        passed_over = set(self._lanes)
        for _ in range(_LOOKS):
            async with self._db.read() as session:
                hosts = await journal.waiting_hosts(session, self._batch, passed_over)
            ours = await self._locks.take(hosts)
            if ours or not hosts:
                return ours
            passed_over |= set(hosts)
        return set()

    async def _apply(self, session: AsyncSession, items: Sequence[Item]) -> list[bool]:
        return await Batch(session, items).run()

    async def _commit(self, items: Sequence[Item], *, again: bool = False) -> list[bool]:
        """Apply a batch; when it fails, its halves, down to the item at fault, which is set aside.

        Args:
            again: an attempt was made before. Ids of old posts are drawn at random, so a clash is tried once more.

        Raises:
            OperationalError, InterfaceError: the database is in trouble; the items stay as they are.
        """
        try:
            async with self._db.write() as session:
                return await self._apply(session, items)
        except (exc.OperationalError, exc.InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001  # the edge of the loop: the item is parked with its error
            log.warning("inbox_batch_failed", items=len(items), error=repr(error)[:1000])
            if isinstance(error, exc.IntegrityError) and not again:
                return await self._commit(items, again=True)
            if len(items) == 1:
                await self._set_aside(items[0], error)
                return [True]
        return await self._commit_halves(items)

    async def _commit_halves(self, items: Sequence[Item]) -> list[bool]:
        middle = len(items) // 2
        first = await self._commit(items[:middle], again=True)
        # Behind an item that needs fetches the others of its host wait, too.
        held = {item.host for item, is_done in zip(items, first, strict=False) if not is_done}
        free = [item for item in items[middle:] if item.host not in held]
        done = dict(zip((item.id for item in free), await self._commit(free, again=True), strict=True)) if free else {}
        return first + [done.get(item.id, False) for item in items[middle:]]

    async def _set_aside(self, item: Item, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        permanent = getattr(error, "permanent", True)
        async with self._db.write() as session:
            if permanent:
                await journal.park(session, item.id, text)
            else:
                await journal.postpone(session, item.id, item.attempts, text)

    def _open_lane(self, host: str, items: list[Item]) -> None:
        task = asyncio.create_task(self._lane(items))
        self._lanes[host] = task

        def closed(_: object) -> None:
            self._lanes.pop(host, None)
            self._waker.raise_(journal.TOPIC)

        task.add_done_callback(closed)

    async def _lane(self, items: list[Item]) -> None:
        """The items of one host, in order, each prepared and then applied together with those of other lanes."""
        host = items[0].host
        try:
            for item in items:
                await self._prepare_and_apply(item)
        except Exception:
            log.exception("inbox_lane_failed", host=host)
        finally:
            await self._locks.give_back([host])

    async def _prepare_and_apply(self, item: Item) -> None:
        error = await self._prepare(item)
        if error is not None:
            await self._set_aside(item, error)
            return
        try:
            await self._prepared.add(item)
        except (exc.OperationalError, exc.InterfaceError):
            raise
        except Exception as failure:  # noqa: BLE001  # the edge of the loop: the item is parked with its error
            log.warning("inbox_item_failed", id=item.id, error=repr(failure)[:1000])
            await self._set_aside(item, failure)

    async def _prepare(self, item: Item) -> Exception | None:
        """Fetch what the parts need. Returns the error of one that should be tried again later, or looked at."""
        for part in list(item.parts):
            try:
                if await self._needs_fetch(part):
                    async with asyncio.timeout(LANE_SECONDS):
                        await prepare(self._federation, part)
            except TimeoutError:
                dropped(part, FederationError(f"fetching took longer than {LANE_SECONDS:g} s"))
                item.parts.remove(part)
            except FederationError as reason:
                if not reason.permanent:
                    return reason
                dropped(part, reason)
                item.parts.remove(part)
            except Exception as error:
                log.exception("inbox_prepare_failed", id=item.id)
                return error
            part.prepared = True
        return None

    async def _needs_fetch(self, part: Inbound) -> bool:
        """Whether anything of it is missing: others wait in a lane only because one before them does."""
        wanted = references([part])
        async with self._db.read() as session:
            return needs_fetch(part, await look_up(session, wanted))

    async def _keep_house(self) -> None:
        while True:
            try:
                async with self._db.write() as session:
                    await trim_seen(session)
                    await journal.trim(session)
                    await group_activities.trim(session)
            except Exception:
                log.exception("inbox_housekeeping_failed")
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
