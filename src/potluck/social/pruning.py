"""Forgets old posts of other servers that nobody here had to do with, when the database is over its budget.

Never forgotten: what was said here; what anybody here bookmarked, liked, boosted, pinned, voted in, was mentioned in or
notified of (any table that ties an object to a local actor counts, also one that is added later); whole conversations
in which somebody here spoke; what is not open to all, since it could not be fetched again; what was reported. What is
forgotten leaves no tombstone: it is fetched again when somebody wants it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.db import sizes
from potluck.db.base import Base, fixed, now
from potluck.db.engine import Database
from potluck.db.ids import floor_at
from potluck.social import feeds
from potluck.social.model import Actor, Object, Report

LOOKED_AT = 1000
"""Posts looked at in one query, and removed in one transaction at the most."""

TURNS = 20
ROOM_MADE = 0.97
_OBJECT: Any = Object.__table__
_ACTOR: Any = Actor.__table__


class Pruner:
    """Prunes for one server. It remembers how far it has looked, so that it does not look at the same again."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._after = 0

    async def keep_within(self, budget: int, days: int) -> int:
        """Forget until the database fits into its budget, or enough was done for now.

        Args:
            budget: bytes; 0 for no limit.
            days: posts that came or were said within so many days are kept.

        Returns:
            How many posts were forgotten.
        """
        forgotten = 0
        for _ in range(TURNS):
            async with self._db.read() as session:
                if not budget or await sizes.used(session) <= budget * (ROOM_MADE if forgotten else 1):
                    break
            count = await self.turn(now() - timedelta(days=days))
            if count is None:
                break
            forgotten += count
        return forgotten

    async def turn(self, before: datetime) -> int | None:
        """Look at the next posts and forget those that may be. Returns how many; None at the end of all posts."""
        async with self._db.read() as session:
            part = select(Object.id).where(Object.id > self._after, Object.id < floor_at(before)).order_by(
                Object.id).limit(LOOKED_AT)
            looked_at = list((await session.scalars(part)).all())
            if not looked_at:
                self._after = 0
                return None
            wanted = await _forgettable(session, looked_at, before)
        self._after = looked_at[-1]
        if wanted:
            async with self._db.write() as session:
                wanted = await _forgettable(session, wanted, before)  # somebody may have come between
                await forget(session, wanted)
        return len(wanted)


async def _forgettable(session: AsyncSession, object_ids: Sequence[int], before: datetime) -> list[int]:
    reported = await _reported(session)
    found = await session.scalars(select(Object.id).where(
        Object.id.in_(object_ids), *conditions(before)).order_by(Object.id))
    return [object_id for object_id in found.all() if object_id not in reported]


async def _reported(session: AsyncSession) -> set[int]:
    rows = await session.scalars(select(Report.object_ids))
    return {object_id for ids in rows.all() for object_id in ids}


def conditions(before: datetime) -> list[ColumnElement[bool]]:
    """What must hold of a post that may be forgotten."""
    near = aliased(Object)
    return [
        ~Object.local, Object.created_at < before, Object.published < before,
        Object.visibility.in_(("public", "unlisted")), Object.deleted_at.is_(None), Object.state == fixed("published"),
        ~exists().where(near.local, near.thread_root_id == Object.thread_root_id),
        ~exists().where(near.local, or_(near.in_reply_to_id == Object.id, near.quote_id == Object.id)),
        ~exists().where(Actor.id.in_((Object.author_id, Object.group_id)), Actor.host == ""),
        *(~_tied(table, columns) for table, columns in ties()),
    ]


def ties() -> list[tuple[Table, list[Any]]]:
    """Tables that tie objects to actors, and their columns of actors."""
    found = []
    for table in Base.metadata.sorted_tables:
        columns = [column for column in table.c
                   if any(key.target_fullname == "actor.id" for key in column.foreign_keys)]
        if "object_id" in table.c and columns:
            found.append((table, columns))
    return found


def _tied(table: Table, columns: list[Any]) -> ColumnElement[bool]:
    tie, actor = table.alias(), _ACTOR.alias()
    local = or_(*(actor.c.id == tie.c[column.name] for column in columns))
    return exists(select(1).select_from(tie).join(actor, local).where(
        tie.c.object_id == _OBJECT.c.id, actor.c.host == ""))


async def forget(session: AsyncSession, object_ids: Sequence[int]) -> None:
    """Forget objects as if they had never been fetched; what else hangs on them goes by its foreign key."""
    for first in range(0, len(object_ids), 500):
        some = object_ids[first:first + 500]
        await feeds.remove_objects(session, some)
        for column in (_OBJECT.c.in_reply_to_id, _OBJECT.c.quote_id):
            await session.execute(update(_OBJECT).where(column.in_(some)).values({column: None}))
        await session.execute(delete(_OBJECT).where(and_(_OBJECT.c.id.in_(some), ~_OBJECT.c.local)))
