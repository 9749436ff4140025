"""Who may have a request open: so many at once, and hosts that let us wait do not stand in the way of the others.

A request that is not answered within half a second (or three times what is usual now, when we are busy ourselves)
moves from its place to a second row of places, and the next in line takes the first. A host that failed or was slow
begins in the second row for a while. So a hundred dead hosts hold up nobody, and the number of open requests stays
bounded all the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from potluck.federation.bounded import BoundedTimes

PATIENCE = 0.5
SLOW_SECONDS = 2.0
"""A host that took longer, or failed, is thought slow for the next ten minutes."""
_TIMES_USUAL = 3.0
_WEIGHT = 0.05  # of the newest in the average
_REMEMBERED = 600.0
_CAPACITY = 20_000


class Place:
    """The place of one open request."""

    __slots__ = ("_since", "_timer", "host", "is_slow")

    def __init__(self, host: str, *, is_slow: bool) -> None:
        self.host = host
        self.is_slow = is_slow
        self._since = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None

    def call_later(self, seconds: float, tell: Callable[[Place], None]) -> None:
        """Call `tell` when patience ends."""
        self._timer = asyncio.get_running_loop().call_later(seconds, tell, self)

    def end(self) -> float:
        """The request has ended; returns how long it took."""
        if self._timer is not None:
            self._timer.cancel()
        return time.monotonic() - self._since


class Places:
    """The places of one engine.

    Args:
        most: in the first row.
        most_slow: in the second.
        freed: called when one in the first row became free by patience.
    """

    def __init__(self, most: int, most_slow: int, freed: Callable[[], None]) -> None:
        self._most = most
        self._most_slow = most_slow
        self._freed = freed
        self._quick = 0
        self._slow = 0
        self._usual = 0.0  # seconds that a request takes, on the average of late
        self._known_slow = BoundedTimes(_REMEMBERED, _CAPACITY)

    @property
    def taken(self) -> int:
        """How many are taken."""
        return self._quick + self._slow

    def is_slow(self, host: str) -> bool:
        """Whether a host begins in the second row."""
        return self._known_slow.has(host)

    def has_room(self, *, slow: bool) -> bool:
        """Whether a row has a free place."""
        return self._slow < self._most_slow if slow else self._quick < self._most

    def take(self, host: str) -> Place | None:
        """A place for a request to a host, None when its row is full."""
        slow = self.is_slow(host)
        if not self.has_room(slow=slow):
            return None
        place = Place(host, is_slow=slow)
        if slow:
            self._slow += 1
        else:
            self._quick += 1
            place.call_later(max(PATIENCE, self._usual * _TIMES_USUAL), self._lose_patience)
        return place

    def give_back(self, place: Place, *, failed: bool) -> None:
        """The request has ended."""
        seconds = place.end()
        if place.is_slow:
            self._slow -= 1
        else:
            self._quick -= 1
        if failed or seconds > max(SLOW_SECONDS, self._usual * _TIMES_USUAL):
            self._known_slow.add(place.host)
            return
        self._usual += (seconds - self._usual) * _WEIGHT
        if place.is_slow:
            self._known_slow.remove(place.host)

    def _lose_patience(self, place: Place) -> None:
        if self.has_room(slow=True):
            place.is_slow = True
            self._quick -= 1
            self._slow += 1
            self._freed()
