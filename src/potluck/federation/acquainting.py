"""Asks hosts that were met for the first time what they run (NodeInfo), while the connection to them is open.

The one who fetched the actor has just made the connection, so this costs no second handshake, and the answers of many
hosts are written together. Nothing waits for it. A job for the fetch worker was queued with the host's row, to be done
some minutes later: it is removed with the answer, and remains when this process ends before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db import Database
from potluck.federation import fetch_jobs, servers
from potluck.federation.fetch import SafeClient
from potluck.federation.group_commit import GroupCommit
from potluck.federation.nodeinfo_client import NodeInfo, fetch_nodeinfo

log = structlog.get_logger(__name__)

DELAY = 600.0
"""Seconds after which the fetch worker asks a host that nobody asked here."""
CONCURRENCY = 16
MOST_WAITING = 2000

_Answer = tuple[str, NodeInfo | None]


class Acquainting:
    """Gets to know new hosts, in one process."""

    def __init__(self, db: Database, client: SafeClient) -> None:
        self._client = client
        self._answers: GroupCommit[_Answer, None] = GroupCommit(db, _keep)
        self._places = asyncio.Semaphore(CONCURRENCY)
        self._tasks: set[asyncio.Task[None]] = set()

    def meet(self, hosts: Collection[str]) -> None:
        """Ask these hosts in the background; beyond what can be kept in mind it is left to the fetch worker."""
        for host in hosts:
            if len(self._tasks) >= MOST_WAITING:
                return
            task = asyncio.create_task(self._ask(host))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, host: str) -> None:
        try:
            async with self._places:
                info = await fetch_nodeinfo(self._client, host)
            await self._answers.add((host, info))
        except Exception:
            log.exception("acquainting_failed", host=host)  # the queued job stays

    async def close(self) -> None:
        """Break off; what was not asked is done by the fetch worker."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._answers.close()


async def _keep(session: AsyncSession, answers: Sequence[_Answer]) -> list[None]:
    await servers.note_software(session, dict(answers))
    await fetch_jobs.done_for(session, "nodeinfo", [host for host, _ in answers])
    return [None] * len(answers)
