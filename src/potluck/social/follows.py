"""Follows: asked for, accepted, refused, taken back; who follows whom, and how people stand to each other.

A follow of a local, unlocked actor is accepted at once. One of a remote actor stays pending until its Accept arrives.
Counts change in the transaction of the follow, only for accepted ones, and only when a row really changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social import events, feeds, notifications
from potluck.social.addresses import activity_uri
from potluck.social.counting import count_follows
from potluck.social.errors import NotAllowed, NotFound, moved_away
from potluck.social.model import Actor, Block, DomainMute, Follow
from potluck.social.notifications import Notice
from potluck.social.paging import Page, in_order, paged
from potluck.social.relationships import Relationship, relationships
from potluck.social.severing import sever

__all__ = [
    "Familiar", "Listed", "Relationship", "accept", "familiar_followers", "find", "follow", "followers", "following",
    "has_local_followers", "reject", "relationships", "requests", "requests_count", "unfollow",
]

_FOLLOW: Any = Follow.__table__
_FAMILIAR = 10
_MOST = 80


class _Unset:
    """Stands for an argument that was not given, where None means something."""


UNSET: Final = _Unset()


@dataclass(slots=True)
class Familiar:
    """Those the viewer follows who follow somebody."""

    id: int
    actors: list[Actor] = field(default_factory=list)


class Listed(NamedTuple):
    """Someone in a list of people, with the cursor for paging."""

    cursor: int
    actor: Actor


async def follow(
    session: AsyncSession,
    follower: Actor,
    followed: Actor,
    *,
    uri: str | None = None,
    show_boosts: bool | None = None,
    notify: bool | None = None,
    languages: list[str] | _Unset | None = UNSET,
) -> Follow:
    """Follow someone, or change how.

    Args:
        uri: id of the Follow activity, when it came from elsewhere.
        show_boosts: have their boosts at home (default yes).
        notify: have a notification for each post (default no).
        languages: only posts in these (or in none) at home; None for all.

    Raises:
        NotFound: they are gone or suspended.
        NotAllowed: it is oneself, one of the two has blocked the other, or they moved away.
    """
    await _check(session, follower, followed)
    wishes = _wishes(show_boosts, notify, languages)
    row = await find(session, follower.id, followed.id)
    if row is None:
        row = await _create(session, follower, followed, uri, wishes)
        if row is not None:
            return row
        row = await find(session, follower.id, followed.id)  # made at this moment by somebody else
        if row is None:
            raise NotFound
    for name, value in wishes.items():
        setattr(row, name, value)
    return await _repeat(session, row, follower, followed, uri)


async def _check(session: AsyncSession, follower: Actor, followed: Actor) -> None:
    if followed.deleted_at is not None or followed.suspended_at is not None:
        raise NotFound
    if follower.id == followed.id:
        raise NotAllowed("You cannot follow yourself")
    if follower.is_local and follower.moved_to_id is not None:
        raise moved_away()
    if followed.moved_to_id is not None:
        raise NotAllowed("This account has moved to another one")
    blocked = await session.scalar(select(exists().where(or_(
        and_(Block.blocker_id == follower.id, Block.blocked_id == followed.id),
        and_(Block.blocker_id == followed.id, Block.blocked_id == follower.id)))))
    if not blocked and followed.is_local and follower.host:
        blocked = await session.scalar(select(exists().where(
            DomainMute.actor_id == followed.id, DomainMute.host == follower.host)))
    if blocked:
        raise NotAllowed


def _wishes(
    show_boosts: bool | None, notify: bool | None, languages: list[str] | _Unset | None
) -> dict[str, Any]:
    wishes: dict[str, Any] = {}
    if show_boosts is not None:
        wishes["show_boosts"] = show_boosts
    if notify is not None:
        wishes["notify"] = notify
    if not isinstance(languages, _Unset):
        wishes["languages"] = languages or None
    return wishes


def _must_ask(follower: Actor, followed: Actor) -> bool:
    """Remote actors answer for themselves; local ones ask to be asked, or are asked about limited accounts."""
    return not followed.is_local or followed.locked or follower.silenced_at is not None


async def _create(
    session: AsyncSession, follower: Actor, followed: Actor, uri: str | None, wishes: dict[str, Any]
) -> Follow | None:
    new_id, pending = ids.new(), _must_ask(follower, followed)
    values = {
        "id": new_id, "uri": uri or (activity_uri(new_id) if follower.is_local else None), "follower_id": follower.id,
        "followed_id": followed.id, "state": "pending" if pending else "accepted", "show_boosts": True,
        "notify": False, "languages": None, "created_at": now(), **wishes}
    result: Any = await session.execute(insert_or_ignore(session, _FOLLOW).values(**values))
    if result.rowcount == 0:
        return None
    row = await session.get_one(Follow, new_id)
    await events.emit(session, events.FollowRequested(row, follower, followed))
    if not pending:
        await _accepted(session, row, follower, followed)
    elif followed.is_local:
        await notifications.notify(session, [Notice(followed.id, "follow_request", follower.id)])
    return row


async def _repeat(session: AsyncSession, row: Follow, follower: Actor, followed: Actor, uri: str | None) -> Follow:
    """A follow that is there already: who asks from elsewhere is answered once more (protocol §13)."""
    if uri is not None:
        row.uri = uri
    await session.flush()
    if row.state == "pending" and not _must_ask(follower, followed):
        return await accept(session, followed, follower)
    if row.state == "accepted" and uri is not None and followed.is_local:
        await events.emit(session, events.FollowAccepted(row, follower, followed))
    return row


async def _accepted(session: AsyncSession, row: Follow, follower: Actor, followed: Actor) -> None:
    """What follows from an accepted follow."""
    await count_follows(session, [(follower.id, followed.id)], +1)
    if follower.is_local:
        await feeds.backfill(session, follower.id, followed.id)
    if followed.is_local:
        await notifications.notify(session, [Notice(followed.id, "follow", follower.id)])
    await events.emit(session, events.FollowAccepted(row, follower, followed))


async def find(session: AsyncSession, follower_id: int, followed_id: int) -> Follow | None:
    """The follow between two actors, pending or accepted."""
    found: Follow | None = await session.scalar(select(Follow).where(
        Follow.follower_id == follower_id, Follow.followed_id == followed_id))
    return found


async def accept(session: AsyncSession, followed: Actor, follower: Actor) -> Follow:
    """The followed one accepts a request. Accepting again changes nothing.

    Raises:
        NotFound: there is no such request.
    """
    row = await find(session, follower.id, followed.id)
    if row is None:
        raise NotFound
    changed: Any = await session.execute(update(_FOLLOW).where(
        _FOLLOW.c.id == row.id, _FOLLOW.c.state == "pending").values(state="accepted"))
    if changed.rowcount:
        await session.refresh(row)
        await notifications.remove(session, type="follow_request", actor_id=follower.id, reader_id=followed.id)
        await _accepted(session, row, follower, followed)
    return row


async def reject(session: AsyncSession, followed: Actor, follower: Actor) -> None:
    """The followed one refuses a request, or removes a follower; without either nothing happens."""
    await sever(session, _between(follower, followed), by=followed)


async def unfollow(session: AsyncSession, follower: Actor, followed: Actor) -> None:
    """The follower takes a follow or request back; without one nothing happens."""
    await sever(session, _between(follower, followed), by=follower)


def _between(follower: Actor, followed: Actor) -> ColumnElement[bool]:
    return and_(Follow.follower_id == follower.id, Follow.followed_id == followed.id)


def _standing() -> ColumnElement[bool]:
    return and_(Actor.suspended_at.is_(None), Actor.deleted_at.is_(None))


async def _listed(session: AsyncSession, query: Any, page: Page) -> list[Listed]:
    rows = (await session.execute(paged(query.where(_standing()), Follow.id, page.at_most(_MOST)))).all()
    return in_order([Listed(cursor, actor) for cursor, actor in rows], page)


async def followers(session: AsyncSession, actor_id: int, page: Page) -> list[Listed]:
    """A page of an actor's followers, latest first (the cursor is the follow's id)."""
    query = select(Follow.id, Actor).join(Actor, Actor.id == Follow.follower_id).where(
        Follow.followed_id == actor_id, Follow.state == "accepted")
    return await _listed(session, query, page)


async def following(session: AsyncSession, actor_id: int, page: Page) -> list[Listed]:
    """A page of those an actor follows, latest first (the cursor is the follow's id)."""
    query = select(Follow.id, Actor).join(Actor, Actor.id == Follow.followed_id).where(
        Follow.follower_id == actor_id, Follow.state == "accepted")
    return await _listed(session, query, page)


async def requests(session: AsyncSession, actor_id: int, page: Page) -> list[Listed]:
    """A page of those who ask to follow an actor, latest first (the cursor is the follow's id)."""
    query = select(Follow.id, Actor).join(Actor, Actor.id == Follow.follower_id).where(
        Follow.followed_id == actor_id, Follow.state == "pending")
    return await _listed(session, query, page)


async def requests_count(session: AsyncSession, actor_id: int) -> int:
    """How many ask to follow an actor."""
    query = select(func.count()).select_from(Follow).join(Actor, Actor.id == Follow.follower_id).where(
        Follow.followed_id == actor_id, Follow.state == "pending", _standing())
    return await session.scalar(query) or 0


async def familiar_followers(
    session: AsyncSession, viewer_id: int, actor_ids: Sequence[int]
) -> list[Familiar]:
    """For each actor, up to ten of those the viewer follows who follow it too; none for who hides their followers."""
    mine, target = aliased(Follow), aliased(Actor)
    rank = func.row_number().over(partition_by=Follow.followed_id, order_by=Follow.id.desc())
    ranked = (
        select(Follow.followed_id.label("target_id"), Follow.follower_id.label("friend_id"), rank.label("rank"))
        .join(mine, and_(mine.followed_id == Follow.follower_id, mine.follower_id == viewer_id,
                         mine.state == "accepted"))
        .join(target, and_(target.id == Follow.followed_id, ~target.hide_collections))
        .where(Follow.followed_id.in_(actor_ids), Follow.state == "accepted", Follow.follower_id != viewer_id)
        .subquery()
    )
    query = select(ranked.c.target_id, Actor).join(Actor, Actor.id == ranked.c.friend_id).where(
        ranked.c.rank <= _FAMILIAR, _standing()).order_by(ranked.c.rank)
    found = {actor_id: Familiar(actor_id) for actor_id in actor_ids}
    for actor_id, friend in (await session.execute(query)).all():
        found[actor_id].actors.append(friend)
    return list(found.values())


async def has_local_followers(session: AsyncSession, actor_id: int) -> bool:
    """Whether anyone here follows an actor."""
    return bool(await session.scalar(select(exists().where(
        Follow.followed_id == actor_id, Follow.state == "accepted", Actor.id == Follow.follower_id, Actor.host == ""))))
