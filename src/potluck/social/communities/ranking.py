"""In which order posts stand, by Lemmy's formulas, computed in SQL alike on both databases (forum §12)."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from sqlalchemy import Float, case, cast, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.model import Community, GroupPost, Object

_POST: Any = GroupPost.__table__
_OBJECT: Any = Object.__table__
_COMMUNITY: Any = Community.__table__

WEEK = 168
"""Hours after which a post is not hot any more."""

_BATCH = 2000


def seconds() -> int:
    """The current moment in seconds since 1970."""
    return int(time.time())


def hot(score: Any, since: Any, moment: int) -> Any:
    """`log10(max(2, score + 2)) / (hours + 2)^1.8` within a week, else 0; what lies in the future has 0."""
    hours = cast(literal(moment) - since, Float) / 3600.0
    lifted = case((score > 0, score + 2), else_=2)
    # The exponent's base is held above zero: databases evaluate it for rows the CASE leaves out, too.
    base = case((hours > 0, hours + 2), else_=2.0)
    return case((hours < 0, 0.0), (hours >= WEEK, 0.0), else_=func.log10(cast(lifted, Float)) / func.pow(base, 1.8))


def controversy(votes: Any, score: Any) -> Any:
    """`(up + down) ^ (min / max)`; 0 without votes of both sorts."""
    up, down = (votes + score) / 2, (votes - score) / 2
    least, most = case((up < down, up), else_=down), case((up < down, down), else_=up)
    ratio = cast(least, Float) / case((most > 0, cast(most, Float)), else_=1.0)
    return case((least > 0, func.pow(cast(votes, Float), ratio)), else_=0.0)


def _ranks(moment: int) -> dict[str, Any]:
    month = select(_COMMUNITY.c.interactions_month).where(
        _COMMUNITY.c.actor_id == _POST.c.community_id).scalar_subquery()
    fresh = hot(_POST.c.score, _POST.c.published_s, moment)
    return {
        "hot": fresh,
        "hot_active": hot(_POST.c.score, _POST.c.active_s, moment),
        "scaled": fresh / func.log10(cast(2 + func.coalesce(month, 0), Float)),
        "controversy": controversy(_POST.c.votes, _POST.c.score),
    }


async def recount(session: AsyncSession, object_ids: Collection[int]) -> None:
    """Take votes over from the objects and rank them anew; ids that are no community's posts are passed over."""
    if not object_ids:
        return
    likes = select(_OBJECT.c.likes_count).where(_OBJECT.c.id == _POST.c.object_id).scalar_subquery()
    dislikes = select(_OBJECT.c.dislikes_count).where(_OBJECT.c.id == _POST.c.object_id).scalar_subquery()
    mine = _POST.c.object_id.in_(object_ids)
    await session.execute(update(_POST).where(mine).values(score=likes - dislikes, votes=likes + dislikes))
    await session.execute(update(_POST).where(mine).values(**_ranks(seconds())))


async def refresh(session: AsyncSession) -> None:
    """Rank anew what is still warm: ranks fall with time. Every few minutes; a fixed number of rows a statement."""
    warm = or_(_POST.c.hot > 0, _POST.c.hot_active > 0)
    above = 0
    moment = seconds()
    while True:
        found = (await session.scalars(select(_POST.c.object_id).where(warm, _POST.c.object_id > above).order_by(
            _POST.c.object_id).limit(_BATCH))).all()
        if not found:
            return
        above = found[-1]
        await session.execute(update(_POST).where(_POST.c.object_id.in_(found)).values(**_ranks(moment)))


async def count_month(session: AsyncSession) -> None:
    """How lively each community was in the last thirty days, for the order `scaled`."""
    since = seconds() - 30 * 86400
    busy = (await session.execute(
        select(_POST.c.community_id, func.sum(1 + _POST.c.comments + _POST.c.votes)).where(
            _POST.c.published_s >= since, _POST.c.listed).group_by(_POST.c.community_id))).all()
    found = {community: int(total or 0) for community, total in busy}
    await session.execute(update(_COMMUNITY).where(
        _COMMUNITY.c.interactions_month > 0, _COMMUNITY.c.actor_id.not_in(found)).values(interactions_month=0))
    for community, total in found.items():
        await session.execute(update(_COMMUNITY).where(
            _COMMUNITY.c.actor_id == community, _COMMUNITY.c.interactions_month != total).values(
            interactions_month=total))
