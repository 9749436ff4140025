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
from potluck.media import remote_budget
from potluck.media.collecting import Collector
from potluck.media.storage import storage_of
from potluck.social import (
    announcements,
    blocks,
    feeds,
    gatekeeping,
    live,
    notifications,
    preview_cards,
    removed_posts,
    thread_fetches,
    trends,
)
from potluck.social.communities import liveliness, ranking, roles, withdrawing
from potluck.social.model import EmailToken, FeedEntry, OAuthCode, WebSession
from potluck.social.pruning import Pruner
from potluck.transfer import archive_out
from potluck.transfer.blogs import looking, packing

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


class FileChores:
    """What keeps files and the database within bounds: many small transactions, with work on files between them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._storage = storage_of(db.settings)
        self._collector = Collector(db, self._storage)
        self._pruner = Pruner(db)

    async def collect(self) -> None:
        """Remove what nothing refers to, a part at a time."""
        await self._collector.turn()

    async def sweep_storage(self) -> None:
        """Remove files that no row names."""
        await self._collector.without_rows()

    async def keep_cache_within_budget(self) -> None:
        """Evict files of other servers that were not looked at for longest, and those of rejected servers."""
        await remote_budget.keep_within(self._db, self._storage, self._db.settings.remote_media_budget)
        await remote_budget.forget_rejected(self._db, self._storage)

    async def keep_database_within_budget(self) -> None:
        """Forget old posts of other servers that nobody here had to do with."""
        settings = self._db.settings
        count = await self._pruner.keep_within(settings.database_budget, settings.remote_posts_days)
        if count:
            log.info("old_posts_forgotten", count=count)

    async def sweep_archives(self) -> None:
        """Remove archives that people had packed and did not take away within a week, or who left."""
        await archive_out.sweep(self._db)
        await asyncio.to_thread(looking.sweep)
        await asyncio.to_thread(packing.sweep)

    async def count_active_people(self) -> None:
        """Count who took part in each community lately."""
        await liveliness.count(self._db)

    def all(self) -> tuple[tuple[float, Callable[[], Awaitable[None]]], ...]:
        """Each with how often it is done."""
        return ((_MINUTE * 10, self.collect), (_MINUTE * 10, self.keep_cache_within_budget),
                (_MINUTE * 30, self.keep_database_within_budget), (_HOUR * 24, self.sweep_storage),
                (_HOUR, self.sweep_archives), (_HOUR, self.count_active_people))


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
        (_MINUTE * 5, ranking.refresh_comments),
        (_HOUR, ranking.count_month),
        (_HOUR, _expire_sign_ins),
        (_HOUR, _sweep_feeds),
        (_HOUR, thread_fetches.sweep),
        (_HOUR, jobs.trim),
        (_HOUR * 24, _sweep_notifications),
        (_HOUR, removed_posts.expire),
        (_HOUR, preview_cards.sweep),
        (_HOUR, withdrawing.sweep),
    )

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self) -> None:
        """Run until cancelled. Work on files goes on beside the chores: a slow storage holds up none of them."""
        beside = [asyncio.create_task(self._repeat(every, work)) for every, work in FileChores(self._db).all()]
        try:
            await self._run_chores()
        finally:
            for task in beside:
                task.cancel()

    async def _run_chores(self) -> None:
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

    @staticmethod
    async def _repeat(every: float, work: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(min(every, _HOUR))  # a process that is started anew each day does the daily work too
        while True:
            try:
                await work()
            except Exception:
                log.exception("chore_failed", chore=getattr(work, "__name__", "?"))
            await asyncio.sleep(every)
