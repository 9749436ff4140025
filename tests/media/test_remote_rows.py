"""What the cache of remote files writes, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy import func, select, update

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.media.model import RemoteFile, StoredFile
from potluck.media.remote_cache import RemoteCache
from potluck.media.remote_source import RemoteFailure
from potluck.media.storage import storage_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(5000)


class Known:
    """A source that knows one file under every address but one."""

    status = 200
    headers: Mapping[str, str] = {}

    @asynccontextmanager
    async def open(self, url: str, part: str = "") -> AsyncIterator[Known]:
        if url.endswith("none"):
            raise RemoteFailure("status 404", permanent=True)
        yield self

    async def pieces(self) -> AsyncIterator[bytes]:
        yield PNG


async def test_rows(database: Database) -> None:
    """One row for each address; equal bytes of several addresses are one file; a failure becomes a file later."""
    cache = RemoteCache(lambda: database, storage_of(database.settings), Known(), database.settings)
    for url in ("https://a.test/x", "https://b.test/x", "https://a.test/x"):
        assert (await cache.get(url, "full")).key
    assert (await cache.get("https://a.test/none", "full")).key is None
    cache.forget()
    assert (await cache.get("https://a.test/none", "full")).retry_at is not None
    async with database.write() as session:
        assert await session.scalar(select(func.count()).select_from(RemoteFile)) == 3
        assert await session.scalar(select(func.count()).select_from(StoredFile)) == 1
        failed = (await session.scalars(select(RemoteFile).where(RemoteFile.file_id.is_(None)))).one()
        assert (failed.failures, failed.host, failed.error) == (1, "a.test", "status 404")
        await session.execute(update(RemoteFile).values(viewed_at=now() - timedelta(days=1)))
    cache.forget()
    await cache.get("https://a.test/x", "full")
    async with database.write() as session:
        await cache.flush_views(session)
        assert await session.scalar(select(func.count()).select_from(RemoteFile).where(
            RemoteFile.viewed_at > now() - timedelta(hours=1))) == 1
