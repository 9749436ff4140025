"""The fork server: a small process with the decoders loaded, which forks a fresh worker for each job.

Starting Python and libvips takes longer than making a thumbnail; forking takes a millisecond. This process has one
thread, no secrets and an empty environment, never looks at the bytes of a job, and ends when the server that started
it ends or when it has had nothing to do for a while. It watches what a worker cannot be trusted to watch itself:
the time, the size of its output, its end.

Orders come as packets over a socket: JSON, with descriptors for the channel (the worker's words), the log (its
standard error), the notice (ours), the output folder and the inputs.
"""

from __future__ import annotations

import codecs
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import resource
import select
import signal
import socket
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from potluck.media.sandbox import kernel, privileges, seccomp, syscalls, worker
from potluck.media.sandbox.limits import Limits
from potluck.media.sandbox.programs import Program

PACKET_BYTES = 160_000
_DESCRIPTORS = 64
_IDLE_SECONDS = 60.0
_WATCH_SECONDS = 0.1
_DEPTH = 8
_ENCODINGS = ("ascii", "latin-1", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "idna")


@dataclass(slots=True)
class _Running:
    """A worker that lives."""

    pid: int
    notice: socket.socket
    folder: int
    limits: Limits
    deadline: float
    why: str = ""  # what it was killed for


class Zygote:
    """The loop of the fork server."""

    def __init__(self, control: socket.socket, namespaces: list[str]) -> None:
        self.control = control
        self.namespaces = namespaces
        self.running: dict[int, _Running] = {}  # by the descriptor of its notice
        self.poll = select.poll()
        self.poll.register(control, select.POLLIN)
        self.deaths = _told_of_deaths()
        self.poll.register(self.deaths, select.POLLIN)

    def serve(self) -> None:
        """Take orders until the server is gone, or nothing was to do for a while."""
        last = time.monotonic()
        while self.running or time.monotonic() - last < _IDLE_SECONDS:
            wait = _WATCH_SECONDS if self.running else _IDLE_SECONDS
            for fd, event in self.poll.poll(wait * 1000):
                last = time.monotonic()
                if fd == self.deaths:
                    os.read(self.deaths, select.PIPE_BUF)
                    self._reap()
                elif fd != self.control.fileno():
                    self._abandoned(fd, event)
                elif not self._take():
                    return
            self._watch()

    def _take(self) -> bool:
        """One order; False when the server is gone."""
        try:
            data, fds, _, _ = socket.recv_fds(self.control, PACKET_BYTES, _DESCRIPTORS)
        except OSError:
            return False
        if not data:
            return False
        self._start(json.loads(data), fds)
        return True

    def _start(self, order: dict[str, Any], fds: list[int]) -> None:
        channel, log, told, folder, *inputs = fds
        limits = Limits(**order["limits"])
        program = Program(**order["program"]) if order["program"] else None
        ordered = worker.Order(order["task"], order["params"], limits, tuple(order["names"]), program,
                               frozenset(order["without"]))
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            worker.run(ordered, worker.Descriptors(channel, log, folder, inputs), parent=parent,
                       namespaces=self.namespaces)
        for fd in (channel, log, *inputs):
            os.close(fd)
        notice = socket.socket(fileno=told)
        self.running[told] = _Running(pid, notice, folder, limits, time.monotonic() + limits.wall_seconds)
        self.poll.register(told, 0)  # only its closing
        _tell(notice, {"started": True})

    def _abandoned(self, fd: int, event: int) -> None:
        """The caller no longer waits."""
        job = self.running.get(fd)
        if job is not None and event & (select.POLLHUP | select.POLLERR):
            self.poll.unregister(fd)
            _kill(job, job.why or "cancelled")

    def _watch(self) -> None:
        """End workers that overstep what only we can measure."""
        for job in self.running.values():
            why = "time" if time.monotonic() > job.deadline else _overflow(job)
            if why and not job.why:
                _kill(job, why)

    def _reap(self) -> None:
        for fd, job in list(self.running.items()):
            pid, status, usage = os.wait4(job.pid, os.WNOHANG)
            if pid:
                del self.running[fd]
                self._finish(job, status, usage)

    def _finish(self, job: _Running, status: int, usage: resource.struct_rusage) -> None:
        with contextlib.suppress(OSError):
            os.killpg(job.pid, signal.SIGKILL)  # there should be nobody left
        why = job.why or _overflow(job)
        _tell(job.notice, {"ended": os.waitstatus_to_exitcode(status), "why": why,
                           "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss * 1024})
        with contextlib.suppress(KeyError):
            self.poll.unregister(job.notice)
        os.close(job.folder)
        job.notice.close()


def _told_of_deaths() -> int:
    """A descriptor that becomes readable when a worker ends."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    return read


def _kill(job: _Running, why: str) -> None:
    job.why = why
    for kill in (os.kill, os.killpg):
        with contextlib.suppress(OSError):
            kill(job.pid, signal.SIGKILL)


def _tell(notice: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        notice.send(json.dumps(message).encode() + b"\n", socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)


def _overflow(job: _Running) -> str:
    """What of its output is too much, if anything."""
    size = count = 0
    for length in _lengths(job.folder, 0):
        size, count = size + length, count + 1
        if size > job.limits.output_bytes:
            return "output"
        if count > job.limits.files:
            return "files"
    return ""


def _lengths(folder: int, depth: int) -> Iterator[int]:
    """Sizes of the files and folders in a folder; the names may change while we look."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                # Holes count as well: they are full for whoever copies the file.
                yield max(found.st_size, found.st_blocks * 512) if stat.S_ISREG(found.st_mode) else 0
                if stat.S_ISDIR(found.st_mode):
                    yield from _within(folder, entry.name, depth + 1)


def _within(folder: int, name: str, depth: int) -> Iterator[int]:
    if depth > _DEPTH:
        yield 1 << 62  # nobody nests so deep in good faith
        return
    inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
    try:
        yield from _lengths(inner, depth)
    finally:
        os.close(inner)


def load(packages: list[str]) -> None:
    """Import every module with tasks now, and the encodings a task may ask for: workers cannot."""
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)
    for name in packages:
        package = importlib.import_module(name)
        for found in pkgutil.iter_modules(getattr(package, "__path__", [])):
            importlib.import_module(f"{name}.{found.name}")


def main() -> None:
    """`python -c "…zygote.main()" CONTROL PACKAGES PATHS WITHOUT`: the entry point of the process."""
    control = socket.socket(fileno=int(sys.argv[1]))
    sys.path += json.loads(sys.argv[3])
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the server decides, by closing the socket
    load(json.loads(sys.argv[2]))
    os.environ.clear()
    if syscalls.is_known(kernel.machine()):
        seccomp.prepare(None)
    gc.collect()
    gc.freeze()  # workers share these pages as long as nobody writes to them
    namespaces = [] if "namespaces" in json.loads(sys.argv[4]) else privileges.enter_namespaces()
    if "pid" in namespaces:
        _stand_behind(control)
    Zygote(control, namespaces).serve()


def _stand_behind(control: socket.socket) -> None:
    """Go on in a child, the first of the new process table; this process only waits for it."""
    child = os.fork()
    if child:
        control.close()
        os.waitpid(child, 0)
        os._exit(0)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
