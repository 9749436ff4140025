"""The private keys of local actors, ready to sign with."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db import Database
from potluck.federation.errors import SignatureError
from potluck.federation.scheme_memory import StoredMemory
from potluck.federation.signatures.keys import SigningKey, load_private
from potluck.federation.signatures.signer import Signer
from potluck.social.addresses import instance_actor_uri
from potluck.social.model import Actor, ActorKey

CAPACITY = 5000
TTL_SECONDS = 30.0
"""A rotated key is noticed after this; until then the old one, which others still know, signs."""

_Wanted = tuple[int | None, str, int | None]


class SigningKeys:
    """Signing keys by actor, kept for a short time."""

    def __init__(self, db: Database, schemes: StoredMemory) -> None:
        self._db = db
        self._schemes = schemes
        self._known: OrderedDict[_Wanted, tuple[float, SigningKey | None]] = OrderedDict()
        self._looking = asyncio.Lock()

    async def signer(self, actor_id: int | None, key_id: int | None = None) -> Signer:
        """Signs requests for an actor, the instance actor for None.

        Raises:
            SignatureError: it has no key.
        """
        key = await self.key(actor_id, "rsa", key_id)
        if key is None:
            raise SignatureError("no key to sign with; the instance actor is made at the first start")
        return Signer(key, self._schemes)

    async def key(self, actor_id: int | None, algorithm: str, key_id: int | None = None) -> SigningKey | None:
        """A key of an actor: the present one, or (after a rotation) a certain one."""
        wanted = (actor_id, algorithm, key_id)
        if not self._is_known(wanted):
            # Hundreds of deliveries may start at once: one of them looks, the others wait for it.
            async with self._looking:
                if not self._is_known(wanted):
                    await self._look(wanted)
        return self._known[wanted][1]

    def _is_known(self, wanted: _Wanted) -> bool:
        entry = self._known.get(wanted)
        return entry is not None and entry[0] > time.monotonic()

    async def _look(self, wanted: _Wanted) -> None:
        async with self._db.read() as session:
            found = await _load(session, wanted)
        self._known[wanted] = (time.monotonic() + TTL_SECONDS, found)
        self._known.move_to_end(wanted)
        while len(self._known) > CAPACITY:
            self._known.popitem(last=False)


async def _load(session: AsyncSession, wanted: _Wanted) -> SigningKey | None:
    actor_id, algorithm, key_id = wanted
    query = select(ActorKey).where(ActorKey.algorithm == algorithm, ActorKey.private_key.is_not(None))
    if actor_id is None:
        query = query.join(Actor, Actor.id == ActorKey.actor_id).where(Actor.uri == instance_actor_uri())
    else:
        query = query.where(ActorKey.actor_id == actor_id)
    query = query.where(ActorKey.id == key_id) if key_id is not None else query.where(ActorKey.retired_at.is_(None))
    row = (await session.scalars(query.order_by(ActorKey.id.desc()).limit(1))).first()
    if row is None or row.private_key is None:
        return None
    return SigningKey(row.uri, load_private(row.private_key))
