"""The caller's ears: what a worker says, the end of its standard error, and what the fork server reports of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from potluck.media.sandbox.limits import MIB

_LINE_BYTES = 4 * MIB
_LOG_BYTES = 64 << 10
_LINES = 200  # in a second


class Patience:
    """Slows down a worker that talks without end, so that listening to it never keeps this process busy.

    Args:
        first: so much may come at once.
        per_second: and so much more in each second.
    """

    def __init__(self, first: int, per_second: int) -> None:
        self._first, self._per_second = first, per_second
        self._since = time.monotonic()
        self._heard = 0

    async def after(self, amount: int) -> None:
        """Wait if there was too much: the worker's next words then wait for us."""
        self._heard += amount
        ahead = self._heard - self._first - (time.monotonic() - self._since) * self._per_second
        if ahead > 0:
            await asyncio.sleep(ahead / self._per_second)


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
    patience = Patience(_LINES, _LINES)
    try:
        while line := await reader.readline():
            words.hear(line)
            await patience.after(1)
    except (ValueError, TypeError, RecursionError, ConnectionError) as error:
        return f"the worker talks nonsense: {error}"
    finally:
        writer.close()
    return ""


async def keep_end(sock: socket.socket) -> str:
    """Read all and keep the end."""
    reader, writer = await asyncio.open_connection(sock=sock)
    kept, patience = b"", Patience(_LOG_BYTES * 8, _LOG_BYTES * 4)
    try:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(_LOG_BYTES):
                kept = (kept + data)[-_LOG_BYTES:]
                await patience.after(len(data))
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
