"""The rows of remote servers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.federation import fetch_jobs
from potluck.federation.nodeinfo_client import NodeInfo
from potluck.social.model import Server

_SERVER: Any = Server.__table__


async def ensure(
    session: AsyncSession, hosts: Collection[str], *, ask_after: float = 0.0
) -> tuple[dict[str, int], list[str]]:
    """Ids of server rows by host, and which of them were never seen: those are asked what they run.

    Args:
        ask_after: seconds until that is done in the background, if nobody has done it before.
    """
    query = select(_SERVER.c.host, _SERVER.c.id).where(_SERVER.c.host.in_(hosts))
    known = {row.host: row.id for row in (await session.execute(query)).all()}
    missing = sorted(set(hosts) - known.keys())
    if missing:
        moment = now()
        await session.execute(insert_or_ignore(session, _SERVER), [
            {"id": ids.new(), "host": host, "failures": 0, "created_at": moment} for host in missing])
        await fetch_jobs.add_many(session, [("nodeinfo", host, {}) for host in missing], delay=ask_after)
        known = {row.host: row.id for row in (await session.execute(query)).all()}
    return known, missing


async def note_software(session: AsyncSession, answers: Mapping[str, NodeInfo | None]) -> None:
    """Keep what hosts say they run."""
    moment = now()
    await session.execute(update(_SERVER).where(_SERVER.c.host.in_(answers)).values(nodeinfo_at=moment))
    rows = [{"b_host": host, "b_software": info.software, "b_version": info.version}
            for host, info in answers.items() if info is not None]
    if rows:
        await (await session.connection()).execute(
            update(_SERVER).where(_SERVER.c.host == bindparam("b_host")).values(
                software=bindparam("b_software"), version=bindparam("b_version")), rows)
