"""An account moves to another one: followers here follow there, and what people noted about the old counts for the new.

Mastodon's rules (protocol §13): the new account names the old one as an alias, and a move bars another for a week.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social import events, follows
from potluck.social.errors import Invalid, SocialError
from potluck.social.model import Actor, Block, Follow, ListMember, Mute

COOLDOWN = timedelta(days=7)


async def mark_moved(session: AsyncSession, actor: Actor, target: Actor) -> None:
    """An actor moved to `target`. For a remote one the caller has checked both documents.

    Raises:
        Invalid: the target does not name this account as an alias, is gone, or the last move was less than a week ago.
    """
    row = await session.get_one(Actor, actor.id)
    if row.id == target.id:
        raise Invalid("target", "An account cannot move to itself")
    if row.uri not in target.also_known_as:
        raise Invalid("target", "The other account does not name this one as an alias yet")
    if target.deleted_at is not None or target.suspended_at is not None or target.moved_to_id is not None:
        raise Invalid("target", "The other account cannot be moved to")
    if row.moved_at is not None and now() - row.moved_at < COOLDOWN:
        raise Invalid("target", "This account moved less than a week ago")
    row.moved_to_id, row.moved_to_uri, row.moved_at, row.updated_at = target.id, target.uri, now(), now()
    await session.flush()
    if row.is_local:
        await events.emit(session, events.ProfileChanged(row))
        await events.emit(session, events.ActorMoved(row, target))
    await _copy_notes(session, row, target)
    await take_followers_along(session, row, target)


async def undo_redirect(session: AsyncSession, actor: Actor) -> None:
    """A local account is used again; those who moved along stay where they are."""
    row = await session.get_one(Actor, actor.id)
    if row.moved_to_id is not None:
        row.moved_to_id = row.moved_to_uri = None
        row.updated_at = now()
        await session.flush()
        await events.emit(session, events.ProfileChanged(row))


async def take_followers_along(session: AsyncSession, old: Actor, new: Actor) -> None:
    """Local followers of the old account follow the new one, each with the wishes they had, and the old one no more.

    Each is an act of its own with an activity of its own, hence one by one; who may not follow there stays behind.
    """
    rows = (await session.execute(select(Follow, Actor).join(Actor, Actor.id == Follow.follower_id).where(
        Follow.followed_id == old.id, Follow.state == "accepted", Actor.host == "", Actor.id != new.id))).all()
    for link, follower in rows:
        try:
            await follows.follow(session, follower, new, show_boosts=link.show_boosts, notify=link.notify,
                                 languages=link.languages)
        except SocialError:
            continue
        await follows.unfollow(session, follower, old)


async def _copy_notes(session: AsyncSession, old: Actor, new: Actor) -> None:
    """Lists, blocks and mutes of people here that have the old account get the new one too."""
    local = aliased(Actor)
    await _copy(session, ListMember, "actor_id", new, select(ListMember).where(ListMember.actor_id == old.id))
    for table, by, whom in ((Block, Block.blocker_id, Block.blocked_id), (Mute, Mute.muter_id, Mute.muted_id)):
        here = exists().where(local.id == by, local.host == "")
        await _copy(session, table, whom.key, new, select(table).where(whom == old.id, by != new.id, here))


async def _copy(session: AsyncSession, table: Any, column: str, new: Actor, query: Any) -> None:
    rows = (await session.scalars(query)).all()
    if rows:
        copies = [{key.key: getattr(row, key.key) for key in table.__table__.c} | {"id": ids.new(), column: new.id}
                  for row in rows]
        await session.execute(insert_or_ignore(session, table.__table__), copies)
