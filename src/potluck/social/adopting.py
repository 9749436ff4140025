"""Replies that arrived before what they answer: they find it once it comes, and their branch joins its thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import insert_or_ignore
from potluck.social import conversations
from potluck.social.communities import comment_places
from potluck.social.model import Object, ThreadMute
from potluck.social.visibility import COUNTED, OPEN

_OBJECT: Any = Object.__table__
_MUTE: Any = ThreadMute.__table__


@dataclass(frozen=True, slots=True)
class Joined:
    """Something that belongs to another thread from now on, as far as communities must know of it."""

    id: int
    author_id: int
    group_id: int | None
    in_reply_to_id: int | None
    thread_root_id: int
    published: datetime
    state: str
    visibility: str
    deleted_at: datetime | None
    extra: dict[str, Any]
    likes_count: int
    dislikes_count: int


async def adopt_orphans(session: AsyncSession, parents: Sequence[Object]) -> list[Joined]:
    """Bind replies that wait for these new objects to them; a fixed number of statements for any number of replies.

    Counts of the parents rise, and thread mutes and conversations go over to the thread's new root. The rows of
    `parents` get their new thread root too. What names no community gets that of what it answers.

    Returns:
        All that came to another thread.
    """
    by_uri = {row.uri: row for row in parents}
    if not by_uri:
        return []
    waiting = (await session.execute(
        select(Object.id, Object.in_reply_to_uri, Object.visibility, Object.state, Object.deleted_at).where(
            Object.in_reply_to_id.is_(None), Object.in_reply_to_uri.is_not(None),
            Object.in_reply_to_uri.in_(by_uri)).order_by(Object.id))).all()
    roots: dict[int, int] = {}
    groups: dict[int, tuple[int, bool]] = {}
    bound, counted = [], Counter[int]()
    for row in waiting:
        parent = by_uri[row.in_reply_to_uri]
        root = _top(roots, parent.thread_root_id or parent.id)
        if row.id == root:  # hostile: a circle of replies stays as it is
            continue
        roots[row.id] = root
        if parent.group_id is not None:
            groups[row.id] = parent.group_id, parent.group_claimed
        bound.append({"b_id": row.id, "parent": parent.id, "author": parent.author_id})
        if row.visibility in COUNTED and row.state == "published" and row.deleted_at is None:
            counted[parent.id] += 1
    if not bound:
        return []
    await _bind(session, bound, counted)
    await comment_places.rebind(session, [item["b_id"] for item in bound])
    await _into_communities(session, groups)
    tops = {old: _top(roots, old) for old in roots}
    joined = await _branches(session, tops)
    await _move_threads(session, tops)
    for adopter in parents:
        adopter.thread_root_id = _top(roots, adopter.thread_root_id or adopter.id)
    return joined


async def _into_communities(session: AsyncSession, groups: Mapping[int, tuple[int, bool]]) -> None:
    """Branches that named no community, as some servers write their comments, lie in that of their post."""
    if groups:
        await (await session.connection()).execute(
            update(_OBJECT).where(_OBJECT.c.thread_root_id == bindparam("old"), _OBJECT.c.group_id.is_(None),
                                  _OBJECT.c.visibility.in_(OPEN)).values(
                group_id=bindparam("group"), group_claimed=bindparam("claimed")),
            [{"old": old, "group": group, "claimed": claimed} for old, (group, claimed) in groups.items()])


async def _branches(session: AsyncSession, tops: Mapping[int, int]) -> list[Joined]:
    rows = (await session.execute(select(*comment_places.COLUMNS).where(
        _OBJECT.c.thread_root_id.in_(tops)).order_by(_OBJECT.c.id))).mappings()
    return [Joined(**{**row, "thread_root_id": tops[row["thread_root_id"]]}) for row in rows]


def _top(roots: Mapping[int, int], root: int) -> int:
    """Where a thread has gone by now."""
    while root in roots:
        root = roots[root]
    return root


async def _bind(session: AsyncSession, bound: list[dict[str, int]], counted: Mapping[int, int]) -> None:
    connection = await session.connection()
    await connection.execute(
        update(_OBJECT).where(_OBJECT.c.id == bindparam("b_id")).values(
            in_reply_to_id=bindparam("parent"), in_reply_to_author_id=bindparam("author")), bound)
    if counted:
        await connection.execute(
            update(_OBJECT).where(_OBJECT.c.id == bindparam("b_id")).values(
                replies_count=_OBJECT.c.replies_count + bindparam("n"), version=_OBJECT.c.version + 1),
            [{"b_id": parent, "n": count} for parent, count in sorted(counted.items())])


async def _move_threads(session: AsyncSession, roots: Mapping[int, int]) -> None:
    """Everything that hangs on an old thread root goes over to the new one."""
    connection = await session.connection()
    await connection.execute(
        update(_OBJECT).where(_OBJECT.c.thread_root_id == bindparam("old")).values(thread_root_id=bindparam("new")),
        [{"old": old, "new": new} for old, new in roots.items()])
    mutes = (await session.execute(select(ThreadMute.actor_id, ThreadMute.thread_root_id).where(
        ThreadMute.thread_root_id.in_(roots)))).all()
    if mutes:
        await session.execute(insert_or_ignore(session, _MUTE), [
            {"actor_id": actor_id, "thread_root_id": roots[root]} for actor_id, root in mutes])
        await session.execute(delete(_MUTE).where(_MUTE.c.thread_root_id.in_(roots)))
    await conversations.move_threads(session, roots)
