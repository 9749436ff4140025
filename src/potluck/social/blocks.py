"""Blocks, mutes, and whole servers that a person wants to hear nothing of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social import events, feeds, follows, severances
from potluck.social.addresses import activity_uri
from potluck.social.errors import Invalid, NotAllowed
from potluck.social.follows import Listed
from potluck.social.model import (
    Actor,
    Block,
    DomainMute,
    Endorsement,
    Follow,
    Mute,
    Notification,
)
from potluck.social.paging import Page, in_order, paged
from potluck.social.severing import sever
from potluck.text.names import normalise_host

_BLOCK: Any = Block.__table__
_MUTE: Any = Mute.__table__
_NOTIFICATION: Any = Notification.__table__
_LONGEST_MUTE = timedelta(days=36500)
_MOST = 80
_MOST_HOSTS = 200


class ListedMute(NamedTuple):
    """Someone who is muted, and how; the cursor for paging is the mute's id."""

    mute: Mute
    actor: Actor


class ListedHost(NamedTuple):
    """A server someone wants to hear nothing of, with the cursor for paging."""

    cursor: int
    host: str


async def block(session: AsyncSession, blocker: Actor, blocked: Actor, *, uri: str | None = None) -> Block:
    """Block someone: follows in both directions end, and neither sees the other any more.

    Args:
        uri: id of the Block activity, when it came from elsewhere.

    Raises:
        NotAllowed: it is oneself.
    """
    if blocker.id == blocked.id:
        raise NotAllowed("You cannot block yourself")
    new_id = ids.new()
    result: Any = await session.execute(insert_or_ignore(session, _BLOCK).values(
        id=new_id, uri=uri or (activity_uri(new_id) if blocker.is_local else None), blocker_id=blocker.id,
        blocked_id=blocked.id, created_at=now()))
    row = await session.scalar(select(Block).where(Block.blocker_id == blocker.id, Block.blocked_id == blocked.id))
    if row is None:
        raise NotAllowed
    if result.rowcount:
        await _separate(session, blocker, blocked)
        await events.emit(session, events.Blocked(row, blocker, blocked))
    return row


async def _separate(session: AsyncSession, blocker: Actor, blocked: Actor) -> None:
    await sever(session, or_(
        and_(Follow.follower_id == blocker.id, Follow.followed_id == blocked.id),
        and_(Follow.follower_id == blocked.id, Follow.followed_id == blocker.id)), by=blocker)
    for reader, other in ((blocker, blocked), (blocked, blocker)):
        if reader.is_local:
            await feeds.remove_author(session, reader.id, other.id)
            await session.execute(delete(_NOTIFICATION).where(
                _NOTIFICATION.c.reader_id == reader.id, _NOTIFICATION.c.actor_id == other.id))
    await session.execute(delete(Endorsement).where(or_(
        and_(Endorsement.actor_id == blocker.id, Endorsement.target_id == blocked.id),
        and_(Endorsement.actor_id == blocked.id, Endorsement.target_id == blocker.id))))


async def unblock(session: AsyncSession, blocker: Actor, blocked: Actor) -> None:
    """Lift a block; without one nothing happens."""
    row = await session.scalar(select(Block).where(Block.blocker_id == blocker.id, Block.blocked_id == blocked.id))
    if row is None:
        return
    gone: Any = await session.execute(delete(_BLOCK).where(_BLOCK.c.id == row.id))
    if gone.rowcount:
        session.expunge(row)
        await events.emit(session, events.Unblocked(row, blocker, blocked))


async def mute(session: AsyncSession, muter: Actor, muted: Actor, *, notifications: bool = True,
               duration: int | None = None) -> Mute:
    """Hide someone, who does not learn of it. Muting again changes how.

    Args:
        notifications: hide their notifications too.
        duration: seconds until it ends; None or 0 for ever.

    Raises:
        NotAllowed: it is oneself.
        Invalid: the duration is negative or beyond a century.
    """
    if muter.id == muted.id:
        raise NotAllowed("You cannot mute yourself")
    if duration is not None and not 0 <= duration <= _LONGEST_MUTE.total_seconds():
        raise Invalid("duration", "Validation failed: Duration is out of range")
    await session.execute(insert_or_ignore(session, _MUTE).values(
        id=ids.new(), muter_id=muter.id, muted_id=muted.id, notifications=notifications, created_at=now()))
    row = (await session.scalars(select(Mute).where(Mute.muter_id == muter.id, Mute.muted_id == muted.id))).one()
    row.notifications = notifications
    row.expires_at = now() + timedelta(seconds=duration) if duration else None
    await session.flush()
    await feeds.remove_author(session, muter.id, muted.id)
    if notifications:
        await session.execute(delete(_NOTIFICATION).where(
            _NOTIFICATION.c.reader_id == muter.id, _NOTIFICATION.c.actor_id == muted.id))
    return row


async def unmute(session: AsyncSession, muter: Actor, muted: Actor) -> None:
    """See someone again; those one follows come back into home."""
    gone: Any = await session.execute(delete(_MUTE).where(_MUTE.c.muter_id == muter.id, _MUTE.c.muted_id == muted.id))
    if gone.rowcount:
        row = await follows.find(session, muter.id, muted.id)
        if row is not None and row.state == "accepted":
            await feeds.backfill(session, muter.id, muted.id)


async def expire(session: AsyncSession, moment: datetime) -> None:
    """End the mutes whose time is up."""
    await session.execute(delete(_MUTE).where(_MUTE.c.expires_at <= moment))


async def mute_domain(session: AsyncSession, actor: Actor, host: str) -> str:
    """Hear nothing more of a whole server: follows to and from it end.

    Returns:
        The host, normalised.

    Raises:
        Invalid: it is no host, or this server.
    """
    name = normalise_host(host.strip().removeprefix("@"))
    if name is None:
        raise Invalid("domain", "Validation failed: Domain is not a valid domain name")
    if name in {current().domain.lower(), current().host.lower()}:
        raise Invalid("domain", "Validation failed: This is your own server")
    result: Any = await session.execute(insert_or_ignore(session, DomainMute).values(
        id=ids.new(), actor_id=actor.id, host=name))
    if result.rowcount == 0:
        return name
    there = select(Actor.id).where(Actor.host == name)
    await severances.by_oneself(session, actor, there, name)
    await sever(session, or_(
        and_(Follow.follower_id == actor.id, Follow.followed_id.in_(there)),
        and_(Follow.followed_id == actor.id, Follow.follower_id.in_(there))), by=actor)
    await feeds.remove_host(session, actor.id, name)
    await session.execute(delete(_NOTIFICATION).where(
        _NOTIFICATION.c.reader_id == actor.id, _NOTIFICATION.c.actor_id.in_(there)))
    return name


async def follows_at(session: AsyncSession, actor_id: int, host: str) -> tuple[int, int]:
    """How many people of a server someone follows, and how many of them follow back (what muting it would end)."""
    name = normalise_host(host.strip().removeprefix("@")) or host
    there = select(Actor.id).where(Actor.host == name)
    following = await session.scalar(select(func.count()).select_from(Follow).where(
        Follow.follower_id == actor_id, Follow.state == "accepted", Follow.followed_id.in_(there)))
    followers = await session.scalar(select(func.count()).select_from(Follow).where(
        Follow.followed_id == actor_id, Follow.state == "accepted", Follow.follower_id.in_(there)))
    return following or 0, followers or 0


async def unmute_domain(session: AsyncSession, actor: Actor, host: str) -> None:
    """Hear of a server again; without that mute nothing happens."""
    name = normalise_host(host.strip().removeprefix("@")) or host
    await session.execute(delete(DomainMute).where(DomainMute.actor_id == actor.id, DomainMute.host == name))


async def blocked(session: AsyncSession, actor_id: int, page: Page) -> list[Listed]:
    """A page of those someone blocks, latest first (the cursor is the block's id)."""
    query: Any = select(Block.id, Actor).join(Actor, Actor.id == Block.blocked_id).where(
        Block.blocker_id == actor_id, Actor.deleted_at.is_(None))
    rows = (await session.execute(paged(query, Block.id, page.at_most(_MOST)))).all()
    return in_order([Listed(cursor, actor) for cursor, actor in rows], page)


async def muted(session: AsyncSession, actor_id: int, page: Page) -> list[ListedMute]:
    """A page of those someone mutes, latest first (the cursor is the mute's id)."""
    query: Any = select(Mute, Actor).join(Actor, Actor.id == Mute.muted_id).where(
        Mute.muter_id == actor_id, Actor.deleted_at.is_(None), or_(Mute.expires_at.is_(None), Mute.expires_at > now()))
    rows = (await session.execute(paged(query, Mute.id, page.at_most(_MOST)))).all()
    return in_order([ListedMute(*row) for row in rows], page)


async def muted_domains(session: AsyncSession, actor_id: int, page: Page | None = None) -> list[ListedHost]:
    """A page of the servers someone wants to hear nothing of, latest first."""
    page = page or Page(limit=_MOST_HOSTS)
    query: Any = select(DomainMute.id, DomainMute.host).where(DomainMute.actor_id == actor_id)
    rows = (await session.execute(paged(query, DomainMute.id, page.at_most(_MOST_HOSTS)))).all()
    return in_order([ListedHost(*row) for row in rows], page)
