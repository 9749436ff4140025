"""Tries the walls from inside, for `potluck doctor`: what a decoder that was taken over would try first."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from potluck.media.sandbox import kernel
from potluck.media.tasks import Job, task

_F_GET_SEALS = 1034
_ARCH_SHSTK_STATUS = 0x5005
_ARCH_PRCTL = 158
_HELD = "held"


@task("walls.attempt")
def attempt(job: Job) -> dict[str, Any]:
    """Try each way out. `held` is what the server wants to hear; otherwise what could be done."""
    outside, port, server = job.params["file"], int(job.params["port"]), int(job.params["server"])
    return {
        "walls": dict(job.walls),
        "read a file": _try(lambda: Path(outside).read_bytes()),
        "write a file": _try(lambda: os.close(os.open(outside, os.O_WRONLY))),
        "connect": _try(lambda: _connect(port)),
        "start a process": _try(_fork),
        "signal the server": _try(lambda: os.kill(server, 0)),
        "read the server's memory": _try(lambda: Path(f"/proc/{server}/environ").read_bytes()),
        "make memory executable": _try(_executable),
        "write the input": _try(lambda: os.pwrite(job.inputs["file"], b"x", 0)),
        "make the input executable": _HELD if _sealed_against_execution(job.inputs["file"]) else "not sealed",
        "shadow stack": shadow_stack(),
    }


def _try(act: Callable[[], object]) -> str:
    try:
        act()
    except OSError as error:
        return "unavailable" if error.errno == errno.ENOSYS else _HELD
    return "done"


def _connect(port: int) -> None:
    with socket.socket() as sock:
        sock.settimeout(1)
        sock.connect(("127.0.0.1", port))


def _fork() -> None:
    child = os.fork()
    if not child:
        os._exit(0)
    with contextlib.suppress(OSError):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _executable() -> None:
    mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def _sealed_against_execution(fd: int) -> bool:
    try:
        return bool(fcntl.fcntl(fd, _F_GET_SEALS) & 0x20)
    except OSError:
        return False


def shadow_stack() -> str:
    """Whether this process keeps a shadow stack: `on`, `off`, or `none` where the kernel knows nothing of it."""
    if not kernel.LINUX or kernel.machine() != "x86_64":
        return "none"
    features = ctypes.create_string_buffer(8)
    try:
        kernel.syscall(_ARCH_PRCTL, _ARCH_SHSTK_STATUS, features)
    except OSError:
        return "none"
    return "on" if features.raw[0] & 1 else "off"
