"""Keeps two engines off the same host, so that order per host holds however many engines run.

On PostgreSQL an engine takes an advisory lock per host on a connection of its own and gives it back when it
has no more work there. On SQLite there is one engine and nothing to lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from potluck.db import Database


class HostLocks:
    """The hosts one engine may work for.

    Args:
        db: the database.
        purpose: locks of different purposes (inbox, delivery) do not exclude each other.
    """

    def __init__(self, db: Database, purpose: str) -> None:
        self._db = db
        self._purpose = purpose
        self._connection: AsyncConnection | None = None
        self._held: set[str] = set()

    async def take(self, hosts: Iterable[str]) -> set[str]:
        """Those of the hosts that are ours now: locked just so, or before."""
        wanted = set(hosts)
        if self._db.is_sqlite:
            return wanted
        missing = sorted(wanted - self._held)
        if missing:
            keys = {self._key(host): host for host in missing}
            rows = await (await self._open()).execute(
                text("SELECT k, pg_try_advisory_lock(k) FROM unnest(CAST(:keys AS bigint[])) AS k"),
                {"keys": list(keys)})
            self._held |= {keys[key] for key, taken in rows.all() if taken}
        return wanted & self._held

    async def give_back(self, hosts: Iterable[str]) -> None:
        """Let other engines work for these hosts."""
        ours = sorted(self._held & set(hosts))
        if self._db.is_sqlite or not ours or self._connection is None:
            return
        self._held -= set(ours)
        await self._connection.execute(
            text("SELECT pg_advisory_unlock(k) FROM unnest(CAST(:keys AS bigint[])) AS k"),
            {"keys": [self._key(host) for host in ours]})

    async def close(self) -> None:
        """Give everything back."""
        self._held.clear()
        if self._connection is not None:
            await self._connection.invalidate()
            await self._connection.close()
            self._connection = None

    def _key(self, host: str) -> int:
        digest = sha256(f"{self._purpose}:{host}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    async def _open(self) -> AsyncConnection:
        if self._connection is None or self._connection.closed or self._connection.invalidated:
            # What a lost connection had locked is free again for others: so is our idea of it.
            self._held.clear()
            self._connection = await self._db.engine.connect()
            await self._connection.execution_options(isolation_level="AUTOCOMMIT")
        return self._connection
