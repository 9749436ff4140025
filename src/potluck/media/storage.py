"""Where files are kept: one interface over the local folder and the bucket.

New files go to the place in force (`media_storage`). Reading looks into the local folder first, then into the bucket
if there is one, so that everything stays readable while files move from one to the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from potluck.media.local_folder import LocalFolder
from potluck.media.places import LOCAL, S3, Item, NoSuchFile, StorageError, Stored, is_key, new_key
from potluck.media.types import known
from potluck.settings import Settings

if TYPE_CHECKING:
    from potluck.media.bucket import Bucket

PATH = "/media/"
FOLDER = "media"
_PIECE = 256 << 10


class Storage:
    """The storage of a server. Make one per process with `storage_of`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.local = LocalFolder(settings.data / FOLDER)

    @property
    def place(self) -> str:
        """Where new files go."""
        return self._settings.media_storage

    @property
    def has_bucket(self) -> bool:
        """Whether there is a bucket to read from."""
        return bool(self._settings.s3_bucket)

    @cached_property
    def bucket(self) -> Bucket:
        """The bucket; opened, and its library loaded, when it is first needed.

        Raises:
            StorageError: the settings name none.
        """
        from potluck.media.bucket import Bucket

        return Bucket(self._settings)

    async def put(self, path: Path, media_type: str, *, move: bool = False, keep: bool = False) -> Stored:
        """Store the file at `path` in the place in force. It is durable when this returns.

        The result becomes a row with `files.record`; until then nothing refers to the bytes, and what is never
        recorded is collected after a day.

        Args:
            media_type: what the bytes were found to be; what is not in `types.EXTENSIONS` is kept as plain bytes.
            move: the caller changes the file no more: its bytes are taken over rather than copied, where possible.
            keep: with `move`, leave the file's old name too.

        Raises:
            StorageError: it could not be written.
        """
        media_type = known(media_type)
        digest, size = await asyncio.to_thread(_digest, path)
        key = new_key(digest, media_type)
        await self.put_as(key, path, self.place, move=move)
        if move and not keep:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        return Stored(digest, size, media_type, key, self.place)

    async def put_bytes(self, data: bytes, media_type: str) -> Stored:
        """`put` for what is small and in memory (a playlist, peaks)."""
        path = await asyncio.to_thread(self.local.arriving)
        try:
            await asyncio.to_thread(path.write_bytes, data)
            return await self.put(path, media_type, move=True)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def put_as(self, key: str, path: Path, place: str, *, move: bool = False) -> None:
        """Store a file under a name that is known already, in a place. The file at `path` stays."""
        if place == S3:
            await self.bucket.put(path, key)
            return
        try:
            await asyncio.to_thread(self.local.put, path, key, move=move)
        except OSError as error:
            raise StorageError(f"cannot write {key}: {error}") from error

    async def fetch_to(self, key: str, path: Path) -> None:
        """Write the bytes of a stored file to `path`, from wherever they are.

        Raises:
            NoSuchFile: there is none of that name.
            StorageError: it could not be read.
        """
        with contextlib.closing(await asyncio.to_thread(path.open, "wb")) as handle:
            async for piece in self.read(key):
                await asyncio.to_thread(handle.write, piece)

    async def read(self, key: str, start: int = 0, end: int | None = None, *,
                   place: str | None = None) -> AsyncIterator[bytes]:
        """The bytes of a stored file from `start` up to (not including) `end`, in pieces.

        Raises:
            NoSuchFile: there is none of that name (or not in `place`).
        """
        if not is_key(key):
            raise NoSuchFile(f"{key} is no name of a file")
        if place != S3:
            try:
                handle = await asyncio.to_thread(self.local.path(key).open, "rb")
            except FileNotFoundError:
                if place == LOCAL or not self.has_bucket:
                    raise NoSuchFile(f"there is no {key}") from None
            else:
                with contextlib.closing(handle):
                    handle.seek(start)
                    left = end - start if end is not None else None
                    while piece := await asyncio.to_thread(handle.read, _PIECE if left is None else min(left, _PIECE)):
                        yield piece
                        left = None if left is None else left - len(piece)
                return
        async for piece in self.bucket.read(key, start, end):
            yield piece

    async def delete(self, keys: Iterable[str], *, place: str | None = None) -> None:
        """Remove files wherever they are (or in one place); those that are not there are passed over."""
        wanted = [key for key in keys if is_key(key)]
        if place != S3:
            await asyncio.to_thread(self.local.delete, wanted)
        if place != LOCAL and self.has_bucket and wanted:
            await self.bucket.delete(wanted)

    async def size(self, key: str, place: str | None = None) -> int | None:
        """Length of a stored file; None if it is not there."""
        found = await asyncio.to_thread(self.local.size, key) if place != S3 else None
        if found is None and place != LOCAL and self.has_bucket:
            found = await self.bucket.size(key)
        return found

    async def digest(self, key: str, place: str | None = None) -> str:
        """The digest (hex) of the bytes as they are stored now.

        Raises:
            NoSuchFile: there is none of that name.
        """
        found = hashlib.sha256()
        async for piece in self.read(key, place=place):
            await asyncio.to_thread(found.update, piece)
        return found.hexdigest()

    async def everything(self, place: str) -> AsyncIterator[Item]:
        """Every file that is in a place, whether a row knows it or not."""
        if place == S3:
            async for item in self.bucket.everything():
                yield item
            return
        for folder in await asyncio.to_thread(self.local.folders):
            for item in await asyncio.to_thread(self.local.items, folder):
                yield item

    def url(self, key: str) -> str:
        """The address of a stored file for rows and documents. It stays when the file moves to another place."""
        return f"{self._settings.url}{PATH}{key}"

    def key_of(self, url: str | None) -> str | None:
        """The name of a stored file of ours from its address, None for any other address."""
        for base in (f"{self._settings.url}{PATH}", PATH):
            if url and url.startswith(base) and is_key(url[len(base):]):
                return url[len(base):]
        return None


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest(), handle.tell()


_storages: dict[Settings, Storage] = {}


def storage_of(settings: Settings) -> Storage:
    """The storage that settings ask for, one per process."""
    if settings not in _storages:
        _storages.clear()
        _storages[settings] = Storage(settings)
    return _storages[settings]
