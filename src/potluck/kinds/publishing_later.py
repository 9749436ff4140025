"""Publishes what waits for its time. Each kind says how; here it is looked for, and what is refused is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.kinds import authoring
from potluck.kinds.authoring import HandleResolver
from potluck.social import scheduled
from potluck.social.errors import Conflict, NotAllowed, SocialError
from potluck.social.model import Actor, ScheduledPost, User

log = structlog.get_logger(__name__)

_SECONDS = 5.0
# Texts of errors are collected for translation.
_GONE = NotAllowed("The account cannot post any more").text
_BROKEN = Conflict("Something went wrong here. Look it over, and publish it again").text


@dataclass(frozen=True, slots=True)
class Later:
    """How things of a kind are published when their time has come.

    Attributes:
        kind: registry name.
        prepare: before the transaction: what takes long, or asks other servers.
        publish: in the transaction, with what `prepare` gave.
    """

    kind: str
    prepare: Callable[[Database, HandleResolver, ScheduledPost], Awaitable[Any]]
    publish: Callable[[AsyncSession, Actor, Any], Awaitable[Any]]


class Text(Protocol):
    """A request that has a text."""

    @property
    def text(self) -> str:
        """What may name people of other servers."""


Request = TypeVar("Request", bound=Text)


@dataclass(frozen=True, slots=True)
class Requests(Generic[Request]):
    """Requests of a kind that are put aside or published later: checked when they are written, kept as words.

    Attributes:
        kind: registry name.
        type: the class of a request.
        check: refuses what `compose` would refuse, and gives the ids of the files.
        compose: publishes one.
    """

    kind: str
    type: type[Request]
    check: Callable[[AsyncSession, Actor, Request], Awaitable[Sequence[int]]]
    compose: Callable[[AsyncSession, Actor, Request], Awaitable[Any]]

    @staticmethod
    def as_words(request: Request) -> dict[str, Any]:
        """A request as it is kept."""
        found: dict[str, Any] = msgspec.to_builtins(request)
        return found

    def from_words(self, words: dict[str, Any]) -> Request:
        """A request out of what was kept."""
        return msgspec.convert(words, self.type)

    async def schedule(self, session: AsyncSession, author: Actor, request: Request, when: datetime, *,
                       app_id: int | None = None) -> ScheduledPost:
        """Have one published later; what would be refused then is refused now.

        Raises:
            Invalid: a field or the time cannot be used.
            NotFound, NotAllowed: as `compose`.
        """
        media = await self.check(session, author, request)
        return await scheduled.schedule(session, author.id, self.kind, self.as_words(request), when, media_ids=media,
                                        app_id=app_id)

    async def _prepare(self, db: Database, federation: HandleResolver, row: ScheduledPost) -> Request:
        request = self.from_words(row.request)
        await authoring.prepare_mentions(db, federation, request.text)
        return request

    def later(self) -> Later:
        """How they are published when their time has come."""
        return Later(self.kind, self._prepare, self.compose)


class Publisher:
    """Publishes what is due, looking every few seconds. A restart goes on where it was: the rows are the queue."""

    def __init__(self, db: Database, federation: HandleResolver, kinds: Sequence[Later]) -> None:
        self._db = db
        self._federation = federation
        self._kinds = kinds

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
        return sum([await self._publish_due(kind) for kind in self._kinds])

    async def _publish_due(self, kind: Later) -> int:
        async with self._db.read() as session:
            rows = await scheduled.due(session, kind.kind, now())
        for row in rows:
            try:
                await self._publish(kind, row)
            except (SocialError, msgspec.ValidationError) as error:
                log.info("scheduled_refused", post=row.id, reason=str(error))
                await self._fail(row, str(error))
            except SQLAlchemyError:
                raise  # the database is busy or away; the next round finds the row again
            except Exception:  # the edge of the loop: one post must not keep the others waiting
                log.exception("scheduled_failed", post=row.id)
                await self._fail(row, _BROKEN)
        return len(rows)

    async def _fail(self, row: ScheduledPost, reason: str) -> None:
        async with self._db.write() as session:
            await scheduled.fail(session, row.id, reason)

    async def _publish(self, kind: Later, waiting: ScheduledPost) -> None:
        """The post comes and its row goes in one transaction: it is published once, whatever happens."""
        prepared = await kind.prepare(self._db, self._federation, waiting)
        async with self._db.write() as session:
            row = await scheduled.take(session, waiting.id)
            if row is None:
                return
            author = await session.get_one(Actor, row.owner_id)
            if not await _may_post(session, author):
                row.error = _GONE
                return
            await kind.publish(session, author, prepared)
            await session.delete(row)


async def _may_post(session: AsyncSession, author: Actor) -> bool:
    if author.suspended_at or author.deleted_at or author.moved_to_id:
        return False
    return await session.scalar(select(User.id).where(
        User.id == author.owner_id, User.disabled_at.is_(None), User.approved_at.is_not(None))) is not None
