"""Feeds and pictures of other servers, fetched to disk: through the guarded client, bounded in size and time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from potluck.federation.errors import FederationError
from potluck.federation.fetch import SafeClient
from potluck.media.disk import Writer
from potluck.transfer.blogs import sources

MAX_FEED = 256 << 20
_FEED_SECONDS = 300.0
_PICTURE_SECONDS = 60.0
_FEED = "application/atom+xml, application/rss+xml, application/feed+json;q=0.9, application/xml;q=0.8, text/html;q=0.5"
_PICTURE = "image/avif, image/webp, image/*;q=0.9"

Blocked = Callable[[str], Awaitable[bool]]
"""Whether this server wants nothing to do with a host."""

_client: list[SafeClient | None] = [None]


class NotFetched(Exception):
    """What was to be fetched cannot be had. The text is for people (a message id)."""


async def _nobody(_host: str) -> bool:
    return False


_blocked: list[Blocked] = [_nobody]


def plug(client: SafeClient | None, is_blocked: Blocked = _nobody) -> None:
    """Have this process fetch by `client`, but nothing from hosts that are blocked."""
    _client[0], _blocked[0] = client, is_blocked


async def fetch_feed(url: str, path: Path) -> str:
    """Fetch a feed, or the feed that a page names; gives the name of what came.

    Raises:
        NotFetched: there is none.
    """
    final = await _download(url, path, _FEED, MAX_FEED, _FEED_SECONDS)
    head = await asyncio.to_thread(sources.head_of, path)
    if not sources.kind_of(head) and head.lstrip("\ufeff \t\r\n").startswith("<"):
        link = sources.feed_link(head)
        if not link:
            raise NotFetched("There is no feed at this address.")
        final = await _download(urljoin(final, link), path, _FEED, MAX_FEED, _FEED_SECONDS)
        head = await asyncio.to_thread(sources.head_of, path)
    if sources.kind_of(head) not in (sources.FEED, sources.JSON_FEED, sources.WORDPRESS):
        raise NotFetched("There is no feed at this address.")
    return urlsplit(final).hostname or final


async def fetch_picture(url: str, path: Path, most: int) -> None:
    """Fetch a picture; what it is is found out by whoever stores it.

    Raises:
        NotFetched: it cannot be had.
    """
    await _download(url, path, _PICTURE, most, _PICTURE_SECONDS)


async def _download(url: str, path: Path, accept: str, most: int, seconds: float) -> str:
    client = _client[0]
    if client is None:
        raise NotFetched("This server fetches nothing just now.")
    await _check_host(url)
    await asyncio.to_thread(path.unlink, missing_ok=True)
    try:
        async with asyncio.timeout(seconds), client.stream(url, accept=accept) as answer:
            if answer.status != 200:
                raise NotFetched("The other server does not hand it out.")
            async with Writer(path) as writer:
                async for piece in answer.pieces():
                    await writer.write(piece)
                    if writer.size > most:
                        raise NotFetched("What came is larger than is taken.")
            return answer.url
    except TimeoutError as error:
        raise NotFetched("The other server took too long.") from error
    except FederationError as error:
        raise NotFetched("The other server cannot be reached, or its address may not be.") from error


async def _check_host(url: str) -> None:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    if not host or await _blocked[0](host):
        raise NotFetched("The other server cannot be reached, or its address may not be.")
