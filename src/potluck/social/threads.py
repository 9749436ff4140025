"""Conversations around an object: what came before it, and what was said in reply."""

from __future__ import annotations

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.model import Object
from potluck.social.visibility import not_hidden_by, visible_to

MAX_ANCESTORS = 4096
MAX_DESCENDANTS = 4096


async def context(
    session: AsyncSession, object_id: int, viewer_id: int | None, *, ancestors: int = MAX_ANCESTORS,
    descendants: int = MAX_DESCENDANTS, depth: int | None = None, viewer_is_local: bool = True,
) -> tuple[list[int], list[int]]:
    """Ids around an object that the viewer may see: ancestors oldest first, descendants depth-first in thread order.

    The whole thread is read as bare ids in one query (by its root), the tree is walked in memory.

    Args:
        ancestors: at most so many above.
        descendants: at most so many below.
        depth: at most so many levels below; None for all.
    """
    root = await session.scalar(select(Object.thread_root_id).where(Object.id == object_id))
    if root is None:
        return [], []
    rows = (await session.execute(
        select(Object.id, Object.in_reply_to_id).where(Object.thread_root_id == root)
        .order_by(Object.id).limit(50_000))).all()
    parents = dict(rows)
    above = _ancestors(parents, object_id)[-ancestors:] if ancestors else []
    below = _descendants(parents, object_id, depth)
    allowed = await _visible(session, root, viewer_id, viewer_is_local)
    return ([item for item in above if item in allowed],
            [item for item in below if item in allowed][:descendants])


async def _visible(session: AsyncSession, root: int, viewer_id: int | None, viewer_is_local: bool) -> set[int]:
    condition = visible_to(viewer_id, viewer_is_local=viewer_is_local)
    if viewer_id is not None and viewer_is_local:
        condition = and_(condition, not_hidden_by(viewer_id, Object.author_id))
    return set((await session.scalars(select(Object.id).where(Object.thread_root_id == root, condition))).all())


def _ancestors(parents: dict[int, int | None], object_id: int) -> list[int]:
    chain: list[int] = []
    current = parents.get(object_id)
    while current is not None and current in parents and current not in chain:
        chain.append(current)
        current = parents[current]
    return chain[::-1]


def _descendants(parents: dict[int, int | None], object_id: int, depth: int | None) -> list[int]:
    children: dict[int, list[int]] = {}
    for child, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(child)
    found: list[int] = []
    stack = [(child, 1) for child in reversed(children.get(object_id, []))]
    seen = {object_id}
    while stack:
        current, level = stack.pop()
        if current in seen or (depth is not None and level > depth):
            continue
        seen.add(current)
        found.append(current)
        stack.extend((child, level + 1) for child in reversed(children.get(current, [])))
    return found
