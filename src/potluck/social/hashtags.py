"""Hashtags: found, followed, shown on profiles; how much they are used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import fixed, now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import EPOCH_MS, NODE_BITS, SEQUENCE_BITS, floor_at, ids
from potluck.social.errors import Invalid
from potluck.social.model import Actor, FeaturedTag, Hashtag, HashtagFollow, Object, ObjectTag
from potluck.social.paging import Page, in_order, paged
from potluck.social.tagging import ensure_hashtags
from potluck.social.visibility import live

MAX_FEATURED = 10
HISTORY_DAYS = 7

_DAY = timedelta(days=1)
_DAY_MS = 86_400_000
_IDS_PER_DAY = _DAY_MS << (NODE_BITS + SEQUENCE_BITS)
_EPOCH_DAY = EPOCH_MS // _DAY_MS  # ids count from a midnight
_MOST = 200


class Listed(NamedTuple):
    """A followed hashtag, with the cursor for paging."""

    cursor: int
    hashtag: Hashtag


@dataclass(frozen=True, slots=True)
class Day:
    """Use of a hashtag on one day: start of the day in Unix seconds, posts, people; texts, as Mastodon has them."""

    day: str
    uses: str
    accounts: str


@dataclass(frozen=True, slots=True)
class Featured:
    """A hashtag on a profile, with how often its owner used it in public."""

    id: int
    hashtag_id: int
    name: str
    posts_count: int
    last_post_at: datetime | None


async def by_name(session: AsyncSession, name: str) -> Hashtag | None:
    """The hashtag with this normalised name, if anyone ever used it here."""
    found: Hashtag | None = await session.scalar(select(Hashtag).where(Hashtag.name == name))
    return found


async def _ensure(session: AsyncSession, name: str) -> int:
    found = await ensure_hashtags(session, [name])
    if not found:
        raise Invalid("name", "Validation failed: Tag is invalid")
    return next(iter(found.values()))


async def follow(session: AsyncSession, actor: Actor, name: str) -> None:
    """Have a hashtag's public posts at home.

    Raises:
        Invalid: it is no hashtag.
    """
    await session.execute(insert_or_ignore(session, HashtagFollow).values(
        id=ids.new(), actor_id=actor.id, hashtag_id=await _ensure(session, name)))


async def unfollow(session: AsyncSession, actor: Actor, name: str) -> None:
    """Have them no longer; what is at home already stays."""
    tag = select(Hashtag.id).where(Hashtag.name == name).scalar_subquery()
    await session.execute(delete(HashtagFollow).where(
        HashtagFollow.actor_id == actor.id, HashtagFollow.hashtag_id == tag))


async def is_followed(session: AsyncSession, actor_id: int, name: str) -> bool:
    """Whether someone follows a hashtag."""
    return bool(await session.scalar(select(exists().where(
        HashtagFollow.actor_id == actor_id, HashtagFollow.hashtag_id == Hashtag.id, Hashtag.name == name))))


async def followed(session: AsyncSession, actor_id: int, page: Page) -> list[Listed]:
    """A page of the hashtags someone follows, latest first (the cursor is the follow's id)."""
    query: Any = select(HashtagFollow.id, Hashtag).join(Hashtag, Hashtag.id == HashtagFollow.hashtag_id).where(
        HashtagFollow.actor_id == actor_id)
    rows = (await session.execute(paged(query, HashtagFollow.id, page.at_most(_MOST)))).all()
    return in_order([Listed(*row) for row in rows], page)


async def marks(session: AsyncSession, actor_id: int, hashtag_ids: Sequence[int]) -> dict[int, tuple[bool, bool]]:
    """For each hashtag whether someone (follows it, shows it on their profile)."""
    follows = set((await session.scalars(select(HashtagFollow.hashtag_id).where(
        HashtagFollow.actor_id == actor_id, HashtagFollow.hashtag_id.in_(hashtag_ids)))).all())
    features = set((await session.scalars(select(FeaturedTag.hashtag_id).where(
        FeaturedTag.actor_id == actor_id, FeaturedTag.hashtag_id.in_(hashtag_ids)))).all())
    return {tag_id: (tag_id in follows, tag_id in features) for tag_id in hashtag_ids}


async def feature(session: AsyncSession, actor: Actor, name: str) -> None:
    """Show a hashtag on one's profile.

    Raises:
        Invalid: it is no hashtag, or there are ten already.
    """
    tag_id = await _ensure(session, name)
    present = (await session.scalars(select(FeaturedTag.hashtag_id).where(FeaturedTag.actor_id == actor.id))).all()
    if tag_id not in present and len(present) >= MAX_FEATURED:
        raise Invalid("name", "Validation failed: You have already featured the maximum number of hashtags")
    await session.execute(insert_or_ignore(session, FeaturedTag).values(
        id=ids.new(), actor_id=actor.id, hashtag_id=tag_id))


async def unfeature(session: AsyncSession, actor: Actor, name: str) -> None:
    """Show it no longer."""
    tag = select(Hashtag.id).where(Hashtag.name == name).scalar_subquery()
    await session.execute(delete(FeaturedTag).where(
        FeaturedTag.actor_id == actor.id, FeaturedTag.hashtag_id == tag))


def _shown() -> ColumnElement[bool]:
    """Posts that count: in public, by people in good standing."""
    return and_(live(), Object.visibility == fixed("public"), exists().where(
        Actor.id == Object.author_id, Actor.suspended_at.is_(None), Actor.silenced_at.is_(None),
        Actor.deleted_at.is_(None)))


async def featured(session: AsyncSession, actor_id: int) -> list[Featured]:
    """The hashtags on someone's profile, the most used first."""
    uses = (
        select(ObjectTag.hashtag_id, func.count().label("posts"), func.max(Object.published).label("last"))
        .join(Object, Object.id == ObjectTag.object_id)
        .where(Object.author_id == actor_id, live(), Object.visibility.in_(("public", "unlisted")))
        .group_by(ObjectTag.hashtag_id).subquery()
    )
    posts = func.coalesce(uses.c.posts, 0)
    rows = await session.execute(
        select(FeaturedTag.id, Hashtag.id, Hashtag.name, posts, uses.c.last)
        .join(Hashtag, Hashtag.id == FeaturedTag.hashtag_id)
        .outerjoin(uses, uses.c.hashtag_id == FeaturedTag.hashtag_id)
        .where(FeaturedTag.actor_id == actor_id).order_by(posts.desc(), FeaturedTag.id))
    return [Featured(*row) for row in rows.all()]


async def used_by(session: AsyncSession, actor_id: int, *, limit: int = 10) -> Sequence[Hashtag]:
    """The hashtags someone used most in the last month and does not show yet."""
    shown = select(FeaturedTag.hashtag_id).where(FeaturedTag.actor_id == actor_id)
    uses = (
        select(ObjectTag.hashtag_id, func.count().label("posts")).join(Object, Object.id == ObjectTag.object_id)
        .where(Object.author_id == actor_id, live(), Object.id >= floor_at(now() - 30 * _DAY),
               ObjectTag.hashtag_id.not_in(shown), ObjectTag.hashtag_id.in_(select(Hashtag.id).where(Hashtag.listable)))
        .group_by(ObjectTag.hashtag_id).subquery()
    )
    rows = await session.scalars(select(Hashtag).join(uses, uses.c.hashtag_id == Hashtag.id)
                                 .order_by(uses.c.posts.desc(), Hashtag.id).limit(limit))
    return rows.all()


def _days() -> list[int]:
    """The numbers (days since 1970) of the days of a history, today first."""
    today = int(now().timestamp()) // 86400
    return [today - back for back in range(HISTORY_DAYS)]


def no_history() -> list[Day]:
    """The history of a hashtag that nobody used lately."""
    return [Day(str(number * 86400), "0", "0") for number in _days()]


async def history(session: AsyncSession, hashtag_ids: Sequence[int]) -> dict[int, list[Day]]:
    """Use of hashtags on each of the last seven days, today first; one query for any number of them."""
    if not hashtag_ids:
        return {}
    days = _days()
    since = floor_at(datetime.fromtimestamp(days[-1] * 86400, UTC))
    day = Object.id // _IDS_PER_DAY
    rows = await session.execute(
        select(ObjectTag.hashtag_id, day, func.count(), func.count(func.distinct(Object.author_id)))
        .join(Object, Object.id == ObjectTag.object_id)
        .where(ObjectTag.hashtag_id.in_(hashtag_ids), ObjectTag.object_id >= since, _shown())
        .group_by(ObjectTag.hashtag_id, day))
    used = {(tag_id, number + _EPOCH_DAY): (uses, people) for tag_id, number, uses, people in rows.all()}
    return {
        tag_id: [Day(str(number * 86400), *map(str, used.get((tag_id, number), (0, 0)))) for number in days]
        for tag_id in hashtag_ids
    }
