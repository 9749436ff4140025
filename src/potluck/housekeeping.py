"""What is swept and refreshed from time to time: old live events, expired things, long feeds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import jobs
from potluck.db.base import now
from potluck.db.engine import Database
from potluck.kinds.note import polls
from potluck.social import (
    announcements,
    blocks,
    feeds,
    gatekeeping,
    live,
    notifications,
    thread_fetches,
    trends,
)
from potluck.social.communities import ranking, roles
from potluck.social.model import EmailToken, FeedEntry, OAuthCode, WebSession

log = structlog.get_logger(__name__)

Chore = Callable[[AsyncSession], Awaitable[None]]

_SECONDS = 10.0
_MINUTE = 60.0
_HOUR = 3600.0
_NOTIFICATION_DAYS = 180


async def _expire_networks(session: AsyncSession) -> None:
    await gatekeeping.expire(session)


async def _expire_mutes(session: AsyncSession) -> None:
    await blocks.expire(session, now())


async def _expire_sign_ins(session: AsyncSession) -> None:
    moment = now()
    await session.execute(delete(WebSession).where(WebSession.expires_at < moment))
    await session.execute(delete(EmailToken).where(EmailToken.expires_at < moment))
    await session.execute(delete(OAuthCode).where(OAuthCode.created_at < moment - timedelta(days=1)))


async def _sweep_feeds(session: AsyncSession) -> None:
    long = await session.scalars(
        select(FeedEntry.feed_id).group_by(FeedEntry.feed_id).having(func.count() > feeds.KEEP + 200).limit(200))
    for feed_id in long.all():
        await feeds.sweep(session, feed_id)


async def _sweep_notifications(session: AsyncSession) -> None:
    await notifications.sweep(session, now() - timedelta(days=_NOTIFICATION_DAYS))


async def _expire_bans(session: AsyncSession) -> None:
    await roles.expire(session)


async def _close_polls(session: AsyncSession) -> None:
    await polls.close_due(session, now())
    await polls.push_tallies(session, now())


class Housekeeping:
    """Runs each chore when its time has come, one after the other, each in its own transaction."""

    chores: tuple[tuple[float, Chore], ...] = (
        (_SECONDS, _close_polls),
        (_SECONDS, announcements.publish_due),
        (_MINUTE, live.trim),
        (trends.REFRESH_SECONDS, trends.refresh),
        (_MINUTE, _expire_mutes),
        (_HOUR, _expire_networks),
        (_MINUTE, _expire_bans),
        (_MINUTE * 5, ranking.refresh),
        (_HOUR, ranking.count_month),
        (_HOUR, _expire_sign_ins),
        (_HOUR, _sweep_feeds),
        (_HOUR, thread_fetches.sweep),
        (_HOUR, jobs.trim),
        (_HOUR * 24, _sweep_notifications),
    )

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self) -> None:
        """Run until cancelled."""
        clock = asyncio.get_running_loop().time
        due = {chore: clock() + every for every, chore in self.chores}
        while True:
            await asyncio.sleep(5)
            for every, chore in self.chores:
                if clock() >= due[chore]:
                    due[chore] = clock() + every
                    await self._run_one(chore)

    async def _run_one(self, chore: Chore) -> None:
        try:
            async with self._db.write() as session:
                await chore(session)
        except Exception:
            log.exception("chore_failed", chore=getattr(chore, "__name__", "?"))
