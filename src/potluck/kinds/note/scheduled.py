"""Notes that are published later: checked when they are written, published by the engine when their time has come."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.kinds import authoring
from potluck.kinds.authoring import HandleResolver
from potluck.kinds.note import actions
from potluck.kinds.note.actions import NoteRequest
from potluck.social import scheduled
from potluck.social.errors import SocialError
from potluck.social.model import Actor, ScheduledPost, User

log = structlog.get_logger(__name__)

KIND = "note"
_SECONDS = 5.0
_GONE = "The account cannot post any more"


def as_words(request: NoteRequest) -> dict[str, Any]:
    """A request as it is kept."""
    found: dict[str, Any] = msgspec.to_builtins(request)
    return found


def from_words(words: dict[str, Any]) -> NoteRequest:
    """A request out of what was kept."""
    return msgspec.convert(words, NoteRequest)


async def schedule(session: AsyncSession, author: Actor, request: NoteRequest, when: datetime, *,
                   app_id: int | None = None) -> ScheduledPost:
    """Have a note published later; what would be refused then is refused now.

    Raises:
        Invalid: a field or the time cannot be used.
        NotFound: the post replied to or quoted is not there for the author.
        NotAllowed: the post may not be quoted.
    """
    media = await actions.check(session, author, request)
    return await scheduled.schedule(session, author.id, KIND, as_words(request), when, media_ids=media, app_id=app_id)


class Publisher:
    """Publishes what is due, looking every few seconds. A restart goes on where it was: the rows are the queue."""

    def __init__(self, db: Database, federation: HandleResolver) -> None:
        self._db = db
        self._federation = federation

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            try:
                while await self.publish_due():
                    pass
            except SQLAlchemyError as error:
                log.warning("scheduled_not_published", error=str(error))
            await asyncio.sleep(_SECONDS)

    async def publish_due(self) -> int:
        """Publish what is due now; returns how many posts were looked at."""
        async with self._db.read() as session:
            rows = await scheduled.due(session, KIND, now())
        for row in rows:
            try:
                await self._publish(row.id, from_words(row.request))
            except (SocialError, msgspec.ValidationError) as error:
                log.info("scheduled_refused", post=row.id, reason=str(error))
                async with self._db.write() as session:
                    await scheduled.fail(session, row.id, str(error))
        return len(rows)

    async def _publish(self, post_id: int, request: NoteRequest) -> None:
        """The post comes and its row goes in one transaction: it is published once, whatever happens."""
        await authoring.prepare_mentions(self._db, self._federation, request.text)
        async with self._db.write() as session:
            row = await scheduled.take(session, post_id)
            if row is None:
                return
            author = await session.get_one(Actor, row.owner_id)
            if not await _may_post(session, author):
                row.error = _GONE
                return
            await actions.compose(session, author, request)
            await session.delete(row)


async def _may_post(session: AsyncSession, author: Actor) -> bool:
    if author.suspended_at or author.deleted_at or author.moved_to_id:
        return False
    return await session.scalar(select(User.id).where(
        User.id == author.owner_id, User.disabled_at.is_(None), User.approved_at.is_not(None))) is not None
