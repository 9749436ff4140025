"""Sends a stored file: whole or a part, from the folder or the bucket, by ourselves or by the web server in front."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from pathlib import Path

from litestar.types import Send

from potluck.media.endpoints import ranges
from potluck.media.endpoints.wire import Asked, Refusal, listening, respond, start
from potluck.media.places import digest_of_key, is_key
from potluck.media.storage import Storage
from potluck.media.types import is_shown, type_of_name
from potluck.settings import Settings

PROTECTED = "/protected-media/"
"""Where nginx finds the folder `media` when it sends files for us (an internal location)."""

IMMUTABLE = "public, max-age=31536000, immutable"
_PATH_SEND = "http.response.pathsend"
_PIECE = 256 << 10
_AT_ONCE = 64 << 10  # smaller files are read within the event loop: a thread would cost more
_SIZES_KEPT = 4096

SAFE_HEADERS = [
    ("x-content-type-options", "nosniff"),
    # Should a browser ever take a file for a page: it has no scripts, no forms and no origin.
    ("content-security-policy",
     "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"),
    ("cross-origin-resource-policy", "cross-origin"),
    ("referrer-policy", "no-referrer"),
    ("accept-ranges", "bytes"),
]


class Sender:
    """Sends files of one storage."""

    def __init__(self, storage: Storage, settings: Settings) -> None:
        self._storage = storage
        self._settings = settings
        self._bucket_sizes: OrderedDict[str, int] = OrderedDict()

    async def send(self, asked: Asked, send: Send, key: str, *, cache_control: str = IMMUTABLE) -> None:
        """Answer with a stored file.

        Raises:
            Refusal: there is none of that name (404).
        """
        if not is_key(key):
            raise Refusal(404, "There is no such file")
        etag = f'"{digest_of_key(key)[:32]}"'
        fixed = [*SAFE_HEADERS, ("etag", etag), ("cache-control", cache_control)]
        if _matches(asked.header("if-none-match"), etag):
            await respond(send, 304, fixed)
            return
        try:
            handle = os.open(self._storage.local.path(key), os.O_RDONLY)
        except OSError:
            await self._from_bucket(asked, send, key, fixed)
            return
        try:
            await self._local(asked, send, key, fixed, handle)
        finally:
            os.close(handle)

    async def _local(self, asked: Asked, send: Send, key: str, fixed: list[tuple[str, str]], handle: int) -> None:
        described = [*fixed, *_description(key)]
        if self._settings.media_sendfile != "off":
            await respond(send, 200, [*described, self._hand_over(key)])
            return
        size = os.fstat(handle).st_size
        status, headers, first, behind = _plan(asked, described, size)
        await start(send, status, headers)
        if asked.method == "HEAD":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        elif behind - first <= _AT_ONCE:
            await send({"type": "http.response.body", "body": os.pread(handle, behind - first, first),
                        "more_body": False})
        elif status == 200 and _PATH_SEND in (asked.scope.get("extensions") or {}):
            await send({"type": _PATH_SEND, "path": str(self._storage.local.path(key).absolute())})  # type: ignore[arg-type]
        else:
            await _pieces(asked, send, handle, first, behind)

    def _hand_over(self, key: str) -> tuple[str, str]:
        if self._settings.media_sendfile == "x-accel-redirect":
            return "x-accel-redirect", PROTECTED + key
        return "x-sendfile", str(Path(self._storage.local.path(key)).absolute())

    async def _from_bucket(self, asked: Asked, send: Send, key: str, fixed: list[tuple[str, str]]) -> None:
        if not self._storage.has_bucket:
            raise Refusal(404, "There is no such file")
        if self._settings.media_url:
            await respond(send, 302, [("location", f"{self._settings.media_url}/{key}"),
                                      ("cache-control", "public, max-age=86400")])
            return
        size = await self._bucket_size(key)
        status, headers, first, behind = _plan(asked, [*fixed, *_description(key)], size)
        await start(send, status, headers)
        if asked.method != "HEAD":
            with listening(asked) as have_left:
                async for piece in self._storage.bucket.read(key, first, behind):
                    if have_left():
                        return
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _bucket_size(self, key: str) -> int:
        if key not in self._bucket_sizes:
            size = await self._storage.bucket.size(key)
            if size is None:
                raise Refusal(404, "There is no such file")
            self._bucket_sizes[key] = size
            while len(self._bucket_sizes) > _SIZES_KEPT:
                self._bucket_sizes.popitem(last=False)
        return self._bucket_sizes[key]


def _plan(asked: Asked, described: list[tuple[str, str]], size: int) -> tuple[int, list[tuple[str, str]], int, int]:
    """Status, headers, first byte and the one behind the last."""
    wanted = asked.header("range") if asked.method == "GET" else ""
    condition = asked.header("if-range")
    if condition and condition != dict(described)["etag"]:
        wanted = ""
    try:
        found = ranges.part(wanted, size)
    except ranges.Unsatisfiable:
        raise Refusal(416, "The file has no such part", {"content-range": f"bytes */{size}"}) from None
    if found is ranges.WHOLE:
        return 200, [*described, ("content-length", str(size))], 0, size
    first, behind = found
    return 206, [*described, ("content-range", f"bytes {first}-{behind - 1}/{size}"),
                 ("content-length", str(behind - first))], first, behind


def _description(key: str) -> list[tuple[str, str]]:
    media_type = type_of_name(key)
    name = f"{digest_of_key(key)[:12]}.{key.rpartition('.')[2]}"
    shown = "inline" if is_shown(media_type) else "attachment"
    return [("content-type", media_type), ("content-disposition", f'{shown}; filename="{name}"')]


def _matches(header: str, etag: str) -> bool:
    return header.strip() == "*" or any(part.strip().removeprefix("W/") == etag for part in header.split(","))


async def _pieces(asked: Asked, send: Send, handle: int, first: int, behind: int) -> None:
    """Send a part in pieces, as long as somebody takes them."""
    with listening(asked) as have_left:
        while first < behind and not have_left():
            piece = await asyncio.to_thread(os.pread, handle, min(_PIECE, behind - first), first)
            if not piece:
                break  # the file was shortened by somebody: better an answer that breaks off than one that lies
            first += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": first < behind})


