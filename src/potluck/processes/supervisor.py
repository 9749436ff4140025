"""`potluck serve`: keeps web and engine processes running and stops them together.

It is run as a file by itself (`become`), without the server, its settings and Python's `site`, and loads next to
nothing, so that the parent stays small (3 MiB).

supervisor.py web=PID engine-1: look after the one process, which runs already (`preloading`), and start the other.
"""

from __future__ import annotations

import os
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType
    from typing import NoReturn

    from potluck.settings import Settings

_STOP_SECONDS = 20
_STEADY_SECONDS = 30
_MAX_PAUSE = 30
_PR_SET_PDEATHSIG = 1
_CANNOT_RUN = 127


def end_with_parent(parent: int) -> None:
    """Have the kernel stop this process when its parent is gone, even by `kill -9` (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before it could be told
            os.kill(os.getpid(), signal.SIGTERM)


class Process:
    """A child of this process, with as much of `subprocess.Popen` as is used here: that costs two MiB."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self._wait(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end, at most some seconds; the exit code, None if it runs on."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            code = self._wait(0 if deadline is None else os.WNOHANG)
            if code is not None or (deadline is not None and time.monotonic() > deadline):
                return code
            time.sleep(0.02)

    def _wait(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


class Child:
    """One process and when it may be started again."""

    def __init__(self, name: str, arguments: Sequence[str], environ: dict[str, str]) -> None:
        self.name = name
        self._command = [sys.executable, "-m", "potluck", *arguments]
        self._environ = environ
        self._pause = 1.0
        self.process: Process | None = None
        self.started_at = 0.0
        self.not_before = 0.0

    def start(self) -> None:
        """Start the process in this terminal's session but its own group, so that Ctrl-C reaches only the parent."""
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                os.setpgid(0, 0)
                end_with_parent(parent)
                os.execve(self._command[0], self._command, self._environ)  # noqa: S606 - our own program
            finally:
                os._exit(_CANNOT_RUN)
        try:  # noqa: SIM105 - contextlib would have to be loaded
            os.setpgid(pid, pid)  # here too, so that a signal to the group finds it
        except OSError:  # it was quicker
            pass
        self.adopt(pid)

    def adopt(self, pid: int) -> None:
        """Look after a child that runs already."""
        self.started_at = time.monotonic()
        self.process = Process(pid)

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
            try:  # noqa: SIM105 - as above
                os.killpg(self.process.pid, sig)
            except ProcessLookupError:
                pass


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


def become(wanted: Sequence[str], running: Mapping[str, int]) -> NoReturn:
    """Replace this process by the supervisor.

    Args:
        wanted: the names of the processes.
        running: process ids of children that run already, by name.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    told = [f"{name}={running[name]}" if name in running else name for name in wanted]
    os.execv(sys.executable, [sys.executable, "-IS", __file__, *told])  # noqa: S606 - ourselves


def run(wanted: Sequence[str], running: Mapping[str, int]) -> int:
    """Run until SIGINT or SIGTERM; returns the exit code. The arguments are those of `become`."""
    stopping: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    kept = children(wanted)
    for child in kept:
        if child.name in running:
            child.adopt(running[child.name])
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
        if child.process is not None and child.process.wait(max(0.1, deadline - time.monotonic())) is None:
            child.stop(signal.SIGKILL)
            child.process.wait()


def main(told: Sequence[str]) -> int:
    """Look after the processes that were named, with NAME=PID for one that runs already."""
    pairs = [name.partition("=") for name in told]
    return run([name for name, _, _ in pairs], {name: int(pid) for name, _, pid in pairs if pid})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
