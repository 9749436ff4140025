"""Listeners that vanish without a word are noticed: the kernel probes connections on which nothing is said.

Apps keep a WebSocket open for days, and ASGI has no word for its pings, nor has Granian a setting (its issue 613). So
the probes are those of TCP: after half a minute of silence, and gone after three without an answer. They also keep
routers from forgetting the connection. Set on the listening socket, Linux hands them on to every connection it accepts.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

SILENCE_SECONDS = 30
_BETWEEN_SECONDS = 10
_PROBES = 3
_UNANSWERED_MS = 300_000  # what was sent and not received; long, because a paused player takes nothing for a while
_TRIES = 100
_FDS = Path("/proc/self/fd")


async def have_probed(port: int) -> None:
    """Have the connections of this process on a port probed, as soon as it listens there."""
    for _ in range(_TRIES):
        if not sys.platform.startswith("linux") or probe(port):
            return
        await asyncio.sleep(0.1)
    log.info("no_socket_to_probe", port=port)


def probe(port: int) -> bool:
    """Have connections on a port probed, open and future ones. Returns whether this process listens there."""
    listens = False
    for found in _sockets(port):
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENCE_SECONDS)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _BETWEEN_SECONDS)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNANSWERED_MS)
        listens = listens or bool(found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    return listens


def _sockets(port: int) -> Iterator[socket.socket]:
    """The TCP sockets of this process with this port at our end."""
    for entry in _FDS.iterdir():
        name = entry.name
        with contextlib.suppress(OSError):  # closed meanwhile
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as found:
                if found.family in (socket.AF_INET, socket.AF_INET6) and found.type == socket.SOCK_STREAM \
                        and found.getsockname()[1] == port:
                    yield found
