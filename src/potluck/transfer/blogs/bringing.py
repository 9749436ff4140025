"""Pictures of articles that move: out of the archive or from their server, into the media room, ready to be shown."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from sqlalchemy import select

from potluck.db.engine import Database
from potluck.media import quotas, uploads
from potluck.media.places import StorageError, Stored
from potluck.media.storage import storage_of
from potluck.social.errors import Invalid
from potluck.social.model import Actor, Media
from potluck.transfer.archives import Unpacked
from potluck.transfer.blogs import fetching, pictures
from potluck.transfer.blogs.ghost import OWN_ADDRESS
from potluck.transfer.blogs.items import Item, Problem

log = structlog.get_logger(__name__)

_AT_ONCE = 4
_TOGETHER = 100  # pictures that are fetched before they are looked at
_SPARE = 1 << 30  # room that is left on the disk for others
_GIVE_UP = 5  # failures in a row after which a host is left alone
_READY_SECONDS = 300.0


@dataclass(slots=True)
class Wish:
    """A picture of an article: its address as it stands there, and whose it will be."""

    number: int
    address: str
    alt: str
    owner_id: int
    item: Item


@dataclass(slots=True)
class Brought:
    """What became of the pictures of a batch: by article and address the upload; and what could not be had."""

    media: dict[int, dict[str, int]] = field(default_factory=dict)
    problems: list[tuple[int, Problem]] = field(default_factory=list)


def wishes_of(number: int, item: Item, owner_id: int) -> list[Wish]:
    """The pictures of an article, the one on top first."""
    found = pictures.in_text(item.text, item.content_type)
    if item.cover:
        found = {item.cover: item.cover_alt or found.get(item.cover, ""), **found}
    return [Wish(number, address, alt, owner_id, item) for address, alt in found.items()]


class Bringer:
    """Brings pictures; remembers which servers do not answer, and when there is no room any more.

    Args:
        archive: where pictures may lie.
        folder: for what is fetched; it stays until everything is done, so that nothing is fetched twice.
        remote: whether to fetch from other servers.
    """

    def __init__(self, db: Database, archive: Unpacked | None, folder: Path, *, remote: bool) -> None:
        self._db = db
        self._archive = archive
        self._folder = folder
        self._remote = remote
        self._storage = storage_of(db.settings)
        self._failures: Counter[str] = Counter()
        self._full = False

    async def bring(self, wishes: Sequence[Wish]) -> Brought:
        """Have the pictures stored and prepared."""
        brought = Brought()
        await asyncio.to_thread(self._folder.mkdir, exist_ok=True)
        slots = asyncio.Semaphore(_AT_ONCE)
        for start in range(0, len(wishes), _TOGETHER):
            some = wishes[start:start + _TOGETHER]
            files = await asyncio.gather(*(self._file(wish, slots, brought) for wish in some))
            stored = [(wish, found) for wish, path in zip(some, files, strict=True)
                      if path is not None and (found := await self._store(wish, path, brought)) is not None]
            if stored:
                await self._attach(stored, brought)
        return brought

    async def _file(self, wish: Wish, slots: asyncio.Semaphore, brought: Brought) -> Path | None:
        """The file of a picture, fetched if need be."""
        address = wish.address.removeprefix(OWN_ADDRESS)
        if self._archive is not None:
            name = pictures.in_archive(address, wish.item.file, self._archive.files)
            if name is not None:
                return self._archive.path(name)
        url = pictures.absolute(address, wish.item.base)
        if not self._remote or self._full or not url.startswith(("http://", "https://")):
            return None
        async with slots:
            try:
                return await self._fetched(url)
            except fetching.NotFetched as error:
                brought.problems.append((wish.number, _problem(wish, str(error))))
                return None

    async def _fetched(self, url: str) -> Path:
        path = self._folder / hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()
        if await asyncio.to_thread(path.exists):
            return path
        host = _host(url)
        if self._failures[host] >= _GIVE_UP:
            raise fetching.NotFetched("The other server cannot be reached, or its address may not be.")
        if await asyncio.to_thread(lambda: shutil.disk_usage(self._folder).free) < _SPARE:
            raise fetching.NotFetched("There is no room on this server for more pictures just now.")
        part = path.with_suffix(".part")
        try:
            await fetching.fetch_picture(url, part, quotas.limit_for("image/png", self._db.settings) or 1 << 28)
        except fetching.NotFetched:
            self._failures[host] += 1
            await asyncio.to_thread(part.unlink, missing_ok=True)
            raise
        await asyncio.to_thread(part.replace, path)
        return path

    async def _store(self, wish: Wish, path: Path, brought: Brought) -> Stored | None:
        host = _host(pictures.absolute(wish.address, wish.item.base))
        try:
            stored = await uploads.store(self._storage, path, _wanted(wish), keep=True)
        except (Invalid, StorageError, OSError) as error:
            log.info("blog_picture_refused", reason=str(error))
            if path.parent == self._folder:  # nothing that is no picture fills the disk
                self._failures[host] += 1
                await asyncio.to_thread(path.unlink, missing_ok=True)
            brought.problems.append((wish.number, _problem(wish, "This is no picture that is taken here.")))
            return None
        self._failures[host] = 0
        return stored

    async def _attach(self, stored: Sequence[tuple[Wish, Stored]], brought: Brought) -> None:
        async with self._db.write() as session:
            owners: dict[int, Actor] = {}
            for wish, one in stored:
                if wish.owner_id not in owners:
                    owners[wish.owner_id] = await session.get_one(Actor, wish.owner_id)
                try:
                    media = await uploads.attach(session, self._storage, owners[wish.owner_id], one, _wanted(wish))
                except quotas.NoRoom:
                    self._full = True
                    brought.problems.append((wish.number, _problem(
                        wish, "There is no more room for your files on this server; the picture stays where it is.")))
                    continue
                brought.media.setdefault(wish.number, {})[wish.address] = media.id

    async def ready(self, media_ids: Sequence[int]) -> Mapping[int, str]:
        """Addresses of those that can be shown, once all are prepared (or after some minutes)."""
        loop = asyncio.get_running_loop()
        end, pause = loop.time() + _READY_SECONDS, 0.05
        while True:
            async with self._db.read() as session:
                rows = (await session.execute(select(Media.id, Media.state, Media.url, Media.type).where(
                    Media.id.in_(list(media_ids))))).all()
            if not any(row.state == "processing" for row in rows) or loop.time() > end:
                return {row.id: row.url for row in rows if row.state == "ready" and row.url and row.type == "image"}
            await asyncio.sleep(pause)
            pause = min(1.0, pause * 1.5)


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _wanted(wish: Wish) -> uploads.Wanted:
    name = wish.address.partition("?")[0].rpartition("/")[2]
    return uploads.Wanted(name, wish.alt[:1500])


def _problem(wish: Wish, message: str) -> Problem:
    return Problem(f"{wish.item.title or wish.item.file}: {wish.address}"[:300], message)
