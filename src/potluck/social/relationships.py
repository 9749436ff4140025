"""How one person stands to others, for any number of them in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.social.model import AccountNote, Actor, Block, DomainMute, Endorsement, Follow, Mute


@dataclass(slots=True)
class Relationship:
    """How the viewer stands to one account: the fields of Mastodon's entity of that name."""

    id: int
    following: bool = False
    showing_reblogs: bool = False
    notifying: bool = False
    languages: list[str] | None = None
    followed_by: bool = False
    blocking: bool = False
    blocked_by: bool = False
    muting: bool = False
    muting_notifications: bool = False
    muting_expires_at: datetime | None = None
    requested: bool = False
    requested_by: bool = False
    domain_blocking: bool = False
    endorsed: bool = False
    note: str = ""


async def relationships(session: AsyncSession, viewer_id: int, actor_ids: Sequence[int]) -> list[Relationship]:
    """How the viewer stands to actors, in the order given (each id once); unknown ids are answered as strangers."""
    found = {actor_id: Relationship(actor_id) for actor_id in actor_ids}
    if found:
        await _follows(session, viewer_id, found)
        await _blocks(session, viewer_id, found)
        await _mutes(session, viewer_id, found)
        await _rest(session, viewer_id, found)
    return list(found.values())


Found = dict[int, Relationship]


async def _follows(session: AsyncSession, viewer_id: int, found: Found) -> None:
    rows = await session.execute(
        select(Follow.follower_id, Follow.followed_id, Follow.state, Follow.show_boosts, Follow.notify,
               Follow.languages).where(or_(
                   and_(Follow.follower_id == viewer_id, Follow.followed_id.in_(found)),
                   and_(Follow.followed_id == viewer_id, Follow.follower_id.in_(found)))))
    for row in rows.all():
        accepted = row.state == "accepted"
        if row.follower_id == viewer_id:
            item = found[row.followed_id]
            item.following, item.requested = accepted, not accepted
            item.showing_reblogs, item.notifying, item.languages = row.show_boosts, row.notify, row.languages
        else:
            item = found[row.follower_id]
            item.followed_by, item.requested_by = accepted, not accepted


async def _blocks(session: AsyncSession, viewer_id: int, found: Found) -> None:
    rows = await session.execute(select(Block.blocker_id, Block.blocked_id).where(or_(
        and_(Block.blocker_id == viewer_id, Block.blocked_id.in_(found)),
        and_(Block.blocked_id == viewer_id, Block.blocker_id.in_(found)))))
    for blocker_id, blocked_id in rows.all():
        if blocker_id == viewer_id:
            found[blocked_id].blocking = True
        else:
            found[blocker_id].blocked_by = True


async def _mutes(session: AsyncSession, viewer_id: int, found: Found) -> None:
    rows = await session.execute(select(Mute.muted_id, Mute.notifications, Mute.expires_at).where(
        Mute.muter_id == viewer_id, Mute.muted_id.in_(found), or_(Mute.expires_at.is_(None), Mute.expires_at > now())))
    for muted_id, with_notifications, expires_at in rows.all():
        item = found[muted_id]
        item.muting, item.muting_notifications, item.muting_expires_at = True, with_notifications, expires_at


async def _rest(session: AsyncSession, viewer_id: int, found: Found) -> None:
    hidden = select(Actor.id).join(DomainMute, DomainMute.host == Actor.host).where(
        DomainMute.actor_id == viewer_id, Actor.id.in_(found))
    for actor_id in (await session.scalars(hidden)).all():
        found[actor_id].domain_blocking = True
    endorsed = select(Endorsement.target_id).where(Endorsement.actor_id == viewer_id, Endorsement.target_id.in_(found))
    for actor_id in (await session.scalars(endorsed)).all():
        found[actor_id].endorsed = True
    notes = select(AccountNote.target_id, AccountNote.comment).where(
        AccountNote.actor_id == viewer_id, AccountNote.target_id.in_(found))
    for actor_id, comment in (await session.execute(notes)).all():
        found[actor_id].note = comment
