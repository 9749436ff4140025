"""Blocks and mutes, of people and of whole servers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social import events, feeds, follows
from potluck.social.addresses import activity_uri
from potluck.social.errors import Invalid, NotAllowed
from potluck.social.model import Actor, Block, DomainMute, Endorsement, Follow, Mute, Notification
from potluck.social.paging import Page, in_order, paged


async def block(session: AsyncSession, blocker: Actor, blocked: Actor, *, uri: str | None = None) -> Block:
    """Block someone: follows end both ways, their things leave the blocker's feeds, and the other way round.

    Raises:
        NotAllowed: oneself.
    """
    if blocker.id == blocked.id:
        raise NotAllowed("You cannot block yourself")
    found: Block | None = await session.scalar(select(Block).where(
        Block.blocker_id == blocker.id, Block.blocked_id == blocked.id))
    if found:
        return found
    new_id = ids.new()
    row = Block(id=new_id, uri=uri or (activity_uri(new_id) if blocker.is_local else None), blocker_id=blocker.id,
                blocked_id=blocked.id, created_at=now())
    session.add(row)
    await session.flush()
    await follows.sever(session, blocker, blocked)
    for reader, author in ((blocker, blocked), (blocked, blocker)):
        if reader.is_local:
            await feeds.remove_author(session, reader.id, author.id)
            await session.execute(delete(Notification).where(
                Notification.reader_id == reader.id, Notification.actor_id == author.id))
    await session.execute(delete(Endorsement).where(or_(
        (Endorsement.actor_id == blocker.id) & (Endorsement.target_id == blocked.id),
        (Endorsement.actor_id == blocked.id) & (Endorsement.target_id == blocker.id))))
    await events.emit(session, events.Blocked(row, blocker, blocked))
    return row


async def unblock(session: AsyncSession, blocker: Actor, blocked: Actor) -> None:
    """Lift a block; follows do not come back by themselves."""
    found: Block | None = await session.scalar(select(Block).where(
        Block.blocker_id == blocker.id, Block.blocked_id == blocked.id))
    if found is None:
        return
    await session.execute(delete(Block).where(Block.id == found.id).execution_options(synchronize_session=False))
    await events.emit(session, events.Unblocked(found, blocker, blocked))


async def mute(session: AsyncSession, muter: Actor, muted: Actor, *, notifications: bool = True,
               duration: int | None = None) -> Mute:
    """Hide someone from oneself.

    Args:
        notifications: hide their notifications too.
        duration: seconds; None or 0 for good.

    Raises:
        NotAllowed: oneself.
    """
    if muter.id == muted.id:
        raise NotAllowed("You cannot mute yourself")
    row: Mute | None = await session.scalar(select(Mute).where(Mute.muter_id == muter.id, Mute.muted_id == muted.id))
    if row is None:
        row = Mute(id=ids.new(), muter_id=muter.id, muted_id=muted.id, created_at=now())
        session.add(row)
    row.notifications = notifications
    row.expires_at = now() + timedelta(seconds=duration) if duration else None
    await session.flush()
    await feeds.remove_author(session, muter.id, muted.id)
    return row


async def unmute(session: AsyncSession, muter: Actor, muted: Actor) -> None:
    """Show someone again; home gets their newest posts back if they are followed."""
    found = await session.scalar(select(Mute.id).where(Mute.muter_id == muter.id, Mute.muted_id == muted.id))
    if found is None:
        return
    await session.execute(delete(Mute).where(Mute.id == found))
    await _refill(session, [(muter.id, muted.id)])


async def _refill(session: AsyncSession, pairs: list[tuple[int, int]]) -> None:
    for muter_id, muted_id in pairs:
        if await session.scalar(select(Follow.id).where(
                Follow.follower_id == muter_id, Follow.followed_id == muted_id, Follow.state == "accepted")):
            await feeds.backfill(session, muter_id, muted_id)


async def expire(session: AsyncSession, moment: datetime) -> None:
    """Forget mutes whose time is over (at most 200 a call)."""
    due = (await session.execute(select(Mute.id, Mute.muter_id, Mute.muted_id).where(
        Mute.expires_at <= moment).limit(200))).tuples().all()
    if due:
        await session.execute(delete(Mute).where(Mute.id.in_([row[0] for row in due])))
        await _refill(session, [(muter_id, muted_id) for _, muter_id, muted_id in due])


async def blocked(session: AsyncSession, blocker_id: int, page: Page) -> list[tuple[int, Actor]]:
    """A page of whom someone blocks: (cursor, actor), latest first."""
    query = select(Block.id, Actor).join(Actor, Actor.id == Block.blocked_id).where(Block.blocker_id == blocker_id)
    rows = (await session.execute(paged(query, Block.id, page.at_most(80)))).tuples().all()
    return in_order([(cursor, actor) for cursor, actor in rows], page)


async def muted(session: AsyncSession, muter_id: int, page: Page) -> list[tuple[Mute, Actor]]:
    """A page of whom someone mutes, latest first (the cursor is the mute's id)."""
    query = select(Mute, Actor).join(Actor, Actor.id == Mute.muted_id).where(
        Mute.muter_id == muter_id, or_(Mute.expires_at.is_(None), Mute.expires_at > now()))
    rows: Any = (await session.execute(paged(query, Mute.id, page.at_most(80)))).tuples().all()
    return in_order([(row, actor) for row, actor in rows], page)


async def mute_domain(session: AsyncSession, actor: Actor, host: str) -> None:
    """Block a whole server for oneself: nothing of it is seen, and follows from there end.

    Raises:
        Invalid: not a host name, or one's own server.
    """
    name = host.strip().lower().rstrip(".")
    if not name or " " in name or "/" in name or len(name) > 253:
        raise Invalid("domain", "Validation failed: Domain is not a valid domain name")
    await session.execute(insert_or_ignore(session, DomainMute).values(id=ids.new(), actor_id=actor.id, host=name))
    await feeds.remove_host(session, actor.id, name)
    rows = (await session.execute(select(Actor).join(Follow, Follow.follower_id == Actor.id).where(
        Follow.followed_id == actor.id, Actor.host == name))).scalars().all()
    for follower in rows:
        await follows.reject(session, actor, follower)


async def unmute_domain(session: AsyncSession, actor: Actor, host: str) -> None:
    """See a server again."""
    await session.execute(delete(DomainMute).where(
        DomainMute.actor_id == actor.id, DomainMute.host == host.strip().lower().rstrip(".")))


async def muted_domains(session: AsyncSession, actor_id: int, page: Page | None = None) -> list[tuple[int, str]]:
    """Servers someone blocks for themselves: (cursor, host), latest first."""
    part = page or Page(limit=200)
    query = select(DomainMute.id, DomainMute.host).where(DomainMute.actor_id == actor_id)
    rows = (await session.execute(paged(query, DomainMute.id, part.at_most(200)))).tuples().all()
    return in_order([(cursor, host) for cursor, host in rows], part)
