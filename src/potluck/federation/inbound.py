"""An activity on its way through the engine, and what the database knows of those it names.

For a batch of activities every uri they name is looked up at once; handlers then decide on what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any, ClassVar

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.federation import strictjson
from potluck.federation.errors import FederationError
from potluck.federation.model import Relay
from potluck.federation.vocabulary import Document, first_id, get, type_of
from potluck.social.drafts import Draft
from potluck.social.model import Actor, Follow, Object, Tombstone

FRESH = timedelta(days=1)
"""How long an actor's document is taken as it was read (as Mastodon)."""

_ACTOR: Any = Actor.__table__
_OBJECT: Any = Object.__table__


class Dropped(FederationError):
    """An activity that is not acted upon, for a good reason. The text is the reason, for the log."""


class Unauthorised(Dropped):
    """The actor may not do this (protocol §7): somebody else's object, collection or follow."""


class Irrelevant(Dropped):
    """Nobody here asked for it: the author is not followed, nobody here is addressed."""


class Unsupported(Dropped):
    """A type of activity Potluck does not know, or that has no meaning for it."""


@dataclass(slots=True)
class Budget:
    """What one inbound activity may cause to be fetched (CVE-2022-46405)."""

    fetches: int = 40
    depth: int = 20

    def spend(self) -> None:
        """Count one fetch.

        Raises:
            OverBudget: none is left.
        """
        if self.fetches <= 0:
            raise OverBudget("the fetch budget of this activity is spent")
        self.fetches -= 1


class OverBudget(Dropped):
    """An activity asked for more fetches than one may cause."""


@dataclass(slots=True)
class Inbound:
    """One activity.

    Attributes:
        item_id: its journal row; 0 for one that was not journalled (unwrapped, fetched).
        host: host of the signer.
        signer_uri: actor whose key signed the request.
        body: JSON text as received.
        activity: the parsed document.
        type: its type.
        actor_uri: who acts.
        trusted: it is known to come from its actor (signed by it, or fetched from its host).
        fetched: `object_document` was fetched from its own host.
        object_document: the object's document where it is to be read, None when only an id came.
        announcer: the group that passed it on (FEP-1b12).
        budget: what it may cause to be fetched.
        prepared: fetches were tried already; what is still missing is not to be had.
        draft: the object as its kind read it.
        mentions_strangers: it names people who are not known here.
        contained: it came in a conversation that the announcer owns (FEP-171b).
        ends_here: it took effect, but a community of ours does not pass it on.
        repeated: one with its id was processed before; only where a type may recur under one id.
        reopened: id of what it undid, which may come again under the same id.
    """

    item_id: int
    host: str
    signer_uri: str
    inbox_actor_id: int | None
    body: str
    activity: Document
    type: str
    actor_uri: str
    attempts: int = 0
    trusted: bool = False
    fetched: bool = False
    object_document: Document | None = None
    announcer: str | None = None
    budget: Budget = field(default_factory=Budget)
    prepared: bool = False
    draft: Draft | None = None
    mentions_strangers: bool = False
    ends_here: bool = False
    contained: bool = False
    repeated: bool = False
    reopened: str | None = None

    @property
    def uri(self) -> str | None:
        """Id of the activity."""
        found = self.activity.get("id")
        return found if isinstance(found, str) and found else None

    @property
    def object_uri(self) -> str | None:
        """Id of the first object."""
        return first_id(get(self.activity, "object"))

    @property
    def target_uri(self) -> str | None:
        """Id of the target."""
        return first_id(get(self.activity, "target"))

    def require_object(self) -> str:
        """Id of the first object.

        Raises:
            Dropped: there is none.
        """
        uri = self.object_uri
        if uri is None:
            raise Dropped(f"{self.type} without object")
        return uri


def parse(row: Any) -> Inbound:
    """A journal row as an activity.

    Raises:
        InvalidJson, Dropped: it is none (it was checked when it came in, so this hardly happens).
    """
    activity = strictjson.parse(row.body)
    return of_document(activity, item_id=row.id, host=row.host, signer_uri=row.signer_uri,
                       inbox_actor_id=row.inbox_actor_id, body=row.body, attempts=row.attempts)


def of_document(activity: Document, **attributes: Any) -> Inbound:
    """An activity's document as an `Inbound`.

    Raises:
        Dropped: it has no type or no actor.
    """
    type_name = type_of(activity)
    actor_uri = first_id(get(activity, "actor"))
    if type_name is None or actor_uri is None:
        raise Dropped("not an activity: no type or no actor")
    inbound = Inbound(activity=activity, type=type_name, actor_uri=actor_uri, **attributes)
    inbound.trusted = inbound.trusted or inbound.signer_uri == actor_uri
    return inbound


@dataclass(frozen=True, slots=True)
class ActorRef:
    """What is needed of an actor to decide with."""

    id: int
    uri: str
    type: str
    host: str
    server_id: int | None
    followers_uri: str | None
    featured_uri: str | None
    suspended: bool
    deleted: bool
    stale: bool  # its document was last read more than a day ago

    @property
    def is_local(self) -> bool:
        """Whether the actor lives here."""
        return self.host == ""


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """What is needed of an object to decide with."""

    id: int
    uri: str
    kind: str
    type: str
    author_id: int
    local: bool
    visibility: str
    deleted: bool
    group_id: int | None
    in_reply_to_id: int | None
    interaction_policy: Mapping[str, Any] | None
    quote_policy: str
    group_claimed: bool = False

    @property
    def ruled_by(self) -> int | None:
        """The community whose rules and moderators bind it: not one that merely lists it."""
        return None if self.group_claimed else self.group_id


@dataclass(slots=True)
class References:
    """The uris that activities name."""

    actors: set[str] = field(default_factory=set)
    objects: set[str] = field(default_factory=set)
    handles: set[str] = field(default_factory=set)
    limit: ClassVar[int] = 2000

    def add(self, *, actors: Iterable[str | None] = (), objects: Iterable[str | None] = ()) -> None:
        """Add uris; None is passed over."""
        self.actors.update(uri for uri in actors if uri)
        self.objects.update(uri for uri in objects if uri)


@dataclass(slots=True)
class Known:
    """What the database knows of the uris a batch names."""

    actors: dict[str, ActorRef] = field(default_factory=dict)
    by_handle: dict[str, ActorRef] = field(default_factory=dict)
    objects: dict[str, ObjectRef] = field(default_factory=dict)
    tombstones: set[str] = field(default_factory=set)
    followed: set[int] = field(default_factory=set)  # actors that somebody here follows
    relays: set[str] = field(default_factory=set)  # hosts of relays subscribed to
    by_id: dict[int, ActorRef] = field(default_factory=dict)

    def actor(self, uri: str | None) -> ActorRef | None:
        """The actor with this id, if it is known and neither gone nor suspended."""
        found = self.actors.get(uri) if uri else None
        return found if found and not found.suspended and not found.deleted else None

    def object(self, uri: str | None) -> ObjectRef | None:
        """The object with this id, if it is known and not deleted."""
        found = self.objects.get(uri) if uri else None
        return found if found and not found.deleted else None


_ACTOR_COLUMNS = (_ACTOR.c.id, _ACTOR.c.uri, _ACTOR.c.type, _ACTOR.c.host, _ACTOR.c.server_id, _ACTOR.c.followers_uri,
                  _ACTOR.c.featured_uri, _ACTOR.c.suspended_at, _ACTOR.c.deleted_at, _ACTOR.c.fetched_at)
_OBJECT_COLUMNS = (_OBJECT.c.id, _OBJECT.c.uri, _OBJECT.c.kind, _OBJECT.c.type, _OBJECT.c.author_id, _OBJECT.c.local,
                   _OBJECT.c.visibility, _OBJECT.c.deleted_at, _OBJECT.c.group_id, _OBJECT.c.in_reply_to_id,
                   _OBJECT.c.interaction_policy, _OBJECT.c.quote_policy, _OBJECT.c.group_claimed)


async def look_up(session: AsyncSession, wanted: References) -> Known:
    """What is known of all these uris: a handful of queries for any number of activities."""
    known = Known()
    await _look_up_objects(session, wanted, known)
    await _look_up_actors(session, wanted, known)
    if known.by_id:
        remote = [ref.id for ref in known.by_id.values() if not ref.is_local]
        known.followed = set((await session.scalars(select(Follow.followed_id).distinct().where(
            Follow.followed_id.in_(remote), Follow.state == "accepted"))).all())
    known.relays = set((await session.scalars(select(Relay.actor_uri).where(
        Relay.state == "accepted", Relay.actor_uri.is_not(None)))).all()) - {None}  # type: ignore[assignment]
    return known


async def _look_up_objects(session: AsyncSession, wanted: References, known: Known) -> None:
    for chunk in chunks(sorted(wanted.objects)):
        for row in (await session.execute(select(*_OBJECT_COLUMNS).where(_OBJECT.c.uri.in_(chunk)))).all():
            known.objects[row.uri] = ObjectRef(
                row.id, row.uri, row.kind, row.type, row.author_id, row.local, row.visibility,
                row.deleted_at is not None, row.group_id, row.in_reply_to_id, row.interaction_policy,
                row.quote_policy, row.group_claimed)
        missing = [uri for uri in chunk if uri not in known.objects]
        if missing:
            known.tombstones.update((await session.scalars(
                select(Tombstone.uri).where(Tombstone.uri.in_(missing)))).all())


async def _look_up_actors(session: AsyncSession, wanted: References, known: Known) -> None:
    authors = {ref.author_id for ref in known.objects.values()}
    authors |= {ref.group_id for ref in known.objects.values() if ref.group_id is not None}
    queries = [_ACTOR.c.uri.in_(chunk) for chunk in chunks(sorted(wanted.actors))]
    queries += [_ACTOR.c.id.in_(chunk) for chunk in chunks(sorted(authors))]
    for condition in queries:
        for row in (await session.execute(select(*_ACTOR_COLUMNS).where(condition))).all():
            _keep(row, known)
    for chunk in chunks(sorted(wanted.handles)):
        query: Any = select(*_ACTOR_COLUMNS, _ACTOR.c.handle).where(_ACTOR.c.handle.in_(chunk))
        for found in (await session.execute(query)).all():
            known.by_handle[found.handle] = _keep(found, known)


def _keep(row: Any, known: Known) -> ActorRef:
    stale = row.host != "" and (row.fetched_at is None or row.fetched_at < now() - FRESH)
    ref = ActorRef(row.id, row.uri, row.type, row.host, row.server_id, row.followers_uri, row.featured_uri,
                   row.suspended_at is not None, row.deleted_at is not None, stale)
    known.actors[ref.uri] = known.by_id[ref.id] = ref
    return ref


def chunks(values: Sequence[Any], size: int = References.limit) -> Iterable[Sequence[Any]]:
    """The values in slices that fit into one statement."""
    return (values[start:start + size] for start in range(0, len(values), size))


def uri_hash(uri: str) -> int:
    """63 bits of an activity id, for `SeenActivity`."""
    return int.from_bytes(sha256(uri.encode()).digest()[:8], "big") >> 1


def in_pairs(table: Any, pairs: Iterable[tuple[int, int]]) -> Any:
    """A condition for (actor_id, uri_hash) pairs that uses the primary key on both databases."""
    return or_(*(and_(table.c.actor_id == actor_id, table.c.uri_hash == value) for actor_id, value in pairs))
