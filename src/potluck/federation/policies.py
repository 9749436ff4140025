"""Which servers we federate with, asked on every path in and out; kept for a short time."""

from __future__ import annotations

import time

from sqlalchemy import select

from potluck.db import Database
from potluck.federation.model import Relay
from potluck.settings import Settings
from potluck.social.model import DomainPolicy

TTL_SECONDS = 10.0
"""How long a process may go on by the policies of before."""


class Policies:
    """Domain policies and relays as one process sees them."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings
        self._read_at = float("-inf")
        self._severities: dict[str, str] = {}
        self._relays: frozenset[str] = frozenset()

    async def is_blocked(self, host: str) -> bool:
        """Whether a host, or a domain above it, is suspended; with limited federation whether none is allowed."""
        await self._refresh()
        severity = self._severity(host)
        if severity == "suspend":
            return True
        return self._settings.limited_federation and severity is None

    def _severity(self, host: str) -> str | None:
        if not self._severities:
            return None
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and ":" in host else host
        if host in self._severities:
            return self._severities[host]
        labels = name.split(".")
        for start in range(len(labels)):
            found = self._severities.get(".".join(labels[start:]))
            if found is not None:
                return found
        return None

    async def relay_actors(self) -> frozenset[str]:
        """Actors of accepted relays."""
        await self._refresh()
        return self._relays

    async def _refresh(self) -> None:
        if self._read_at + TTL_SECONDS > time.monotonic():
            return
        self._read_at = time.monotonic()
        async with self._db.read() as session:
            rows = await session.execute(select(DomainPolicy.domain, DomainPolicy.severity))
            relays = await session.scalars(select(Relay.actor_uri).where(
                Relay.state == "accepted", Relay.actor_uri.is_not(None)))
            self._severities = dict(rows.tuples().all())
            self._relays = frozenset(uri for uri in relays.all() if uri)
