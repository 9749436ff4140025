"""Files in an S3-compatible bucket, through obstore."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from potluck.media.places import Item, NoSuchFile, StorageError
from potluck.media.types import is_shown, known, type_of_name
from potluck.settings import Settings

_PART = 8 << 20
_PARTS_AT_ONCE = 2  # with the size of a part this bounds the memory of an upload
_DELETE_AT_ONCE = 500
CACHE_CONTROL = "public, max-age=31536000, immutable"


class Bucket:
    """The bucket that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = f"{settings.s3_prefix}/" if settings.s3_prefix else ""
        self._store = _open(settings)

    async def put(self, source: Path, key: str) -> None:
        """Upload a file, in parts if it is large, with what browsers must be told about it."""
        media_type = known(type_of_name(key))
        attributes: Any = {"Content-Type": media_type, "Cache-Control": CACHE_CONTROL}
        if not is_shown(media_type):
            attributes["Content-Disposition"] = "attachment"
        with _trouble(key):
            await obstore.put_async(self._store, self._prefix + key, source, attributes=attributes, chunk_size=_PART,
                                    max_concurrency=_PARTS_AT_ONCE)

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to (not including) `end`, in pieces."""
        if end is not None and end <= start:
            return
        options: Any = {"range": {"offset": start} if end is None else (start, end)}
        with _trouble(key):
            found = await obstore.get_async(self._store, self._prefix + key,
                                            options=options if start or end is not None else None)
            async for piece in found.stream(min_chunk_size=256 << 10):
                yield bytes(piece)

    async def delete(self, keys: Iterable[str]) -> None:
        """Remove files; those that are not there are passed over."""
        names = [self._prefix + key for key in keys]
        for first in range(0, len(names), _DELETE_AT_ONCE):
            try:
                await obstore.delete_async(self._store, names[first:first + _DELETE_AT_ONCE])
            except (FileNotFoundError, BaseError):
                await self._delete_singly(names[first:first + _DELETE_AT_ONCE])

    async def _delete_singly(self, names: list[str]) -> None:
        """Some services know no request for many; some say that a file is missing."""
        for name in names:
            with _trouble(name):
                try:
                    await obstore.delete_async(self._store, name)
                except FileNotFoundError:
                    continue

    async def size(self, key: str) -> int | None:
        """Length of a file, None if it is not there."""
        try:
            with _trouble(key):
                return int((await obstore.head_async(self._store, self._prefix + key))["size"])
        except NoSuchFile:
            return None

    async def everything(self) -> AsyncIterator[Item]:
        """Every file below the prefix, in order of name."""
        with _trouble("the list of files"):
            async for page in obstore.list(self._store, self._prefix or None, chunk_size=1000):
                for entry in page:
                    yield Item(entry["path"].removeprefix(self._prefix), entry["size"], entry["last_modified"])


@contextmanager
def _trouble(what: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NoSuchFile(f"the bucket has no {what}") from error
    except (BaseError, OSError) as error:
        raise StorageError(f"the bucket failed at {what}: {str(error)[:500]}") from error


def _open(settings: Settings) -> S3Store:
    if not settings.s3_bucket:
        raise StorageError("media_storage is s3, but s3_bucket is empty")
    config: dict[str, Any] = {
        "region": settings.s3_region, "access_key_id": settings.s3_access_key,
        "secret_access_key": settings.s3_secret_key, "virtual_hosted_style_request": not settings.s3_path_style,
    }
    if settings.s3_endpoint:
        scheme, _, host = settings.s3_endpoint.partition("://")
        config["endpoint"] = settings.s3_endpoint if settings.s3_path_style else (
            f"{scheme}://{settings.s3_bucket}.{host}")
    client: Any = {"allow_http": settings.s3_endpoint.startswith("http://"),
                              "connect_timeout": timedelta(seconds=10), "timeout": timedelta(minutes=10)}
    if settings.extra_ca:
        client["root_certificate"] = Path(settings.extra_ca).read_bytes()
    return S3Store(settings.s3_bucket, client_options=client, retry_config={"max_retries": 4,
                   "retry_timeout": timedelta(seconds=60)}, **config)


