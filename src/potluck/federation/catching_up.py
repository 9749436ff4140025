"""After a time in which nobody could reach our inbox: the outboxes of those who are followed are read.

Most servers try again for days and need no help. GoToSocial gives up after minutes, others after hours; by how long
we were away it is decided whose outboxes are worth reading. Newest first, spread over time, bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import exists, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.db import Database
from potluck.db.base import now
from potluck.db.engine import upsert
from potluck.federation import fetch_jobs
from potluck.federation.model import Pulse
from potluck.federation.outbox_reading import since_text
from potluck.social.model import Actor, Follow, Server

log = structlog.get_logger(__name__)

INBOX = "inbox"
_BEAT_SECONDS = 60.0
_PULSE: Any = Pulse.__table__

GIVES_UP = {"gotosocial": timedelta(minutes=4), "unknown": timedelta(minutes=15)}
"""How long senders try, where it is short (protocol §10)."""

PATIENT = frozenset({"mastodon", "hometown", "glitchsoc", "potluck", "lemmy", "pleroma", "akkoma", "hollo", "ghost"})
_PATIENT_FOR = timedelta(days=2)
_OTHERS_FOR = timedelta(hours=4)
_SHORTEST = min(GIVES_UP.values())

MOST = 2000
"""Outboxes read after one time away."""

_AT_ONCE = 40
_PAUSE_SECONDS = 15.0  # between two lots of so many


async def keep_beating(db: Database) -> None:
    """Note once a minute that the inbox can be reached; at the start, have what was missed fetched."""
    while True:
        try:
            async with db.write() as session:
                await beat(session)
        except SQLAlchemyError as error:
            log.warning("pulse_not_written", error=str(error))
        await asyncio.sleep(_BEAT_SECONDS)


async def beat(session: AsyncSession) -> int:
    """Note that the inbox can be reached. Returns how many outboxes are to be read because it could not for a while."""
    moment = now()
    last = await session.scalar(select(Pulse.beat_at).where(Pulse.name == INBOX).with_for_update())
    await session.execute(upsert(session, Pulse, ["name"], {"name": INBOX, "beat_at": moment}, {"beat_at": moment}))
    if last is None or moment - last < _SHORTEST:
        return 0
    return await after_absence(session, last, moment)


async def after_absence(session: AsyncSession, since: datetime, until: datetime) -> int:
    """Have the outboxes read of those who may have given up on us. Returns how many."""
    wanted = await _worth_reading(session, until - since)
    for number in range(0, len(wanted), _AT_ONCE):
        await fetch_jobs.add_many(session, [
            ("missed", outbox, {"actor": uri, "since": since_text(since)})
            for outbox, uri in wanted[number:number + _AT_ONCE]], delay=number / _AT_ONCE * _PAUSE_SECONDS)
    if wanted:
        log.info("catching_up", since=since.isoformat(), outboxes=len(wanted))
    return len(wanted)


async def _worth_reading(session: AsyncSession, away: timedelta) -> Sequence[Any]:
    """(outbox, id) of followed people elsewhere whose servers try no longer than we were away, the liveliest first."""
    reader = aliased(Actor)
    followed = exists().where(Follow.followed_id == Actor.id, Follow.state == "accepted",
                              reader.id == Follow.follower_id, reader.host == "")
    software = func.coalesce(Server.software, "unknown")
    query = select(Actor.outbox, Actor.uri).outerjoin(Server, Server.id == Actor.server_id).where(
        Actor.host != "", Actor.outbox.is_not(None), Actor.suspended_at.is_(None), Actor.deleted_at.is_(None),
        Server.gone_at.is_(None), followed)
    if away < _OTHERS_FOR:
        query = query.where(software.in_([name for name, span in GIVES_UP.items() if span <= away]))
    elif away < _PATIENT_FOR:
        query = query.where(software.not_in(PATIENT))
    return (await session.execute(query.order_by(Actor.last_post_at.desc().nulls_last(), Actor.id).limit(MOST))).all()
