"""Files of entries: sent along, uploaded before, or somewhere on the web, from where they are fetched safely."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select, update

from potluck.apis.indieauth.endpoint import Call
from potluck.apis.indieauth.errors import invalid
from potluck.apis.micropub.entry import FileRef
from potluck.db.base import now
from potluck.kinds.authoring import MAX_MEDIA
from potluck.media import attachments, quotas, uploads
from potluck.media.addresses import MEDIA
from potluck.media.remote_source import RemoteAnswer, RemoteFailure
from potluck.media.storage import storage_of
from potluck.remote_files import GuardedSource
from potluck.settings import current
from potluck.social.model import Media
from potluck.text.addresses import parts_of

WAIT_SECONDS = 20.0
_FETCH_SECONDS = 60.0
_PENDING = re.compile(r"/micropub/media/(\d{1,16})\Z")


def pending_url(media: Media) -> str:
    """By which address an app may name an upload whose file is not ready yet."""
    return f"{current().url}/micropub/media/{media.id}"


async def bring(call: Call, refs: Sequence[FileRef], *, purpose: str = "attachment") -> list[Media]:
    """The uploads that files stand for, in order, as far as they are prepared after a moment.

    Raises:
        ApiError, Invalid: one cannot be had, or is none.
    """
    if len(refs) > MAX_MEDIA:
        raise invalid(f"At most {MAX_MEDIA} files")
    found = [await _one(call, ref, purpose) for ref in refs]
    loop = asyncio.get_running_loop()
    end = loop.time() + WAIT_SECONDS
    return [await attachments.until_prepared(call.db, call.me, media, seconds=max(0.0, end - loop.time()))
            if media.owner_id == call.me.id else media for media in found]


async def _one(call: Call, ref: FileRef, purpose: str) -> Media:
    await call.stop_reading()
    if ref.path is not None:
        return await uploads.accept(call.db, call.me, ref.path, file_name=ref.file_name, description=ref.alt,
                                    purpose=purpose)
    known = await own(call, ref.url)
    if known is None:
        path = await _fetched(call, ref.url)
        name = parts_of(ref.url).path.rpartition("/")[2]
        return await uploads.accept(call.db, call.me, path, file_name=name, description=ref.alt, purpose=purpose)
    return await _described(call, known, ref, purpose)


async def own(call: Call, url: str) -> Media | None:
    """The caller's upload (or that of the site) that has this address; None for the address of something else."""
    settings = current()
    if settings.media_url and url.startswith(f"{settings.media_url}/"):
        url = f"{settings.url}{MEDIA}{url.removeprefix(f'{settings.media_url}/')}"
    if not url.startswith(f"{settings.url}/"):
        return None
    pending = _PENDING.search(url)
    wanted = Media.id == int(pending[1]) if pending else Media.url == url
    found: Media | None = await (await call.reader()).scalar(select(Media).where(
        Media.owner_id.in_((call.me.id, call.site.actor.id)), wanted).order_by(Media.id.desc()).limit(1))
    if found is None:
        raise invalid("There is no such file of yours")
    return found


async def _described(call: Call, media: Media, ref: FileRef, purpose: str) -> Media:
    """An upload from the media endpoint becomes one of a post, with the words that the post has for it."""
    if media.object_id is not None or media.purpose not in ("linked", "attachment"):
        return media
    async with call.write() as session:
        row = await session.get_one(Media, media.id)
        if ref.alt:
            await attachments.describe(session, row, description=ref.alt)
        await session.execute(update(Media).where(Media.id == row.id, Media.object_id.is_(None)).values(
            purpose=purpose, loose_since=now() if purpose == "attachment" else None))  # until its post has it
    return row


async def _fetched(call: Call, url: str) -> Path:
    """A file of the web, on disk."""
    federation = call.request.app.state.federation
    host = parts_of(url).netloc.lower()
    if not host or await federation.is_blocked(host):
        raise invalid("This file cannot be had")
    path = await asyncio.to_thread(storage_of(call.settings).local.arriving)
    try:
        async with asyncio.timeout(_FETCH_SECONDS), GuardedSource(lambda: federation.client).open(url) as answer:
            await _write(answer, path, quotas.largest(call.settings))
    except (RemoteFailure, TimeoutError, ValueError) as error:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        raise invalid(f"This file cannot be had: {url[:200]}") from error
    except BaseException:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        raise
    return path


async def _write(answer: RemoteAnswer, path: Path, most: int) -> None:
    size = 0
    with await asyncio.to_thread(path.open, "wb") as file:
        async for piece in answer.pieces():
            size += len(piece)
            if most and size > most:
                raise invalid("This file is too large")
            await asyncio.to_thread(file.write, piece)
