"""The context of everything that talks to other servers: finds actors, objects and keys, here or there.

One per process. Reads come from the database where possible; what is fetched is checked, and written for many at
once. A suspended server's things are refused on every path (CVE-2026-23961).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import structlog
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db import Database
from potluck.db.engine import after_commit
from potluck.federation import acquainting, actor_documents, documents, fetch_jobs, servers, webfinger_client
from potluck.federation.acquainting import Acquainting
from potluck.federation.bounded import BoundedTimes
from potluck.federation.dispatch import create
from potluck.federation.drafting import references, settle
from potluck.federation.errors import FederationError, FetchError, Gone, InvalidAnswer, InvalidUri, NotFound
from potluck.federation.fetch import SafeClient
from potluck.federation.group_commit import GroupCommit
from potluck.federation.inbound import Budget, Dropped, References, Unauthorised, look_up
from potluck.federation.inbox import Inbox
from potluck.federation.key_fetching import KeyFetcher
from potluck.federation.key_ring import KeyRing, KnownKey
from potluck.federation.policies import Policies
from potluck.federation.scheme_memory import StoredMemory
from potluck.federation.signatures.keys import SigningKey
from potluck.federation.signatures.signer import Signer
from potluck.federation.signing import SigningKeys
from potluck.federation.urls import host_of, same_host, same_origin
from potluck.federation.vocabulary import ACTOR_TYPES, Document, first_id, get, is_public, type_of
from potluck.settings import Settings
from potluck.social import actors, objects
from potluck.social.addresses import is_local_uri
from potluck.social.drafts import ActorDraft, Draft
from potluck.social.errors import SocialError
from potluck.social.model import Actor, Object, Tombstone
from potluck.social.registry import Unreadable

log = structlog.get_logger(__name__)

Found = TypeVar("Found")


class BlockedServer(FederationError):
    """The other server is one we want nothing to do with."""


class Federation:
    """Finds and fetches, signs and verifies, for one process.

    Args:
        db: the database.
        settings: of this server.
        client: for all requests.
    """

    def __init__(self, db: Database, settings: Settings, client: SafeClient) -> None:
        self.db = db
        self.settings = settings
        self.client = client
        self.schemes = StoredMemory()
        self.keys = KeyRing(db)
        self.inbox = Inbox(self)
        self._policies = Policies(db)
        self._signing = SigningKeys(db, self.schemes)
        self._key_fetcher = KeyFetcher(self)
        self._actors: GroupCommit[ActorDraft, Actor] = GroupCommit(db, self._store_actors, most=100, isolate=True)
        self._objects: GroupCommit[Draft, Object | None] = GroupCommit(db, _store_objects, most=100, isolate=True)
        self._acquainting = Acquainting(db, client)
        self._failed = BoundedTimes(300.0, 20_000)
        self._running: dict[tuple[str, str], asyncio.Task[Any]] = {}

    async def start(self) -> None:
        """Read what was remembered of other servers."""
        async with self.db.read() as session:
            await self.schemes.load(session)

    async def close(self) -> None:
        """Finish what is being written, close connections."""
        for task in list(self._running.values()):
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await self.inbox.close()
        await self._acquainting.close()
        await self._actors.close()
        await self._objects.close()
        await self.client.close()

    @property
    def allows_http(self) -> bool:
        """Whether plain http peers are allowed (private networks and tests)."""
        return self.client.policy.allows_http

    # Policy

    async def is_blocked(self, host: str) -> bool:
        """Whether we want nothing to do with a host (normalised, with a non-default port)."""
        return await self._policies.is_blocked(host)

    async def relay_actors(self) -> frozenset[str]:
        """Actors of the relays this server subscribed to."""
        return await self._policies.relay_actors()

    async def _check_host(self, uri: str) -> None:
        if is_local_uri(uri):
            raise Unauthorised(f"{uri} is ours")
        if await self.is_blocked(host_of(uri)):
            raise BlockedServer(f"{uri} is on a server we do not federate with")

    # Signing

    async def signer(self, actor_id: int | None = None, key_id: int | None = None) -> Signer:
        """Signs requests for a local actor; for the instance actor when none is given.

        Args:
            key_id: a certain one of its keys (after a rotation).
        """
        return await self._signing.signer(actor_id, key_id)

    async def signing_key(self, actor_id: int, algorithm: str, key_id: int | None = None) -> SigningKey | None:
        """A private key of a local actor, None when it has none."""
        return await self._signing.key(actor_id, algorithm, key_id)

    # Fetching documents

    async def fetch_document(self, uri: str, budget: Budget | None = None, *, as_actor: int | None = None) -> Document:
        """A document by its id, checked (protocol §7).

        Args:
            as_actor: local actor in whose name; the instance actor by default.

        Raises:
            FederationError: blocked, over budget, or not to be had; a failure is remembered for five minutes.
        """
        if is_public(uri):
            raise InvalidUri(f"{uri} stands for everybody, it is no document")
        await self._check_host(uri)
        if self._failed.has(uri):
            raise FetchError(uri, "failed a short while ago")
        if budget is not None:
            budget.spend()
        try:
            return await documents.fetch_document(self.client, uri, await self.signer(as_actor))
        except FetchError as error:
            if error.permanent and not isinstance(error, Gone):
                self._failed.add(uri)
            raise

    async def fetch_object(self, uri: str, budget: Budget | None = None) -> Document:
        """The document of something said, from its own host; that inside of an activity's where the id is one's.

        Raises:
            FederationError: see `fetch_document`; Dropped when it is no object.
        """
        document = await self.fetch_document(uri, budget)
        if type_of(document) in create.ACTIVITY_TYPES:
            inner = first_id(get(document, "object"))
            if inner is None or not same_host(inner, uri):
                raise Dropped(f"{uri} is an activity about something elsewhere")
            document = await self.fetch_document(inner, budget)
        if type_of(document) == "Tombstone":
            raise Gone(uri, 410)
        return document

    async def is_gone(self, uri: str, budget: Budget | None = None) -> bool:
        """Whether a thing's own host says that it is no longer there: 404, 410 or a Tombstone."""
        try:
            return type_of(await self.fetch_document(uri, budget)) == "Tombstone"
        except (Gone, NotFound):
            return True

    # Actors

    async def actor_by_uri(self, uri: str, *, refresh: bool = False, budget: Budget | None = None) -> Actor | None:
        """The actor with this id, fetched when it is not known yet or `refresh` asks for it.

        Returns:
            None when it was deleted.

        Raises:
            FederationError: it cannot be had.
        """
        async with self.db.read() as session:
            known = await actors.by_uri(session, uri)
        if known is not None and (known.is_local or not refresh):
            return known if known.deleted_at is None else None
        return await self._once("actor", uri, lambda: self._fetch_actor(uri, budget))

    async def _fetch_actor(self, uri: str, budget: Budget | None) -> Actor:
        return await self.store_actor(await self.fetch_document(uri, budget))

    async def store_actor(self, document: Document) -> Actor:
        """Store an actor out of a document that was fetched from its own id.

        Raises:
            FederationError: not an actor, or its handle does not lead back to it.
        """
        try:
            draft = actor_documents.read_actor(document)
        except Unreadable as error:
            raise InvalidAnswer(str(document.get("id")), f"not an actor: {error}") from error
        await self._confirm_handle(draft)
        try:
            return await self._actors.add(draft)
        except SocialError as error:
            raise Unauthorised(error.text) from error
        finally:
            for key_uri, _, _ in draft.keys:
                self.keys.forget(key_uri)

    async def _store_actors(self, session: AsyncSession, drafts: Sequence[ActorDraft]) -> list[Actor]:
        """Store actors and the servers they live on, and get to know those servers."""
        hosts = {host_of(draft.uri) for draft in drafts}
        known, new = await servers.ensure(session, hosts, ask_after=acquainting.DELAY)
        if new:
            after_commit(session, lambda: self._acquainting.meet(new))
        return await actors.upsert_remotes(session, [(draft, known[host_of(draft.uri)]) for draft in drafts])

    async def _confirm_handle(self, draft: ActorDraft) -> None:
        """Close the loop from the actor by WebFinger back to it (protocol §8).

        Where a host answers no WebFinger at all, the handle is that of the id's own host, which is the host's to
        give. An answer that names somebody else is final.
        """
        name, host = actor_documents.handle_hosts(draft)
        try:
            found = await webfinger_client.resolve_handle(self.client, f"{name}@{host}")
        except (FetchError, InvalidUri) as error:
            if host != host_of(draft.uri):
                raise Unauthorised(f"the handle {name}@{host} of {draft.uri} is not confirmed: {error}") from error
            draft.host = host
            return
        if found.actor_uri != draft.uri:
            if draft.type in ("Group", "Application") or same_origin(found.actor_uri, draft.uri):
                # Lemmy lets a person and a community share a name: the later link is the other one.
                draft.host = host_of(draft.uri)
                return
            raise Unauthorised(f"the handle {found.subject} of {draft.uri} belongs to {found.actor_uri}")
        draft.name, _, draft.host = found.subject.partition("@")

    async def actor_by_handle(self, handle: str) -> Actor | None:
        """The actor with this `name@host`, fetched if need be; None when there is none."""
        async with self.db.read() as session:
            known = await actors.by_handle(session, handle)
        if known is not None:
            return known if known.deleted_at is None else None
        try:
            name, host = webfinger_client.parse_handle(handle)
            if host in (self.settings.domain, self.settings.host) or await self.is_blocked(host):
                return None
            found = await webfinger_client.resolve_handle(self.client, f"{name}@{host}")
            return await self.actor_by_uri(found.actor_uri)
        except FederationError as error:
            log.info("handle_not_found", handle=handle[:300], reason=str(error)[:300])
            return None

    # Objects

    async def object_by_uri(
        self,
        uri: str,
        *,
        budget: Budget | None = None,
        quiet: bool = True,
        document: Document | None = None,
        sender: str | None = None,
    ) -> Object | None:
        """The object with this id, fetched and stored when it is not known yet.

        Args:
            quiet: put it into no feed and tell nobody.
            document: it as somebody sent it; believed only if `sender` is its author.
            sender: actor that sent `document`.

        Returns:
            None when it was deleted.

        Raises:
            FederationError: it cannot be had, or is not what it claims to be.
        """
        async with self.db.read() as session:
            known = await objects.by_uri(session, uri)
            if known is not None:
                return known if known.deleted_at is None else None
            if await session.get(Tombstone, uri) is not None:
                return None
        believed = document if document is not None and _is_own(document, uri, sender) else None
        return await self._once("object", uri, lambda: self._fetch_and_store(uri, believed, budget or Budget(), quiet))

    async def _fetch_and_store(self, uri: str, document: Document | None, budget: Budget, quiet: bool) -> Object | None:
        await self._check_host(uri)
        return await self.store_object(document or await self.fetch_object(uri, budget), budget, quiet=quiet)

    async def store_object(
        self, document: Document, budget: Budget | None = None, *, quiet: bool = True
    ) -> Object | None:
        """Store an object out of a document that was fetched from its own id (or comes from its author).

        Raises:
            FederationError: it is nothing that can be said, or its author cannot be had.
        """
        draft = create.draft_of(document)
        if draft.author_uri is None or draft.uri is None:
            raise Dropped("an object without author")
        await self._check_host(draft.uri)
        author = await self.actor_by_uri(draft.author_uri, budget=budget)
        if author is None or author.suspended_at is not None or author.is_local:
            raise Dropped(f"the author {draft.author_uri} is gone, suspended or claimed to be ours")
        draft.quiet = quiet
        return await self._objects.add(draft)

    # Whatever a person typed in

    async def resolve(self, text: str, viewer: Actor | None = None) -> Actor | Object | None:
        """What an address (`@name@host`) or a link stands for; None when nothing is found.

        Args:
            viewer: who asks; private things are fetched in their name.
        """
        text = text.strip()[:2048]
        if not text.startswith(("https://", "http://")):
            return await self.actor_by_handle(text)
        try:
            return await self._known_link(text) or await self._fetch_link(text, viewer)
        except FederationError as error:
            log.info("link_not_resolved", link=text[:300], reason=str(error)[:300])
            return None

    async def _known_link(self, url: str) -> Actor | Object | None:
        """What is here already under an id or a page's address."""
        async with self.db.read() as session:
            actor: Actor | None = await session.scalar(select(Actor).where(
                or_(Actor.uri == url, (Actor.url == url) & (Actor.host == "")), Actor.deleted_at.is_(None)))
            found = actor or await objects.by_uri(session, url)
            if found is None and is_local_uri(url):
                found = await session.scalar(select(Object).where(Object.local, Object.url == url))
            return found

    async def _fetch_link(self, url: str, viewer: Actor | None) -> Actor | Object | None:
        await self._check_host(url)
        signer = await self.signer(viewer.id if viewer is not None and viewer.is_local else None)
        document = await documents.fetch_document_or_alternate(self.client, url, signer)
        uri = first_id(document)
        if uri is None:
            return None
        if type_of(document, ACTOR_TYPES) in ACTOR_TYPES:
            return await self.actor_by_uri(uri) or await self.store_actor(document)
        if type_of(document) in create.ACTIVITY_TYPES:
            return await self.object_by_uri(first_id(get(document, "object")) or "")
        async with self.db.read() as session:
            known = await objects.by_uri(session, uri)
        return known or await self.store_object(document, Budget())

    # Keys and proofs

    async def public_key(self, key_id: str) -> KnownKey | None:
        """The key with this id, fetched if need be; None when it cannot be had."""
        try:
            return await self.keys.find(key_id) or await self.fetch_key(key_id)
        except FederationError:
            return None

    async def fetch_key(self, key_id: str) -> KnownKey | None:
        """Fetch a key and its owner anew.

        Raises:
            FederationError: it cannot be had; Gone when its host says that the owner is deleted.
        """
        await self._check_host(key_id)
        return await self._once("key", key_id, lambda: self._key_fetcher.fetch(key_id))

    async def proof_holds(self, document: Document, owner_uri: str, budget: Budget | None = None) -> bool:
        """Whether a document carries an FEP-8b32 proof by its owner."""
        return await self._key_fetcher.proof_holds(document, owner_uri, budget)

    async def linked_data_signed(
        self, document: Document, owner_uri: str, budget: Budget | None = None
    ) -> Document | None:
        """A document that carries an LD signature by its owner, in our own terms; else None."""
        return await self._key_fetcher.linked_data_signed(document, owner_uri, budget)

    async def _once(self, kind: str, uri: str, work: Callable[[], Awaitable[Found]]) -> Found:
        """Do a piece of work once for all who ask for it at the same time."""
        key = (kind, uri)
        task = self._running.get(key)
        if task is None:
            task = asyncio.ensure_future(work())
            self._running[key] = task
            task.add_done_callback(lambda done: self._finished(key, done))
        found: Found = await asyncio.shield(task)
        return found

    def _finished(self, key: tuple[str, str], done: asyncio.Task[Any]) -> None:
        self._running.pop(key, None)
        if not done.cancelled():
            done.exception()  # seen: those who asked may have gone away


def _is_own(document: Document, uri: str, sender: str | None) -> bool:
    """Whether a document about `uri` may be believed as `sender` sent it: it is its author, on its own host."""
    author = first_id(get(document, "attributedTo"))
    return first_id(document) == uri and sender is not None and author == sender and same_host(uri, sender)


async def _store_objects(session: AsyncSession, drafts: Sequence[Draft]) -> list[Object | None]:
    """Store fetched objects by authors that are known."""
    wanted = References()
    for draft in drafts:
        references(draft, wanted)
    known = await look_up(session, wanted)
    ready = []
    for draft in drafts:
        author = known.actor(draft.author_uri)
        if author is None:
            raise Dropped(f"the author {draft.author_uri} is gone")
        was_quiet = draft.quiet
        settle(draft, author, known)
        draft.quiet = draft.quiet or was_quiet
        if await create.may_enter(session, draft, known):
            ready.append(draft)
    stored = await objects.store(session, ready)
    jobs = [job for result in stored if result.created and result.object is not None
            for job in create.follow_ups(result.object, result.draft, 1)]
    await fetch_jobs.add_many(session, jobs)
    found = {id(result.draft): result.object for result in stored}
    return [found.get(id(draft)) for draft in drafts]
