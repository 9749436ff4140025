"""Files of other servers: fetched when first wanted, checked by their bytes, kept within a budget, fetched again later.

Readers ask us, never the other server. One file is fetched once however many ask for it; what cannot be had is not
asked for again for a while.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import Database, upsert
from potluck.db.ids import ids
from potluck.media import files, images, sniffing
from potluck.media.addresses import FULL
from potluck.media.disk import Writer
from potluck.media.model import RemoteFile, StoredFile
from potluck.media.places import Stored
from potluck.media.remote_source import RemoteFailure, Source
from potluck.media.storage import Storage
from potluck.settings import Settings
from potluck.social import preview_cards

log = structlog.get_logger(__name__)

SHOWN_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"})
TOO_LONG = "too long to keep"
"""`error` of sound and video that is passed through instead of kept."""

_AT_ONCE = 24
_SECONDS = 60.0
_HEAD = sniffing.ENOUGH
_FIRST_PAUSE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(days=7)
_MEMORY = 20_000
_REMEMBERED_SECONDS = 600.0
_VIEW_EVERY = timedelta(hours=1)
_REMOTE: Any = RemoteFile.__table__

Prepare = Callable[[Path], AbstractAsyncContextManager[Mapping[str, tuple[Path, str]]]]
"""Makes what is shown out of a fetched picture: for each variant a file and its media type. Raises `RemoteFailure` for
bytes that are no good."""


@dataclass(frozen=True, slots=True)
class Cached:
    """What is known of a remote file.

    Attributes:
        row_id: its row.
        key: its name in the storage; None if it cannot be had, or is too long to keep.
        media_type: what its bytes are.
        passes: whether it is passed through.
        retry_at: when it may be asked for again; None for files that are kept.
        viewed_at: as the database has it.
    """

    row_id: int
    key: str | None
    media_type: str | None
    passes: bool
    retry_at: datetime | None
    viewed_at: datetime


class RemoteCache:
    """The cache as one process works with it."""

    def __init__(self, db: Callable[[], Database], storage: Storage, source: Source, settings: Settings, *,
                 prepare: Prepare | None = None) -> None:
        self._db = db
        self._storage = storage
        self._source = source
        self._settings = settings
        self._prepare = prepare
        self._known: OrderedDict[tuple[str, str], tuple[float, Cached]] = OrderedDict()
        self._fetching: dict[str, asyncio.Task[dict[str, Cached]]] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._viewed: set[int] = set()

    async def get(self, url: str, variant: str) -> Cached:
        """What is kept of a remote file; fetched now if it is not known, or may be asked for again."""
        name = (_hash(url), variant)
        found = self._remembered(name) or await self._look_up(name)
        if found is None or (found.key is None and not found.passes and (found.retry_at or now()) <= now()):
            found = await self._fetch_once(name, url)
        if found.key is not None and now() - found.viewed_at > _VIEW_EVERY:
            self._viewed.add(found.row_id)
            self._remember(name, replace(found, viewed_at=now()))
        return found

    async def again(self, url: str, variant: str) -> Cached:
        """`get` when the file turned out to be gone from the storage."""
        name = (_hash(url), variant)
        self._known.pop(name, None)
        return await self._fetch_once(name, url)

    def forget(self) -> None:
        """Forget what this process remembers (a policy changed, tests)."""
        self._known.clear()

    def _remembered(self, name: tuple[str, str]) -> Cached | None:
        at, found = self._known.get(name, (0.0, None))
        return found if found is not None and at + _REMEMBERED_SECONDS > time.monotonic() else None

    def _remember(self, name: tuple[str, str], found: Cached) -> Cached:
        self._known[name] = (time.monotonic(), found)
        self._known.move_to_end(name)
        while len(self._known) > _MEMORY:
            self._known.popitem(last=False)
        return found

    async def _look_up(self, name: tuple[str, str]) -> Cached | None:
        async with self._db().read() as session:
            rows = await session.execute(
                select(RemoteFile, StoredFile.key).outerjoin(StoredFile, StoredFile.id == RemoteFile.file_id)
                .where(RemoteFile.url_hash == name[0]))
            known = {row.variant: _cached(row, key) for row, key in rows}
        found = self._fitting(known, name[1])
        return self._remember(name, found) if found else None

    def _fitting(self, known: Mapping[str, Cached], variant: str) -> Cached | None:
        """The variant itself; for sound, video and failures the one there is. None for a picture that lacks it."""
        whole = known.get(FULL)
        if variant in known or whole is None:
            return known.get(variant)
        is_picture = whole.key is not None and (whole.media_type or "").startswith("image/")
        return None if is_picture and self._prepare is not None else whole

    async def _fetch_once(self, name: tuple[str, str], url: str) -> Cached:
        task = self._fetching.get(name[0])
        if task is None:
            task = self._fetching[name[0]] = asyncio.create_task(self._fetch(url))
            task.add_done_callback(lambda _: self._fetching.pop(name[0], None))
        known = await asyncio.shield(task)  # who gives up waiting leaves the others their file
        return self._remember(name, self._fitting(known, name[1]) or known[FULL])

    async def _fetch(self, url: str) -> dict[str, Cached]:
        path = await asyncio.to_thread(self._storage.local.arriving)
        try:
            async with self._slots, asyncio.timeout(_SECONDS):
                media_type = await self._download(url, path)
            stored, blurhash = await self._stored(path, media_type)
            return await self._keep(url, stored, blurhash)
        except _TooLong as error:
            return await self._keep_failure(url, RemoteFailure(TOO_LONG, permanent=True), media_type=error.media_type)
        except TimeoutError:
            return await self._keep_failure(url, RemoteFailure("took too long"))
        except RemoteFailure as failure:
            log.info("remote_file_failed", url=url, error=failure.text)
            return await self._keep_failure(url, failure)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def _download(self, url: str, path: Path) -> str:
        """Write the file to `path`. Returns its media type, which is known after its first bytes."""
        head, media_type, most = b"", "", 0
        async with self._source.open(url) as answer, Writer(path) as writer:
            length = answer.headers.get("Content-Length", "")
            async for piece in answer.pieces():
                head += piece
                if not media_type and len(head) >= _HEAD:
                    media_type, most = self._judge(head, int(length) if length.isdigit() else 0)
                if media_type:
                    if writer.size + len(head) > most:
                        self._refuse(media_type)
                    await writer.write(head)
                    head = b""
            if not media_type:
                media_type, most = self._judge(head, len(head))
                await writer.write(head)
        return media_type

    def _judge(self, head: bytes, length: int) -> tuple[str, int]:
        """Media type and most bytes, from the first bytes and the announced length.

        Raises:
            RemoteFailure: it is nothing that is shown.
            _TooLong: it is to be passed through.
        """
        media_type = sniffing.media_type_of(head)
        kind = media_type.partition("/")[0]
        pictures = SHOWN_IMAGES if self._prepare is None else images.TAKEN
        if media_type not in pictures and kind not in {"audio", "video"}:
            raise RemoteFailure(f"its bytes are {media_type}, which is not shown", permanent=True)
        limit = self._settings.remote_file_limit or 1 << 60
        most = min(limit, self._settings.image_limit or limit) if kind == "image" else limit
        if length > most:
            self._refuse(media_type)
        return media_type, most

    @staticmethod
    def _refuse(media_type: str) -> None:
        if media_type.startswith("image/"):
            raise RemoteFailure("it is too large", permanent=True)
        raise _TooLong(media_type)

    async def _stored(self, path: Path, media_type: str) -> tuple[dict[str, Stored], str]:
        """What is shown, stored: a picture drawn anew in its sizes, with its blurhash; sound and video as they are."""
        if self._prepare is None or not media_type.startswith("image/"):
            return {FULL: await self._storage.put(path, media_type, move=True)}, ""
        found: dict[str, Stored] = {}
        by_path: dict[Path, Stored] = {}
        async with self._prepare(path) as made:
            for variant, (file, file_type) in made.items():
                if file not in by_path:
                    by_path[file] = await self._storage.put(file, file_type)
                found[variant] = by_path[file]
            return found, getattr(made, "blurhash", "")

    async def _keep(self, url: str, stored: Mapping[str, Stored], blurhash: str = "") -> dict[str, Cached]:
        found = {}
        async with self._db().write() as session:
            for variant, one in stored.items():
                file = await files.record(session, self._storage, one)
                row = await _write(session, url, variant, {
                    "file_id": file.id, "size": file.size, "media_type": file.media_type, "failures": 0,
                    "error": None, "retry_at": None})
                found[variant] = _cached(row, file.key)
            if blurhash:
                await preview_cards.drawn(session, url, blurhash)
        return found

    async def _keep_failure(self, url: str, failure: RemoteFailure, *,
                            media_type: str | None = None) -> dict[str, Cached]:
        async with self._db().write() as session:
            before = await session.scalar(select(RemoteFile.failures).where(
                RemoteFile.url_hash == _hash(url), RemoteFile.variant == FULL))
            failures = (before or 0) + 1
            row = await _write(session, url, FULL, {
                "file_id": None, "size": 0, "media_type": media_type, "failures": failures,
                "error": failure.text[:500], "retry_at": now() + pause_after(failures, failure)})
            return {FULL: _cached(row, None)}

    async def flush_views(self, session: AsyncSession) -> None:
        """Write which files were looked at since the last time; called once a minute."""
        viewed, self._viewed = sorted(self._viewed), set()
        for first in range(0, len(viewed), 500):
            await session.execute(update(_REMOTE).where(_REMOTE.c.id.in_(viewed[first:first + 500])).values(
                viewed_at=now()))


class _TooLong(Exception):
    """Sound or video that is longer than what is kept."""

    def __init__(self, media_type: str) -> None:
        super().__init__(media_type)
        self.media_type = media_type


def pause_after(failures: int, failure: RemoteFailure) -> timedelta:
    """How long a file is not asked for after so many failures in a row."""
    if failure.retry_after is not None:
        return max(min(timedelta(seconds=failure.retry_after), _LONGEST_PAUSE), _FIRST_PAUSE)
    first = timedelta(days=1) if failure.permanent else _FIRST_PAUSE
    return min(first * (1 << min(failures - 1, 12)), _LONGEST_PAUSE)


async def _write(session: AsyncSession, url: str, variant: str, values: dict[str, Any]) -> RemoteFile:
    changes = {**values, "fetched_at": now(), "viewed_at": now()}
    found = await session.execute(upsert(session, _REMOTE, ("url_hash", "variant"), {
        "id": ids.new(), "url_hash": _hash(url), "variant": variant, "url": url,
        "host": (urlsplit(url).netloc or "").lower(), **changes}, changes).returning(_REMOTE.c.id))
    return await session.get_one(RemoteFile, found.scalar_one(), populate_existing=True)


def _cached(row: RemoteFile, key: str | None) -> Cached:
    return Cached(row.id, key, row.media_type, row.error == TOO_LONG, row.retry_at, row.viewed_at)


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
