"""What owners do with their uploads before and after they hang on a post: look, describe, throw away, try again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import jobs
from potluck.db.engine import Database
from potluck.jobs import Progress
from potluck.media import uploads
from potluck.media.uploads import job_key
from potluck.social.drafts import MediaDetail
from potluck.social.errors import Conflict, NotFound
from potluck.social.model import Actor, Media

MOST_LOOSE = 200
_PAUSES = (0.05, 0.1, 0.2, 0.3, 0.5)


async def one(session: AsyncSession, owner: Actor, media_id: int, *, loose: bool = False) -> Media:
    """An upload of `owner`.

    Args:
        loose: only one that hangs on nothing yet.

    Raises:
        NotFound: they have none with this id.
    """
    row = await session.get(Media, media_id)
    if row is None or row.owner_id != owner.id or (loose and row.object_id is not None):
        raise NotFound
    return row


async def loose_ones(session: AsyncSession, owner: Actor, limit: int = MOST_LOOSE) -> Sequence[Media]:
    """Uploads of `owner` that hang on no post, newest first."""
    rows = await session.scalars(select(Media).where(
        Media.owner_id == owner.id, Media.object_id.is_(None), Media.purpose == "attachment",
    ).order_by(Media.id.desc()).limit(limit))
    return rows.all()


async def describe(session: AsyncSession, media: Media, *, description: str | None = None,
                   focus: tuple[float, float] | None = None) -> None:
    """Change the description or the focal point of an upload that is in no post yet; None leaves it.

    Raises:
        Invalid: the description is too long, the focal point outside.
    """
    said = detail(description, focus)
    if said.description is not None:
        media.description = said.description
    if said.focus is not None:
        media.focus_x, media.focus_y = said.focus
    await session.flush()


def detail(description: str | None, focus: tuple[float, float] | None) -> MediaDetail:
    """What an edit of a post says about one of its uploads (`Draft.media_details`).

    Raises:
        Invalid: the description is too long, the focal point outside.
    """
    uploads.Wanted(description=description or "", focus=focus).check()
    return MediaDetail(None if description is None else description.strip(), focus)


async def remove(session: AsyncSession, media: Media) -> None:
    """Throw an upload away; its files are collected.

    Raises:
        Conflict: it hangs on a post.
    """
    if media.object_id is not None:
        raise Conflict("Media attachment is currently used by a status")
    await jobs.cancel_key(session, job_key(media.id))
    await session.delete(media)
    await session.flush()


async def progress(session: AsyncSession, media_ids: Sequence[int]) -> dict[int, Progress]:
    """How far the preparation of uploads has come."""
    found = await jobs.progress(session, [job_key(media_id) for media_id in media_ids])
    return {media_id: found[job_key(media_id)] for media_id in media_ids if job_key(media_id) in found}


async def try_again(session: AsyncSession, media: Media) -> None:
    """Prepare an upload anew that could not be prepared.

    Raises:
        Conflict: it is being prepared, or is ready.
    """
    if media.state != "failed":
        raise Conflict("This file needs no second try")
    media.state, media.error = "processing", None
    await uploads.have_processed(session, media)
    await session.flush()


async def until_prepared(db: Database, owner: Actor, media: Media, *, seconds: float) -> Media:
    """The upload as it is when it has been prepared, or after so long: for callers that cannot come again.

    Raises:
        NotFound: it was thrown away meanwhile.
    """
    loop = asyncio.get_running_loop()
    end, pauses = loop.time() + seconds, list(_PAUSES)
    while media.state == "processing" and loop.time() < end:
        await asyncio.sleep(pauses.pop(0) if len(pauses) > 1 else pauses[0])
        async with db.read() as session:
            media = await one(session, owner, media.id)
    return media
