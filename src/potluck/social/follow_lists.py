"""One's own follows and followers as a list to tidy up: by activity, only mutual or silent ones, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.db.base import now
from potluck.social import follows
from potluck.social.model import Actor, Follow

ORDERS = ("newest", "oldest", "active", "dormant", "name")
WHICH = ("all", "mutual", "one_way", "dormant", "moved")
DORMANT = timedelta(days=180)
MOST = 100
MAX_OFFSET = 50_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the list.

    Attributes:
        followers: those who follow one, instead of those one follows.
        which: all, mutual, one_way (they do not follow back), dormant (silent for half a year), moved.
    """

    followers: bool = False
    which: str = "all"
    order: str = "newest"
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody in the list."""

    actor: Actor
    since: datetime
    mutual: bool


async def listed(session: AsyncSession, me_id: int, wanted: Wanted) -> list[Row]:
    """A part of the list; asks for one more than `limit`, so that the caller sees whether there are more."""
    other, mine = (Follow.follower_id, Follow.followed_id) if wanted.followers else (
        Follow.followed_id, Follow.follower_id)
    back = aliased(Follow)
    back_other, back_mine = (back.followed_id, back.follower_id) if wanted.followers else (
        back.follower_id, back.followed_id)
    mutual = exists().where(back_mine == me_id, back_other == other, back.state == "accepted")
    query = select(Actor, Follow.created_at, mutual.label("mutual")).join(Actor, Actor.id == other).where(
        mine == me_id, Follow.state == "accepted", Actor.deleted_at.is_(None), Actor.suspended_at.is_(None),
        *_conditions(wanted.which, mutual))
    orders = {
        "newest": (Follow.id.desc(),), "oldest": (Follow.id.asc(),),
        "active": (Actor.last_post_at.desc().nulls_last(), Follow.id.desc()),
        "dormant": (Actor.last_post_at.asc().nulls_first(), Follow.id.desc()),
        "name": (Actor.handle, Follow.id.desc()),
    }
    rows = await session.execute(query.order_by(*orders[wanted.order]).offset(
        min(wanted.offset, MAX_OFFSET)).limit(min(wanted.limit, MOST) + 1))
    return [Row(*row) for row in rows.all()]


def _conditions(which: str, mutual: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    silent = or_(Actor.last_post_at.is_(None), Actor.last_post_at < now() - DORMANT)
    return {"mutual": (mutual,), "one_way": (~mutual,), "dormant": (silent,),
            "moved": (and_(Actor.moved_to_uri.is_not(None)),)}.get(which, ())


async def end(session: AsyncSession, me: Actor, actor_ids: Sequence[int], *, followers: bool) -> int:
    """Unfollow people, or remove them from one's followers; each is an activity of its own.

    Returns:
        How many there were.
    """
    other, mine = (Follow.follower_id, Follow.followed_id) if followers else (Follow.followed_id, Follow.follower_id)
    found = (await session.scalars(select(Actor).join(Follow, Actor.id == other).where(
        mine == me.id, Actor.id.in_(list(actor_ids)[:MOST])))).all()
    for actor in found:
        await (follows.reject if followers else follows.unfollow)(session, me, actor)
    return len(found)
