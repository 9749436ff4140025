"""Fetches the pages people link to, and reads what they say about themselves into preview cards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from potluck.db.engine import Database
from potluck.federation.errors import FederationError, TemporaryFailure, Timeout, Unreachable
from potluck.federation.fetch import SafeClient
from potluck.settings import current
from potluck.social import preview_cards
from potluck.social.live import Waker
from potluck.social.model import Actor, PreviewCard
from potluck.text.oembed import Embed, read_oembed
from potluck.text.page_metadata import MAX_TITLE, PageMetadata, line, read_page

log = structlog.get_logger(__name__)

AT_ONCE = 16
MAX_PAGE = 4 * 1024 * 1024
MAX_OEMBED = 256 * 1024
_IDLE_SECONDS = 10.0
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_TEMPORARY = (TemporaryFailure, Timeout, Unreachable)


class CardWorker:
    """Works off the cards that are to be fetched.

    Args:
        db: the database.
        client: fetches.
        is_blocked: whether a host is one this server wants nothing to do with.
        waker: tells when something was added.
    """

    def __init__(self, db: Database, client: SafeClient, is_blocked: Callable[[str], Awaitable[bool]],
                 waker: Waker) -> None:
        self._db = db
        self._client = client
        self._is_blocked = is_blocked
        self._waker = waker

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            try:
                while await self.fetch_due():
                    pass
            except SQLAlchemyError as error:
                log.warning("cards_failed", error=str(error))
            await self._waker.wait(preview_cards.TOPIC, _IDLE_SECONDS)

    async def fetch_due(self) -> int:
        """Fetch what is due now; returns how many cards were looked at."""
        async with self._db.write() as session:
            cards = await preview_cards.claim(session, AT_ONCE)
        await asyncio.gather(*(self._one(card) for card in cards))
        return len(cards)

    async def _one(self, card: PreviewCard) -> None:
        try:
            values = await self._fetch(card.url)
        except FederationError as error:
            log.info("card_not_fetched", url=card.url, error=str(error)[:200])
            async with self._db.write() as session:
                await preview_cards.fail(session, card.id, for_good=not isinstance(error, _TEMPORARY))
            return
        async with self._db.write() as session:
            await preview_cards.settle(session, card.id, values)

    async def _fetch(self, url: str) -> dict[str, Any] | None:
        """What the page says, as columns of its card; None when there is nothing to show."""
        found = await _read(self._client, self._is_blocked, url)
        if found is None:
            return None
        page, embed, address = found
        return {**_columns(page, embed, address), "author_id": await self._credited(page.creator, address)}

    async def _credited(self, handle: str, url: str) -> int | None:
        """The actor a page credits, if known here and if the actor names the page's site as one that may."""
        if not handle:
            return None
        async with self._db.read() as session:
            actor = await session.scalar(select(Actor).where(
                Actor.handle == _local(handle.lower()), Actor.deleted_at.is_(None), Actor.suspended_at.is_(None)))
        if actor is None:
            return None
        host = (urlsplit(url).hostname or "").lower()
        allowed = [str(domain).lower() for domain in actor.extra.get("attribution_domains", ())]
        return actor.id if any(host == domain or host.endswith(f".{domain}") for domain in allowed) else None


async def describe(client: SafeClient, is_blocked: Callable[[str], Awaitable[bool]], url: str,
                   ) -> dict[str, Any] | None:
    """What a page says of itself, as columns of a card, for somebody who is about to share it; None if nothing.

    Raises:
        FederationError: it cannot be had.
    """
    found = await _read(client, is_blocked, url)
    return _columns(*found) if found else None


async def _read(client: SafeClient, is_blocked: Callable[[str], Awaitable[bool]], url: str,
                ) -> tuple[PageMetadata, Embed, str] | None:
    """A page's metadata, its oEmbed, and its address after redirects; None when there is nothing to show."""
    if await is_blocked(urlsplit(url).netloc.lower()):
        return None
    answer = await client.get(url, accept="text/html,application/xhtml+xml;q=0.9,*/*;q=0.1", max_bytes=MAX_PAGE)
    answer.raise_for_status()
    if answer.media_type not in _HTML:
        return None
    page = await asyncio.to_thread(read_page, answer.body, answer.content_type, answer.url)
    embed = await _oembed(client, page.oembed) if page.oembed else Embed()
    return (page, embed, answer.url) if page.title or embed.title else None


async def _oembed(client: SafeClient, url: str) -> Embed:
    try:
        return read_oembed(await client.get_json(url, max_bytes=MAX_OEMBED), url)
    except FederationError as error:
        log.info("oembed_not_fetched", url=url, error=str(error)[:200])
        return Embed()


def _local(handle: str) -> str:
    name, _, host = handle.partition("@")
    return name if host in (current().domain, current().host) else handle


def _columns(page: PageMetadata, embed: Embed, url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    site = f"{parts.scheme}://{parts.netloc}"
    player = embed.player or page.player
    width, height = (embed.width or page.player_width, embed.height or page.player_height) if player else (
        page.image_width, page.image_height)
    kind = embed.type if embed.type == "photo" and embed.photo else "video" if player else "link"
    return {
        "type": kind, "title": embed.title or page.title or line(site, MAX_TITLE), "description": page.description,
        "image_url": embed.photo or page.image or embed.thumbnail, "image_description": page.image_description,
        "width": width, "height": height, "author_name": embed.author_name or page.author_name,
        "author_url": embed.author_url or page.author_url,
        "provider_name": embed.provider_name or page.provider_name or (parts.hostname or ""),
        "provider_url": embed.provider_url or site, "player_url": player, "language": page.language,
        "published": page.published,
    }
