"""Python runs this at its start when a measurement is profiled: every server process notes where its CPU time goes.

A sample is taken at each tick of the kernel's clock that the process uses. The stack of the main thread, where the
event loop lives, gets the time that thread has used since, and `(other threads)` what the others have.
`python -m bench.profiles FOLDER` reads what is written at the end.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType

_SECONDS = 0.001


class Sampler:
    """Gives each stack the microseconds used since the last sample, and writes all when the process ends."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._stacks: Counter[str] = Counter()
        self._used = 0.0
        self._at = time.process_time()

    def start(self) -> None:
        """Sample from now on."""
        signal.signal(signal.SIGPROF, self.sample)
        signal.setitimer(signal.ITIMER_PROF, _SECONDS, _SECONDS)
        atexit.register(self.write)

    def sample(self, _number: int, frame: FrameType | None) -> None:
        """Note where the main thread is."""
        used, at = time.thread_time(), time.process_time()
        ours, theirs = used - self._used, at - self._at - (used - self._used)
        self._used, self._at = used, at
        self._stacks["(other threads)"] += round(theirs * 1e6)
        names = []
        while frame is not None:
            names.append(f"{frame.f_code.co_filename}:{frame.f_code.co_name}")
            frame = frame.f_back
        self._stacks[";".join(reversed(names))] += round(ours * 1e6)

    def write(self) -> None:
        """Write what was counted."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        lines = "".join(f"{stack} {count}\n" for stack, count in self._stacks.items())
        (self._folder / f"{_name()}-{os.getpid()}.stacks").write_text(lines)


def _name() -> str | None:
    """What this process is; the supervisor is replaced by a small program, which the timer would end."""
    return next((argument for argument in sys.orig_argv[1:] if argument in ("web", "engine")), None)


if "POTLUCK_BENCH_PROFILE" in os.environ and _name():
    Sampler(os.environ["POTLUCK_BENCH_PROFILE"]).start()
