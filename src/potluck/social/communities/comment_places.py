"""Each comment's place in its discussion: made when it is stored, so that pages read only what they show.

How many answers are below a comment is kept beside it and follows what comes and goes, up to `_DEEPEST` levels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import BigInteger, bindparam, case, delete, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import BigInt
from potluck.db.engine import insert_or_ignore
from potluck.social.communities import ranking
from potluck.social.model import CommentPlace, GroupPost, Object
from potluck.social.visibility import COUNTED

_PLACE: Any = CommentPlace.__table__
_OBJECT: Any = Object.__table__
_POST: Any = GroupPost.__table__

_DEEPEST = 200
_CHUNK = 1000


class Comment(Protocol):
    """What is asked of a comment that gets its place: an `Object`, or a row with the same names."""

    id: Any
    in_reply_to_id: Any
    thread_root_id: Any
    published: Any
    extra: Any
    likes_count: Any
    dislikes_count: Any
    state: Any
    visibility: Any
    deleted_at: Any


COLUMNS = (_OBJECT.c.id, _OBJECT.c.author_id, _OBJECT.c.group_id, _OBJECT.c.in_reply_to_id, _OBJECT.c.thread_root_id,
           _OBJECT.c.published, _OBJECT.c.state, _OBJECT.c.visibility, _OBJECT.c.deleted_at, _OBJECT.c.extra,
           _OBJECT.c.likes_count, _OBJECT.c.dislikes_count)


async def add(session: AsyncSession, rows: Sequence[Comment]) -> None:
    """Give comments below communities' posts their places; what has one already keeps it."""
    await count(session, await _place(session, rows), 1)


async def _place(session: AsyncSession, rows: Sequence[Comment]) -> list[Comment]:
    """Places for those that have none; which ones these are."""
    if not rows:
        return []
    present = set((await session.scalars(
        select(_PLACE.c.object_id).where(_PLACE.c.object_id.in_([row.id for row in rows])))).all())
    fresh = [row for row in rows if row.id not in present]
    if fresh:
        moment = ranking.seconds()
        await session.execute(insert_or_ignore(session, CommentPlace), [_values(row, moment) for row in fresh])
    return fresh


def _is_counted(row: Comment) -> bool:
    return row.state == "published" and row.deleted_at is None and row.visibility in COUNTED


def _values(row: Comment, moment: int) -> dict[str, Any]:
    score, votes = row.likes_count - row.dislikes_count, row.likes_count + row.dislikes_count
    marked, published_s = bool(row.extra.get("distinguished")), stamp(row.published)
    return {"object_id": row.id, "parent_id": row.in_reply_to_id, "below": 0, "marked": marked, "score": score,
            "votes": votes, "published_s": published_s,
            **ranking.rank_of_comment(score, votes, published_s, moment, marked=marked)}


def stamp(moment: datetime) -> int:
    """A moment in seconds since 1970."""
    return int(moment.timestamp())


async def add_thread(session: AsyncSession, root_id: int) -> None:
    """Give all that was said below something a place: a community took it for one of its posts later."""
    last, counted = 0, []
    while True:
        rows = (await session.execute(select(*COLUMNS).where(
            _OBJECT.c.thread_root_id == root_id, _OBJECT.c.in_reply_to_id.is_not(None), _OBJECT.c.id != root_id,
            _OBJECT.c.id > last).order_by(_OBJECT.c.id).limit(_CHUNK))).all()
        if not rows:
            break
        last = rows[-1].id
        counted += [row.id for row in await _place(session, rows) if _is_counted(row)]
    # Not before all have their places: by clocks that differ an answer may be older than what it answers.
    await count_up(session, dict.fromkeys(counted, 1))


async def rebind(session: AsyncSession, object_ids: Collection[int]) -> None:
    """Comments that have a place and found what they answer again: their branch hangs on it from now on."""
    rows = (await session.execute(
        select(_PLACE.c.object_id, _PLACE.c.parent_id, _PLACE.c.below, _OBJECT.c.in_reply_to_id, _OBJECT.c.state,
               _OBJECT.c.visibility, _OBJECT.c.deleted_at).join(_OBJECT, _OBJECT.c.id == _PLACE.c.object_id).where(
            _PLACE.c.object_id.in_(object_ids), _PLACE.c.parent_id != _OBJECT.c.in_reply_to_id))).all()
    if rows:
        await (await session.connection()).execute(
            update(_PLACE).where(_PLACE.c.object_id == bindparam("b_id")).values(parent_id=bindparam("parent")),
            [{"b_id": row.object_id, "parent": row.in_reply_to_id} for row in rows])
        await count_up(session, {row.object_id: row.below + _is_counted(row) for row in rows})


async def forget_threads(session: AsyncSession, root_ids: Collection[int]) -> None:
    """These are no community's posts any more: what was said below them has no place in a discussion."""
    if root_ids:
        await session.execute(delete(_PLACE).where(_PLACE.c.object_id.in_(
            select(_OBJECT.c.id).where(_OBJECT.c.thread_root_id.in_(root_ids)))))


async def count(session: AsyncSession, rows: Iterable[Comment], step: int) -> None:
    """Comments come into a discussion (1) or leave it (-1), their places stay: those above count them or not."""
    await count_up(session, {row.id: step for row in rows if _is_counted(row)})


async def count_up(session: AsyncSession, weights: Mapping[int, int]) -> None:
    """Add to the counts of all that is above some comments, in a fixed number of statements for each thousand."""
    wanted = [(key, weight) for key, weight in weights.items() if weight]
    for first in range(0, len(wanted), _CHUNK):
        await _count_up(session, dict(wanted[first:first + _CHUNK]))


async def _count_up(session: AsyncSession, weights: Mapping[int, int]) -> None:
    start = select(_PLACE.c.object_id.label("start"), _PLACE.c.parent_id.label("above"),
                   literal(1, BigInt).label("depth")).where(_PLACE.c.object_id.in_(weights)).cte("up", recursive=True)
    up = start.union_all(select(start.c.start, _PLACE.c.parent_id, start.c.depth + 1).where(
        _PLACE.c.object_id == start.c.above, start.c.depth < _DEEPEST))
    steps: Counter[int] = Counter()
    for row in await session.execute(select(up.c.start, up.c.above)):
        steps[row.above] += weights[row.start]
    # The post on top has no place; its row is passed over.
    values = [{"b_id": key, "n": step} for key, step in sorted(steps.items()) if step]
    if values:
        left = _PLACE.c.below + bindparam("n", type_=BigInteger)
        await (await session.connection()).execute(update(_PLACE).where(_PLACE.c.object_id == bindparam("b_id")).values(
            below=case((left > 0, left), else_=0)), values)


async def below(session: AsyncSession, object_ids: Collection[int]) -> dict[int, int]:
    """How many answers there are below each of these comments, at any depth."""
    if not object_ids:
        return {}
    rows = await session.execute(select(_PLACE.c.object_id, _PLACE.c.below).where(_PLACE.c.object_id.in_(object_ids)))
    return dict(rows.all())


async def total(session: AsyncSession, top: Object) -> int:
    """How many comments there are below a post or a comment."""
    found = await session.scalar(select(_POST.c.comments).where(_POST.c.object_id == top.id))
    if found is None:
        found = await session.scalar(select(_PLACE.c.below).where(_PLACE.c.object_id == top.id))
    return found or 0


async def mark(session: AsyncSession, object_id: int, *, marked: bool) -> None:
    """A moderator speaks with this comment, or no longer."""
    changed: Any = await session.execute(update(_PLACE).where(
        _PLACE.c.object_id == object_id, _PLACE.c.marked.is_(not marked)).values(marked=marked))
    if changed.rowcount:
        await ranking.rank_comments(session, [object_id])


async def in_communities(session: AsyncSession, rows: Iterable[Any]) -> list[Any]:
    """Those answers among new objects that lie below a community's post."""
    answers = [row for row in rows if row.in_reply_to_id is not None and row.thread_root_id is not None]
    roots = {row.thread_root_id for row in answers}
    known = set((await session.scalars(
        select(_POST.c.object_id).where(_POST.c.object_id.in_(roots)))).all()) if roots else set()
    return [row for row in answers if row.thread_root_id in known]
