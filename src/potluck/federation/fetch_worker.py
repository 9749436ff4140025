"""Works off background fetches: missing parents and threads, outboxes and pins, profiles, NodeInfo, stamps, sync."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import tasks
from potluck.db import Database
from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.federation import (
    approvals,
    fetch_jobs,
    follower_sync,
    nodeinfo_client,
    outbox_reading,
    quotes,
    servers,
    thread_fetching,
)
from potluck.federation.dispatch.create import draft_of
from potluck.federation.errors import FederationError, Gone
from potluck.federation.host_locks import HostLocks
from potluck.federation.inbound import Budget
from potluck.federation.items import turn, use_items
from potluck.federation.urls import host_of, same_host
from potluck.federation.vocabulary import Document, first_id, total_items
from potluck.social import actors, events, leaving, objects, quoting, reactions, remote_counts
from potluck.social.communities import moderating, posts, roles
from potluck.social.drafts import MentionDraft
from potluck.social.errors import SocialError
from potluck.social.live import Waker
from potluck.social.model import Actor, Mention, Object, ObjectDocument, Server

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

log = structlog.get_logger(__name__)

CONCURRENCY = 16
JOB_SECONDS = 120.0
PIN_ITEMS = 10
_STRANGERS = 10
_IDLE_SECONDS = 5.0
_HOUSEKEEPING_SECONDS = 3600.0
_OBJECT: Any = Object.__table__


class FetchWorker:
    """One engine's background fetches.

    Args:
        db: the database.
        federation: fetches.
        waker: tells when something was added.
    """

    def __init__(self, db: Database, federation: Federation, waker: Waker) -> None:
        self._db = db
        self._federation = federation
        self._waker = waker
        self._locks = HostLocks(db, "fetch")
        self._running: dict[int, asyncio.Task[None]] = {}
        self._work: Mapping[str, Callable[[str, Mapping[str, Any]], Awaitable[None]]] = {
            "actor": self.actor, "approval": self.approval, "counts": self.counts,
            "featured": self.featured, "mentions": self.mentions,
            "missed": self.outbox, "moderators": self.moderators, "nodeinfo": self.nodeinfo,
            "outbox": self.outbox, "parent": self.parent, "poll": self.refresh, "quote": self.quote,
            "sync": self.sync, "thread": self.thread,
        }

    async def run(self) -> None:
        """Work until cancelled."""
        keeper = asyncio.create_task(self._keep_house())
        try:
            while True:
                try:
                    took = await self.round()
                except Exception:
                    log.exception("fetch_round_failed")
                    took = False
                if not took:
                    await self._waker.wait(fetch_jobs.TOPIC, _IDLE_SECONDS)
        finally:
            keeper.cancel()
            await self.close()

    async def _keep_house(self) -> None:
        while True:
            try:
                async with self._db.write() as session:
                    await schedule_stale(session)
            except Exception:
                log.exception("fetch_housekeeping_failed")
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)

    async def close(self) -> None:
        """Break off; jobs stay queued."""
        await tasks.end(*self._running.values())
        await self._locks.close()

    async def drain(self) -> None:
        """Work until nothing is due (tests)."""
        while await self.round() or self._running:
            if self._running:
                await asyncio.wait(self._running.values())

    async def round(self) -> bool:
        """Start what is due, as far as there is room. Returns whether anything was started."""
        room = CONCURRENCY - len(self._running)
        if room <= 0:
            await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
            return True
        async with self._db.read() as session:
            rows = await fetch_jobs.due(session, room, list(self._running))
        ours = await self._locks.take({str(row.id) for row in rows})
        started = [row for row in rows if str(row.id) in ours]
        for row in started:
            task = asyncio.create_task(self._do(row))
            self._running[row.id] = task
            task.add_done_callback(partial(self._ended, row.id))
        return bool(started)

    def _ended(self, job_id: int, _task: asyncio.Task[None]) -> None:
        self._running.pop(job_id, None)

    async def _do(self, row: Any) -> None:
        """One job. Temporary trouble brings it back later; anything else ends it."""
        error: str | None = None
        try:
            async with asyncio.timeout(JOB_SECONDS):
                await self._work[row.purpose](row.uri, msgspec.json.decode(row.data))
        except TimeoutError:
            error = f"took longer than {JOB_SECONDS:g} s"
        except FederationError as failure:
            log.info("fetch_failed", purpose=row.purpose, uri=row.uri, reason=str(failure)[:300])
            error = None if failure.permanent else str(failure)
        except SocialError as failure:
            log.info("fetch_refused", purpose=row.purpose, uri=row.uri, reason=failure.text)
        except Exception:
            log.exception("fetch_job_failed", purpose=row.purpose, uri=row.uri)
        async with self._db.write() as session:
            if error is None:
                await fetch_jobs.done(session, row.id, row.created_at)
            else:
                await fetch_jobs.postpone(session, row.id, row.attempts, error, row.created_at)
        await self._locks.give_back([str(row.id)])

    # Conversations

    async def parent(self, uri: str, data: Mapping[str, Any]) -> None:
        """A missing parent, and its parents."""
        await thread_fetching.climb(self._federation, uri, int(data.get("depth") or fetch_jobs.MAX_DEPTH))

    async def thread(self, uri: str, data: Mapping[str, Any]) -> None:
        """What is missing of a conversation."""
        await thread_fetching.complete(self._federation, uri, data)

    async def _items(
        self, collection: str, most: int, use: Callable[[str | Document], Awaitable[None]]
    ) -> bool:
        return await use_items(self._federation, collection, most, use)

    # People

    async def actor(self, uri: str, _data: Mapping[str, Any]) -> None:
        """A profile that was read long ago; one that is gone is deleted here, too."""
        try:
            await self._federation.actor_by_uri(uri, refresh=True)
        except Gone:
            async with self._db.write() as session:
                row = await actors.by_uri(session, uri)
                if row is not None and not row.is_local:
                    await leaving.delete_remote(session, row)

    async def counts(self, uri: str, _data: Mapping[str, Any]) -> None:
        """How many followers, followed people and posts somebody has, as their collections say."""
        async with self._db.read() as session:
            row = await actors.by_uri(session, uri)
        if row is None or row.is_local:
            return
        said = [await self._total(row, collection)
                for collection in (row.followers_uri, row.following_uri, row.outbox)]
        async with self._db.write() as session:
            await remote_counts.note(session, row, followers=said[0], following=said[1], posts=said[2])

    async def _total(self, owner: Actor, collection: str | None) -> int | None:
        if collection is None or not same_host(collection, owner.uri):
            return None
        try:
            async with turn(host_of(collection)):
                return total_items(await self._federation.fetch_document(collection, Budget()))
        except FederationError as reason:
            log.info("collection_not_counted", collection=collection[:300], reason=str(reason)[:300])
            return None

    async def outbox(self, uri: str, data: Mapping[str, Any]) -> None:
        """The newest of somebody's outbox: their own posts, and what they boosted."""
        await outbox_reading.read(self._federation, uri, data)

    async def featured(self, uri: str, data: Mapping[str, Any]) -> None:
        """Somebody's pinned posts; of others' posts nothing is pinned."""
        owner = str(data.get("actor"))
        if not same_host(uri, owner):
            return
        pinned: list[int] = []

        async def use(item: str | Document) -> None:
            target = first_id(item)
            row = await self._federation.object_by_uri(target, budget=Budget()) if target else None
            if row is None:
                return
            pinned.append(row.id)
            async with self._db.write() as session:
                actor = await actors.by_uri(session, owner)
                if actor is not None and row.author_id == actor.id:
                    await reactions.pin(session, actor, row.id)

        await self._items(uri, PIN_ITEMS, use)
        async with self._db.write() as session:
            actor = await actors.by_uri(session, owner)
            if actor is not None and actor.type == "Group":
                await moderating.adopt_pins(session, actor.id, pinned)

    async def moderators(self, uri: str, data: Mapping[str, Any]) -> None:
        """Who looks after a community elsewhere: ids (Lemmy) or embedded people (NodeBB), in their order."""
        owner = str(data.get("actor"))
        if not same_host(uri, owner):
            return
        found: list[int] = []

        async def use(item: str | Document) -> None:
            person = first_id(item)
            actor = await self._federation.actor_by_uri(person, budget=Budget()) if person else None
            if actor is not None:
                found.append(actor.id)

        await self._items(uri, roles.MAX_MODERATORS, use)
        async with self._db.write() as session:
            group = await actors.by_uri(session, owner)
            if group is not None and group.type == "Group" and not group.is_local:
                await posts.know(session, [group.id])
                await roles.replace(session, group.id, found)

    async def nodeinfo(self, host: str, _data: Mapping[str, Any]) -> None:
        """What a server runs."""
        info = await nodeinfo_client.fetch_nodeinfo(self._federation.client, host)
        async with self._db.write() as session:
            await servers.note_software(session, {host: info})

    async def sync(self, uri: str, data: Mapping[str, Any]) -> None:
        """A followed actor's list of its followers here (FEP-8fcf)."""
        listed: list[str] = []

        async def use(item: str | Document) -> None:
            found = first_id(item)
            if found:
                listed.append(found)

        await self._items(uri, follower_sync.MAX_FOLLOWERS, use)
        await follower_sync.repair(self._federation, str(data.get("actor")), str(data.get("digest")), listed)

    # Objects

    async def refresh(self, uri: str, _data: Mapping[str, Any]) -> None:
        """Read an object again (the tallies of a poll)."""
        document = await self._federation.fetch_object(uri, Budget())
        draft = draft_of(document)
        async with self._db.write() as session:
            row = await objects.by_uri(session, uri)
            author = await session.get(Actor, row.author_id) if row is not None else None
            if row is None or author is None or row.deleted_at is not None or draft.author_uri != author.uri:
                return
            newer = draft.edited_at is not None and (row.edited_at is None or draft.edited_at > row.edited_at)
            draft.author_id = author.id
            await objects.edit(session, row.id, draft, author, silent=not newer)

    async def quote(self, uri: str, data: Mapping[str, Any]) -> None:
        """The quoted object of an object, and the stamp that lets it be shown (FEP-044f)."""
        async with self._db.read() as session:
            row = await objects.by_uri(session, uri)
        if row is None or row.quote_uri is None or row.deleted_at is not None:
            return
        quoted = await self._federation.object_by_uri(row.quote_uri, budget=Budget())
        stamp = str(data["stamp"]) if data.get("stamp") else row.quote_authorization_uri
        state = await self._quote_state(row, quoted, stamp)
        async with self._db.write() as session:
            await quoting.set_state(session, row.id, state or "pending", quoted_id=quoted.id if quoted else None,
                                    stamp=stamp if state == "accepted" else None)
            await self._tell(session, row.id)

    async def mentions(self, uri: str, _data: Mapping[str, Any]) -> None:
        """The people an object names that were not known when it came, ten at the most."""
        async with self._db.read() as session:
            row = await objects.by_uri(session, uri)
            kept = await session.get(ObjectDocument, row.id) if row is not None else None
        if row is None or kept is None or row.deleted_at is not None:
            return
        draft = draft_of(msgspec.json.decode(kept.document))
        named = [mention for mention in draft.mentions if not mention.silent][:_STRANGERS]
        found = [actor for mention in named if (actor := await self._mentioned(mention)) is not None]
        async with self._db.write() as session:
            for actor in found:
                await session.execute(insert_or_ignore(session, Mention).values(
                    object_id=row.id, actor_id=actor.id, silent=False))
            await session.execute(update(_OBJECT).where(_OBJECT.c.id == row.id).values(version=_OBJECT.c.version + 1))

    async def _mentioned(self, mention: MentionDraft) -> Actor | None:
        """Somebody named by id, or by a page and a handle."""
        try:
            return await self._federation.actor_by_uri(mention.uri, budget=Budget())
        except FederationError:
            return await self._federation.actor_by_handle(mention.name or "")

    async def _quote_state(self, row: Object, quoted: Object | None, stamp: str | None) -> str | None:
        if quoted is None:
            return "deleted"
        if quoted.author_id == row.author_id:
            return "accepted"
        if stamp is None:
            return "pending" if quoted.local or quotes.needs_stamp(quoted.interaction_policy) else "accepted"
        if quoted.local:
            return row.quote_state
        async with self._db.read() as session:
            author = await session.get_one(Actor, quoted.author_id)
        document = await self._federation.fetch_document(stamp, Budget())
        quotes.check_stamp(document, uri=stamp, quoting=row.uri, quoted=quoted.uri, author=author.uri)
        return "accepted"

    async def approval(self, uri: str, data: Mapping[str, Any]) -> None:
        """GoToSocial's approval of a reply or boost of ours: fetched, both ends checked, then shown to all."""
        await approvals.take(self._federation, uri, str(data.get("stamp")))

    async def _tell(self, session: AsyncSession, object_id: int) -> None:
        """Others hear that a local object has its stamp now; it is no edit."""
        row = await session.get_one(Object, object_id, populate_existing=True)
        if row.local:
            author = await session.get_one(Actor, row.author_id)
            await events.emit(session, events.ObjectEdited(row, author, silent=True))


async def schedule_stale(session: AsyncSession, limit: int = 200) -> None:
    """Ask again what servers run that were last asked a week ago."""
    hosts = (await session.scalars(select(Server.host).where(
        Server.nodeinfo_at < now() - timedelta(days=7), Server.gone_at.is_(None)).limit(limit))).all()
    await fetch_jobs.add_many(session, [("nodeinfo", host, {}) for host in hosts])
