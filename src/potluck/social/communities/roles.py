"""Who may what in a community: moderators in their order, members, the banned."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.social.accounts.roles import STAFF
from potluck.social.errors import NotAllowed
from potluck.social.model import Actor, Community, CommunityBan, Follow, GroupPost, Moderator, User

MAX_MODERATORS = 100

_MODERATOR: Any = Moderator.__table__
_BAN: Any = CommunityBan.__table__


async def moderators(session: AsyncSession, community_id: int) -> list[Actor]:
    """The moderators of a community, the leading one first."""
    rows = await session.scalars(select(Actor).join(Moderator, Moderator.actor_id == Actor.id).where(
        Moderator.community_id == community_id, Actor.deleted_at.is_(None), Actor.suspended_at.is_(None)
    ).order_by(Moderator.rank))
    return list(rows.all())


async def is_moderator(session: AsyncSession, community_id: int, actor_id: int) -> bool:
    """Whether somebody is among the moderators of a community."""
    found: bool | None = await session.scalar(select(exists().where(
        Moderator.community_id == community_id, Moderator.actor_id == actor_id)))
    return bool(found)


async def is_staff(session: AsyncSession, actor: Actor) -> bool:
    """Whether a local actor belongs to somebody of this server's staff."""
    if not actor.is_local or actor.owner_id is None:
        return False
    role = await session.scalar(select(User.role).where(User.id == actor.owner_id))
    return role in STAFF


async def check_moderates(session: AsyncSession, actor: Actor, community: Actor) -> None:
    """See that somebody may moderate a community: one of its moderators, or staff where it lives here.

    Raises:
        NotAllowed: they may not.
    """
    if await is_moderator(session, community.id, actor.id):
        return
    if not (community.is_local and await is_staff(session, actor)):
        raise NotAllowed("Only moderators of this community may do this")


async def check_outranks(session: AsyncSession, actor: Actor, community: Actor, target_id: int) -> None:
    """A moderator may act against those who came later, and nobody against the leading one (as Lemmy).

    Raises:
        NotAllowed: the target stands at the same place or higher.
    """
    ranks = dict((await session.execute(select(Moderator.actor_id, Moderator.rank).where(
        Moderator.community_id == community.id, Moderator.actor_id.in_([actor.id, target_id])))).all())
    if target_id not in ranks or actor.id == target_id:
        return
    if community.is_local and await is_staff(session, actor):
        return
    if ranks.get(actor.id, 1 << 30) >= ranks[target_id]:
        raise NotAllowed("This moderator was appointed before you")


async def appoint(session: AsyncSession, community_id: int, actor_id: int) -> bool:
    """Add a moderator at the end; whether that was new."""
    last = await session.scalar(select(func.max(_MODERATOR.c.rank)).where(_MODERATOR.c.community_id == community_id))
    made: Any = await session.execute(insert_or_ignore(session, Moderator).values(
        community_id=community_id, actor_id=actor_id, rank=0 if last is None else last + 1, created_at=now()))
    return bool(made.rowcount)


async def dismiss(session: AsyncSession, community_id: int, actor_id: int) -> bool:
    """Remove a moderator; whether there was one."""
    gone: Any = await session.execute(delete(_MODERATOR).where(
        _MODERATOR.c.community_id == community_id, _MODERATOR.c.actor_id == actor_id))
    return bool(gone.rowcount)


async def replace(session: AsyncSession, community_id: int, actor_ids: Sequence[int]) -> None:
    """The whole list of moderators, as a remote community says."""
    await session.execute(delete(_MODERATOR).where(_MODERATOR.c.community_id == community_id))
    wanted = list(dict.fromkeys(actor_ids))[:MAX_MODERATORS]
    if wanted:
        await session.execute(insert_or_ignore(session, Moderator), [
            {"community_id": community_id, "actor_id": actor_id, "rank": rank, "created_at": now()}
            for rank, actor_id in enumerate(wanted)])


async def lead(session: AsyncSession, community_id: int, actor_id: int) -> None:
    """Put a moderator in front of all others."""
    others = [actor.id for actor in await moderators(session, community_id) if actor.id != actor_id]
    await replace(session, community_id, [actor_id, *others])


def _in_force(moment: datetime) -> Any:
    return or_(_BAN.c.expires_at.is_(None), _BAN.c.expires_at > moment)


async def ban(session: AsyncSession, community_id: int, actor_id: int, reason: str,
              expires_at: datetime | None) -> None:
    """Write a ban, or change the one there is."""
    await session.execute(delete(_BAN).where(_BAN.c.community_id == community_id, _BAN.c.actor_id == actor_id))
    session.add(CommunityBan(community_id=community_id, actor_id=actor_id, reason=reason, expires_at=expires_at))
    await session.flush()


async def unban(session: AsyncSession, community_id: int, actor_id: int) -> bool:
    """Lift a ban; whether there was one."""
    gone: Any = await session.execute(delete(_BAN).where(
        _BAN.c.community_id == community_id, _BAN.c.actor_id == actor_id))
    return bool(gone.rowcount)


async def is_banned(session: AsyncSession, community_id: int, actor_id: int) -> bool:
    """Whether somebody may not take part at this moment."""
    found: bool | None = await session.scalar(select(exists().where(
        _BAN.c.community_id == community_id, _BAN.c.actor_id == actor_id, _in_force(now()))))
    return bool(found)


async def bans_in_force(session: AsyncSession, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of the pairs of community and person where a ban holds at this moment."""
    if not pairs:
        return set()
    rows = await session.execute(select(_BAN.c.community_id, _BAN.c.actor_id).where(
        _BAN.c.community_id.in_({pair[0] for pair in pairs}), _BAN.c.actor_id.in_({pair[1] for pair in pairs}),
        _in_force(now())))
    return {(row.community_id, row.actor_id) for row in rows.all()} & set(pairs)


async def banned(session: AsyncSession, community_id: int, *, limit: int = 200) -> list[tuple[CommunityBan, Actor]]:
    """Who is banned, the latest first."""
    rows = await session.execute(select(CommunityBan, Actor).join(Actor, Actor.id == CommunityBan.actor_id).where(
        CommunityBan.community_id == community_id, _in_force(now())).order_by(CommunityBan.created_at.desc())
        .limit(limit))
    return [(row, actor) for row, actor in rows.all()]


async def expire(session: AsyncSession) -> None:
    """Forget bans that have run out."""
    await session.execute(delete(_BAN).where(_BAN.c.expires_at <= now()))


async def takes_downvotes(session: AsyncSession, community_id: int) -> bool:
    """Whether downvotes count in a community."""
    return await session.scalar(select(Community.downvotes).where(Community.actor_id == community_id)) is not False


async def without_downvotes(session: AsyncSession, community_ids: Collection[int]) -> set[int]:
    """Those of the communities where they do not count."""
    if not community_ids:
        return set()
    return set((await session.scalars(select(Community.actor_id).where(
        Community.actor_id.in_(community_ids), Community.downvotes.is_(False)))).all())


async def is_member(session: AsyncSession, community_id: int, actor_id: int) -> bool:
    """Whether somebody is subscribed."""
    found: bool | None = await session.scalar(select(exists().where(
        Follow.follower_id == actor_id, Follow.followed_id == community_id, Follow.state == "accepted")))
    return bool(found)


def _restricted_elsewhere(community: Actor) -> bool:
    """Whether a community of another server says in its document that only moderators post there."""
    return not community.is_local and bool(community.extra.get("posting_restricted"))


async def check_may_post(session: AsyncSession, author: Actor, community: Actor, *, reply_to: int | None = None,
                         ) -> None:
    """See that somebody may post or comment.

    Args:
        reply_to: id of the post commented on (the root of its thread); None for a post of its own.

    Raises:
        NotAllowed: banned, not a member, only moderators may post, or the post is locked.
    """
    settings = await session.get(Community, community.id)
    if await is_banned(session, community.id, author.id):
        raise NotAllowed("You are banned from this community")
    if settings is not None and settings.removed_at is not None:
        raise NotAllowed("This community was removed")
    privileged = await is_moderator(session, community.id, author.id)
    if privileged:
        return
    if reply_to is not None:
        if await session.scalar(select(GroupPost.locked).where(GroupPost.object_id == reply_to)):
            raise NotAllowed("This post is locked")
    elif (settings is not None and settings.posting == "moderators") or _restricted_elsewhere(community):
        raise NotAllowed("Only moderators may post in this community")
    members_only = settings is not None and (settings.posting == "members" or settings.visibility == "private")
    if members_only and not await is_member(session, community.id, author.id):
        raise NotAllowed("Only members may take part in this community")
    if settings is not None and settings.visibility == "local" and not author.is_local:
        raise NotAllowed("This community is only for people of its own server")
