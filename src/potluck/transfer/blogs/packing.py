"""A blog to take away: packed in the background, kept for a week, fetched by who asked for it."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sqlalchemy.ext.asyncio import AsyncSession

from potluck import jobs
from potluck.jobs import JobRow
from potluck.media.places import StorageError
from potluck.media.quotas import readable
from potluck.media.storage import storage_of
from potluck.settings import current
from potluck.social.blogs import authors
from potluck.social.errors import NotAllowed
from potluck.social.model import Actor
from potluck.transfer import archives
from potluck.transfer.blogs import leaving, markdown_out, wxr_out

PACK = "export_blog"
FOLDER = "blog_exports"
KEPT_DAYS = 7
FORMS = {"markdown": "zip", "wxr": "xml"}
"""What a blog can be packed as, with the ending of the file."""

_SPARE = 256 << 20  # room that is left on the disk for others


@dataclass(frozen=True, slots=True)
class Ready:
    """A packed blog."""

    path: Path
    form: str
    size: int
    made_at: datetime


def folder_of(person_id: int, blog_id: int) -> Path:
    """Where it lies; in the data folder, which web and engine share."""
    return current().data / FOLDER / f"{person_id}-{blog_id}"


def key_of(person_id: int, blog_id: int) -> str:
    """Under which the job is found."""
    return f"blog-export:{person_id}:{blog_id}"


def ready(person_id: int, blog_id: int) -> Ready | None:
    """What was packed last, None if there is nothing."""
    for form, ending in FORMS.items():
        path = folder_of(person_id, blog_id) / f"{form}.{ending}"
        try:
            found = path.stat()
        except FileNotFoundError:
            continue
        return Ready(path, form, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))
    return None


def remove(person_id: int, blog_id: int) -> None:
    """Throw it away."""
    archives.remove(folder_of(person_id, blog_id))


def sweep() -> None:
    """Remove what is older than a week. Blocks."""
    for folder in (current().data / FOLDER).glob("*"):
        if time.time() - folder.stat().st_mtime > KEPT_DAYS * 86400:
            archives.remove(folder)


async def _gone(_session: AsyncSession, row: JobRow) -> None:
    if row.owner_id is not None and row.args:
        await asyncio.to_thread(remove, row.owner_id, int(row.args[0]))


@jobs.define(PACK, queue="general", label="Packing your blog", ended=_gone)
async def pack(job: jobs.Job, blog_id: int, form: str, with_drafts: bool) -> None:
    """Pack a blog; a restart begins anew."""
    person_id = job.owner_id or 0
    async with job.db.read() as session:
        person, blog = await session.get_one(Actor, person_id), await session.get_one(Actor, blog_id)
        total = await leaving.total(session, blog_id)
        try:
            if person_id != blog_id:
                await authors.check(session, person, blog, authors.OWNER)
        except NotAllowed as error:
            raise jobs.JobFailed("Only the owner of a blog can take it away.") from error
    folder = folder_of(person_id, blog_id)
    await asyncio.to_thread(_begin, folder)
    storage = storage_of(job.db.settings)
    write = wxr_out.wxr if form == "wxr" else markdown_out.blog_zip

    def done(count: int) -> None:
        job.report(count / max(total, count, 1), "%(number)s of %(total)s articles", number=count, total=total)

    part = folder / "part"
    handle = await asyncio.to_thread(part.open, "wb")
    try:
        async for piece in write(job.db, storage, blog, person, drafts=with_drafts, done=done):
            if piece:
                await asyncio.to_thread(_write, handle, piece)
        await asyncio.to_thread(_sync, handle)
    except StorageError as error:
        raise jobs.JobFailed("A file of yours cannot be read at the moment. You can try again.") from error
    finally:
        handle.close()
    target = folder / f"{form}.{FORMS[form]}"
    await asyncio.to_thread(part.replace, target)
    job.conclude("Your blog is packed: %(size)s.", size=readable(target.stat().st_size))


def _begin(folder: Path) -> None:
    archives.remove(folder)
    folder.mkdir(parents=True, mode=0o700)


def _write(handle: IO[bytes], piece: bytes) -> None:
    if shutil.disk_usage(handle.name).free < len(piece) + _SPARE:
        raise jobs.JobFailed("There is not enough room on this server for your archive."
                             " Please tell its administrators.")
    handle.write(piece)


def _sync(handle: IO[bytes]) -> None:
    handle.flush()
    os.fsync(handle.fileno())
