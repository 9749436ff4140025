"""What a process does as soon as it is asked to stop, before its server waits for the answers it still gives."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNAL = signal.SIGUSR1
"""Tells so to a worker process whose server keeps the signals that end it for itself."""

_steps: list[Callable[[], None]] = []


@contextmanager
def doing(step: Callable[[], None]) -> Iterator[None]:
    """Have `step` done when the process is asked to stop within the block."""
    _steps.append(step)
    try:
        yield
    finally:
        _steps.remove(step)


def begin() -> None:
    """The process was asked to stop."""
    for step in _steps:
        step()
