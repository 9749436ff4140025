"""Completes a conversation: what came before, then what was said in reply (protocol §15, FEP-7888).

Upwards by `inReplyTo`, one after the other. Downwards from the context collection, which the server of the root keeps
of the whole thread; without one from the replies of each post, breadth first. Everything is bounded: collections,
posts, time. Items are believed only as they are fetched by their own ids.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import structlog
from sqlalchemy import or_, select, update

from potluck.db.base import now
from potluck.federation import fetch_jobs
from potluck.federation.errors import FederationError
from potluck.federation.inbound import Budget
from potluck.federation.items import fetch_all, items_of, object_of
from potluck.social import objects, thread_fetches
from potluck.social.addresses import is_local_uri
from potluck.social.errors import SocialError
from potluck.social.model import Object

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

log = structlog.get_logger(__name__)

MAX_FOUND = 500
MAX_COLLECTIONS = 60
MAX_ITEMS = 500
"""Items read of one collection."""

SECONDS = 100.0
_AT_FIRST = 30  # collections of posts that are here already
_OBJECT: Any = Object.__table__


async def climb(federation: Federation, uri: str, depth: int = fetch_jobs.MAX_DEPTH) -> None:
    """Fetch a missing parent, and its parents: one after the other, not recursively."""
    following: str | None = uri
    for _ in range(min(depth, fetch_jobs.MAX_DEPTH)):
        if following is None:
            return
        found = await federation.object_by_uri(following, budget=Budget())
        if found is None or found.in_reply_to_id is not None:
            return
        following = found.in_reply_to_uri


async def complete(federation: Federation, uri: str, data: Mapping[str, Any]) -> None:
    """Work off one wish for a conversation.

    Args:
        uri: of the object somebody opened.
        data: `fetch`: id of the `ThreadFetch` that tells people how far it is.
    """
    async with federation.db.read() as session:
        row = await objects.by_uri(session, uri)
    walk = _Walk(federation, int(data["fetch"]) if data.get("fetch") else None)
    try:
        if row is not None and row.deleted_at is None:
            async with asyncio.timeout(SECONDS):
                await walk.run(row)
    except TimeoutError:
        log.info("thread_not_complete", uri=uri[:300], seconds=SECONDS, found=walk.found)
    await walk.tell(finished=True)


class _Walk:
    """The way through one conversation."""

    def __init__(self, federation: Federation, fetch_id: int | None) -> None:
        self.found = 0
        self._federation = federation
        self._db = federation.db
        self._fetch_id = fetch_id
        self._read: set[str] = set()
        self._queue: deque[tuple[int, str]] = deque()  # (object, its replies)

    async def run(self, row: Object) -> None:
        """Everything above, then everything below."""
        if row.in_reply_to_uri is not None and row.in_reply_to_id is None:
            await self._up(row.in_reply_to_uri)
        context, replies = await self._known(row)
        whole = bool(context) and await self._collection(context, deeper=False)
        # A context tells of the whole thread; the replies of what was opened may be newer than it.
        self._queue.extend(replies[:1] if whole else replies)
        while self._queue and len(self._read) < MAX_COLLECTIONS and self.found < MAX_FOUND:
            object_id, collection = self._queue.popleft()
            await self._collection(collection, deeper=not whole)
            await self._mark_read(object_id)
        log.info("thread_read", uri=row.uri[:300], collections=len(self._read), found=self.found)

    async def _up(self, uri: str) -> None:
        try:
            await climb(self._federation, uri)
        except (FederationError, SocialError) as reason:
            log.info("thread_without_top", uri=uri[:300], reason=str(reason)[:300])

    async def _known(self, row: Object) -> tuple[str, list[tuple[int, str]]]:
        """Of the thread as far as it is here: its context collection, and the replies of its posts."""
        async with self._db.read() as session:
            root = await session.scalar(select(Object.thread_root_id).where(Object.id == row.id)) or row.id
            rows = (await session.execute(
                select(Object.id, Object.context_uri, Object.replies_uri).where(
                    Object.thread_root_id == root, ~Object.local, Object.deleted_at.is_(None),
                    or_(Object.id.in_((row.id, root)), Object.replies_fetched_at.is_(None),
                        Object.replies_fetched_at < now() - fetch_jobs.COOLDOWN))
                .order_by((Object.id == row.id).desc(), (Object.id == root).desc(), Object.id).limit(_AT_FIRST))).all()
        contexts = [found.context_uri for found in rows if _is_fetchable(found.context_uri)]
        return next(iter(contexts), ""), [(found.id, found.replies_uri) for found in rows
                                          if _is_fetchable(found.replies_uri)]

    async def _collection(self, uri: str, *, deeper: bool = True) -> bool:
        """Fetch what a collection lists and is not here; returns whether it listed anything."""
        if uri in self._read:
            return False
        self._read.add(uri)
        wanted = await self._listed(uri)
        fresh = await self._unknown(wanted)
        for start in range(0, len(fresh), 20):  # a few at a time, so that people see them come
            rows = await fetch_all(self._federation, fresh[start:start + 20])
            self.found += len(rows)
            if deeper:
                self._queue.extend((row.id, row.replies_uri) for row in rows if _is_fetchable(row.replies_uri))
            await self.tell()
        return bool(wanted)

    async def _listed(self, collection: str) -> list[str]:
        found: dict[str, None] = {}
        try:
            async for item in items_of(self._federation, collection, MAX_ITEMS):
                uri = object_of(item)
                if uri is not None and not is_local_uri(uri):
                    found[uri] = None
        except FederationError as reason:
            log.info("collection_not_read", collection=collection[:300], reason=str(reason)[:300])
        return list(found)[:MAX_FOUND - self.found]

    async def _unknown(self, uris: Sequence[str]) -> list[str]:
        async with self._db.read() as session:
            known = await objects.by_uris(session, uris)
        return [uri for uri in uris if uri not in known]

    async def _mark_read(self, object_id: int) -> None:
        async with self._db.write() as session:
            await session.execute(update(_OBJECT).where(_OBJECT.c.id == object_id).values(replies_fetched_at=now()))

    async def tell(self, *, finished: bool = False) -> None:
        """Let those who wait see how far it is."""
        if self._fetch_id is not None:
            async with self._db.write() as session:
                await thread_fetches.note(session, self._fetch_id, found=self.found, finished=finished)


def _is_fetchable(uri: str | None) -> TypeGuard[str]:
    return uri is not None and uri.startswith(("https://", "http://")) and not is_local_uri(uri)
