"""The caller's ears: what a worker says, the end of its standard error, and what the fork server reports of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from potluck.media.sandbox.limits import MIB

_LINE_BYTES = 4 * MIB
_LOG_BYTES = 64 << 10


@dataclass(slots=True)
class Words:
    """What the worker said, as it comes in."""

    on_progress: Callable[[float], None] | None
    seconds: float  # how long the whole will be, for programs that count in time
    said: dict[str, Any]

    def hear(self, line: bytes) -> None:
        """Take one line in: JSON from a task, `key=value` from ffmpeg."""
        if line.startswith(b"{"):
            message = json.loads(line)
            if "progress" in message:
                self._tell(float(message["progress"]))
            else:
                self.said.update(message)
        elif line.startswith(b"out_time_us=") and self.seconds > 0 and line[12:].strip().isdigit():
            self._tell(int(line[12:]) / 1_000_000 / self.seconds)

    def _tell(self, fraction: float) -> None:
        if self.on_progress and fraction >= 0:
            self.on_progress(min(1.0, fraction))


async def listen(channel: socket.socket, words: Words) -> str:
    """Hear the worker until it hangs up. Returns what was wrong with its words, if anything."""
    reader, writer = await asyncio.open_connection(sock=channel, limit=_LINE_BYTES)
    try:
        while line := await reader.readline():
            words.hear(line)
    except (ValueError, TypeError, RecursionError, ConnectionError) as error:
        return f"the worker talks nonsense: {error}"
    finally:
        writer.close()
    return ""


async def keep_end(sock: socket.socket) -> str:
    """Read all and keep the end."""
    reader, writer = await asyncio.open_connection(sock=sock)
    kept = b""
    try:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(_LOG_BYTES):
                kept = (kept + data)[-_LOG_BYTES:]
    finally:
        writer.close()
    return kept.decode(errors="replace")


async def notices(sock: socket.socket) -> dict[str, Any]:
    """All that the fork server reports."""
    reader, writer = await asyncio.open_connection(sock=sock)
    told: dict[str, Any] = {}
    try:
        while line := await reader.readline():
            told |= json.loads(line)
    finally:
        writer.close()
    return told
