"""A mapping of bounded size whose entries fade: for what may be remembered for a moment in one process."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar
from weakref import WeakSet

_LOOKED_AT = 4

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_all: WeakSet[FadingCache[Any, Any]] = WeakSet()


def forget_all() -> None:
    """Forget what every cache keeps (for tests, which change the database beneath the process)."""
    for one in _all:
        one.clear()


class FadingCache(Generic[K, V]):
    """Keeps at most `most` entries, the least recently used go first, none longer than `seconds`."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        _all.add(self)
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self.generation = 0
        """Raised by every `forget`, `drop` and `clear`: what was looked up before is not to be kept after."""

    def get(self, key: K) -> V | None:
        """The value, or None if it is not kept (any more)."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] < self._clock():
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return entry[1]

    def put(self, key: K, value: V, generation: int | None = None) -> None:
        """Keep a value, unless something was forgotten since `generation`."""
        if generation is not None and generation != self.generation:
            return
        self._entries[key] = (self._clock() + self._seconds, value)
        self._entries.move_to_end(key)
        while len(self._entries) > self._most:
            self._entries.popitem(last=False)
        # The least recently used are looked at: what has faded is not kept until the mapping is full.
        for _ in range(_LOOKED_AT):
            first = next(iter(self._entries))
            if self._entries[first][0] >= self._clock():
                break
            del self._entries[first]

    def forget(self, matches: Callable[[V], bool]) -> None:
        """Drop every entry whose value matches."""
        self.generation += 1
        for key in [key for key, (_, value) in self._entries.items() if matches(value)]:
            del self._entries[key]

    def drop(self, key: K) -> None:
        """Drop one entry."""
        self.generation += 1
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Drop everything."""
        self.generation += 1
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)
