"""What moderators do: remove and restore, lock, pin, ban, appoint. Each act is logged and told to the wire.

Every act takes `checked=True` from those who have weighed it by other rules already: a remote community's own word.
Doing a thing twice has no effect.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.social import events, feeds, live, notifications
from potluck.social.communities import claims, comment_places, mod_log, posts, reporting, roles, sweeping
from potluck.social.communities.withdrawing import WITHDRAWN
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, Community, GroupPost, ModAction, Object
from potluck.social.notifications import Notice

REMOVED = sweeping.REMOVED
"""`Object.state` of what a moderator took down: nobody sees it, its place in the thread stays."""

MAX_PINNED = 10

_OBJECT: Any = Object.__table__
_POST: Any = GroupPost.__table__


async def _in_community(session: AsyncSession, object_id: int) -> tuple[Object, Actor]:
    row = await session.get(Object, object_id)
    if row is None or row.deleted_at is not None or row.group_id is None or row.state == WITHDRAWN:
        raise NotFound
    return row, await session.get_one(Actor, row.group_id)


async def _record(session: AsyncSession, event: events.CommunityActed) -> None:
    await mod_log.write(
        session, event.act, community_id=event.community.id, moderator_id=event.moderator.id,
        object_id=event.object.id if event.object else None, target_id=event.target.id if event.target else None,
        reason=event.reason, expires_at=event.expires_at)
    concerned = event.target.id if event.act == "ban" and event.target else (
        event.object.author_id if event.act in ("remove", "warn") and event.object else None)
    if concerned is not None:  # who is told can read the reason, and appeal (`appealing`)
        await notifications.notify(session, [Notice(concerned, "community_measure", event.community.id)])
    await events.emit(session, event)


async def remove(session: AsyncSession, moderator: Actor, object_id: int, reason: str = "", *,
                 checked: bool = False) -> Object:
    """Take down a post or comment; what the community merely lists (`claims`) leaves it and stays here.

    Raises:
        NotFound: it is in no community, or gone.
        NotAllowed: only moderators may.
    """
    row, community = await _in_community(session, object_id)
    if not checked:
        await roles.check_moderates(session, moderator, community)
        await roles.check_outranks(session, moderator, community, row.author_id)
    if row.state == REMOVED:
        return row
    if row.group_claimed:
        await claims.let_go(session, [row])
    else:
        await _take_down(session, row)
    await reporting.resolve_all_of(session, moderator, [row.id])
    await _record(session, events.CommunityActed(community, moderator, "remove", object=row, reason=reason))
    return row


async def _take_down(session: AsyncSession, row: Object) -> None:
    row.state, row.version = REMOVED, row.version + 1
    await session.flush()
    await posts.hide(session, row)
    holders = await feeds.remove_objects(session, [row.id])
    channels = [f"{prefix}:{feed_id}" for feed_id in holders for prefix in ("home", "list")]
    await live.publish(session, "delete", object_id=row.id, data={"channels": channels})


async def restore(session: AsyncSession, moderator: Actor, object_id: int, reason: str = "", *,
                  checked: bool = False) -> Object:
    """Put back what was taken down.

    Raises:
        NotFound: it is in no community, or gone.
        NotAllowed: only moderators may.
    """
    row, community = await _in_community(session, object_id)
    if not checked:
        await roles.check_moderates(session, moderator, community)
    if row.state != REMOVED:
        return row
    row.state, row.version = "published", row.version + 1
    await session.flush()
    await posts.show(session, row)
    await _record(session, events.CommunityActed(community, moderator, "restore", object=row, reason=reason))
    return row


async def warn(session: AsyncSession, moderator: Actor, object_id: int, reason: str, *,
               checked: bool = False) -> Object:
    """Tell the author of a post or comment, once, that it is against the rules; it stays where it is (Lemmy 1.0).

    Raises:
        NotFound: it is in no community, or gone.
        NotAllowed: only moderators may, and not where the community merely lists something.
        Invalid: there is no reason.
    """
    row, community = await _in_community(session, object_id)
    if row.group_claimed:
        raise NotAllowed("Its author brought it to no community")
    if not checked:
        await roles.check_moderates(session, moderator, community)
        await roles.check_outranks(session, moderator, community, row.author_id)
        if not reason.strip():
            raise Invalid("reason", "Say what is wrong with it", "blank")
    warned = await session.scalar(select(ModAction.id).where(
        ModAction.object_id == row.id, ModAction.community_id == community.id, ModAction.act == "warn").limit(1))
    if warned is None:
        await _record(session, events.CommunityActed(community, moderator, "warn", object=row, reason=reason))
    return row


async def lock(session: AsyncSession, moderator: Actor, object_id: int, *, locked: bool = True, reason: str = "",
               checked: bool = False) -> Object:
    """Close a post for comments, or open it again.

    Raises:
        NotFound: no such post in a community.
        NotAllowed: only moderators may.
    """
    row, community = await _in_community(session, object_id)
    if not checked:
        await roles.check_moderates(session, moderator, community)
    if await _set(session, object_id, "locked", locked):
        await _record(session, events.CommunityActed(
            community, moderator, "lock" if locked else "unlock", object=row, reason=reason))
    return row


async def pin(session: AsyncSession, moderator: Actor, object_id: int, *, pinned: bool = True,
              checked: bool = False) -> Object:
    """Put a post on top of its community, or take it down from there.

    Raises:
        NotFound: no such post in a community.
        NotAllowed: only moderators may.
        Invalid: enough are pinned.
    """
    row, community = await _in_community(session, object_id)
    if not checked:
        await roles.check_moderates(session, moderator, community)
        if pinned and len(await pinned_ids(session, community.id)) >= MAX_PINNED:
            raise Invalid("id", "A community can have %(most)s pinned posts at most", most=MAX_PINNED)
    if await _set(session, object_id, "pinned", pinned):
        await _record(session, events.CommunityActed(
            community, moderator, "pin" if pinned else "unpin", object=row))
    return row


async def pin_to_site(session: AsyncSession, staff: Actor, object_id: int, *, pinned: bool = True) -> Object:
    """Put a post on top of this server's listings, or take it down from there; it stays a matter of this server.

    Raises:
        NotFound: no such post in a community.
        NotAllowed: only staff may.
    """
    row, community = await _in_community(session, object_id)
    if not await roles.is_staff(session, staff):
        raise NotAllowed
    if await _set(session, object_id, "site_pinned", pinned):
        await mod_log.write(session, "site_pin" if pinned else "site_unpin", community_id=community.id,
                            moderator_id=staff.id, object_id=row.id)
    return row


async def _set(session: AsyncSession, object_id: int, column: str, value: bool) -> bool:
    if await session.get(GroupPost, object_id) is None:
        raise NotFound
    changed: Any = await session.execute(update(_POST).where(
        _POST.c.object_id == object_id, _POST.c[column].is_(not value)).values({column: value}))
    if changed.rowcount:
        await session.execute(update(_OBJECT).where(_OBJECT.c.id == object_id).values(version=_OBJECT.c.version + 1))
    return bool(changed.rowcount)


async def distinguish(session: AsyncSession, moderator: Actor, object_id: int, *, marked: bool = True) -> Object:
    """Speak as a moderator: mark one's own comment.

    Raises:
        NotFound: no such comment in a community.
        NotAllowed: it is not one's own, or one is no moderator.
    """
    row, community = await _in_community(session, object_id)
    await roles.check_moderates(session, moderator, community)
    if row.author_id != moderator.id:
        raise NotAllowed
    row.extra = {**{key: value for key, value in row.extra.items() if key != "distinguished"},
                 **({"distinguished": True} if marked else {})}
    row.version += 1
    await session.flush()
    await comment_places.mark(session, row.id, marked=marked)
    await events.emit(session, events.ObjectEdited(row, moderator, silent=True))
    return row


async def pinned_ids(session: AsyncSession, community_id: int) -> list[int]:
    """Ids of the posts on top of a community, the newest first."""
    rows = await session.scalars(select(GroupPost.object_id).where(
        GroupPost.community_id == community_id, GroupPost.pinned, GroupPost.listed
    ).order_by(GroupPost.object_id.desc()).limit(50))
    return list(rows.all())


async def adopt_pins(session: AsyncSession, community_id: int, object_ids: Collection[int]) -> None:
    """A remote community says which posts are on top; those pinned before that it does not name are taken down."""
    await session.execute(update(_POST).where(
        _POST.c.community_id == community_id, _POST.c.pinned, _POST.c.object_id.not_in(object_ids)
    ).values(pinned=False))
    await session.execute(update(_POST).where(
        _POST.c.community_id == community_id, _POST.c.object_id.in_(object_ids)).values(pinned=True))


async def ban(
    session: AsyncSession, moderator: Actor, community: Actor, target: Actor, *, reason: str = "",
    expires_at: datetime | None = None, with_content: bool = False, checked: bool = False,
) -> None:
    """Keep somebody out of a community; with `with_content` everything they said there is taken down.

    Raises:
        NotAllowed: only moderators may, and not against those who outrank them.
        Invalid: the ban would end before it begins.
    """
    if not checked:
        await roles.check_moderates(session, moderator, community)
        await roles.check_outranks(session, moderator, community, target.id)
        if target.id == moderator.id:
            raise NotAllowed("You cannot ban yourself")
        if expires_at is not None and expires_at <= now():
            raise Invalid("expires", "A ban must end in the future")
    await roles.ban(session, community.id, target.id, reason, expires_at)
    await roles.dismiss(session, community.id, target.id)
    if with_content:
        gone = await sweeping.of_author(session, target.id, [community.id])
        await reporting.resolve_all_of(session, moderator, gone)
    await _record(session, events.CommunityActed(
        community, moderator, "ban", target=target, reason=reason, expires_at=expires_at, with_content=with_content))


async def unban(session: AsyncSession, moderator: Actor, community: Actor, target: Actor, *, reason: str = "",
                checked: bool = False) -> None:
    """Let somebody take part again.

    Raises:
        NotAllowed: only moderators may.
    """
    if not checked:
        await roles.check_moderates(session, moderator, community)
    if await roles.unban(session, community.id, target.id):
        await _record(session, events.CommunityActed(community, moderator, "unban", target=target, reason=reason))


async def appoint(session: AsyncSession, moderator: Actor, community: Actor, target: Actor, *,
                  checked: bool = False) -> None:
    """Make somebody a moderator.

    Raises:
        NotAllowed: only moderators may; the banned cannot be appointed.
        Invalid: there are enough.
    """
    if not checked:
        await roles.check_moderates(session, moderator, community)
        if await roles.is_banned(session, community.id, target.id):
            raise NotAllowed("Somebody who is banned cannot be a moderator")
        if len(await roles.moderators(session, community.id)) >= roles.MAX_MODERATORS:
            raise Invalid("actor", "A community can have %(most)s moderators at most", most=roles.MAX_MODERATORS)
    if await roles.appoint(session, community.id, target.id):
        await _record(session, events.CommunityActed(community, moderator, "add_moderator", target=target))


async def dismiss(session: AsyncSession, moderator: Actor, community: Actor, target: Actor, *,
                  checked: bool = False) -> None:
    """Take somebody off the list of moderators; everybody may take themselves off.

    Raises:
        NotAllowed: only moderators may, and not against those who outrank them; the last one stays.
    """
    if not checked:
        await roles.check_moderates(session, moderator, community)
        await roles.check_outranks(session, moderator, community, target.id)
        if community.is_local and [actor.id for actor in await roles.moderators(session, community.id)] == [target.id]:
            raise NotAllowed("A community needs somebody who looks after it: appoint another moderator first")
    if await roles.dismiss(session, community.id, target.id):
        await _record(session, events.CommunityActed(community, moderator, "remove_moderator", target=target))


async def transfer(session: AsyncSession, leader: Actor, community: Actor, target: Actor) -> None:
    """Hand a community here over to another of its moderators, who leads it from now on.

    Raises:
        NotAllowed: only who leads it, or staff, may; the other must be a moderator here.
    """
    leading = await roles.moderators(session, community.id)
    if not (leading and leading[0].id == leader.id) and not await roles.is_staff(session, leader):
        raise NotAllowed("Only who leads the community may hand it over")
    if target.id not in {actor.id for actor in leading} or not target.is_local:
        raise NotAllowed("Only a moderator with an account here can lead the community")
    await roles.lead(session, community.id, target.id)
    row = await session.get_one(Actor, community.id)
    row.owner_id = target.owner_id
    await session.flush()
    await mod_log.write(session, "lead", community_id=community.id, moderator_id=leader.id, target_id=target.id)


async def remove_community(session: AsyncSession, staff: Actor, community: Actor, *, reason: str = "",
                           removed: bool = True) -> None:
    """Take a community down on this server, or put it back: nothing can be posted, nobody sees its posts listed.

    Raises:
        NotAllowed: only staff may.
    """
    if not await roles.is_staff(session, staff):
        raise NotAllowed
    await posts.know(session, [community.id])
    row = await session.get_one(Community, community.id)
    row.closed_at = None  # from now on it is not for its leader to open it
    if (row.removed_at is not None) == removed:
        return
    row.removed_at = now() if removed else None
    await session.flush()
    await _record(session, events.CommunityActed(
        community, staff, "remove_community" if removed else "restore_community", reason=reason))
