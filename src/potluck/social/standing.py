"""What moderators do with an account: limit it, suspend it, take either back. The caller writes the log (`audit`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.social import events
from potluck.social.accounts import sessions, tokens
from potluck.social.model import Actor, Announce, FeedEntry, Notification, Object, User

_ENTRY: Any = FeedEntry.__table__


async def silence(session: AsyncSession, actor: Actor) -> None:
    """Limit an actor: only those who follow it come across it, and it must ask before it follows anyone here."""
    row = await session.get_one(Actor, actor.id)
    row.silenced_at, row.updated_at = row.silenced_at or now(), now()
    await session.flush()


async def unsilence(session: AsyncSession, actor: Actor) -> None:
    """Lift the limits."""
    row = await session.get_one(Actor, actor.id)
    row.silenced_at, row.updated_at = None, now()
    await session.flush()


async def suspend(session: AsyncSession, actor: Actor) -> None:
    """Suspend an actor: nobody sees it or its things, and it cannot act. Nothing is deleted."""
    row = await session.get_one(Actor, actor.id)
    if row.suspended_at is not None:
        return
    row.suspended_at = row.updated_at = now()
    await session.flush()
    theirs = select(Object.id).where(Object.author_id == row.id)
    boosts = select(Announce.id).where(Announce.actor_id == row.id)
    await session.execute(delete(_ENTRY).where(_ENTRY.c.object_id.in_(theirs)))
    await session.execute(delete(_ENTRY).where(
        _ENTRY.c.object_id.in_(select(Announce.object_id).where(Announce.actor_id == row.id)),
        _ENTRY.c.announce_id.in_(boosts)))
    await session.execute(delete(Notification).where(Notification.actor_id == row.id))
    if row.is_local:
        await _lock_out(session, row)
        await events.emit(session, events.ProfileChanged(row))


async def _lock_out(session: AsyncSession, row: Actor) -> None:
    """End what the login of a main actor is signed in with. It may sign in again, to take its data out or to leave."""
    user_id = await session.scalar(select(User.id).where(User.actor_id == row.id))
    if user_id is not None:
        await sessions.end_all(session, user_id)
        await tokens.revoke_all(session, user_id)


async def unsuspend(session: AsyncSession, actor: Actor) -> None:
    """Lift a suspension."""
    row = await session.get_one(Actor, actor.id)
    if row.suspended_at is None:
        return
    row.suspended_at, row.updated_at = None, now()
    row.extra = {key: value for key, value in row.extra.items() if key != "suspended_by_origin"}
    await session.flush()
    if row.is_local:
        await events.emit(session, events.ProfileChanged(row))
