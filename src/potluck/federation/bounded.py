"""A bounded memory of when things happened."""

from __future__ import annotations

import time
from collections import OrderedDict


class BoundedTimes:
    """Remembers names for a while; the oldest go first when there are too many.

    Args:
        seconds: how long a name is remembered.
        capacity: names at the most.
    """

    def __init__(self, seconds: float, capacity: int) -> None:
        self._seconds = seconds
        self._capacity = capacity
        self._until: OrderedDict[str, float] = OrderedDict()

    def add(self, name: str) -> None:
        """Remember a name from now on."""
        self._until.pop(name, None)
        self._until[name] = time.monotonic() + self._seconds
        while len(self._until) > self._capacity:
            self._until.popitem(last=False)

    def has(self, name: str) -> bool:
        """Whether a name is remembered."""
        return self._until.get(name, 0.0) > time.monotonic()

    def remove(self, name: str) -> None:
        """Forget a name."""
        self._until.pop(name, None)

    def clear(self) -> None:
        """Forget all."""
        self._until.clear()
