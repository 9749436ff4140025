"""Takes a file that somebody sent: looks at it, stores it, makes the attachment and has it processed.

    media = await uploads.accept(db, owner, path, file_name="cat.jpg", description="A cat")

The bytes are stored before the transaction begins, so that nobody waits for them: of rows, of the job that processes
the file, and of what counts against the quota, all are written together or nothing is.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from potluck import jobs
from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.media import files, quotas, sniffing
from potluck.media.places import Stored
from potluck.media.storage import Storage, storage_of
from potluck.media.types import BYTES
from potluck.social.errors import Invalid
from potluck.social.model import Actor, Media

PROCESS = "process_media"
"""The job that makes the variants of an upload; it gets the attachment's id."""

MAX_DESCRIPTION = 10_000
PURPOSES = ("attachment", "avatar", "header", "emoji", "cover", "linked")
_MAX_NAME = 200


class NotTaken(Invalid):
    """The file is of no type that this server takes."""

    def __init__(self, text: str = "Files of this type cannot be uploaded here") -> None:
        super().__init__(quotas.FIELD, text, "type")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of an upload beside its bytes.

    Attributes:
        file_name: as its owner calls it; only ever shown.
        description: alternative text.
        focus: focal point, each from -1 to 1.
        purpose: one of `PURPOSES`.
        extra: kept in `media.meta` for whoever asked for the upload.
    """

    file_name: str = ""
    description: str = ""
    focus: tuple[float, float] | None = None
    purpose: str = "attachment"
    extra: dict[str, Any] | None = None

    def check(self) -> None:
        """Refuse what cannot be used, before anything is sent.

        Raises:
            Invalid: the description is too long, the focal point outside, the purpose unknown.
        """
        if len(self.description) > MAX_DESCRIPTION:
            raise Invalid("description", "Descriptions have at most %(most)s characters", "too_long",
                          most=MAX_DESCRIPTION)
        if self.focus is not None and not all(-1 <= part <= 1 for part in self.focus):
            raise Invalid("focus", "The focal point lies between -1 and 1")
        if self.purpose not in PURPOSES:
            raise Invalid("purpose", f"The purpose is one of {', '.join(PURPOSES)}")


async def accept(db: Database, owner: Actor, path: Path, *, file_name: str = "", description: str = "",
                 focus: tuple[float, float] | None = None, purpose: str = "attachment",
                 extra: dict[str, Any] | None = None) -> Media:
    """Make the file at `path` an attachment of its owner, in state `processing`. The file is taken over.

    Raises:
        Invalid: `NotTaken`, `quotas.TooLarge`, `quotas.NoRoom`, or a detail that cannot be used.
        StorageError: it could not be stored.
    """
    wanted = Wanted(file_name, description, focus, purpose, extra)
    storage = storage_of(db.settings)
    stored = await store(storage, path, wanted)
    async with db.write() as session:
        return await attach(session, storage, owner, stored, wanted)


async def store(storage: Storage, path: Path, wanted: Wanted, *, keep: bool = False) -> Stored:
    """Look at a file and store it; `attach` makes it somebody's.

    Args:
        keep: leave the file where it is as well; it must not be changed any more.

    Raises:
        Invalid: as for `accept`, but for the quota.
    """
    wanted.check()
    media_type, size = await asyncio.to_thread(lambda: (sniffing.media_type_of_file(path), path.stat().st_size))
    if not size:
        raise NotTaken("This file is empty")
    if media_type == sniffing.SVG:
        raise NotTaken("SVG pictures cannot be uploaded here; please save it as PNG or WebP")
    if media_type == BYTES or media_type.partition("/")[0] not in {"image", "audio", "video"}:
        raise NotTaken
    quotas.check_size(size, quotas.limit_for(media_type))
    return await storage.put(path, media_type, move=True, keep=keep)


async def attach(session: AsyncSession, storage: Storage, owner: Actor, stored: Stored, wanted: Wanted, *,
                 upload_id: int | None = None) -> Media:
    """Make a stored file an attachment of its owner and have it processed.

    Args:
        upload_id: the resumable upload it came by, whose room it takes over.

    Raises:
        NoRoom: the owner's quota is used up.
    """
    await quotas.check_room(session, owner, stored.size, without=upload_id)
    media = Media(
        id=ids.new(), owner_id=owner.id, type=stored.media_type.partition("/")[0], media_type=stored.media_type,
        description=wanted.description.strip(), focus_x=wanted.focus[0] if wanted.focus else None,
        focus_y=wanted.focus[1] if wanted.focus else None, state="processing", purpose=wanted.purpose,
        meta={**(wanted.extra or {}), "file_name": wanted.file_name[:_MAX_NAME]}, created_at=now())
    session.add(media)
    await session.flush()
    await files.add_variant(session, storage, media, files.ORIGINAL, stored)
    await have_processed(session, media)
    return media


def job_key(media_id: int) -> str:
    """Under which the job that prepares an upload is found."""
    return f"media:{media_id}"


async def have_processed(session: AsyncSession, media: Media) -> None:
    """Have an upload prepared, at first or again. Pictures do not wait behind videos."""
    queue = "images" if (media.media_type or "").startswith("image/") else "transcoding"
    await jobs.enqueue(session, PROCESS, media.id, owner_id=media.owner_id, key=job_key(media.id),
                       subject=str(media.meta.get("file_name", "")), queue=queue)
