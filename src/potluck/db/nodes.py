"""Node numbers: each process that writes leases one, so that ids made at the same moment differ."""

from __future__ import annotations

import asyncio
import os
import socket
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from potluck import tasks
from potluck.db.base import Base, BigInt, now
from potluck.db.engine import Database
from potluck.db.ids import NODES, ids

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=90)
_RENEW_SECONDS = 30


class Node(Base):
    """A node number in use."""

    __tablename__ = "node"

    number: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    holder: Mapped[str]  # host name and process id
    role: Mapped[str] = mapped_column(default="")  # web, engine, command
    expires_at: Mapped[datetime]


class NodeLease:
    """Holds a node number while the block runs and renews it in the background."""

    def __init__(self, db: Database, role: str) -> None:
        self._db = db
        self._role = role
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{id(self)}"
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> NodeLease:
        ids.node = await self._claim()
        self._task = asyncio.create_task(self._renew())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            await tasks.end(self._task)
        async with self._db.write() as session:
            await session.execute(delete(Node).where(Node.number == ids.node, Node.holder == self._holder))

    async def _claim(self) -> int:
        for _ in range(20):
            try:
                async with self._db.write() as session:
                    await session.execute(delete(Node).where(Node.expires_at < now()))
                    taken = set((await session.scalars(select(Node.number))).all())
                    free = next((number for number in range(NODES) if number not in taken), None)
                    if free is None:
                        raise RuntimeError(f"all {NODES} node numbers are in use: too many processes write at once")
                    session.add(Node(number=free, holder=self._holder, role=self._role, expires_at=now() + LEASE))
            except IntegrityError:
                await asyncio.sleep(0.05)
            else:
                return free
        raise RuntimeError("could not lease a node number")

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            try:
                await self.renew()
            except (OSError, SQLAlchemyError) as error:  # the database is away: ask again, the lease lasts longer
                log.warning("node_lease_not_renewed", number=ids.node, error=str(error))

    async def renew(self) -> None:
        """Hold the number for another while; if someone else has it by now, take another one."""
        async with self._db.write() as session:
            result = await session.execute(update(Node).where(
                Node.number == ids.node, Node.holder == self._holder).values(expires_at=now() + LEASE))
        if result.rowcount == 0:  # type: ignore[attr-defined]
            log.warning("node_lease_lost", number=ids.node)
            ids.node = await self._claim()
