"""What moderators do with an account: hide its media, freeze its login, limit it, suspend it, and take each back.

The bare acts; `strikes` does them with a reason, tells the person and writes the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.db.base import now
from potluck.social import events, suspensions
from potluck.social.accounts import sessions, tokens
from potluck.social.blogs.authors import OWNER
from potluck.social.model import Actor, Announce, BlogAuthor, FeedEntry, Media, Notification, Object, User

_ENTRY: Any = FeedEntry.__table__
_OBJECT: Any = Object.__table__


async def sensitize(session: AsyncSession, actor: Actor) -> None:
    """Hide all media of an actor behind a click."""
    await _sensitize(session, actor, now())


async def unsensitize(session: AsyncSession, actor: Actor) -> None:
    """Hide its media only where its author does."""
    await _sensitize(session, actor, None)


async def _sensitize(session: AsyncSession, actor: Actor, moment: datetime | None) -> None:
    row = await session.get_one(Actor, actor.id)
    if (row.sensitized_at is None) != (moment is None):
        row.sensitized_at, row.updated_at = moment, now()
        await session.flush()
        pictured = select(Media.object_id).where(Media.object_id == _OBJECT.c.id).exists()
        await session.execute(update(_OBJECT).where(_OBJECT.c.author_id == row.id, pictured)
                              .values(version=_OBJECT.c.version + 1))


async def disable(session: AsyncSession, user: User) -> None:
    """Freeze a login: it is signed out everywhere and cannot sign in. Posts and profile stay."""
    row = await session.get_one(User, user.id)
    row.disabled_at = row.disabled_at or now()
    await session.flush()
    await sessions.end_all(session, row.id)
    tokens.forget_user(session, row.id)


async def enable(session: AsyncSession, user: User) -> None:
    """Let a login be used again."""
    row = await session.get_one(User, user.id)
    row.disabled_at = None
    await session.flush()
    tokens.forget_user(session, row.id)


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
    """Suspend an actor: nobody sees it or its things, and it cannot act. Nothing is deleted.

    Whom its own server suspended is suspended by us from now on: that server cannot take it back any more.
    The blogs of an account go with it, but those in which others write, too.
    """
    row = await session.get_one(Actor, actor.id)
    if row.suspended_at is not None and not suspensions.is_by_origin(row.extra):
        return
    moment = now()
    for one in [row, *await _blogs_of_nobody_else(session, row)]:
        if one is row or one.suspended_at is None:
            await _suspend(session, one, moment)


async def _blogs_of_nobody_else(session: AsyncSession, owner: Actor) -> Sequence[Actor]:
    """The blogs that an account owns and nobody else writes in."""
    if not owner.is_local:
        return ()
    other = aliased(BlogAuthor)
    found = await session.scalars(select(Actor).join(BlogAuthor, BlogAuthor.blog_id == Actor.id).where(
        BlogAuthor.actor_id == owner.id, BlogAuthor.role == OWNER, Actor.deleted_at.is_(None),
        ~exists().where(other.blog_id == Actor.id, other.actor_id != owner.id)).order_by(Actor.id))
    return found.all()


async def _suspend(session: AsyncSession, row: Actor, moment: datetime) -> None:
    row.suspended_at = row.updated_at = moment
    row.extra = suspensions.marked(row.extra, by_origin=False)
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
    """Lift a suspension; the blogs that went with the account come back with it."""
    row = await session.get_one(Actor, actor.id)
    moment = row.suspended_at
    if moment is None:
        return
    with_it = (await session.scalars(select(Actor).join(BlogAuthor, BlogAuthor.blog_id == Actor.id).where(
        BlogAuthor.actor_id == row.id, BlogAuthor.role == OWNER, Actor.suspended_at == moment,
        Actor.deleted_at.is_(None)).order_by(Actor.id))).all() if row.is_local else ()
    for one in [row, *with_it]:
        await _unsuspend(session, one)


async def _unsuspend(session: AsyncSession, row: Actor) -> None:
    row.suspended_at, row.updated_at = None, now()
    row.extra = suspensions.marked(row.extra, by_origin=False)
    await session.flush()
    if row.is_local:
        await events.emit(session, events.ProfileChanged(row))
