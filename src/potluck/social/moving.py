"""An account moves to another one: followers here follow there, and what people noted about the old counts for the new.

Mastodon's rules (protocol §13): the new account names the old one as an alias, and a move bars another for a week.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social import audit, blocks, events, follows
from potluck.social.account_notes import MAX_COMMENT
from potluck.social.errors import Invalid, SocialError
from potluck.social.model import AccountNote, Actor, Block, Follow, ListMember, Mute

COOLDOWN = timedelta(days=7)


async def mark_moved(session: AsyncSession, actor: Actor, target: Actor) -> None:
    """An actor moved to `target`. For a remote one the caller has checked both documents.

    Raises:
        Invalid: the target does not name this account as an alias, is gone, or the last move was less than a week ago.
    """
    row = await session.get_one(Actor, actor.id)
    _check_target(row, target)
    if row.uri not in target.also_known_as:
        raise Invalid("target", "The other account does not name this one as an alias yet")
    if row.moved_at is not None and now() - row.moved_at < COOLDOWN:
        raise Invalid("target", "This account moved less than a week ago")
    row.moved_to_id, row.moved_to_uri, row.moved_at, row.updated_at = target.id, target.uri, now(), now()
    await session.flush()
    if row.is_local:
        await events.emit(session, events.ProfileChanged(row))
        await events.emit(session, events.ActorMoved(row, target))
    await _carry_over(session, row, target)
    await take_followers_along(session, row, target)


def _check_target(row: Actor, target: Actor) -> None:
    if row.id == target.id:
        raise Invalid("target", "An account cannot move to itself")
    if target.deleted_at is not None or target.suspended_at is not None or target.moved_to_id is not None:
        raise Invalid("target", "The other account cannot be moved to")


async def redirect(session: AsyncSession, actor: Actor, target: Actor) -> None:
    """A local account points to another one, without taking its followers there; nothing is sent but the profile.

    Raises:
        Invalid: the target is gone, or the account itself.
    """
    row = await session.get_one(Actor, actor.id)
    _check_target(row, target)
    row.moved_to_id, row.moved_to_uri, row.updated_at = target.id, target.uri, now()
    await session.flush()
    await events.emit(session, events.ProfileChanged(row))


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


async def _carry_over(session: AsyncSession, old: Actor, new: Actor) -> None:
    """Lists, blocks, mutes and notes of people here that have the old account get the new one too.

    Whoever follows the new account has made up their mind about it: no block or mute comes in between.
    """
    await _copy(session, ListMember, "actor_id", new, select(ListMember).where(ListMember.actor_id == old.id))
    muted = select(Mute).where(Mute.muted_id == old.id, Mute.muter_id != new.id, _undecided(Mute.muter_id, new))
    await _copy(session, Mute, "muted_id", new, muted)
    blockers = await session.scalars(select(Actor).join(Block, Block.blocker_id == Actor.id).where(
        Block.blocked_id == old.id, Actor.host == "", Actor.id != new.id, _undecided(Actor.id, new)))
    for blocker in blockers.all():  # each is an act of its own: follows end, the other server learns of it
        await blocks.block(session, blocker, new)
    await _copy_notes(session, old, new)


def _undecided(person: Any, new: Actor) -> ColumnElement[bool]:
    local = aliased(Actor)
    return and_(exists().where(local.id == person, local.host == ""),
                ~exists().where(Follow.follower_id == person, Follow.followed_id == new.id))


async def _copy_notes(session: AsyncSession, old: Actor, new: Actor) -> None:
    """What people noted about the old account stands behind what they may have noted about the new one."""
    rows = (await session.scalars(select(AccountNote).where(
        AccountNote.target_id == old.id, AccountNote.actor_id != new.id))).all()
    present = {row.actor_id: row for row in (await session.scalars(select(AccountNote).where(
        AccountNote.target_id == new.id, AccountNote.actor_id.in_([row.actor_id for row in rows])))).all()}
    for row in rows:
        comment = f"{audit.handle(old)}: {row.comment}"
        known = present.get(row.actor_id)
        if known is None:
            session.add(AccountNote(actor_id=row.actor_id, target_id=new.id, comment=comment[:MAX_COMMENT]))
        elif row.comment not in known.comment:
            known.comment = f"{known.comment}\n\n{comment}"[:MAX_COMMENT]
    await session.flush()


async def _copy(session: AsyncSession, table: Any, column: str, new: Actor, query: Any) -> None:
    rows = (await session.scalars(query)).all()
    if rows:
        copies = [{key.key: getattr(row, key.key) for key in table.__table__.c} | {"id": ids.new(), column: new.id}
                  for row in rows]
        await session.execute(insert_or_ignore(session, table.__table__), copies)
