"""What people were told in communities: answers to what they said, and comments that name them, read or not.

These are notifications like any others; what is marked read here is so everywhere.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.errors import NotFound
from potluck.social.model import Actor, Notification, Object
from potluck.social.visibility import DIRECT, not_hidden_by, visible_to

REPLIES, MENTIONS, MESSAGES = "replies", "mentions", "messages"
KINDS = (REPLIES, MENTIONS, MESSAGES)
MOST_COUNTED = 1000
_NOTIFICATION: Any = Notification.__table__


@dataclass(frozen=True, slots=True)
class Unread:
    """How much of each kind is unread, counted up to a thousand together."""

    replies: int = 0
    mentions: int = 0
    messages: int = 0


def _kind(reader_id: int, kind: str) -> list[Any]:
    if kind == MESSAGES:
        return [Object.visibility == DIRECT]
    to_reader = Object.in_reply_to_author_id == reader_id
    found = [Object.visibility != DIRECT, Object.group_id.is_not(None), Object.in_reply_to_uri.is_not(None)]
    return [*found, to_reader if kind == REPLIES else or_(Object.in_reply_to_author_id.is_(None), ~to_reader)]


def _query(reader_id: int, kind: str, *, unread_only: bool) -> Any:
    query = select(Notification).join(Object, Object.id == Notification.object_id).join(
        Actor, Actor.id == Notification.actor_id).where(
        Notification.reader_id == reader_id, Notification.type == "mention", ~Notification.filtered,
        *_kind(reader_id, kind), visible_to(reader_id), not_hidden_by(reader_id, Notification.actor_id))
    return query.where(Notification.unread) if unread_only else query


async def page(session: AsyncSession, reader_id: int, kind: str, *, unread_only: bool = False, oldest: bool = False,
               bots: bool = True, limit: int = 20, offset: int = 0) -> list[Notification]:
    """A page of what somebody was told, newest (or oldest) first.

    Args:
        bots: also what services said.
    """
    query = _query(reader_id, kind, unread_only=unread_only)
    if not bots:
        query = query.where(Actor.type != "Service")
    order = Notification.id.asc() if oldest else Notification.id.desc()
    return list((await session.scalars(query.order_by(order).limit(limit).offset(offset or None))).all())


async def unread(session: AsyncSession, reader_id: int) -> Unread:
    """How much somebody has not read, in one query over what is unread."""
    recent = select(Notification.object_id).where(
        Notification.reader_id == reader_id, Notification.unread, Notification.type == "mention",
        ~Notification.filtered, not_hidden_by(reader_id, Notification.actor_id),
    ).order_by(Notification.id.desc()).limit(MOST_COUNTED)
    direct = Object.visibility == DIRECT
    to_reader = Object.in_reply_to_author_id == reader_id
    discussed = Object.group_id.is_not(None) & Object.in_reply_to_uri.is_not(None) & ~direct
    rows = await session.execute(select(
        func.count().filter(discussed & to_reader),
        func.count().filter(discussed & or_(Object.in_reply_to_author_id.is_(None), ~to_reader)),
        func.count().filter(direct),
    ).select_from(Object).where(Object.id.in_(recent), visible_to(reader_id)))
    return Unread(*rows.one())


async def one(session: AsyncSession, reader_id: int, notification_id: int, kind: str) -> Notification:
    """Something the reader was told.

    Raises:
        NotFound: there is nothing of this id, kind and reader.
    """
    row: Notification | None = await session.scalar(_query(reader_id, kind, unread_only=False).where(
        Notification.id == notification_id))
    if row is None:
        raise NotFound
    return row


async def mark(session: AsyncSession, row: Notification, *, read: bool) -> None:
    """Mark something read or unread."""
    row.unread = not read
    await session.flush()


async def mark_all(session: AsyncSession, reader_id: int) -> None:
    """Mark everything read: answers, mentions and messages."""
    await session.execute(update(_NOTIFICATION).where(
        _NOTIFICATION.c.reader_id == reader_id, _NOTIFICATION.c.unread).values(unread=False))


async def mark_objects(session: AsyncSession, reader_id: int, object_ids: Collection[int], *, read: bool = True,
                       ) -> None:
    """Mark what the reader was told about these posts, comments or messages."""
    await session.execute(update(_NOTIFICATION).where(
        _NOTIFICATION.c.reader_id == reader_id, _NOTIFICATION.c.object_id.in_(object_ids),
        _NOTIFICATION.c.type == "mention").values(unread=not read))


async def unread_objects(session: AsyncSession, reader_id: int, object_ids: Collection[int]) -> set[int]:
    """Which of these the reader has not read."""
    if not object_ids:
        return set()
    return set((await session.scalars(select(_NOTIFICATION.c.object_id).where(
        _NOTIFICATION.c.reader_id == reader_id, _NOTIFICATION.c.object_id.in_(object_ids),
        _NOTIFICATION.c.unread))).all())
