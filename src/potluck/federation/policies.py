"""Which servers we federate with, and which relays we take things from; asked on every path in and out."""

from __future__ import annotations

import asyncio
import time

from sqlalchemy import select

from potluck.db import Database
from potluck.federation.model import Relay
from potluck.social import domain_policies

TTL_SECONDS = 10.0
"""How long a process may go on by the relays of before."""
POLICY_SECONDS = 1.0
"""The same for policies, beyond the time for which they are kept already; asked twice for each request."""


class Policies:
    """Domain policies and relays as one process sees them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._read_at = float("-inf")
        self._relays: frozenset[str] = frozenset()
        self._policies_at = float("-inf")
        self._policies = domain_policies.Policies({})
        self._looking = asyncio.Lock()

    async def is_blocked(self, host: str) -> bool:
        """Whether a host, or a domain above it, is suspended; with limited federation whether none is allowed."""
        if self._policies_at + POLICY_SECONDS < time.monotonic():
            # Hundreds may ask at once: one of them looks, the others wait for it.
            async with self._looking:
                if self._policies_at + POLICY_SECONDS < time.monotonic():
                    async with self._db.read() as session:
                        self._policies = await domain_policies.load(session)
                    self._policies_at = time.monotonic()
        return self._policies.of(host).is_suspended

    async def relay_actors(self) -> frozenset[str]:
        """Actors of accepted relays."""
        if self._read_at + TTL_SECONDS < time.monotonic():
            self._read_at = time.monotonic()
            async with self._db.read() as session:
                found = await session.scalars(select(Relay.actor_uri).where(
                    Relay.state == "accepted", Relay.actor_uri.is_not(None)))
                self._relays = frozenset(uri for uri in found.all() if uri)
        return self._relays
