"""Conversations around an object: what came before it, and what was said in reply."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import BigInt
from potluck.social import descending
from potluck.social.descending import Siblings
from potluck.social.model import Object
from potluck.social.visibility import not_hidden_by, visible_to

MAX_ANCESTORS = 4096
MAX_DESCENDANTS = 4096
MAX_DEPTH = 50_000

_OBJECT: Any = Object.__table__
_ANSWERS = Siblings(_OBJECT, "id", "in_reply_to_id")


async def context(
    session: AsyncSession, object_id: int, viewer_id: int | None, *, ancestors: int = MAX_ANCESTORS,
    descendants: int = MAX_DESCENDANTS, depth: int | None = None, viewer_is_local: bool = True,
) -> tuple[list[int], list[int]]:
    """Ids around an object that the viewer may see: ancestors oldest first, descendants depth-first in thread order.

    One statement for those above and one for those below; neither reads more of the thread than it finds.

    Args:
        ancestors: at most so many above.
        descendants: at most so many below.
        depth: at most so many levels below; None for all.
    """
    visible = visible_to(viewer_id, viewer_is_local=viewer_is_local)
    if viewer_id is not None and viewer_is_local:
        visible = and_(visible, not_hidden_by(viewer_id, Object.author_id))
    above = await _above(session, object_id, ancestors, visible) if ancestors else []
    if not descendants:
        return above, []
    below = await descending.walk(
        session, _ANSWERS, object_id, limit=descendants, depth=MAX_DEPTH if depth is None else depth,
        counted=lambda found: select(Object.id).where(Object.id == found.c.id, visible).exists())
    return above, [place.id for place in below]


async def _above(session: AsyncSession, object_id: int, most: int, visible: ColumnElement[bool]) -> list[int]:
    up = select(_OBJECT.c.in_reply_to_id.label("id"), literal(1, BigInt).label("depth")).where(
        _OBJECT.c.id == object_id).cte("up", recursive=True)
    up = up.union_all(select(_OBJECT.c.in_reply_to_id, up.c.depth + 1).where(
        _OBJECT.c.id == up.c.id, up.c.id != object_id, up.c.depth < most))
    rows = await session.execute(select(Object.id).join(up, up.c.id == Object.id).where(
        visible, Object.id != object_id).order_by(up.c.depth))
    return list(dict.fromkeys(rows.scalars()))[::-1]  # hostile: a circle goes round many times
