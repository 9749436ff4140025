"""How often one account may post, follow and report, as Mastodon has it: counted in the database, over all processes.

What is counted are the rows of the window of time that runs now, so that nothing has to be written to count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import floor_at
from potluck.settings import Settings, current
from potluck.social.errors import TooMany
from potluck.social.model import Actor, Announce, Follow, Object, Report

Family = Literal["posts", "follows", "reports"]
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class _Rule:
    seconds: int
    most: Callable[[Settings], int]
    counted: tuple[tuple[Any, Any], ...]  # ids, whose
    refusal: Callable[[int], TooMany]


_RULES: dict[Family, _Rule] = {
    "posts": _Rule(3 * _HOUR, lambda settings: settings.posts_in_three_hours,
                   ((Object.id, Object.author_id), (Announce.id, Announce.actor_id)),
                   lambda wait: TooMany("You have posted very much in the last hours. Please wait a while", wait)),
    "follows": _Rule(24 * _HOUR, lambda settings: settings.follows_a_day, ((Follow.id, Follow.follower_id),),
                     lambda wait: TooMany("You have followed very many people today. Please wait a while", wait)),
    "reports": _Rule(24 * _HOUR, lambda settings: settings.reports_a_day, ((Report.id, Report.reporter_id),),
                     lambda wait: TooMany("You have reported very much today. Please wait a while", wait)),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How many more times something may be done until the window of time ends."""

    limit: int
    remaining: int
    resets_at: datetime


async def take(session: AsyncSession, actor: Actor, family: Family) -> Standing | None:
    """Whether an account may do one more of these; None where there is no limit.

    Raises:
        TooMany: it has done as many as it may.
    """
    rule = _RULES[family]
    most = rule.most(current())
    if not most or not current().rate_limits:
        return None
    moment = int(now().timestamp())
    start = moment // rule.seconds * rule.seconds
    end = start + rule.seconds
    floor = floor_at(datetime.fromtimestamp(start, UTC))
    used = 0
    for ids, whose in rule.counted:
        part = select(ids).where(whose == actor.id, ids >= floor).limit(most).subquery()
        used += await session.scalar(select(func.count()).select_from(part)) or 0
    if used >= most:
        raise rule.refusal(max(1, end - moment))
    return Standing(most, most - used - 1, datetime.fromtimestamp(end, UTC))
