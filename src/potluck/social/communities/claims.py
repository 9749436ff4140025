"""Posts that communities announce though their authors brought them to none, and the threads below.

Such a community has a say over the place it gives them and over nothing else. What its moderators take down leaves
the community and stays here; its bans, locks and votes bind nobody who does not ask for it (`Object.ruled_by`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from potluck.social import feeds
from potluck.social.communities import comment_places, flairs, posts
from potluck.social.model import Actor, Community, GroupPost, Mention, Object
from potluck.social.visibility import COUNTED, OPEN

MOST = 5000
"""Comments of a thread that come and go with it; of longer ones the newest."""

_OBJECT: Any = Object.__table__
_POST: Any = GroupPost.__table__
_COMMUNITY: Any = Community.__table__
_COLUMNS = (*comment_places.COLUMNS, _OBJECT.c.in_reply_to_uri)


async def claim(session: AsyncSession, row: Object, community: Actor, *, brought: bool = False) -> bool:
    """A community announced a post that is in none: from now on it is one of its posts, with what was said below.

    What is said here without naming the community stays its author's.

    Args:
        brought: its author addressed the community, so that it is a post like any other.

    Returns:
        Whether that changed anything; a post stays with the community it was first posted to.
    """
    if row.group_id is not None or row.in_reply_to_uri is not None or row.visibility not in OPEN:
        return False
    brought = brought or await session.scalar(select(Mention.actor_id).where(
        Mention.object_id == row.id, Mention.actor_id == community.id).limit(1)) is not None
    if row.local and not brought:
        return False
    await session.execute(update(_OBJECT).where(_OBJECT.c.id == row.id).values(
        group_id=community.id, group_claimed=not brought, version=_OBJECT.c.version + 1))
    row.group_id, row.group_claimed = community.id, not brought
    await posts.add(session, [row])
    said = (await session.execute(select(*_COLUMNS).where(
        _OBJECT.c.thread_root_id == row.id, _OBJECT.c.id != row.id, _OBJECT.c.group_id.is_(None),
        _OBJECT.c.visibility.in_(OPEN)).order_by(_OBJECT.c.id.desc()).limit(MOST))).all()
    await _enter(session, said, community, claimed=not brought)
    await comment_places.add_thread(session, row.id)
    return True


async def claim_again(session: AsyncSession, row: Object, community: Actor) -> bool:
    """A community puts back what it had taken out of itself; whether it may, and that changed anything."""
    if row.in_reply_to_uri is None:
        return await claim(session, row, community)
    root = await session.get(Object, row.thread_root_id) if row.thread_root_id else None
    if root is None or root.group_id != community.id or row.group_id is not None or row.visibility not in OPEN:
        return False
    await _enter(session, [row], community, claimed=root.group_claimed)
    return True


async def _enter(session: AsyncSession, rows: Sequence[Any], community: Actor, *, claimed: bool) -> None:
    if not rows:
        return
    ids = [row.id for row in rows]
    await session.execute(update(_OBJECT).where(_OBJECT.c.id.in_(ids)).values(
        group_id=community.id, group_claimed=claimed, version=_OBJECT.c.version + 1))
    _follow(session, ids, community.id, claimed=claimed)
    fresh = (await session.execute(select(*_COLUMNS).where(
        _OBJECT.c.id.in_(ids), _OBJECT.c.deleted_at.is_(None)))).all()
    known = await comment_places.below(session, ids)  # of comments that had left the community
    await posts.add_late(session, fresh)
    await comment_places.count(session, [row for row in fresh if row.id in known], 1)


async def let_go(session: AsyncSession, rows: Sequence[Any]) -> None:
    """What communities had claimed leaves them, a post with all that was claimed below it, and stays here.

    Args:
        rows: objects, or rows with the columns that `sweeping` reads.
    """
    claimed = {row.id: row for row in rows}
    tops = [row.id for row in rows if row.in_reply_to_uri is None]
    if tops:
        below = (await session.execute(select(*_COLUMNS).where(
            _OBJECT.c.thread_root_id.in_(tops), _OBJECT.c.group_claimed, _OBJECT.c.id.not_in(tops)
        ).order_by(_OBJECT.c.id.desc()).limit(MOST))).all()
        claimed |= {row.id: row for row in below}
    if not claimed:
        return
    said = (await session.execute(select(*_COLUMNS).where(
        _OBJECT.c.id.in_(claimed), _OBJECT.c.in_reply_to_uri.is_not(None), _OBJECT.c.deleted_at.is_(None),
        _OBJECT.c.state == "published", _OBJECT.c.visibility.in_(COUNTED)))).all()
    listed = (await session.scalars(select(_POST.c.community_id).where(
        _POST.c.object_id.in_(tops), _POST.c.listed))).all()
    await _uncount(session, Counter(listed), said)
    await comment_places.count(session, [row for row in said if row.thread_root_id not in tops], -1)
    await comment_places.forget_threads(session, tops)
    groups = {row.group_id for row in claimed.values() if row.group_id is not None}
    await session.execute(delete(_POST).where(_POST.c.object_id.in_(tops)))
    await flairs.forget(session, tops)
    await session.execute(update(_OBJECT).where(_OBJECT.c.id.in_(claimed)).values(
        group_id=None, group_claimed=False, version=_OBJECT.c.version + 1))
    await feeds.remove_of_members(session, tops, groups)
    _follow(session, claimed, None, claimed=False)


async def _uncount(session: AsyncSession, tops: Counter[int], said: Sequence[Any]) -> None:
    comments = Counter(row.group_id for row in said if row.group_id is not None)
    for community_id in sorted(tops.keys() | comments.keys()):
        left = [func.coalesce(column, 0) - step for column, step in (
            (_COMMUNITY.c.posts_count, tops[community_id]), (_COMMUNITY.c.comments_count, comments[community_id]))]
        await session.execute(update(_COMMUNITY).where(_COMMUNITY.c.actor_id == community_id).values(
            posts_count=case((left[0] > 0, left[0]), else_=0), comments_count=case((left[1] > 0, left[1]), else_=0)))
    for root, gone in sorted(Counter(row.thread_root_id for row in said if row.thread_root_id).items()):
        remaining = _POST.c.comments - gone
        await session.execute(update(_POST).where(_POST.c.object_id == root).values(
            comments=case((remaining > 0, remaining), else_=0)))


def _follow(session: AsyncSession, ids: Collection[int], group_id: int | None, *, claimed: bool) -> None:
    """What the session holds of them already is as the rows are now."""
    wanted = set(ids)
    for held in list(session.identity_map.values()):
        if isinstance(held, Object) and held.__dict__.get("id") in wanted:
            set_committed_value(held, "group_id", group_id)
            set_committed_value(held, "group_claimed", claimed)
            set_committed_value(held, "version", held.version + 1)

