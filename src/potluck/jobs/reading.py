"""How jobs stand, for pages and APIs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.jobs import registry
from potluck.jobs.model import CANCELLED, FAILED, UNFINISHED, JobRow


@dataclass(frozen=True, slots=True)
class Progress:
    """How a job stands. `label` and `message` are message ids; `message_data` fills the latter."""

    id: int
    name: str
    label: str
    subject: str
    owner_id: int | None
    state: str
    progress: float
    message: str
    message_data: dict[str, Any]
    detail: str | None
    attempts: int
    run_at: datetime
    created_at: datetime
    finished_at: datetime | None

    @property
    def unfinished(self) -> bool:
        """Whether it waits or runs."""
        return self.state in UNFINISHED

    @property
    def retriable(self) -> bool:
        """Whether it may be tried again."""
        return self.state in (FAILED, CANCELLED)


def _shown(row: JobRow) -> Progress:
    return Progress(row.id, row.name, registry.label(row.name), row.subject, row.owner_id, row.state, row.progress,
                    row.message, row.message_data, row.detail, row.attempts, row.run_at, row.created_at,
                    row.finished_at)


async def one(session: AsyncSession, job_id: int, *, owner_id: int | None = None) -> Progress | None:
    """A job, if it is `owner_id`'s where that is given."""
    row = await session.get(JobRow, job_id, populate_existing=True)
    return None if row is None or (owner_id is not None and row.owner_id != owner_id) else _shown(row)


async def progress(session: AsyncSession, keys: Iterable[str]) -> dict[str, Progress]:
    """The newest job for each of these keys."""
    wanted = list(keys)
    if not wanted:
        return {}
    newest = select(func.max(JobRow.id)).where(JobRow.key.in_(wanted)).group_by(JobRow.key)
    rows = await session.scalars(select(JobRow).where(JobRow.id.in_(newest)))
    return {row.key: _shown(row) for row in rows.all() if row.key is not None}


async def of_owner(session: AsyncSession, owner_id: int, limit: int = 40, *, before: int | None = None,
                   ) -> Sequence[Progress]:
    """Someone's jobs, newest first."""
    return await _page(session, select(JobRow).where(JobRow.owner_id == owner_id), limit, before)


async def listed(session: AsyncSession, state: str | None, limit: int = 40, *, before: int | None = None,
                 ) -> Sequence[Progress]:
    """All jobs in a state (in any, for None), newest first."""
    query = select(JobRow) if state is None else select(JobRow).where(JobRow.state == state)
    return await _page(session, query, limit, before)


async def _page(session: AsyncSession, query: Select[JobRow], limit: int, before: int | None,
                ) -> Sequence[Progress]:
    if before is not None:
        query = query.where(JobRow.id < before)
    rows = await session.scalars(query.order_by(JobRow.id.desc()).limit(limit))
    return [_shown(row) for row in rows.all()]


async def counts(session: AsyncSession) -> dict[str, int]:
    """How many jobs are in each state."""
    rows = await session.execute(select(JobRow.state, func.count()).group_by(JobRow.state))
    return dict(rows.all())
