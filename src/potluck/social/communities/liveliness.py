"""How many people took part in each community lately: posted, commented or voted (Lemmy's `users_active_…`).

Counted in the background: what came since the last time is read once, and of each person in each community the last
moment is kept, for half a year. Nothing is counted when somebody asks.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import Database, insert_or_update
from potluck.db.ids import floor_at, time_of
from potluck.social import kept_values
from potluck.social.communities.ranking import seconds
from potluck.social.model import Community, CommunityActivity, GroupPost, Object, Reaction

SPANS = {"active_day": 86400, "active_week": 7 * 86400, "active_month": 30 * 86400, "active_half_year": 182 * 86400}
"""Columns of `Community`, and the seconds they look back."""

LATE = 2 * 86400
"""Posts have ids by when they were said; those that came later than this count for nothing here."""

STEP = 7 * 86400
"""Seconds of the past that are read in one transaction."""

_NAME = "communities_counted_until"
_ACTIVITY: Any = CommunityActivity.__table__
_COMMUNITY: Any = Community.__table__
_POST: Any = GroupPost.__table__
_OBJECT: Any = Object.__table__
_REACTION: Any = Reaction.__table__
_AT_ONCE = 1000


async def count(db: Database) -> None:
    """Read what is new, a week of it at a time, then count anew."""
    present = seconds()
    async with db.read() as session:
        known = await kept_values.get(session, _NAME)
    start = max(int(known or 0), present - SPANS["active_half_year"])
    while start < present:
        until = min(start + STEP, present)
        async with db.write() as session:
            await _note(session, start, until)
            await kept_values.put(session, _NAME, str(until))
        start = until
    async with db.write() as session:
        await session.execute(delete(_ACTIVITY).where(_ACTIVITY.c.at_s < present - SPANS["active_half_year"]))
        await _total(session, present)


def _floor(moment: int) -> int:
    return floor_at(datetime.fromtimestamp(moment, UTC))


async def _note(session: AsyncSession, start: int, until: int) -> None:
    """Who posted, commented or voted between two moments; of what was said also what came late."""
    said, end = _floor(start - LATE), _floor(until)
    queries = (
        select(_POST.c.community_id, _POST.c.author_id, func.max(_POST.c.object_id)).where(
            _POST.c.object_id >= said, _POST.c.object_id < end).group_by(_POST.c.community_id, _POST.c.author_id),
        select(_OBJECT.c.group_id, _OBJECT.c.author_id, func.max(_OBJECT.c.id)).where(
            _OBJECT.c.group_id.is_not(None), _OBJECT.c.in_reply_to_uri.is_not(None), _OBJECT.c.id >= said,
            _OBJECT.c.id < end).group_by(_OBJECT.c.group_id, _OBJECT.c.author_id),
        select(_OBJECT.c.group_id, _REACTION.c.actor_id, func.max(_REACTION.c.id)).join(
            _OBJECT, _OBJECT.c.id == _REACTION.c.object_id).where(
            _OBJECT.c.group_id.is_not(None), _REACTION.c.id >= _floor(start), _REACTION.c.id < end
        ).group_by(_OBJECT.c.group_id, _REACTION.c.actor_id))
    latest: dict[tuple[int, int], int] = {}
    for query in queries:
        for community_id, actor_id, last in (await session.execute(query)).all():
            pair = community_id, actor_id
            latest[pair] = max(last, latest.get(pair, 0))
    await _keep(session, {pair: int(time_of(last).timestamp()) for pair, last in latest.items()})


async def _keep(session: AsyncSession, latest: dict[tuple[int, int], int]) -> None:
    rows = [{"community_id": community_id, "actor_id": actor_id, "at_s": at}
            for (community_id, actor_id), at in sorted(latest.items())]
    for start in range(0, len(rows), _AT_ONCE):
        await session.execute(insert_or_update(session, _ACTIVITY, ["at_s"]), rows[start:start + _AT_ONCE])


async def _total(session: AsyncSession, present: int) -> None:
    """Write the numbers of communities where they changed."""
    columns = [func.count().filter(_ACTIVITY.c.at_s > present - span).label(name) for name, span in SPANS.items()]
    counted = {row.community_id: {name: getattr(row, name) for name in SPANS} for row in (await session.execute(
        select(_ACTIVITY.c.community_id, *columns).group_by(_ACTIVITY.c.community_id))).all()}
    held = (await session.execute(select(_COMMUNITY.c.actor_id, *(_COMMUNITY.c[name] for name in SPANS)))).all()
    nobody = dict.fromkeys(SPANS, 0)
    changed = [{"b_id": row.actor_id, **counted.get(row.actor_id, nobody)} for row in held
               if counted.get(row.actor_id, nobody) != {name: getattr(row, name) for name in SPANS}]
    if changed:
        await (await session.connection()).execute(update(_COMMUNITY).where(
            _COMMUNITY.c.actor_id == bindparam("b_id")).values({name: bindparam(name) for name in SPANS}), changed)
