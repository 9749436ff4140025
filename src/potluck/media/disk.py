"""Writes what comes over the network to a file: in large pieces, in threads, synced as it goes.

Memory stays flat whatever comes: at most one piece is held, and the kernel is made to write out what it holds back.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import TracebackType
from typing import Self

PIECE = 1 << 20
_SYNC_EVERY = 32 << 20


class Writer:
    """Appends to a file, from its end. Use it as a context: leaving it makes all that was written durable.

    Attributes:
        size: length of the file, with what is still held.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = bytearray()
        self._handle = -1
        self._unsynced = 0
        self.size = 0

    async def __aenter__(self) -> Self:
        self._handle, self.size = await asyncio.to_thread(_open, self._path)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        handle, self._handle = self._handle, -1
        held = bytes(self._held)
        self._held.clear()
        # Shielded: a request that is broken off must not lose what it brought.
        await asyncio.shield(asyncio.to_thread(_finish, handle, held))

    async def write(self, data: bytes) -> None:
        """Append."""
        self._held += data
        self.size += len(data)
        if len(self._held) >= PIECE:
            held = bytes(self._held)
            self._held.clear()
            self._unsynced += len(held)
            sync = self._unsynced >= _SYNC_EVERY
            await asyncio.to_thread(_write, self._handle, held, sync)
            if sync:
                self._unsynced = 0

    async def shorten(self, size: int) -> None:
        """Take back what lies behind `size`."""
        held = bytes(self._held)
        self._held.clear()
        await asyncio.to_thread(_shorten, self._handle, held, size)
        self.size = size


def _open(path: Path) -> tuple[int, int]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return handle, os.fstat(handle).st_size


def _write(handle: int, data: bytes, sync: bool) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view):]
    if sync:
        os.fdatasync(handle)


def _shorten(handle: int, held: bytes, size: int) -> None:
    _write(handle, held, sync=False)
    os.ftruncate(handle, size)


def _finish(handle: int, held: bytes) -> None:
    try:
        _write(handle, held, sync=False)
        os.fsync(handle)
    finally:
        os.close(handle)


def durable_size(path: Path) -> int:
    """Length of a file that no power cut can shorten any more. Blocks.

    Raises:
        FileNotFoundError: there is none.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
        return os.fstat(handle).st_size
    finally:
        os.close(handle)
