"""Rows by id, asked for by many at the same time: who asks while a query is under way goes into the next one.

There is no timer: a single asker is answered by a query of its own at once, and the more ask, the more share one.
No query that had begun before is shared, so that everybody sees what was committed before they asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

Row = Sequence[Any]
Fetch = Callable[[Sequence[int]], Awaitable[Sequence[Row]]]
MOST = 500


class Gathering:
    """Gathers ids for one statement.

    Args:
        fetch: rows of some ids; the first column is the id.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._waiting: list[tuple[Sequence[int], asyncio.Future[Sequence[Row]]]] = []
        self._busy = False
        self._task: asyncio.Task[None] | None = None

    async def rows(self, ids: Sequence[int]) -> Sequence[Row]:
        """The rows of these ids, in no order.

        Raises:
            Exception: whatever the query raised.
        """
        if self._busy:
            future: asyncio.Future[Sequence[Row]] = asyncio.get_running_loop().create_future()
            self._waiting.append((ids, future))
            return await future
        self._busy = True
        try:
            return await self._fetch(ids)
        finally:
            if self._waiting:
                self._task = asyncio.create_task(self._answer_waiting())
            else:
                self._busy = False

    async def _answer_waiting(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                rows = await self._fetch(list({key for ids, _ in asked for key in ids}))
            except BaseException as error:  # everybody who shared the query gets its error
                for _, future in asked:
                    if not future.done():
                        future.set_exception(error)
                if not isinstance(error, Exception):
                    self._busy = False
                    raise
                continue
            found = {row[0]: row for row in rows}
            for ids, future in asked:
                if not future.done():
                    future.set_result([found[key] for key in ids if key in found])
        self._busy = False
