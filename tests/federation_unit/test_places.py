"""Places for open requests: hosts that let us wait do not stand in the way of the others."""

from __future__ import annotations

import asyncio

import pytest

from potluck.federation import places
from potluck.federation.places import Place, Places


@pytest.fixture
def freed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts how often a place became free; patience ends at once."""
    monkeypatch.setattr(places, "PATIENCE", 0.0)
    return []


def taken(row: Places, host: str) -> Place:
    """A place that there must be."""
    place = row.take(host)
    assert place is not None
    return place


async def test_who_lets_us_wait_makes_room(freed: list[int]) -> None:
    """A request without an answer moves to the second row, and another host gets its place; never more than both."""
    row = Places(1, 1, lambda: freed.append(1))
    first = taken(row, "dead.test")
    assert row.take("alive.test") is None
    await asyncio.sleep(0.01)
    assert freed == [1]
    second = taken(row, "alive.test")
    await asyncio.sleep(0.01)
    assert row.taken == 2
    assert row.take("third.test") is None, "the second row is full, so the first does not empty any more"
    row.give_back(first, failed=True)
    row.give_back(second, failed=False)
    assert row.taken == 0


async def test_a_host_that_failed_begins_in_the_second_row(freed: list[int]) -> None:
    """It takes no place from the others again, until it answers."""
    row = Places(1, 1, lambda: freed.append(1))
    row.give_back(taken(row, "dead.test"), failed=True)
    again = taken(row, "dead.test")
    assert again.is_slow
    assert row.has_room(slow=False)
    assert not row.has_room(slow=True)
    row.give_back(again, failed=False)
    assert not row.is_slow("dead.test")
