"""Writes the index of posts in the background.

For what was there before there was an index, and for authors who changed their mind on being found. Newest posts
first, in small transactions; a restart goes on where it stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import Database, insert_or_ignore
from potluck.social import post_index
from potluck.social.model import Object, PostIndexFill
from potluck.social.post_lookup import END

log = structlog.get_logger(__name__)

EVERYONE = 0
BATCH = 250
_IDLE_SECONDS = 15.0
_PAUSE_SECONDS = 0.05  # others write, too
_TOLD_EVERY = 20_000  # posts between two lines in the log

_FILL: Any = PostIndexFill.__table__


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fill has come."""

    actor_id: int
    done: int
    total: int
    finished: bool


async def ask_for_all(session: AsyncSession) -> None:
    """Have the whole index written anew."""
    await session.execute(delete(_FILL))
    await session.execute(insert_or_ignore(session, _FILL).values(actor_id=EVERYONE))


async def waiting(session: AsyncSession) -> list[Progress]:
    """What is still to be filled."""
    rows = (await session.scalars(select(PostIndexFill).order_by(PostIndexFill.created_at))).all()
    return [Progress(row.actor_id, row.done, row.total, finished=False) for row in rows]


async def step(session: AsyncSession, batch: int = BATCH) -> Progress | None:
    """Index the next few posts; None if nothing is waiting. Of several processes only one does each."""
    row = await session.scalar(select(PostIndexFill).order_by(PostIndexFill.created_at).limit(1)
                               .with_for_update(skip_locked=True))
    if row is None:
        return None
    of_author = [Object.author_id == row.actor_id] if row.actor_id != EVERYONE else []
    if row.below_id is None:
        row.below_id = END
        row.total = await session.scalar(select(func.count()).select_from(Object).where(*of_author)) or 0
    found = (await session.scalars(select(Object.id).where(Object.id < row.below_id, *of_author)
                                   .order_by(Object.id.desc()).limit(batch))).all()
    if found:
        await post_index.refresh(session, found)
        row.below_id, row.done = found[-1], row.done + len(found)
        await session.flush()
        return Progress(row.actor_id, row.done, max(row.total, row.done), finished=False)
    await session.execute(delete(_FILL).where(_FILL.c.actor_id == row.actor_id))
    return Progress(row.actor_id, row.done, row.done, finished=True)


class PostIndexFiller:
    """Does what is waiting, step by step, as long as the process runs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            try:
                await self.drain(_tell)
            except Exception:
                log.exception("post_index_fill_failed")
            await asyncio.sleep(_IDLE_SECONDS)

    async def drain(self, tell: Callable[[Progress], None] = lambda _: None, pause: float = _PAUSE_SECONDS) -> None:
        """Do all that is waiting; `tell` hears of each step."""
        while await self._any():
            async with self._db.write() as session:
                progress = await step(session)
            if progress is None:  # another process has it
                return
            tell(progress)
            await asyncio.sleep(pause)

    async def _any(self) -> bool:
        async with self._db.read() as session:
            return await session.scalar(select(PostIndexFill.actor_id).limit(1)) is not None


def _tell(progress: Progress) -> None:
    if progress.finished or progress.done % _TOLD_EVERY < BATCH:
        log.info("post_index", of=progress.actor_id or "everyone", done=progress.done, total=progress.total,
                 finished=progress.finished)
