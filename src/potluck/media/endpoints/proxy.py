"""`/proxy/…`: files of other servers under addresses that we signed, out of the cache."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

from litestar.types import Send

from potluck.media import addresses
from potluck.media.endpoints.front import Answerer, reading_only
from potluck.media.endpoints.sending import SAFE_HEADERS, Sender
from potluck.media.endpoints.wire import Asked, Refusal, listening, respond, start
from potluck.media.remote_cache import RemoteCache
from potluck.media.remote_source import RemoteFailure, Source
from potluck.settings import Settings

KEPT = "public, max-age=604800"
_RANGE = re.compile(r"bytes=[0-9]{0,18}-[0-9]{0,18}")
_PASSING_AT_ONCE = 64

Rejects = Callable[[str], Awaitable[bool]]
"""Whether files of a host (with its port) are not to be shown."""


class Proxy:
    """The endpoint."""

    def __init__(self, cache: RemoteCache, sender: Sender, source: Source, settings: Callable[[], Settings],
                 rejects: Rejects) -> None:
        self._cache = cache
        self._sender = sender
        self._source = source
        self._settings = settings
        self._rejects = rejects
        self._passing = asyncio.Semaphore(_PASSING_AT_ONCE)

    @property
    def answerer(self) -> Answerer:
        """What answers below `/proxy/`."""
        return reading_only(self._answer)

    async def _answer(self, asked: Asked, send: Send) -> None:
        settings = self._settings()
        wanted = addresses.proxied(asked.path, settings)
        if wanted is None:
            raise Refusal(404, "There is no such file")
        variant, url = wanted
        if await self._rejects(urlsplit(url).netloc):
            raise Refusal(404, "Files of this server are not shown here", {"cache-control": "public, max-age=3600"})
        if settings.remote_media == "link":
            await respond(send, 302, [("location", url), ("cache-control", "public, max-age=3600")])
            return
        await self._cached(asked, send, url, variant)

    async def _cached(self, asked: Asked, send: Send, url: str, variant: str) -> None:
        found = await self._cache.get(url, variant)
        if found.key is not None:
            try:
                await self._sender.send(asked, send, found.key, cache_control=KEPT)
            except Refusal as refusal:
                if refusal.status != 404:
                    raise
                found = await self._cache.again(url, variant)  # the storage lost it
            else:
                return
        if found.key is not None:
            await self._sender.send(asked, send, found.key, cache_control=KEPT)
        elif found.passes and found.media_type:
            await self._pass(asked, send, url, found.media_type)
        else:
            raise Refusal(404, "The other server does not give this file", {"cache-control": "public, max-age=300"})

    async def _pass(self, asked: Asked, send: Send, url: str, media_type: str) -> None:
        """Pass a long file through, or the part that is asked for; nothing of it is kept."""
        if self._passing.locked():
            raise Refusal(503, "Too many people watch videos of other servers just now", {"retry-after": "10"})
        part = asked.header("range")
        part = part if _RANGE.fullmatch(part) and part != "bytes=-" else ""
        try:
            async with self._passing, self._source.open(url, part) as answer:
                headers = [("content-type", media_type), ("content-disposition", "inline"), *SAFE_HEADERS,
                           ("cache-control", "private, max-age=3600")]
                headers += [(name, answer.headers[name]) for name in ("content-length", "content-range")
                            if name in answer.headers]
                await start(send, 206 if answer.status == 206 else 200, headers)
                if asked.method != "HEAD":
                    await self._relay(asked, send, answer.pieces())
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except RemoteFailure as failure:
            raise Refusal(502, "The other server does not give this file") from failure

    @staticmethod
    async def _relay(asked: Asked, send: Send, pieces: AsyncIterator[bytes]) -> None:
        with listening(asked) as have_left:
            async for piece in pieces:
                if have_left():
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": True})
