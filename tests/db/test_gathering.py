"""Rows by id for many askers at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from potluck.db.gathering import Gathering


class Table:
    """Answers when told to, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.gate = asyncio.Event()
        self.broken = False

    async def fetch(self, ids: Sequence[int]) -> list[tuple[int, str]]:
        self.asked.append(sorted(ids))
        await self.gate.wait()
        if self.broken:
            raise OSError("away")
        return [(key, f"row {key}") for key in ids if key < 100]


async def test_who_comes_meanwhile_shares_the_next_query() -> None:
    """The first asks alone; the others wait for a query that begins after they asked, and each gets its own rows."""
    table = Table()
    gathering = Gathering(table.fetch)
    asking = [asyncio.create_task(gathering.rows(ids)) for ids in ([1], [2, 3], [3, 100])]
    await asyncio.sleep(0)
    assert table.asked == [[1]]
    table.gate.set()
    assert await asyncio.gather(*asking) == [[(1, "row 1")], [(2, "row 2"), (3, "row 3")], [(3, "row 3")]]
    assert table.asked == [[1], [2, 3, 100]]
    assert await gathering.rows([4]) == [(4, "row 4")]


async def test_an_error_reaches_all_who_shared_the_query_and_nobody_after() -> None:
    """So does somebody's going away: the others are answered."""
    table = Table()
    gathering = Gathering(table.fetch)
    first, second, third = (asyncio.create_task(gathering.rows([key])) for key in (1, 2, 3))
    await asyncio.sleep(0)
    table.broken = True
    first.cancel()
    table.gate.set()
    for task in (second, third):
        with pytest.raises(OSError, match="away"):
            await task
    table.broken = False
    assert await gathering.rows([5]) == [(5, "row 5")]
