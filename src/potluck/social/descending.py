"""Going down what was said in reply, in reading order: only what is wanted is read, however much there is below.

One recursive statement goes from each place to the next one: to the first answer, else to the next one beside it, else
up and beside that. Each step is a look into an index over (parent, what siblings are ordered by, id), so that a page
costs the same in a thread of a hundred and of a hundred thousand, near its beginning and near its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import BigInt

MOST_STEPS = 200_000
"""A walk ends after so many, whatever it found: three for each place at the most."""


@dataclass(frozen=True, slots=True)
class Siblings:
    """What lies side by side, and in which order.

    Attributes:
        table: where places are rows.
        id: name of its column with the object's id.
        parent: name of its column with what the object answers.
        by: name of the column siblings are ordered by, before their ids; '' for by id alone.
        descending: the largest first.
        beside: a table joined by the object's id, for conditions.
    """

    table: Any
    id: str
    parent: str
    by: str = ""
    descending: bool = False
    beside: Any = None

    def first(self, *conditions: ColumnElement[bool]) -> Any:
        """The first of those that meet the conditions, which are on the bare table."""
        columns = self._key(self.table)
        query = select(self.table.c[self.id]).where(*conditions)
        if self.beside is not None:
            query = query.join(self.beside, self.beside.c.id == self.table.c[self.id])
        return query.order_by(*(column.desc() if self.descending else column.asc() for column in columns)).limit(1)

    def after(self, row: Any) -> ColumnElement[bool]:
        """A condition on the bare table: right of another row, of the same parent."""
        mine, others = tuple_(*self._key(self.table)), tuple_(*self._key(row))
        further = mine < others if self.descending else mine > others
        return and_(self.table.c[self.parent] == row.c[self.parent], further)

    def _key(self, row: Any) -> list[Any]:
        return [row.c[name] for name in (self.by, self.id) if name]


@dataclass(frozen=True, slots=True)
class Place:
    """Something in reading order; answers to what the walk began below are at level 1."""

    id: int
    level: int


async def walk(
    session: AsyncSession, siblings: Siblings, top: int, *, limit: int, depth: int, offset: int = 0,
    after: Place | None = None, entered: Sequence[ColumnElement[bool]] = (), counted: Any = None,
) -> list[Place]:
    """The next places below `top` in reading order.

    Args:
        top: never itself part of it, even where hostile posts answer each other in a circle.
        limit: at most so many.
        depth: so many levels below the top, no deeper.
        offset: so many are passed over first.
        after: what was read last; None to begin right below the top.
        entered: conditions on the bare tables of `siblings`; what does not meet them is left out with all below it.
        counted: makes of an alias of the table a condition; what does not meet it is left out, but not what is below.
    """
    start = after or Place(top, 0)
    node, here = siblings.table.alias("found"), siblings.table.alias("here")
    way = select(
        literal(start.id, BigInt).label("id"), literal(start.level, BigInt).label("level"),
        literal(1, BigInt).label("down"), literal(0, BigInt).label("count"), literal(0, BigInt).label("counts"),
        literal(0, BigInt).label("steps")).cte("way", recursive=True)

    def nearest(condition: ColumnElement[bool]) -> Any:
        return siblings.first(condition, siblings.table.c[siblings.id] != top, *entered).correlate(
            way, here).scalar_subquery()

    descends = and_(way.c.down == 1, way.c.level < depth)
    arrived = node.c[siblings.id].is_not(None)
    counts = case((arrived if counted is None else and_(arrived, counted(node)), 1), else_=0)
    way = way.union_all(select(
        case((arrived, node.c[siblings.id]), (way.c.down == 1, way.c.id), else_=here.c[siblings.parent]),
        way.c.level + case((and_(arrived, way.c.down == 1), 1), (or_(arrived, way.c.down == 1), 0), else_=-1),
        case((arrived, 1), else_=0), way.c.count + counts, counts, way.c.steps + 1,
    ).select_from(way.outerjoin(here, here.c[siblings.id] == way.c.id).outerjoin(
        node, node.c[siblings.id] == case(
            (descends, nearest(siblings.table.c[siblings.parent] == way.c.id)),
            (way.c.down == 0, nearest(siblings.after(here))))),
    ).where(or_(way.c.level > 0, way.c.down == 1), way.c.count < offset + limit, way.c.steps < MOST_STEPS))
    rows = await session.execute(select(way.c.id, way.c.level).where(
        way.c.counts == 1, way.c.count > offset).order_by(way.c.count))
    return [Place(row.id, row.level) for row in rows]
