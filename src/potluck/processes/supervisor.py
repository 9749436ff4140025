"""`potluck serve`: keeps web and engine processes running and stops them together.

It imports nothing of the server itself, not even its settings, so that the parent stays small (5 MiB).

python -m potluck.processes.supervisor web=PID engine-1=PID: look after processes that run already (`preloading`).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from potluck.processes.preloading import Adopted

if TYPE_CHECKING:
    from potluck.settings import Settings

_STOP_SECONDS = 20
_STEADY_SECONDS = 30
_MAX_PAUSE = 30
_PR_SET_PDEATHSIG = 1


def _end_with_parent() -> None:
    """Have the kernel stop this process when the supervisor is gone, even by `kill -9` (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One process and when it may be started again."""

    def __init__(self, name: str, arguments: Sequence[str], environ: dict[str, str]) -> None:
        self.name = name
        self._command = [sys.executable, "-m", "potluck", *arguments]
        self._environ = environ
        self._pause = 1.0
        self.process: subprocess.Popen[bytes] | Adopted | None = None
        self.started_at = 0.0
        self.not_before = 0.0

    def start(self) -> None:
        """Start the process in this terminal's session but its own group, so that Ctrl-C reaches only the parent."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            self._command, env=self._environ, process_group=0,
            preexec_fn=_end_with_parent)  # noqa: PLW1509 - this parent has a single thread

    def adopt(self, pid: int) -> None:
        """Look after a process that was forked before (`preloading`)."""
        self.started_at = time.monotonic()
        self.process = Adopted(pid)

    def check(self) -> int | None:
        """The exit code if the process has ended; plans the next start, later each time it fails soon."""
        if self.process is None or self.process.poll() is None:
            return None
        code = self.process.returncode
        self.process = None
        lasted = time.monotonic() - self.started_at
        self._pause = 1.0 if lasted > _STEADY_SECONDS else min(self._pause * 2, _MAX_PAUSE)
        self.not_before = time.monotonic() + self._pause
        return code

    def stop(self, sig: signal.Signals) -> None:
        """Send a signal to the process and its children."""
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, sig)


def names(settings: Settings) -> list[str]:
    """The processes this configuration wants."""
    engines = settings.engine_workers if not settings.is_sqlite else 1
    return ["web", *(f"engine-{number + 1}" for number in range(engines))]


def children(wanted: Sequence[str]) -> list[Child]:
    """A child for each name, not started yet."""
    environ = dict(os.environ)
    # Fewer arenas keep freed memory from being held by each thread of an idle server.
    environ.setdefault("MALLOC_ARENA_MAX", "2")
    return [Child(name, [name.partition("-")[0]], environ) for name in wanted]


def run(wanted: Sequence[str], adopted: Mapping[str, int] | None = None) -> int:
    """Run until SIGINT or SIGTERM; returns the exit code.

    Args:
        wanted: the names of the processes.
        adopted: process ids of children that run already, by name.
    """
    stopping: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    kept = children(wanted)
    for child in kept:
        if child.name in (adopted or {}):
            child.adopt((adopted or {})[child.name])
        else:
            child.start()
    while not stopping:
        for child in kept:
            code = child.check()
            if code is not None:
                if code == os.EX_CONFIG:
                    _stop_all(kept)
                    return code
                sys.stderr.write(f"{child.name} ended with code {code}; it is started again\n")
            if child.process is None and time.monotonic() >= child.not_before:
                child.start()
        time.sleep(0.2)
    _stop_all(kept)
    return 0


def _stop_all(kept: list[Child]) -> None:
    """Ask every process to finish, then insist."""
    for child in kept:
        child.stop(signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    for child in kept:
        if child.process is not None:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.stop(signal.SIGKILL)
                child.process.wait()


def main(pairs: Sequence[str]) -> int:
    """Look after processes that run already, given as NAME=PID."""
    adopted = {name: int(pid) for name, _, pid in (pair.partition("=") for pair in pairs)}
    return run(list(adopted), adopted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
