"""Much at once: all that somebody said in communities, or all that was said below something, taken down or put back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from potluck.social import feeds
from potluck.social.communities import claims, comment_places
from potluck.social.model import Community, GroupPost, Object
from potluck.social.visibility import COUNTED

MOST = 5000
REMOVED = "removed"

_OBJECT: Any = Object.__table__
_POST: Any = GroupPost.__table__
_COMMUNITY: Any = Community.__table__
_CHUNK = 1000
_COLUMNS = (_OBJECT.c.id, _OBJECT.c.group_id, _OBJECT.c.in_reply_to_id, _OBJECT.c.in_reply_to_uri,
            _OBJECT.c.thread_root_id, _OBJECT.c.group_claimed, _OBJECT.c.visibility)


async def of_author(session: AsyncSession, author_id: int, community_ids: Collection[int] | None = None, *,
                    removed: bool = True) -> list[int]:
    """Take down (or put back) the newest of what somebody said in these communities, or in any.

    Returns:
        Ids of all that.
    """
    conditions = [_OBJECT.c.author_id == author_id, _OBJECT.c.group_id.is_not(None)]
    if community_ids is not None:
        conditions.append(_OBJECT.c.group_id.in_(community_ids))
    rows = (await session.execute(select(*_COLUMNS).where(*conditions, *_standing(removed)).order_by(
        _OBJECT.c.id.desc()).limit(MOST))).all()
    bound = [row for row in rows if community_ids is None or not row.group_claimed]
    await _turn(session, bound, removed=removed)
    if removed and len(bound) < len(rows):  # what communities merely list leaves them
        await claims.let_go(session, [row for row in rows if row.group_claimed])
    return [row.id for row in rows]


async def below(session: AsyncSession, top: Object, community_id: int, *, removed: bool = True) -> list[int]:
    """Take down (or put back) all answers to something in a community, and theirs.

    Returns:
        Ids of all that.
    """
    rows = (await session.execute(select(*_COLUMNS).where(
        _OBJECT.c.thread_root_id == (top.thread_root_id or top.id), _OBJECT.c.id != top.id,
        _OBJECT.c.group_id == community_id, *_standing(removed)).order_by(_OBJECT.c.id).limit(MOST))).all()
    inside, found = {top.id}, []
    for row in rows:  # an answer has a later id than what it answers, but for clocks that differ: those are left
        if row.in_reply_to_id in inside:
            inside.add(row.id)
            found.append(row)
    await _turn(session, [row for row in found if not row.group_claimed], removed=removed)
    if removed:
        await claims.let_go(session, [row for row in found if row.group_claimed])
    return [row.id for row in found]


async def forget(session: AsyncSession, object_ids: Collection[int]) -> None:
    """These are about to be deleted with their author: they leave listings and counts."""
    rows = (await session.execute(select(*_COLUMNS).where(
        _OBJECT.c.id.in_(object_ids), _OBJECT.c.group_id.is_not(None), *_standing(removed=True)))).all()
    if rows:
        await _leave(session, rows, removed=True)


def _standing(removed: bool) -> tuple[Any, ...]:
    return _OBJECT.c.deleted_at.is_(None), _OBJECT.c.state == ("published" if removed else REMOVED)


async def _turn(session: AsyncSession, rows: Sequence[Any], *, removed: bool) -> None:
    """The same for all of them in a fixed number of statements for each thousand."""
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start:start + _CHUNK]
        ids = [row.id for row in chunk]
        await session.execute(update(_OBJECT).where(_OBJECT.c.id.in_(ids)).values(
            state=REMOVED if removed else "published", version=_OBJECT.c.version + 1))
        await _leave(session, chunk, removed=removed)
        if removed:
            await feeds.remove_objects(session, ids)
        _follow(session, set(ids), removed=removed)


async def _leave(session: AsyncSession, rows: Sequence[Any], *, removed: bool) -> None:
    """Out of the listings and counts, or into them."""
    turned = set((await session.scalars(select(_POST.c.object_id).where(
        _POST.c.object_id.in_([row.id for row in rows]), _POST.c.listed.is_(removed)))).all())
    await session.execute(update(_POST).where(_POST.c.object_id.in_(turned)).values(listed=not removed))
    said = [row for row in rows if row.in_reply_to_uri is not None]
    await _count(session, rows, said, turned, -1 if removed else 1)


def _follow(session: AsyncSession, ids: Collection[int], *, removed: bool) -> None:
    """What the session holds of them already is as the rows are now."""
    for held in list(session.identity_map.values()):
        if isinstance(held, Object) and "id" in held.__dict__ and held.id in ids:
            set_committed_value(held, "state", REMOVED if removed else "published")
            set_committed_value(held, "version", held.version + 1)


async def _count(session: AsyncSession, rows: Sequence[Any], said: Sequence[Any], turned: Collection[int],
                 step: int) -> None:
    connection = await session.connection()
    roots = Counter(row.thread_root_id for row in said if row.thread_root_id is not None)
    if roots:
        left = _POST.c.comments + bindparam("n")
        await connection.execute(update(_POST).where(_POST.c.object_id == bindparam("b_id")).values(
            comments=case((left > 0, left), else_=0)), [{"b_id": key, "n": step * n} for key, n in roots.items()])
    await comment_places.count_up(session, {row.id: step for row in said if row.visibility in COUNTED})
    posts = Counter(row.group_id for row in rows if row.id in turned)
    comments = Counter(row.group_id for row in said)
    communities = sorted(posts.keys() | comments.keys())
    if communities:
        await connection.execute(
            update(_COMMUNITY).where(_COMMUNITY.c.actor_id == bindparam("b_id")).values(
                posts_count=_COMMUNITY.c.posts_count + bindparam("p"),
                comments_count=_COMMUNITY.c.comments_count + bindparam("c")),
            [{"b_id": key, "p": step * posts[key], "c": step * comments[key]} for key in communities])
