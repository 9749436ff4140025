"""Reads the items of collections elsewhere, politely: few requests at once to one host, and none to one in trouble."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import structlog

from potluck.federation import documents
from potluck.federation.errors import FederationError, TemporaryFailure
from potluck.federation.inbound import Budget
from potluck.federation.urls import host_of
from potluck.federation.vocabulary import Document, first_id, get, type_of
from potluck.social.addresses import is_local_uri
from potluck.social.errors import SocialError
from potluck.social.model import Object

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

log = structlog.get_logger(__name__)

AT_ONCE = 2
"""Background requests to one host at the same time."""

_HOSTS_AT_ONCE = 4

_turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()


@asynccontextmanager
async def turn(host: str) -> AsyncIterator[None]:
    """Wait until the host may be asked, of all background work of this process."""
    semaphore = _turns.get(host)
    if semaphore is None:
        semaphore = _turns[host] = asyncio.Semaphore(AT_ONCE)
    async with semaphore:
        yield


async def use_items(
    federation: Federation, collection: str, most: int, use: Callable[[str | Document], Awaitable[None]],
    *, max_pages: int = 10,
) -> bool:
    """Use each item of a collection; returns whether there were any. One bad item does not end the rest."""
    seen = 0
    try:
        async for item in items_of(federation, collection, most, max_pages=max_pages):
            seen += 1
            try:
                await use(item)
            except (FederationError, SocialError) as reason:
                log.info("collection_item_skipped", collection=collection, reason=str(reason)[:300])
    except FederationError:
        if not seen:
            raise
    return seen > 0


async def items_of(
    federation: Federation, collection: str, most: int, *, max_pages: int = 10,
) -> AsyncIterator[str | Document]:
    """The items of a collection, unless its host is one we want nothing to do with."""
    if await federation.is_blocked(host_of(collection)):
        return
    async for item in documents.iterate_collection(
            federation.client, collection, await federation.signer(), max_pages=max_pages, max_items=most):
        yield item


def object_of(item: str | Document) -> str | None:
    """Id of what an item is, or is about (Create, Announce, or an Add of one of them: FEP-171b)."""
    if type_of(item) == "Add" and isinstance(item, Mapping):
        inner = get(item, "object")
        return object_of(inner) if type_of(inner) in ("Create", "Announce") else None
    if type_of(item) in ("Create", "Announce") and isinstance(item, Mapping):
        return first_id(get(item, "object"))
    return first_id(item)


async def fetch_all(federation: Federation, uris: Iterable[str]) -> list[Object]:
    """Fetch and store objects by their ids: several hosts at once, one after the other at each.

    A host in trouble is asked no more. What cannot be had is left out.
    """
    by_host: dict[str, list[str]] = defaultdict(list)
    for uri in uris:
        if not is_local_uri(uri):
            by_host[_host(uri)].append(uri)
    by_host.pop("", None)
    free = asyncio.Semaphore(_HOSTS_AT_ONCE)

    async def from_host(host: str, wanted: list[str]) -> list[Object]:
        async with free:
            return await _from_host(federation, host, wanted)

    found = await asyncio.gather(*(from_host(host, wanted) for host, wanted in by_host.items()))
    return [row for rows in found for row in rows]


def _host(uri: str) -> str:
    try:
        return host_of(uri)
    except FederationError:
        return ""


async def _from_host(federation: Federation, host: str, uris: list[str]) -> list[Object]:
    found: list[Object] = []
    for uri in uris:
        try:
            async with turn(host):
                row: Any = await federation.object_by_uri(uri, budget=Budget())
        except TemporaryFailure as reason:
            log.info("host_in_trouble", host=host, reason=str(reason)[:300])
            break
        except (FederationError, SocialError) as reason:
            log.info("object_not_fetched", uri=uri[:300], reason=str(reason)[:300])
            continue
        if row is not None:
            found.append(row)
    return found
