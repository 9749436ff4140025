"""The first processes of `potluck serve` are forks of one that has loaded the program, so that they share it.

Loading costs each process a second of CPU and some sixty MiB; done once before the fork it is paid once, as long as
nobody writes to the pages. The parent then replaces itself by the small supervisor (`exec`), which stays the parent of
both. A process that ends and is started again is loaded by itself.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
_M_ARENA_MAX = -8


def can_fork() -> bool:
    """Whether processes can be forked here: on Linux, and where no library has started a thread, in Python or not."""
    return sys.platform == "linux" and len(list(Path("/proc/self/task").iterdir())) == 1


def fork(names: Sequence[str]) -> str | dict[str, int]:
    """Fork a process for each name.

    Returns:
        In a child its name, in the parent the process ids by name.
    """
    parent = os.getpid()
    found: dict[str, int] = {}
    for name in names:
        pid = os.fork()
        if pid == 0:
            _begin(name, parent)
            return name
        found[name] = pid
    return found


def apart(name: str, act: Callable[[], int]) -> Adopted:
    """Do something in a fork of its own, so that what it loads does not stay; it gives the exit code."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return Adopted(pid)
    try:
        _begin(name, parent)
        code = act()
    except BaseException:  # noqa: BLE001 - nothing may go on from here
        traceback.print_exc()
        code = 1
    os._exit(code)


def _begin(name: str, parent: int) -> None:
    """What `Child.start` arranges for a process that is started by itself."""
    os.setpgid(0, 0)
    library = ctypes.CDLL(None)
    library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before it could be told
        os.kill(os.getpid(), signal.SIGTERM)
    library.prctl(_PR_SET_NAME, f"potluck-{name}".encode()[:15])
    mallopt: Callable[[int, int], int] | None = getattr(library, "mallopt", None)  # glibc only
    if mallopt is not None and "MALLOC_ARENA_MAX" not in os.environ:
        mallopt(_M_ARENA_MAX, 2)
    sys.argv = [sys.argv[0], name.partition("-")[0]]


def become_supervisor(children: dict[str, int]) -> None:
    """Replace this process by the supervisor of the children; does not return."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    adopted = [f"{name}={pid}" for name, pid in children.items()]
    os.execv(sys.executable, [sys.executable, "-m", "potluck.processes.supervisor", *adopted])  # noqa: S606 - ourselves


class Adopted:
    """A child that was forked before, with as much of `subprocess.Popen` as the supervisor uses."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self._wait(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it runs on.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            code = self._wait(0 if deadline is None else os.WNOHANG)
            if code is not None:
                return code
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            time.sleep(0.02)

    def _wait(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode
