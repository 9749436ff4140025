"""Follows: asked for, accepted, refused, taken back; and how people stand to each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import case, delete, exists, func, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social import events, feeds, notifications
from potluck.social.addresses import activity_uri
from potluck.social.errors import NotAllowed, NotFound
from potluck.social.model import (
    AccountNote,
    Actor,
    Block,
    DomainMute,
    Endorsement,
    Follow,
    ListMember,
    Mute,
)
from potluck.social.model import List as ListRow
from potluck.social.notifications import Notice
from potluck.social.paging import Page, in_order, paged

PENDING = "pending"
ACCEPTED = "accepted"


@dataclass(slots=True)
class Relationship:
    """How a viewer stands to someone, as Mastodon's Relationship tells it."""

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
    muting_expires_at: Any = None
    requested: bool = False
    requested_by: bool = False
    domain_blocking: bool = False
    endorsed: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Familiar:
    """People the viewer follows who follow someone."""

    id: int
    actors: list[Actor] = field(default_factory=list)


async def follow(
    session: AsyncSession, follower: Actor, followed: Actor, *, uri: str | None = None,
    show_boosts: bool | None = None, notify: bool | None = None, languages: Sequence[str] | None = None,
) -> Follow:
    """Follow, or change how one follows.

    A local, unlocked account accepts at once; a locked one is asked; a remote one is pending until its Accept comes.

    Args:
        uri: id of the remote Follow activity; made for local followers. A repeated remote Follow is accepted again.
        languages: only posts in these come into home; an empty list means all.

    Raises:
        NotAllowed: oneself, a block between the two, or an account that moved or is gone.
    """
    await _check(session, follower, followed)
    row: Follow | None = await session.scalar(select(Follow).where(
        Follow.follower_id == follower.id, Follow.followed_id == followed.id))
    is_new = row is None
    if row is None:
        new_id = ids.new()
        row = Follow(id=new_id, uri=uri or (activity_uri(new_id) if follower.is_local else None),
                     follower_id=follower.id, followed_id=followed.id, state=PENDING, show_boosts=True, notify=False,
                     languages=None, created_at=now())
        session.add(row)
    elif uri:
        row.uri = uri
    if show_boosts is not None:
        row.show_boosts = show_boosts
    if notify is not None:
        row.notify = notify
    if languages is not None:
        row.languages = list(languages) or None
    await session.flush()
    if is_new:
        await events.emit(session, events.FollowRequested(row, follower, followed))
    if followed.is_local:
        await _answer(session, row, follower, followed, is_new)
    return row


async def _check(session: AsyncSession, follower: Actor, followed: Actor) -> None:
    if follower.id == followed.id:
        raise NotAllowed("You cannot follow yourself")
    if followed.suspended_at or followed.deleted_at or followed.moved_to_id:
        raise NotAllowed("This account cannot be followed")
    blocked = await session.scalar(select(Block.id).where(
        ((Block.blocker_id == followed.id) & (Block.blocked_id == follower.id))
        | ((Block.blocker_id == follower.id) & (Block.blocked_id == followed.id))).limit(1))
    if blocked:
        raise NotAllowed("This account cannot be followed")


async def _answer(session: AsyncSession, row: Follow, follower: Actor, followed: Actor, is_new: bool) -> None:
    """A local account answers a request: at once when it is not locked."""
    if row.state == ACCEPTED:
        if not follower.is_local:
            await events.emit(session, events.FollowAccepted(row, follower, followed))
        return
    # Silenced strangers have to ask, as on Mastodon.
    if not followed.locked and follower.silenced_at is None:
        await _accept(session, row, follower, followed)
        await notifications.notify(session, [Notice(followed.id, "follow", follower.id)])
    elif is_new:
        await notifications.notify(session, [Notice(followed.id, "follow_request", follower.id)])


async def _accept(session: AsyncSession, row: Follow, follower: Actor, followed: Actor) -> None:
    row.state = ACCEPTED
    await session.flush()
    await _count(session, follower.id, followed.id, 1)
    if follower.is_local:
        await feeds.backfill(session, follower.id, followed.id)
    await events.emit(session, events.FollowAccepted(row, follower, followed))


async def _count(session: AsyncSession, follower_id: int, followed_id: int, step: int) -> None:
    for actor_id, column in ((follower_id, Actor.following_count), (followed_id, Actor.followers_count)):
        value = column + 1 if step > 0 else case((column > 0, column - 1), else_=0)
        await session.execute(update(Actor).where(Actor.id == actor_id).values({column: value})
                              .execution_options(synchronize_session=False))


async def accept(session: AsyncSession, followed: Actor, follower: Actor, *, uri: str | None = None) -> Follow:
    """The followed accepts a pending request. Accepting again has no effect.

    Args:
        uri: if given, the id of the Follow that the Accept names.

    Raises:
        NotFound: there is no such request (a forged or late Accept).
    """
    row = await _pair(session, follower, followed)
    if row is None or (uri and row.uri and row.uri != uri):
        raise NotFound
    if row.state == PENDING:
        await _accept(session, row, follower, followed)
        await notifications.remove(session, type="follow_request", actor_id=follower.id, reader_id=followed.id)
        if followed.is_local:
            await notifications.notify(session, [Notice(followed.id, "follow", follower.id)])
    return row


async def reject(session: AsyncSession, followed: Actor, follower: Actor) -> None:
    """The followed refuses a request, or removes a follower. Nothing to refuse is no error."""
    row = await _pair(session, follower, followed)
    if row is None:
        return
    await _remove(session, row)
    await notifications.remove(session, type="follow_request", actor_id=follower.id, reader_id=followed.id)
    await events.emit(session, events.FollowRejected(row, follower, followed))


async def unfollow(session: AsyncSession, follower: Actor, followed: Actor) -> None:
    """The follower takes the follow or request back."""
    row = await _pair(session, follower, followed)
    if row is None:
        return
    await _remove(session, row)
    for type in ("follow_request", "follow"):
        await notifications.remove(session, type=type, actor_id=follower.id, reader_id=followed.id)
    await events.emit(session, events.Unfollowed(row, follower, followed))


async def pair(session: AsyncSession, follower: Actor, followed: Actor) -> Follow | None:
    """The follow or request between two actors."""
    return await _pair(session, follower, followed)


async def _pair(session: AsyncSession, follower: Actor, followed: Actor) -> Follow | None:
    found: Follow | None = await session.scalar(select(Follow).where(
        Follow.follower_id == follower.id, Follow.followed_id == followed.id))
    return found


async def _remove(session: AsyncSession, row: Follow) -> None:
    """Take a follow out, with what it brought into the follower's home and lists."""
    await session.execute(delete(Follow).where(Follow.id == row.id).execution_options(synchronize_session=False))
    if row.state == ACCEPTED:
        await _count(session, row.follower_id, row.followed_id, -1)
    await feeds.remove_source(session, row.follower_id, row.followed_id)
    own_lists = select(ListRow.id).where(ListRow.owner_id == row.follower_id)
    listed = (await session.scalars(select(ListMember.list_id).where(
        ListMember.list_id.in_(own_lists), ListMember.actor_id == row.followed_id))).all()
    for list_id in listed:
        await feeds.remove_source(session, list_id, row.followed_id)
    if listed:
        await session.execute(delete(ListMember).where(
            ListMember.list_id.in_(listed), ListMember.actor_id == row.followed_id))


async def sever(session: AsyncSession, one: Actor, other: Actor) -> None:
    """End the follows between two actors in both directions (a block)."""
    for follower, followed in ((one, other), (other, one)):
        row = await _pair(session, follower, followed)
        if row is not None:
            await _remove(session, row)


async def requests(session: AsyncSession, followed_id: int, page: Page) -> list[tuple[int, Actor]]:
    """A page of who asks to follow: (cursor, actor), latest first."""
    return await _people(session, Follow.follower_id, Follow.followed_id == followed_id, PENDING, page)


async def requests_count(session: AsyncSession, followed_id: int) -> int:
    """How many ask to follow."""
    return await session.scalar(select(func.count()).select_from(Follow).where(
        Follow.followed_id == followed_id, Follow.state == PENDING)) or 0


async def followers(session: AsyncSession, actor_id: int, page: Page) -> list[tuple[int, Actor]]:
    """A page of followers: (cursor, actor), latest first."""
    return await _people(session, Follow.follower_id, Follow.followed_id == actor_id, ACCEPTED, page)


async def following(session: AsyncSession, actor_id: int, page: Page) -> list[tuple[int, Actor]]:
    """A page of who someone follows: (cursor, actor), latest first."""
    return await _people(session, Follow.followed_id, Follow.follower_id == actor_id, ACCEPTED, page)


async def _people(session: AsyncSession, column: Any, condition: Any, state: str, page: Page,
                  ) -> list[tuple[int, Actor]]:
    query = select(Follow.id, Actor).join(Actor, Actor.id == column).where(
        condition, Follow.state == state, Actor.deleted_at.is_(None), Actor.suspended_at.is_(None))
    rows = (await session.execute(paged(query, Follow.id, page.at_most(80)))).tuples().all()
    return in_order([(cursor, actor) for cursor, actor in rows], page)


async def relationships(session: AsyncSession, viewer_id: int, actor_ids: Iterable[int]) -> list[Relationship]:
    """How the viewer stands to each of several actors, in the order asked, in a fixed number of queries."""
    wanted = list(dict.fromkeys(actor_ids))
    found = {actor_id: Relationship(actor_id) for actor_id in wanted}
    if not found:
        return []
    await _add_follows(session, viewer_id, found)
    await _add_mutes(session, viewer_id, found)
    await _add_flags(session, viewer_id, found)
    notes = await session.execute(select(AccountNote.target_id, AccountNote.comment).where(
        AccountNote.actor_id == viewer_id, AccountNote.target_id.in_(found)))
    for actor_id, comment in notes.all():
        found[actor_id].note = comment
    return [found[actor_id] for actor_id in wanted]


async def _add_follows(session: AsyncSession, viewer_id: int, found: dict[int, Relationship]) -> None:
    rows = await session.scalars(select(Follow).where(
        ((Follow.follower_id == viewer_id) & Follow.followed_id.in_(found))
        | ((Follow.followed_id == viewer_id) & Follow.follower_id.in_(found))))
    for row in rows.all():
        accepted = row.state == ACCEPTED
        if row.follower_id == viewer_id:
            entry = found[row.followed_id]
            entry.following, entry.requested = accepted, not accepted
            entry.showing_reblogs, entry.notifying, entry.languages = row.show_boosts, row.notify, row.languages
        else:
            entry = found[row.follower_id]
            entry.followed_by, entry.requested_by = accepted, not accepted


async def _add_mutes(session: AsyncSession, viewer_id: int, found: dict[int, Relationship]) -> None:
    moment = now()
    rows = await session.scalars(select(Mute).where(Mute.muter_id == viewer_id, Mute.muted_id.in_(found)))
    for row in rows.all():
        if row.expires_at is None or row.expires_at > moment:
            entry = found[row.muted_id]
            entry.muting, entry.muting_notifications = True, row.notifications
            entry.muting_expires_at = row.expires_at


async def _add_flags(session: AsyncSession, viewer_id: int, found: dict[int, Relationship]) -> None:
    statement = union_all(
        select(literal("blocking"), Block.blocked_id).where(
            Block.blocker_id == viewer_id, Block.blocked_id.in_(found)),
        select(literal("blocked_by"), Block.blocker_id).where(
            Block.blocked_id == viewer_id, Block.blocker_id.in_(found)),
        select(literal("endorsed"), Endorsement.target_id).where(
            Endorsement.actor_id == viewer_id, Endorsement.target_id.in_(found)),
        select(literal("domain_blocking"), Actor.id).join(DomainMute, DomainMute.host == Actor.host).where(
            DomainMute.actor_id == viewer_id, Actor.id.in_(found)),
    )
    for name, actor_id in (await session.execute(statement)).all():
        setattr(found[actor_id], name, True)


async def familiar_followers(session: AsyncSession, viewer_id: int, actor_ids: Sequence[int]) -> list[Familiar]:
    """For each of several actors: whom the viewer follows that follow them (those who hide their lists left out)."""
    mine = select(Follow.followed_id).where(Follow.follower_id == viewer_id, Follow.state == ACCEPTED)
    rows = (await session.execute(
        select(Follow.followed_id, Actor).join(Actor, Actor.id == Follow.follower_id).where(
            Follow.followed_id.in_(actor_ids), Follow.state == ACCEPTED, Follow.follower_id.in_(mine),
            ~Actor.hide_collections, Actor.suspended_at.is_(None)).order_by(Follow.id.desc()).limit(500))).tuples().all()
    people: dict[int, list[Actor]] = {actor_id: [] for actor_id in actor_ids}
    for actor_id, actor in rows:
        people[actor_id].append(actor)
    return [Familiar(actor_id, found) for actor_id, found in people.items()]


async def has_local_followers(session: AsyncSession, actor_id: int) -> bool:
    """Whether anyone here follows an actor."""
    local = exists().where(Actor.id == Follow.follower_id, Actor.host == "")
    return bool(await session.scalar(select(Follow.id).where(
        Follow.followed_id == actor_id, Follow.state == ACCEPTED, local).limit(1)))
