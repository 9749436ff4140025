"""The first processes of `potluck serve` are forks of one that has loaded the program, so that they share it.

Loading costs each process a second of CPU and some sixty MiB; done once before the fork it is paid once, as long as
nobody writes to the pages. The parent then replaces itself by the small supervisor (`supervisor.become`), which stays
the parent of both. A process that ends and is started again is loaded by itself.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence

from potluck.processes.supervisor import Process, end_with_parent

_PR_SET_NAME = 15
_M_ARENA_MAX = -8


def can_fork() -> bool:
    """Whether processes can be forked here: on Linux, and where no library has started a thread, in Python or not.

    Threads that are ending are waited for, a second at most.
    """
    if sys.platform != "linux":
        return False
    until = time.monotonic() + 1
    while len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - nothing but their number is wanted
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


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


def apart(name: str, act: Callable[[], int]) -> Process:
    """Do something in a fork of its own, so that what it loads does not stay; it gives the exit code."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return Process(pid)
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
    end_with_parent(parent)
    library = ctypes.CDLL(None)
    library.prctl(_PR_SET_NAME, f"potluck-{name}".encode()[:15])
    mallopt: Callable[[int, int], int] | None = getattr(library, "mallopt", None)  # glibc only
    if mallopt is not None and "MALLOC_ARENA_MAX" not in os.environ:
        mallopt(_M_ARENA_MAX, 2)
    sys.argv = [sys.argv[0], name.partition("-")[0]]
