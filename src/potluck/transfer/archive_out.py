"""One's archive with all files: packed in the background, kept for a week, fetched by its owner.

The files go from the storage into the zip piece by piece, whatever their size; the zip is written under another name
until it is whole. A restart begins anew: nothing of it is worth keeping.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import jobs
from potluck.db.engine import Database
from potluck.federation.actor_documents import write_actor
from potluck.jobs import JobRow
from potluck.media import files
from potluck.media.files import ORIGINAL, Variants
from potluck.media.model import MediaVariant
from potluck.media.places import StorageError
from potluck.media.quotas import readable
from potluck.media.storage import Storage, storage_of
from potluck.settings import current
from potluck.social.accounts import export
from potluck.social.blogs import authors
from potluck.social.model import Actor, Media
from potluck.transfer.blogs import leaving, markdown_out

NAME = "export_archive"
KEPT_DAYS = 7
FOLDER = "media_attachments/files"
"""Where files lie in an archive, as in Mastodon's."""

_BATCH = 100
_SPARE = 256 << 20  # room that is left on the disk for others
_REPORT_EACH = 16 << 20
_UNKNOWN = 1 << 40


def folder_of(actor_id: int) -> Path:
    """Where somebody's archive lies; in the data folder, which web and engine share."""
    return current().data / "exports" / str(actor_id)


def key_of(actor_id: int) -> str:
    """Under which the job is found."""
    return f"export:{actor_id}"


@dataclass(frozen=True, slots=True)
class Ready:
    """An archive that can be fetched."""

    path: Path
    size: int
    made_at: datetime


def ready(actor_id: int) -> Ready | None:
    """Somebody's archive, None if there is none."""
    path = folder_of(actor_id) / "archive.zip"
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return Ready(path, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def remove(actor_id: int) -> None:
    """Forget somebody's archive."""
    shutil.rmtree(folder_of(actor_id), ignore_errors=True)


async def sweep(db: Database) -> None:
    """Remove archives that are older than a week, those of people who left, and what was never finished."""
    folders = await asyncio.to_thread(lambda: list((db.settings.data / "exports").glob("*")))
    for at in range(0, len(folders), _BATCH):
        some = {int(folder.name): folder for folder in folders[at:at + _BATCH] if folder.name.isdecimal()}
        async with db.read() as session:
            there = set((await session.scalars(select(Actor.id).where(
                Actor.id.in_(some), Actor.deleted_at.is_(None)))).all())
        await asyncio.to_thread(_sweep, [folder for actor_id, folder in some.items() if actor_id not in there],
                                [some[actor_id] for actor_id in there])


def _sweep(of_nobody: Sequence[Path], of_somebody: Sequence[Path]) -> None:
    old = [folder for folder in of_somebody if time.time() - folder.stat().st_mtime > KEPT_DAYS * 86400]
    for folder in (*of_nobody, *old):
        shutil.rmtree(folder, ignore_errors=True)


class OwnFiles:
    """The files of an actor, the best that is kept of each; `taken` counts bytes."""

    def __init__(self, db: Database, storage: Storage, actor_id: int) -> None:
        self._db = db
        self._storage = storage
        self._actor_id = actor_id
        self.taken = 0

    async def names(self, session: AsyncSession, media: Sequence[Media]) -> Mapping[str, str]:
        """Of attachments: address -> name in the archive."""
        variants = await files.variants_of(session, [item.id for item in media])
        return {item.url: f"/{found[0]}" for item in media
                if item.url and (found := self._best(item, variants.get(item.id, {})))}

    async def pictures(self, actor: Actor) -> Mapping[str, str]:
        """Of a profile: address -> name in the archive."""
        return {url: name for url, (name, _) in self._pictures(actor).items()}

    def _pictures(self, actor: Actor) -> dict[str, tuple[str, str]]:
        given = {"avatar": actor.avatar_url, "header": actor.header_url}
        return {url: (f"{word}{Path(key).suffix}", key) for word, url in given.items()
                if url and (key := self._storage.key_of(url))}

    def _best(self, media: Media, variants: Variants) -> tuple[str, str] | None:
        """Name in the archive and in the storage of the best that is kept."""
        chosen = variants.get(ORIGINAL)
        key = chosen[1] if chosen else self._storage.key_of(media.url)
        return (f"{FOLDER}/{media.id}/original{Path(key).suffix}", key) if key else None

    async def all(self) -> AsyncIterator[tuple[str, int, AsyncIterator[bytes]]]:
        """Name, size and bytes of every file. What the storage has lost is left out."""
        async with self._db.read() as session:
            actor = await session.get_one(Actor, self._actor_id)
        for name, key in self._pictures(actor).values():
            size = await self._storage.size(key)
            if size is not None:
                yield name, size, self._read(key)
        last = 0
        while rows := await self._next(last):
            for _, found in rows:
                size = await self._storage.size(found[1]) if found else None
                if found is not None and size is not None:
                    yield found[0], size, self._read(found[1])
            last = rows[-1][0]
        async for blog in self._blogs(actor):
            # Its size is known when it is written: room for the larger form of an entry.
            yield f"blogs/{blog.name}.zip", _UNKNOWN, markdown_out.blog_zip(
                self._db, self._storage, blog, actor, drafts=True)

    async def _blogs(self, actor: Actor) -> AsyncIterator[Actor]:
        """The blogs of an actor, and the actor as far as there are articles on the profile."""
        async with self._db.read() as session:
            found = [blog for blog, _row, role in await authors.blogs_of(session, actor.id) if role == authors.OWNER]
            own = await leaving.total(session, actor.id)
        for blog in [*found, *([actor] if own else [])]:
            yield blog

    async def _next(self, last: int) -> list[tuple[int, tuple[str, str] | None]]:
        async with self._db.read() as session:
            rows = (await session.scalars(select(Media).where(
                Media.owner_id == self._actor_id, Media.id > last, Media.purpose == "attachment",
                Media.state == "ready").order_by(Media.id).limit(_BATCH))).all()
            variants = await files.variants_of(session, [row.id for row in rows])
        return [(row.id, self._best(row, variants.get(row.id, {}))) for row in rows]

    async def _read(self, key: str) -> AsyncIterator[bytes]:
        async for piece in self._storage.read(key):
            self.taken += len(piece)
            yield piece


async def _gone(_session: AsyncSession, row: JobRow) -> None:
    if row.owner_id is not None:
        await asyncio.to_thread(remove, row.owner_id)


@jobs.define(NAME, queue="general", label="Packing your archive", ended=_gone)
async def pack(job: jobs.Job) -> None:
    """Pack somebody's archive."""
    actor_id = job.owner_id or 0
    total = await _size(job.db, actor_id)
    folder = folder_of(actor_id)
    await asyncio.to_thread(_begin, folder, total)
    own = OwnFiles(job.db, storage_of(job.db.settings), actor_id)
    target = folder / "archive.part"
    handle = await asyncio.to_thread(target.open, "wb")
    told = 0
    try:
        async for piece in export.archive(job.db, actor_id, lambda actor: write_actor(actor, ()), own):
            await asyncio.to_thread(handle.write, piece)
            if own.taken - told >= _REPORT_EACH:
                told = own.taken
                job.report(own.taken / max(total, own.taken), "%(done)s of %(total)s", done=readable(own.taken),
                           total=readable(max(total, own.taken)))
        await asyncio.to_thread(_sync, handle)
    except StorageError as error:
        raise jobs.JobFailed("A file of yours cannot be read at the moment. You can try again.") from error
    finally:
        handle.close()
    await asyncio.to_thread(target.replace, folder / "archive.zip")
    job.conclude("Your archive is ready: %(size)s.", size=readable((folder / "archive.zip").stat().st_size))


async def _size(db: Database, actor_id: int) -> int:
    """Bytes of the files, about."""
    async with db.read() as session:
        return await session.scalar(
            select(func.coalesce(func.sum(MediaVariant.size), 0)).where(
                MediaVariant.owner_id == actor_id, MediaVariant.name == ORIGINAL)) or 0


def _begin(folder: Path, total: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    if shutil.disk_usage(folder).free < total + _SPARE:
        raise jobs.JobFailed("There is not enough room on this server for your archive."
                             " Please tell its administrators.")


def _sync(handle: IO[bytes]) -> None:
    handle.flush()
    os.fsync(handle.fileno())
