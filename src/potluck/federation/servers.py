"""The rows of remote servers."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.federation import fetch_jobs
from potluck.federation.nodeinfo_client import NodeInfo
from potluck.social.model import Server


async def ensure(session: AsyncSession, hosts: Collection[str]) -> dict[str, int]:
    """Ids of server rows by host; those never seen are made, and asked what they run in the background."""
    query = select(Server.host, Server.id).where(Server.host.in_(hosts))
    known = {row.host: row.id for row in (await session.execute(query)).all()}
    missing = sorted(set(hosts) - known.keys())
    if missing:
        moment = now()
        await session.execute(insert_or_ignore(session, Server), [
            {"id": ids.new(), "host": host, "failures": 0, "created_at": moment} for host in missing])
        await fetch_jobs.add_many(session, [("nodeinfo", host, {}) for host in missing])
        known = {row.host: row.id for row in (await session.execute(query)).all()}
    return known


async def note_software(session: AsyncSession, host: str, info: NodeInfo | None) -> None:
    """Keep what a host says it runs."""
    values = {"nodeinfo_at": now()}
    if info is not None:
        await session.execute(update(Server).where(Server.host == host).values(
            software=info.software, version=info.version, **values))
    else:
        await session.execute(update(Server).where(Server.host == host).values(**values))
