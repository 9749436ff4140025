"""Time-ordered ids below 2^53, unique over all processes of a server, the same id in every API.

Layout: 41 bits of milliseconds since 2008-01-01 (until 2077), 6 bits of node, 6 bits of sequence. Each process holds
its node number through a lease in the database (`potluck.db.nodes`); when a millisecond is used up the generator
borrows from the next one, so it never waits and never repeats.
"""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime

EPOCH_MS = 1_199_145_600_000
"""2008-01-01: the first federated posts are of that year, so that old ones sort by their time too."""

NODE_BITS = 6
SEQUENCE_BITS = 6
NODES = 1 << NODE_BITS
_SHIFT = NODE_BITS + SEQUENCE_BITS
_SEQUENCES = 1 << SEQUENCE_BITS
_DAY = 86_400


class IdGenerator:
    """Makes ids for this process; `node` is set once its lease is held."""

    def __init__(self, node: int = 0) -> None:
        self.node = node
        self._last = 0
        self._random = random.Random()  # noqa: S311 - only to keep things of one second apart
        self._lock = threading.Lock()

    def new(self) -> int:
        """An id for now, larger than every id this process made before."""
        now = (int(time.time() * 1000) - EPOCH_MS) * _SEQUENCES
        with self._lock:
            self._last = max(now, self._last + 1)
            tick = self._last
        milliseconds, sequence = divmod(tick, _SEQUENCES)
        return milliseconds << _SHIFT | self.node << SEQUENCE_BITS | sequence

    def at(self, moment: datetime) -> int:
        """An id that sorts at `moment`, for things that were said earlier elsewhere.

        The bits below the second are random, as most remote times have whole seconds: a clash is unlikely
        but possible, and shows itself as a unique-key error; the work is undone and draws again. What was said
        before the epoch is spread over its first day.
        """
        seconds = int(moment.timestamp()) - EPOCH_MS // 1000
        if seconds < _DAY:
            seconds = self._random.randrange(1, _DAY)
        return (seconds * 1000 << _SHIFT) + self._random.randrange(1000 << _SHIFT)

    def for_time(self, published: datetime) -> int:
        """`new` for something said within the last ten minutes (or in the future), else `at` that time."""
        if published.timestamp() > time.time() - 600:
            return self.new()
        return self.at(published)


ids = IdGenerator()
"""The generator of this process."""


def time_of(value: int) -> datetime:
    """When an id was made (or the time it stands for), in UTC with millisecond precision."""
    return datetime.fromtimestamp(((value >> _SHIFT) + EPOCH_MS) / 1000, UTC)


def floor_at(moment: datetime) -> int:
    """The smallest id at `moment`, for range queries by time."""
    return max(0, int(moment.timestamp() * 1000) - EPOCH_MS) << _SHIFT
