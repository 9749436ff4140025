"""Pages of ordered lists, as every API of ours understands them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list, newest (largest cursor) first.

    Attributes:
        max_id: only older than this cursor.
        since_id: only newer than this one, the newest of them.
        min_id: only newer than this one, those nearest to it (the answer is still newest first).
        limit: at most so many.
    """

    max_id: int | None = None
    since_id: int | None = None
    min_id: int | None = None
    limit: int = 20

    def at_most(self, most: int) -> Page:
        """The same page with its limit held between 1 and `most`."""
        return replace(self, limit=max(1, min(self.limit, most)))


def paged(query: Any, cursor: Any, page: Page) -> Any:
    """The query narrowed to a page, in the order in which rows must be read (see `in_order`)."""
    if page.max_id is not None:
        query = query.where(cursor < page.max_id)
    floor = page.min_id if page.min_id is not None else page.since_id
    if floor is not None:
        query = query.where(cursor > floor)
    return query.order_by(cursor.asc() if page.min_id is not None else cursor.desc()).limit(page.limit)


async def rows_of(session: AsyncSession, query: Any, cursor: Any, page: Page) -> list[Any]:
    """A page of the rows (of one entity) that a query finds, newest first."""
    return in_order(list((await session.scalars(paged(query, cursor, page))).all()), page)


def in_order(rows: list[T], page: Page) -> list[T]:
    """Rows of a `paged` query, newest first."""
    return rows[::-1] if page.min_id is not None else rows
