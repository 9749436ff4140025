"""Uploads that can be gone on with after the connection, or the server, broke off.

How far an upload has come is the length of its file: what is there is there, nothing else has to agree with it. One
request at a time works on an upload; a newer one asks the older to stop, since a client that comes back has given up
the connection the older one may still be waiting on.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.media import disk, quotas, uploads
from potluck.media.model import Upload
from potluck.media.storage import Storage
from potluck.settings import Settings
from potluck.social.errors import Conflict, Invalid, NotFound, SocialError
from potluck.social.model import Actor

FOLDER = ".uploads"
MAX_UNFINISHED = 100
_STOP_SECONDS = 10
_UPLOAD: Any = Upload.__table__


class Locked(SocialError):
    """Another process is working on this upload."""

    status = 423


class Gone(SocialError):
    """The upload has expired."""

    status = 410


@dataclass(slots=True)
class Hold:
    """The right to work on an upload. `stop` is set when somebody else wants it.

    Attributes:
        upload: its row.
        path: its file.
        offset: how many bytes are there, durably, at the start.
        stop: whether to let go as soon as possible.
    """

    upload: Upload
    path: Path
    offset: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_whole(self) -> bool:
        """Whether all bytes are there."""
        return self.offset == self.upload.length


class Uploads:
    """The resumable uploads of a server, as one process works on them."""

    def __init__(self, storage: Storage, settings: Settings) -> None:
        self._storage = storage
        self._settings = settings
        self._locks: dict[str, asyncio.Lock] = {}
        self._holds: dict[str, Hold] = {}

    @property
    def folder(self) -> Path:
        """Where unfinished uploads are: on the file system of the local storage, so that the end is a rename."""
        return self._storage.local.root / FOLDER

    async def create(self, db: Database, owner: Actor, length: int, details: dict[str, str]) -> Upload:
        """Begin an upload of so many bytes.

        Args:
            details: filename, description, focus, purpose; anything else is ignored.

        Raises:
            Invalid: the size or a detail cannot be used, the quota is used up, too many uploads are unfinished.
        """
        if length <= 0:
            raise Invalid(quotas.FIELD, "This file is empty")
        quotas.check_size(length, quotas.largest(self._settings))
        wanted_of(details).check()
        row = Upload(id=ids.new(), name=secrets.token_urlsafe(24), owner_id=owner.id, length=length, details=details,
                     expires_at=self._expiry(), created_at=now())
        async with db.write() as session:
            await quotas.check_room(session, owner, length)
            await self._check_count(session, owner)
            session.add(row)
        await asyncio.to_thread(_create, self.folder, row.name)
        return row

    async def _check_count(self, session: AsyncSession, owner: Actor) -> None:
        count = await session.scalar(select(func.count()).select_from(Upload).where(
            Upload.owner_id == owner.id, Upload.media_id.is_(None)))
        if (count or 0) >= MAX_UNFINISHED:
            raise Conflict("You have %(count)s unfinished uploads; finish or cancel some first", count=count)

    async def find(self, db: Database, owner: Actor, name: str) -> Upload:
        """The upload of this name, if it is the owner's.

        Raises:
            NotFound: there is none, or it is somebody else's.
            Gone: it has expired.
        """
        async with db.read() as session:
            row = await session.scalar(select(Upload).where(Upload.name == name, Upload.owner_id == owner.id))
        if row is None:
            raise NotFound("There is no such upload")
        if row.expires_at <= now():
            raise Gone("This upload has expired")
        return row

    @contextlib.asynccontextmanager
    async def hold(self, db: Database, owner: Actor, name: str) -> AsyncIterator[Hold]:
        """Work on an upload, alone. Who works on it now is asked to stop.

        Raises:
            NotFound, Gone: as for `find`.
            Locked: whoever works on it does not stop.
        """
        await self.find(db, owner, name)
        lock = self._locks.setdefault(name, asyncio.Lock())
        if name in self._holds:
            self._holds[name].stop.set()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await lock.acquire()
        except TimeoutError:
            raise Locked("Another request is working on this upload") from None
        try:
            async with self._locked(name) as path:
                held = Hold(await self.find(db, owner, name), path)
                held.offset = await self._offset(held)
                self._holds[name] = held
                yield held
        finally:
            self._holds.pop(name, None)
            lock.release()
            if not lock.locked() and not getattr(lock, "_waiters", None):
                self._locks.pop(name, None)

    @contextlib.asynccontextmanager
    async def _locked(self, name: str) -> AsyncIterator[Path]:
        """Hold the upload against other processes of this machine."""
        path = self.folder / name
        try:
            handle = await asyncio.to_thread(os.open, path, os.O_RDONLY)
        except FileNotFoundError:
            yield path  # finished, or its file was lost with the machine that had it
            return
        try:
            await _lock(handle)
            yield path
        finally:
            os.close(handle)

    async def _offset(self, held: Hold) -> int:
        if held.upload.media_id is not None:
            return held.upload.length
        try:
            return await asyncio.to_thread(disk.durable_size, held.path)
        except FileNotFoundError:
            await asyncio.to_thread(_create, self.folder, held.path.name)
            return 0

    async def touch(self, db: Database, held: Hold) -> None:
        """Let an upload that goes on live longer; written only when half of its time has gone."""
        fresh = self._expiry()
        if fresh - held.upload.expires_at > timedelta(hours=self._settings.upload_hours) / 2:
            async with db.write() as session:
                await session.execute(update(_UPLOAD).where(_UPLOAD.c.id == held.upload.id).values(expires_at=fresh))
            held.upload.expires_at = fresh

    async def finish(self, db: Database, owner: Actor, held: Hold) -> int:
        """Make the whole file an attachment. Doing it again gives the same one.

        Returns:
            The attachment's id.

        Raises:
            Invalid: the file is not taken; the upload is gone then.
        """
        if held.upload.media_id is not None:
            return held.upload.media_id
        wanted = wanted_of(held.upload.details)
        try:
            stored = await uploads.store(self._storage, held.path, wanted, keep=True)
            async with db.write() as session:
                media = await uploads.attach(session, self._storage, owner, stored, wanted,
                                             upload_id=held.upload.id)
                await session.execute(update(_UPLOAD).where(_UPLOAD.c.id == held.upload.id).values(
                    media_id=media.id))
        except Invalid:
            await self.remove(db, held)
            raise
        held.upload.media_id = media.id
        await asyncio.to_thread(held.path.unlink, missing_ok=True)
        return media.id

    async def remove(self, db: Database, held: Hold) -> None:
        """Forget an upload and what there is of it. What became of it already stays."""
        async with db.write() as session:
            await session.execute(delete(_UPLOAD).where(_UPLOAD.c.id == held.upload.id))
        await asyncio.to_thread(held.path.unlink, missing_ok=True)

    def _expiry(self) -> Any:
        return now() + timedelta(hours=self._settings.upload_hours)


def wanted_of(details: dict[str, Any]) -> uploads.Wanted:
    """What an upload's details say about the file.

    Raises:
        Invalid: the focal point is no pair of numbers.
    """
    return uploads.Wanted(
        file_name=details.get("filename", details.get("name", "")), description=details.get("description", ""),
        focus=focus_of(details.get("focus", "")), purpose=details.get("purpose", "attachment"))


def focus_of(text: str) -> tuple[float, float] | None:
    """A focal point written as `x,y`; None for ''.

    Raises:
        Invalid: it is no pair of numbers.
    """
    if not text.strip():
        return None
    try:
        across, down = (float(part) for part in text.split(","))
    except ValueError:
        raise Invalid("focus", "A focal point is two numbers, such as 0.5,-0.2") from None
    return across, down


def _create(folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600)
    os.close(handle)


async def _lock(handle: int) -> None:
    """Wait a while for other processes; they cannot be asked to stop."""
    for _ in range(_STOP_SECONDS * 5):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(0.2)
        else:
            return
    raise Locked("Another request is working on this upload")
