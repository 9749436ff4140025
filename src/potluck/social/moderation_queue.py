"""Everything that waits for a moderator, in one list: reports, sign-ups, appeals, posts held back.

Ids of all kinds grow with time, so that one cursor pages through them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.model import Actor, Appeal, HeldObject, Object, Report, User
from potluck.social.paging import Page, in_order, paged

REPORT, SIGN_UP, APPEAL, HELD = "report", "sign_up", "appeal", "held"
KINDS = (REPORT, SIGN_UP, APPEAL, HELD)
_MOST = 100


class Entry(NamedTuple):
    """Something that waits: its kind and its id (of the report, user, appeal or object)."""

    kind: str
    id: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of each waits."""

    report: int = 0
    sign_up: int = 0
    appeal: int = 0
    held: int = 0

    @property
    def all(self) -> int:
        """Everything together."""
        return self.report + self.sign_up + self.appeal + self.held


def _columns(kind: str, ident: Any) -> tuple[Any, Any]:
    return literal(kind).label("kind"), ident.label("id")


def _queries(user_id: int | None, kind: str) -> list[Any]:
    """A selection of (kind, id) for each kind wanted."""
    reports = select(*_columns(REPORT, Report.id)).where(Report.resolved_at.is_(None))
    if user_id is not None:
        reports = reports.where(Report.assigned_id == user_id)
    found = {
        REPORT: reports,
        SIGN_UP: select(*_columns(SIGN_UP, User.id)).join(Actor, Actor.id == User.actor_id).where(
            User.approved_at.is_(None), User.disabled_at.is_(None), Actor.deleted_at.is_(None)),
        APPEAL: select(*_columns(APPEAL, Appeal.id)).where(
            Appeal.approved_at.is_(None), Appeal.rejected_at.is_(None)),
        HELD: select(*_columns(HELD, HeldObject.object_id)).join(Object, Object.id == HeldObject.object_id).where(
            Object.state == "held", Object.deleted_at.is_(None)),
    }
    if user_id is not None:
        return [reports]
    return [found[kind]] if kind else list(found.values())


async def page(session: AsyncSession, part: Page, *, kind: str = "", user_id: int | None = None) -> list[Entry]:
    """A page of what waits, newest first.

    Args:
        kind: only of this kind.
        user_id: only reports this moderator took on.
    """
    waiting = union_all(*_queries(user_id, kind)).subquery()
    rows = (await session.execute(paged(select(waiting.c.kind, waiting.c.id), waiting.c.id, part.at_most(_MOST)))).all()
    return in_order([Entry(*row) for row in rows], part)


async def counts(session: AsyncSession) -> Counts:
    """How much of each kind waits, in one query."""
    waiting = union_all(*_queries(None, "")).subquery()
    rows: Sequence[Any] = (await session.execute(
        select(waiting.c.kind, func.count()).group_by(waiting.c.kind))).all()
    return Counts(**dict(rows))
