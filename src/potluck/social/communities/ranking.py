"""In which order posts and comments stand, by Lemmy's formulas, in SQL alike on both databases (forum §12)."""

from __future__ import annotations

import math
import time
from collections.abc import Collection
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Float, bindparam, case, cast, func, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.ids import floor_at
from potluck.social.model import CommentPlace, Community, GroupPost, Object

_POST: Any = GroupPost.__table__
_OBJECT: Any = Object.__table__
_COMMUNITY: Any = Community.__table__
_COMMENT: Any = CommentPlace.__table__

WEEK = 168
"""Hours after which a post is not hot any more."""

MOST_SCORE = 1_000_000
"""Comments beyond this score stand side by side."""

MARKED = 4.0 * MOST_SCORE
"""What lifts a moderator's word above all others: more than ranks of comments can differ."""

_BATCH = 2000
_END = 1 << 53  # above all ids
_PARTS = 12  # of the week, for comments
_TURN = 300  # seconds between two of their turns


def seconds() -> int:
    """The current moment in seconds since 1970."""
    return int(time.time())


def hot(score: Any, since: Any, moment: Any) -> Any:
    """`log10(max(2, score + 2)) / (hours + 2)^1.8` within a week, else 0; what lies in the future has 0."""
    hours = cast((literal(moment) if isinstance(moment, int) else moment) - since, Float) / 3600.0
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


def _ranks(moment: Any, score: Any = _POST.c.score, votes: Any = _POST.c.votes) -> dict[str, Any]:
    month = select(_COMMUNITY.c.interactions_month).where(
        _COMMUNITY.c.actor_id == _POST.c.community_id).scalar_subquery()
    fresh = hot(score, _POST.c.published_s, moment)
    return {
        "hot": fresh,
        "hot_active": hot(score, _POST.c.active_s, moment),
        "scaled": fresh / func.log10(cast(2 + func.coalesce(month, 0), Float)),
        "controversy": controversy(votes, score),
    }


def _ranks_of_comments(moment: Any, score: Any = _COMMENT.c.score, votes: Any = _COMMENT.c.votes) -> dict[str, Any]:
    """What siblings are ordered by. Hot: while it is warm by that, below zero by score alone."""
    lift = case((_COMMENT.c.marked, MARKED), else_=0.0)
    fresh = hot(score, _COMMENT.c.published_s, moment)
    bounded = case((score > MOST_SCORE, MOST_SCORE), (score < -MOST_SCORE, -MOST_SCORE), else_=score)
    divided = controversy(votes, score)
    return {
        "hot": lift + case((fresh > 0, fresh), else_=cast(bounded - (MOST_SCORE + 1), Float)),
        "top": lift + cast(bounded, Float),
        "controversial": lift + case((divided > MOST_SCORE, float(MOST_SCORE)), else_=divided),
    }


def rank_of_comment(score: int, votes: int, published_s: int, moment: int, *, marked: bool) -> dict[str, float]:
    """The same as `_ranks_of_comments`, for a comment that has no row yet."""
    lift, bounded = MARKED if marked else 0.0, max(-MOST_SCORE, min(MOST_SCORE, score))
    hours, least = (moment - published_s) / 3600, (votes - abs(score)) // 2
    warm = 0 <= hours < WEEK
    divided = min(votes ** (least / (votes - least)), float(MOST_SCORE)) if least > 0 else 0.0
    return {"hot": lift + (math.log10(max(2, score + 2)) / (hours + 2) ** 1.8 if warm else bounded - MOST_SCORE - 1),
            "top": lift + bounded, "controversial": lift + divided}


async def recount(session: AsyncSession, object_ids: Collection[int]) -> None:
    """Take votes over from the objects and rank them anew; ids that are no community's posts are passed over."""
    if object_ids:
        await _recount(session, _POST, object_ids, _ranks(seconds()))


async def recount_all(session: AsyncSession, object_ids: Any) -> None:
    """The same for posts and comments, by a query for their ids."""
    await _recount(session, _POST, object_ids, _ranks(seconds()))
    await _recount(session, _COMMENT, object_ids, _ranks_of_comments(seconds()))


async def _recount(session: AsyncSession, table: Any, object_ids: Any, ranks: dict[str, Any]) -> None:
    likes = select(_OBJECT.c.likes_count).where(_OBJECT.c.id == table.c.object_id).scalar_subquery()
    dislikes = select(_OBJECT.c.dislikes_count).where(_OBJECT.c.id == table.c.object_id).scalar_subquery()
    mine = table.c.object_id.in_(object_ids)
    await session.execute(update(table).where(mine).values(score=likes - dislikes, votes=likes + dislikes))
    await session.execute(update(table).where(mine).values(**ranks))


async def voted(session: AsyncSession, object_id: int, likes: int, dislikes: int, *, post: bool) -> None:
    """A post or comment has so many votes now: rank it anew, in one statement."""
    await (await session.connection()).execute(_vote(post=post), {
        "b_id": object_id, "b_score": likes - dislikes, "b_votes": likes + dislikes, "b_moment": seconds()})


@cache
def _vote(*, post: bool) -> Any:
    """The statement of `voted`: putting it together takes longer than running it."""
    table, ranks = (_POST, _ranks) if post else (_COMMENT, _ranks_of_comments)
    score, votes, moment = (bindparam(name, type_=BigInteger) for name in ("b_score", "b_votes", "b_moment"))
    return update(table).where(table.c.object_id == bindparam("b_id")).values(
        score=score, votes=votes, **ranks(moment, score, votes))


async def rank_comments(session: AsyncSession, object_ids: Any) -> None:
    """Rank comments anew by the votes they have."""
    await session.execute(update(_COMMENT).where(_COMMENT.c.object_id.in_(object_ids)).values(
        **_ranks_of_comments(seconds())))


async def refresh(session: AsyncSession) -> None:
    """Rank anew what is still warm: ranks fall with time. Every few minutes; a fixed number of rows a statement."""
    await _refresh(session, _POST, text("(hot > 0 OR hot_active > 0)"), _ranks(seconds()))


async def refresh_comments(session: AsyncSession) -> None:
    """The same for comments: those of the last day each time, and a part of the week, so that an hour sees all."""
    moment = seconds()
    ranks, warm = _ranks_of_comments(moment), text("hot > 0")
    part = WEEK * 3600 // _PARTS
    turn = moment // _TURN % _PARTS
    await _refresh(session, _COMMENT, warm, ranks, above=_floor(moment - 86400))
    # The oldest part goes back as far as there are warm ones: the server may have stood still.
    oldest = 0 if turn == _PARTS - 1 else _floor(moment - (turn + 1) * part)
    await _refresh(session, _COMMENT, warm, ranks, above=oldest, until=_floor(moment - turn * part))


def _floor(moment: int) -> int:
    return floor_at(datetime.fromtimestamp(moment, UTC))


async def _refresh(session: AsyncSession, table: Any, warm: Any, ranks: dict[str, Any], *, above: int = 0,
                   until: int = _END) -> None:
    # `warm` is text as it stands at the index: SQLite uses no partial index where a number is a parameter.
    while True:
        found = (await session.scalars(select(table.c.object_id).where(
            warm, table.c.object_id > above, table.c.object_id <= until).order_by(
            table.c.object_id).limit(_BATCH))).all()
        if not found:
            return
        above = found[-1]
        await session.execute(update(table).where(table.c.object_id.in_(found)).values(**ranks))


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
