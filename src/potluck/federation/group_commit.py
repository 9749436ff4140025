"""Lets many tasks share one commit: who comes while a transaction is being written goes into the next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db import Database

log = structlog.get_logger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")
Write = Callable[[AsyncSession, Sequence[Item]], Awaitable[Sequence[Result]]]


class GroupCommit(Generic[Item, Result]):
    """Writes items of many tasks in few transactions.

    No timer: the first item is written at once, those that arrive meanwhile share the next transaction, so
    the group grows by itself with the load.

    Args:
        db: where to write.
        write: writes a group within a session; returns one result per item, in order.
        most: items in one transaction.
        isolate: when a group fails, write its items one by one, so that a bad one does not fail the others.
    """

    def __init__(
        self, db: Database, write: Write[Item, Result], *, most: int = 500, isolate: bool = False
    ) -> None:
        self._db = db
        self._write = write
        self._most = most
        self._isolate = isolate
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """Write `item`; returns once it is committed.

        Raises:
            Exception: whatever the transaction raised; nothing of the item was written then.
        """
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        # Shielded by not being awaited directly: a caller that goes away does not undo the group.
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Wait until everything that was added is written."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def _drain(self) -> None:
        while self._waiting:
            group = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            await self._commit(group)

    async def _commit(self, group: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            async with self._db.write() as session:
                results = await self._write(session, [item for item, _ in group])
        except Exception as error:  # noqa: BLE001  # the edge of the loop: every waiting task gets the error
            if self._isolate and len(group) > 1:
                for single in group:
                    await self._commit([single])
                return
            log.warning("group_commit_failed", items=len(group), error=repr(error))
            for _, future in group:
                _settle(future, error=error)
            return
        for (_, future), result in zip(group, results, strict=True):
            _settle(future, result=result)


def _settle(
    future: asyncio.Future[Result], *, result: Result | None = None, error: BaseException | None = None
) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
        future.exception()  # seen: a caller that has gone away is no reason for a warning
    else:
        future.set_result(result)  # type: ignore[arg-type]  # the result type may include None
