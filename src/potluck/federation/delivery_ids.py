"""Ids of delivery rows: made in blocks, so that one INSERT … SELECT can number any number of them.

They order the queue of a host and are seen by nobody else, so they may fill 63 bits: 41 of milliseconds since 2024,
6 of node, 16 of sequence. A block of any size fits into the present millisecond or borrows from the next ones.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from sqlalchemy import ColumnElement

from potluck.db.ids import EPOCH_MS, NODE_BITS, ids

_SEQUENCE_BITS = 16
_SEQUENCES = 1 << _SEQUENCE_BITS


class DeliveryIds:
    """Hands out blocks of ids for this process."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def reserve(self, count: int) -> int:
        """Reserve `count` ids; returns the tick before the first one, for `id_of` and `column`."""
        present = (int(time.time() * 1000) - EPOCH_MS) * _SEQUENCES
        with self._lock:
            start = max(present, self._last + 1)
            self._last = start + count
        return start

    @staticmethod
    def id_of(tick: int) -> int:
        """The id of a tick."""
        milliseconds, sequence = divmod(tick, _SEQUENCES)
        return (milliseconds << NODE_BITS | ids.node) << _SEQUENCE_BITS | sequence

    @staticmethod
    def column(start: int, number: ColumnElement[int]) -> ColumnElement[Any]:
        """The id of the `number`-th row (from 1) of a block, as SQL that both databases compute alike."""
        tick = number + start
        milliseconds = tick // _SEQUENCES
        return (milliseconds * (1 << NODE_BITS) + ids.node) * _SEQUENCES + tick % _SEQUENCES


delivery_ids = DeliveryIds()
"""The generator of this process."""
