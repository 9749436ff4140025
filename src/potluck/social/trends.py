"""What many people use, share and like now: hashtags, links, posts. Kept up to date in small steps.

Every few minutes `refresh` looks at what happened since: which hashtags and links were used, which posts were liked or
boosted. Only these are counted anew, so the work depends on how much happens now, not on how much there is.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.db.base import fixed, now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import floor_at
from potluck.social import trend_reviews
from potluck.social.fading import FadingCache
from potluck.social.model import (
    Actor,
    Announce,
    Hashtag,
    Object,
    ObjectCard,
    ObjectTag,
    PreviewCard,
    Reaction,
    TrendDay,
    TrendingObject,
    TrendReview,
)
from potluck.social.visibility import live, not_hidden_by, visible_to

REFRESH_SECONDS = 300.0
HISTORY_DAYS = 7
LEAST_PEOPLE = 2
"""What fewer people used or liked is no trend."""

_WINDOW = timedelta(minutes=20)
_HALF_LIFE_HOURS = 12.0
_OLDEST_POST = timedelta(days=7)
_MOST_TOUCHED = 2000
_KEPT_OBJECTS = 1000
_RANKED = 200
_DAY: Any = TrendDay.__table__
_TRENDING: Any = TrendingObject.__table__
_ranked: FadingCache[Any, list[int]] = FadingCache(most=16, seconds=120)


@dataclass(frozen=True, slots=True)
class Use:
    """Use of a link on one day: start of the day in Unix seconds, posts, people."""

    day: int
    uses: int
    people: int


def today() -> int:
    """The number of this day, counted from 1970."""
    return int(now().timestamp()) // 86400


def forget_all() -> None:
    """Rank anew at the next look (tests)."""
    _ranked.clear()


# ---- keeping up -------------------------------------------------------------------------------------------------


async def refresh(session: AsyncSession) -> None:
    """Count anew what was used or liked in the last minutes, and forget what is old."""
    since = floor_at(now() - _WINDOW)
    await _count(session, "tag", ObjectTag.hashtag_id, ObjectTag, since)
    await _count(session, "link", ObjectCard.card_id, ObjectCard, since)
    await _meet_publishers(session)
    await _rank_objects(session, since)
    await session.execute(delete(_DAY).where(_DAY.c.day < today() - HISTORY_DAYS))
    await session.execute(delete(_TRENDING).where(
        _TRENDING.c.object_id < floor_at(now() - _OLDEST_POST)))
    await session.execute(delete(TrendReview).where(
        TrendReview.kind == "status", TrendReview.subject_id < floor_at(now() - _OLDEST_POST)))
    other = _TRENDING.alias()
    kept = select(other.c.rank).order_by(other.c.rank.desc()).offset(_KEPT_OBJECTS).limit(1)
    await session.execute(delete(_TRENDING).where(_TRENDING.c.rank <= kept.scalar_subquery()))


def _counts() -> ColumnElement[bool]:
    """Posts that count: in public, by people in good standing."""
    author = aliased(Actor)
    return and_(live(), Object.visibility == fixed("public"), exists().where(
        author.id == Object.author_id, author.suspended_at.is_(None), author.silenced_at.is_(None),
        author.deleted_at.is_(None)))


async def _count(session: AsyncSession, kind: str, subject: Any, table: Any, since: int) -> None:
    """Count today's use of each subject that was used since."""
    touched = (await session.scalars(
        select(subject).distinct().where(table.object_id >= since).limit(_MOST_TOUCHED))).all()
    if not touched:
        return
    midnight = floor_at(datetime.fromtimestamp(today() * 86400, UTC))
    rows = (await session.execute(
        select(subject, func.count(), func.count(func.distinct(Object.author_id)))
        .join(Object, Object.id == table.object_id)
        .where(subject.in_(touched), table.object_id >= midnight, _counts()).group_by(subject))).all()
    await session.execute(delete(_DAY).where(
        _DAY.c.kind == kind, _DAY.c.day == today(), _DAY.c.subject_id.in_(touched)))
    if rows:
        await session.execute(insert_or_ignore(session, _DAY), [
            {"kind": kind, "day": today(), "subject_id": subject_id, "uses": uses, "people": people}
            for subject_id, uses, people in rows])


async def _meet_publishers(session: AsyncSession) -> None:
    pages = await session.scalars(
        select(PreviewCard.url).join(_DAY, and_(_DAY.c.kind == "link", _DAY.c.subject_id == PreviewCard.id))
        .where(_DAY.c.day == today(), _DAY.c.people >= LEAST_PEOPLE, PreviewCard.state == "ready")
        .order_by(_DAY.c.people.desc()).limit(_RANKED))
    await trend_reviews.meet_publishers(session, pages.all())


async def _rank_objects(session: AsyncSession, since: int) -> None:
    liked = select(Reaction.object_id).where(Reaction.id >= since, Reaction.kind != "dislike")
    boosted = select(Announce.object_id).where(Announce.id >= since)
    touched = set((await session.scalars(liked.union(boosted).limit(_MOST_TOUCHED))).all())
    if not touched:
        return
    rows = (await session.execute(
        select(Object.id, Object.published, Object.likes_count, Object.boosts_count)
        .join(Actor, Actor.id == Object.author_id)
        .where(Object.id.in_(touched), _counts(), Object.in_reply_to_uri.is_(None), ~Object.sensitive,
               Actor.discoverable, Object.id >= floor_at(now() - _OLDEST_POST)))).all()
    await session.execute(delete(_TRENDING).where(_TRENDING.c.object_id.in_(touched)))
    ranked = [{"object_id": object_id, "rank": _rank(published, likes + boosts)}
              for object_id, published, likes, boosts in rows if likes + boosts >= LEAST_PEOPLE]
    if ranked:
        await session.execute(insert_or_ignore(session, _TRENDING), ranked)


def _rank(published: datetime, marks: int) -> float:
    """Twice the marks weigh as much as being half a day younger."""
    return math.log2(marks) + published.timestamp() / 3600 / _HALF_LIFE_HOURS


# ---- reading ----------------------------------------------------------------------------------------------------


async def _subjects(session: AsyncSession, kind: str) -> list[int]:
    """Ids by how many people used them today, and yesterday as far as that day is not over yet."""
    key = (session.get_bind().engine.url, kind)
    found = _ranked.get(key)
    if found is None:
        left = 1 - (now().timestamp() % 86400) / 86400
        scores: dict[int, float] = {}
        for day, weight in ((today(), 1.0), (today() - 1, left)):
            rows = await session.execute(select(_DAY.c.subject_id, _DAY.c.people).where(
                _DAY.c.kind == kind, _DAY.c.day == day).order_by(_DAY.c.people.desc()).limit(_RANKED * 5))
            for subject_id, people in rows.all():
                scores[subject_id] = scores.get(subject_id, 0.0) + people * weight
        found = sorted((key for key, score in scores.items() if score >= LEAST_PEOPLE),
                       key=lambda subject_id: (-scores[subject_id], subject_id))[:_RANKED]
        _ranked.put(key, found)
    return found


async def hashtags(session: AsyncSession, *, limit: int = 10, offset: int = 0, every: bool = False) -> list[Hashtag]:
    """Hashtags that at least two people used in public lately, by most people first.

    Args:
        every: also those that moderators keep from trending.
    """
    ranked = await _subjects(session, "tag")
    wanted = (ranked if every else await trend_reviews.tags_allowed(session, ranked))[offset:offset + limit]
    rows = {row.id: row for row in (await session.scalars(select(Hashtag).where(Hashtag.id.in_(wanted)))).all()}
    return [rows[tag_id] for tag_id in wanted if tag_id in rows]


async def links(session: AsyncSession, *, limit: int = 10, offset: int = 0, every: bool = False) -> list[PreviewCard]:
    """Pages that at least two people linked to in public lately, by most people first.

    Args:
        every: also those that moderators keep from trending.
    """
    ranked = await _subjects(session, "link")
    rows = {row.id: row for row in (await session.scalars(select(PreviewCard).where(
        PreviewCard.id.in_(ranked), PreviewCard.state == "ready"))).all()}
    found = [rows[card_id] for card_id in ranked if card_id in rows]
    return (found if every else await trend_reviews.cards_allowed(session, found))[offset:offset + limit]


async def history_of_links(session: AsyncSession, card_ids: Collection[int]) -> dict[int, list[Use]]:
    """Use of links on each of the last seven days, today first."""
    days = [today() - back for back in range(HISTORY_DAYS)]
    rows = (await session.execute(select(_DAY.c.subject_id, _DAY.c.day, _DAY.c.uses, _DAY.c.people).where(
        _DAY.c.kind == "link", _DAY.c.subject_id.in_(card_ids)))).all() if card_ids else ()
    used = {(subject_id, day): (uses, people) for subject_id, day, uses, people in rows}
    return {card_id: [Use(day * 86400, *used.get((card_id, day), (0, 0))) for day in days] for card_id in card_ids}


async def objects(session: AsyncSession, viewer_id: int | None, *, limit: int = 20, offset: int = 0,
                  every: bool = False) -> Sequence[int]:
    """Ids of posts that people like and boost now, as far as the viewer sees them and has not hidden their authors.

    Args:
        every: also those that moderators keep from trending.
    """
    query = (
        select(TrendingObject.object_id).join(Object, Object.id == TrendingObject.object_id)
        .join(Actor, Actor.id == Object.author_id)
        .where(visible_to(viewer_id), Object.visibility == fixed("public"), Actor.silenced_at.is_(None),
               Actor.discoverable))
    if not every:
        query = query.where(trend_reviews.post_allowed(TrendingObject.object_id))
    if viewer_id is not None:
        query = query.where(not_hidden_by(viewer_id, Object.author_id))
    return (await session.scalars(query.order_by(
        TrendingObject.rank.desc(), TrendingObject.object_id).offset(offset).limit(limit))).all()
