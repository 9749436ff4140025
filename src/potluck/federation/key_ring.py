"""Public keys by keyId: parsed ones in memory, the rest in the database."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from potluck.db import Database
from potluck.db.prepared import Prepared
from potluck.federation.errors import SignatureError
from potluck.federation.signatures.keys import PublicKey, load_public
from potluck.social import suspensions
from potluck.social.model import Actor, ActorKey

CAPACITY = 20_000
TTL_SECONDS = 300.0
"""Short enough that a suspension or a new key, noted by another process, takes effect here soon."""
REFETCH_SECONDS = 300.0
"""A key whose signature failed is fetched again at most this often, or bad signatures would make us a hammer."""

_BY_URI = Prepared(
    select(ActorKey.public_key, Actor.id, Actor.uri, Actor.host, Actor.suspended_at, Actor.deleted_at, Actor.extra)
    .join(Actor, Actor.id == ActorKey.actor_id).where(ActorKey.uri == bindparam("uri")))


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key and whose it is."""

    key_id: str
    key: PublicKey
    actor_id: int
    actor_uri: str
    is_local: bool
    suspended: bool  # by us: whom its own server suspended is heard, since it may take that back
    deleted: bool


class KeyRing:
    """The public keys one process knows."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: OrderedDict[str, tuple[float, KnownKey]] = OrderedDict()
        self._refetched: OrderedDict[str, float] = OrderedDict()

    async def find(self, key_id: str) -> KnownKey | None:
        """The key with this id, if it is stored and can be read."""
        entry = self._known.get(key_id)
        if entry is not None and entry[0] > time.monotonic():
            return entry[1]
        found = await self._load(key_id)
        if found is not None:
            self._known[key_id] = (time.monotonic() + TTL_SECONDS, found)
            self._known.move_to_end(key_id)
            while len(self._known) > CAPACITY:
                self._known.popitem(last=False)
        return found

    async def _load(self, key_id: str) -> KnownKey | None:
        rows = await self._db.fetch(_BY_URI, uri=key_id)
        if not rows:
            return None
        public_key, actor_id, actor_uri, host, suspended_at, deleted_at, extra = rows[0]
        try:
            key = load_public(public_key)
        except SignatureError:
            return None
        suspended = suspended_at is not None and not _by_origin(extra)
        return KnownKey(key_id, key, actor_id, actor_uri, host == "", suspended, deleted_at is not None)

    def forget(self, key_id: str) -> None:
        """Look in the database at the next use."""
        self._known.pop(key_id, None)

    def may_refetch(self, key_id: str) -> bool:
        """Whether a key may be fetched again now; if so, that is noted."""
        moment = time.monotonic()
        if self._refetched.get(key_id, 0.0) > moment:
            return False
        self._refetched[key_id] = moment + REFETCH_SECONDS
        self._refetched.move_to_end(key_id)
        while len(self._refetched) > CAPACITY:
            self._refetched.popitem(last=False)
        return True


def _by_origin(extra: Any) -> bool:
    """Whether its own server suspended an actor; drivers give JSON as text or as what it holds."""
    known = msgspec.json.decode(extra) if isinstance(extra, str | bytes) else extra
    return suspensions.is_by_origin(known or {})
