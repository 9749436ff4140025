"""Adding jobs, and what their owners and administrators do with them. Each works in the caller's transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.jobs import registry
from potluck.jobs.model import CANCELLED, DONE, FAILED, UNFINISHED, WAITING, JobRow, JobStep
from potluck.social import live

TOPIC = "jobs"
KEEP_DONE = timedelta(days=7)
KEEP_FAILED = timedelta(days=60)
_MOST_SUBJECT = 200


async def enqueue(session: AsyncSession, name: str, *args: Any, owner_id: int | None = None, key: str | None = None,
                  run_at: datetime | None = None, subject: str = "", queue: str | None = None) -> int:
    """Have a job done once this transaction is committed.

    Args:
        session: the transaction of its cause.
        name: as it was defined.
        args: what JSON can hold.
        owner_id: the actor who sees its progress and may cancel it.
        key: while an unfinished job has this key, no second one is added.
        run_at: not before this time; at once if None.
        subject: what it is about in its owner's words, such as a file name.
        queue: another kind of work than the one it was defined with.

    Returns:
        The job's id; that of the unfinished one with the same key if there is one.

    Raises:
        ValueError: no job has this name.
    """
    definition = registry.definitions.get(name)
    if definition is None:
        raise ValueError(f"no job is named {name!r}")
    new_id = ids.new()
    moment = now()
    added: Any = await session.execute(insert_or_ignore(session, JobRow.__table__).values(
        id=new_id, name=name, queue=queue or definition.queue, args=list(args), key=key, owner_id=owner_id,
        subject=subject[:_MOST_SUBJECT], state=WAITING, progress=0.0, message="", message_data={}, attempts=0,
        run_at=run_at or moment, cancel_requested=False, created_at=moment))
    if not added.rowcount and key is not None:
        known = await session.scalar(select(JobRow.id).where(JobRow.key == key, JobRow.state.in_(UNFINISHED)))
        if known is not None:
            return known
    await live.wake(session, TOPIC)
    return new_id


async def tell(session: AsyncSession, row: JobRow) -> None:
    """Let the owner's open pages know how a job stands."""
    if row.owner_id is not None:
        await live.publish(session, "job", reader_id=row.owner_id, data={
            "id": str(row.id), "name": row.name, "args": row.args, "subject": row.subject, "state": row.state,
            "progress": row.progress, "message": row.message, "message_data": row.message_data})


async def end(session: AsyncSession, row: JobRow, state: str, message: str = "", *,
              data: dict[str, Any] | None = None, detail: str | None = None) -> None:
    """Write that a job is over; steps of a job that may be tried again are kept."""
    row.state, row.finished_at = state, now()
    row.message, row.message_data = message, data or {}
    row.detail = detail[:4000] if detail else None
    row.worker = row.lease_until = None
    if state == DONE:
        row.progress = 1.0
    if state != FAILED:
        await session.execute(delete(JobStep).where(JobStep.job_id == row.id))
    await session.flush()
    definition = registry.definitions.get(row.name)
    if state != DONE and definition is not None and definition.ended is not None:
        await definition.ended(session, row)
    await tell(session, row)
    await live.wake(session, TOPIC)


async def cancel(session: AsyncSession, job_id: int, *, owner_id: int | None = None) -> bool:
    """Cancel a job: at once if it waits, as soon as its engine sees it if it runs.

    Args:
        session: the transaction.
        job_id: which.
        owner_id: only if it is this actor's.

    Returns:
        Whether there was something to cancel.
    """
    row = await _held(session, job_id, owner_id)
    if row is None or row.state not in UNFINISHED:
        return False
    if row.state == WAITING:
        await end(session, row, CANCELLED)
    else:
        row.cancel_requested = True
        await live.wake(session, TOPIC)
    return True


async def cancel_key(session: AsyncSession, key: str) -> bool:
    """Cancel the unfinished job with this key, if there is one."""
    job_id = await session.scalar(select(JobRow.id).where(JobRow.key == key, JobRow.state.in_(UNFINISHED)))
    return job_id is not None and await cancel(session, job_id)


async def retry(session: AsyncSession, job_id: int, *, owner_id: int | None = None) -> bool:
    """Try a failed or cancelled job again; steps that were finished are not done twice.

    Returns:
        Whether it waits again; False also where another job with its key is under way.
    """
    row = await _held(session, job_id, owner_id)
    if row is None or row.state not in (FAILED, CANCELLED):
        return False
    if row.key is not None and await session.scalar(
            select(JobRow.id).where(JobRow.key == row.key, JobRow.state.in_(UNFINISHED))):
        return False
    row.state, row.attempts, row.progress, row.message, row.message_data = WAITING, 0, 0.0, "", {}
    row.run_at, row.finished_at, row.cancel_requested, row.detail = now(), None, False, None
    await session.flush()
    await tell(session, row)
    await live.wake(session, TOPIC)
    return True


async def move(session: AsyncSession, key: str, run_at: datetime) -> bool:
    """Have the waiting job with this key done at another time. Returns whether there is one."""
    moved = await session.execute(
        update(JobRow).where(JobRow.key == key, JobRow.state == WAITING).values(run_at=run_at))
    await live.wake(session, TOPIC)
    return bool(moved.rowcount)  # type: ignore[attr-defined]


async def trim(session: AsyncSession) -> None:
    """Forget jobs that were over long ago."""
    moment = now()
    await session.execute(delete(JobRow).where(
        JobRow.state == DONE, JobRow.finished_at.is_not(None), JobRow.finished_at < moment - KEEP_DONE))
    await session.execute(delete(JobRow).where(
        JobRow.state.in_((FAILED, CANCELLED)), JobRow.finished_at.is_not(None),
        JobRow.finished_at < moment - KEEP_FAILED))


async def _held(session: AsyncSession, job_id: int, owner_id: int | None) -> JobRow | None:
    query = select(JobRow).where(JobRow.id == job_id).with_for_update()
    if owner_id is not None:
        query = query.where(JobRow.owner_id == owner_id)
    row: JobRow | None = await session.scalar(query.execution_options(populate_existing=True))
    return row


