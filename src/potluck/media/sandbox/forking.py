"""The caller's end of the fork server: starts it when there is work, hands it orders, replaces it when it is gone."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence

from potluck.media.sandbox.zygote import PACKET_BYTES

_START = "from potluck.media.sandbox.zygote import main; main()"
_ATTEMPTS = 3
_STANDING = {
    "GLIBC_TUNABLES": "glibc.cpu.x86_shstk=on",  # user shadow stacks, where processor, kernel and libc have them
    "LC_ALL": "C.UTF-8",
    "VIPS_CONCURRENCY": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class ForkServer:
    """A process that forks workers, for all threads and event loops of this one.

    Args:
        packages: whose modules hold the tasks.
        paths: further folders to import from.
        without: walls to leave down: namespaces.
    """

    def __init__(self, packages: Sequence[str], paths: Sequence[str] = (),
                 without: frozenset[str] = frozenset()) -> None:
        self._arguments = [json.dumps([*packages]), json.dumps([*paths]), json.dumps([*without])]
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._forget)

    @property
    def process_id(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process else None

    def send(self, order: bytes, fds: Sequence[int]) -> None:
        """Hand over an order with its descriptors. Blocks while a process is started.

        Raises:
            ValueError: the order is too long.
        """
        if len(order) > PACKET_BYTES:
            raise ValueError("the parameters of the job are too long")
        with self._lock:
            for _ in range(_ATTEMPTS):
                try:
                    socket.send_fds(self._connection(), [order], fds)
                except ConnectionError:  # it ended because it had nothing to do
                    self._stop()
                else:
                    return

    def close(self) -> None:
        """End the process and with it every worker."""
        with self._lock:
            self._stop()

    def _connection(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * PACKET_BYTES)
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
                    [sys.executable, "-I", "-c", _START, str(theirs.fileno()), *self._arguments], env=_STANDING,
                    pass_fds=[theirs.fileno()], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return self._control

    def _stop(self) -> None:
        if self._control:
            self._control.close()
        if self._process:
            self._process.wait()
        self._control = self._process = None

    def _forget(self) -> None:
        """After a fork: the process belongs to the parent."""
        self._lock = threading.Lock()
        if self._control:
            self._control.close()
        self._control = self._process = None
