"""The queue of things to be fetched in the background; `potluck.federation.fetch_worker` works it off."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.federation.model import FetchJob
from potluck.social import live
from potluck.social.model import Actor, Object

_JOB: Any = FetchJob.__table__

TOPIC = "fetch"
MAX_ATTEMPTS = 6
_FIRST_RETRY = 60.0
COOLDOWN = timedelta(minutes=15)
"""The replies of one post are asked for at most so often."""

MAX_DEPTH = 512
"""Ancestors followed upwards (GoToSocial's figure)."""


async def add(
    session: AsyncSession, purpose: str, uri: str, data: Mapping[str, Any] | None = None, *, delay: float = 0.0,
    again: bool = False,
) -> None:
    """Ask for `uri` to be fetched; asking again while it waits, or is being fetched, has no effect.

    Args:
        purpose: parent, thread, outbox, missed, featured, moderators, actor, nodeinfo, poll, quote or sync.
        data: what the worker should know besides.
        delay: seconds to wait before.
        again: once more, where it is being fetched just now: what was read there may be from before.
    """
    await add_many(session, [(purpose, uri, data or {})], delay=delay)
    if again:
        moment = now()
        await session.execute(update(_JOB).where(_JOB.c.purpose == purpose, _JOB.c.uri == uri).values(
            created_at=moment, next_at=moment + timedelta(seconds=delay)))


async def add_many(
    session: AsyncSession, wanted: Sequence[tuple[str, str, Mapping[str, Any]]], *, delay: float = 0.0
) -> None:
    """`add` for many (purpose, uri, data) at once."""
    if not wanted:
        return
    moment = now()
    await session.execute(insert_or_ignore(session, FetchJob), [
        {"id": ids.new(), "purpose": purpose, "uri": uri, "data": msgspec.json.encode(data).decode(),
         "attempts": 0, "next_at": moment + timedelta(seconds=delay), "error": None, "created_at": moment}
        for purpose, uri, data in wanted])
    if not delay:
        await live.wake(session, TOPIC)


async def on_follow(session: AsyncSession, followed: Actor) -> None:
    """Read the newest posts and the pins of someone who is followed from now on."""
    wanted = [("featured", followed.featured_uri), ("outbox", followed.outbox)]
    if followed.type == "Group":
        wanted.append(("moderators", followed.extra.get("moderators_uri")))
    await add_many(session, [(purpose, uri, {"actor": followed.uri}) for purpose, uri in wanted if uri])


async def on_thread_wanted(session: AsyncSession, row: Object, fetch_id: int) -> None:
    """Fetch the missing parts of a conversation somebody reads (`social.thread_fetches` says when)."""
    await add(session, "thread", row.uri, {"fetch": fetch_id})


async def due(session: AsyncSession, limit: int, without: Collection[int]) -> Sequence[Any]:
    """Jobs whose time has come: rows of id, purpose, uri, data, attempts, created_at."""
    query = select(_JOB.c.id, _JOB.c.purpose, _JOB.c.uri, _JOB.c.data, _JOB.c.attempts, _JOB.c.created_at).where(
        _JOB.c.next_at <= now()).order_by(_JOB.c.next_at).limit(limit)
    if without:
        query = query.where(_JOB.c.id.not_in(without))
    return (await session.execute(query)).all()


async def done(session: AsyncSession, job_id: int, created_at: datetime) -> None:
    """Remove a finished job, unless it was asked for again since `created_at` (as `due` gave it)."""
    await session.execute(delete(_JOB).where(_JOB.c.id == job_id, _JOB.c.created_at == created_at))


async def done_for(session: AsyncSession, purpose: str, uris: Collection[str]) -> None:
    """Remove jobs that somebody else has done meanwhile."""
    await session.execute(delete(_JOB).where(_JOB.c.purpose == purpose, _JOB.c.uri.in_(uris)))


async def postpone(session: AsyncSession, job_id: int, attempts: int, error: str, created_at: datetime) -> None:
    """Temporary trouble: later again, at most six times."""
    if attempts + 1 >= MAX_ATTEMPTS:
        await done(session, job_id, created_at)
        return
    await session.execute(update(_JOB).where(_JOB.c.id == job_id).values(
        attempts=attempts + 1, error=error[:1000],
        next_at=now() + timedelta(seconds=_FIRST_RETRY * 4.0**attempts)))
