"""Who runs which job: leases in the job's row, taken within the bounds of its kind of work."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import fixed, now
from potluck.db.engine import Database
from potluck.jobs import registry
from potluck.jobs.model import CANCELLED, DONE, FAILED, RUNNING, WAITING, JobRow
from potluck.jobs.queueing import TOPIC, end, tell
from potluck.jobs.registry import Limit
from potluck.jobs.running import Job, JobFailed
from potluck.social import live

LEASE = timedelta(seconds=60)
RENEW_SECONDS = 15.0
MOST_BEGINS = 8
"""A job that was begun this often and never ended (it takes its engine down with it) is given up."""

INTERRUPTED = "This was interrupted again and again. You can try again."

living: set[str] = set()
"""The engines of this process."""

_CLAIM_LOCK = 0x706A6F62
_MOST_LAPSED = 100


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to do: whether leases ran out, whether something is due, when the next thing will be."""

    lapsed: bool
    due: bool
    next_in: float | None
    to_cancel: Sequence[int]


async def look(session: AsyncSession, worker: str, limits: dict[str, Limit]) -> Look:
    """See what there is to do, without locking anything."""
    moment = now()
    running = (await session.execute(
        select(JobRow.id, JobRow.queue, JobRow.worker, JobRow.lease_until, JobRow.cancel_requested)
        .where(JobRow.state == fixed(RUNNING)))).all()
    lapsed = any(_has_lapsed(row.worker, row.lease_until, worker, moment) for row in running)
    to_cancel = [row.id for row in running if row.cancel_requested and row.worker == worker]
    room = _room([(row.queue, row.worker) for row in running], worker, limits)
    first = (await session.execute(
        select(JobRow.queue, func.min(JobRow.run_at)).where(
            JobRow.state == fixed(WAITING), JobRow.name.in_(registry.names())).group_by(JobRow.queue))).all()
    due = any(room.get(queue, 0) > 0 and run_at <= moment for queue, run_at in first)
    later = [(run_at - moment).total_seconds() for _, run_at in first if run_at > moment]
    # Leases of engines on other machines end unheard: look again when the first of them would.
    later += [(row.lease_until - moment).total_seconds() + 1 for row in running
              if row.lease_until is not None and row.worker != worker]
    return Look(lapsed, due, max(0.05, min(later)) if later else None, to_cancel)


def _has_lapsed(holder: str | None, until: datetime | None, worker: str, moment: datetime) -> bool:
    return holder != worker and (holder is None or until is None or until < moment or _is_dead(holder, worker))


def _is_dead(holder: str, worker: str) -> bool:
    """Whether the engine was a process of this machine that is no more."""
    host, pid, _ = holder.rsplit(":", 2)
    ours = worker.rsplit(":", 2)
    if host != ours[0]:
        return False
    if pid == ours[1]:
        return holder not in living  # the same number, but not us: a container that was started again
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return False


def _room(running: Sequence[tuple[str, str | None]], worker: str, limits: dict[str, Limit]) -> dict[str, int]:
    room = {}
    for queue, limit in limits.items():
        workers = [holder for name, holder in running if name == queue]
        room[queue] = min(limit.everywhere - len(workers), limit.here - workers.count(worker))
    return room


async def free_lapsed(session: AsyncSession, worker: str) -> None:
    """Let jobs of dead engines wait again; those that were begun too often are given up."""
    moment = now()
    rows = (await session.scalars(select(JobRow).where(JobRow.state == fixed(RUNNING)).with_for_update(
        skip_locked=True).limit(_MOST_LAPSED))).all()
    for row in rows:
        if not _has_lapsed(row.worker, row.lease_until, worker, moment):
            continue
        if row.cancel_requested:
            await end(session, row, CANCELLED)
        elif row.attempts >= MOST_BEGINS:
            await end(session, row, FAILED, INTERRUPTED)
        else:
            row.state, row.worker, row.lease_until = WAITING, None, None
            await session.flush()


async def claim(session: AsyncSession, worker: str, limits: dict[str, Limit]) -> list[JobRow]:
    """Take as many due jobs as there is room for; engines claim one after the other, so that bounds hold."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text(f"SELECT pg_advisory_xact_lock({_CLAIM_LOCK})"))
    running = (await session.execute(select(JobRow.queue, JobRow.worker).where(JobRow.state == fixed(RUNNING)))).all()
    moment = now()
    claimed: list[JobRow] = []
    for queue, room in _room([(row.queue, row.worker) for row in running], worker, limits).items():
        if room <= 0:
            continue
        rows = (await session.scalars(
            select(JobRow).where(JobRow.state == fixed(WAITING), JobRow.queue == queue, JobRow.run_at <= moment,
                                 JobRow.name.in_(registry.names()))
            .order_by(JobRow.run_at, JobRow.id).limit(room).with_for_update(skip_locked=True))).all()
        for row in rows:
            row.state, row.worker, row.lease_until = RUNNING, worker, moment + LEASE
            row.attempts, row.started_at = row.attempts + 1, row.started_at or moment
            await session.flush()
            await tell(session, row)
        claimed += rows
    return claimed


async def _ours(session: AsyncSession, job: Job) -> JobRow | None:
    row: JobRow | None = await session.scalar(select(JobRow).where(
        JobRow.id == job.id, JobRow.worker == job.worker, JobRow.state == fixed(RUNNING)).with_for_update())
    return row


async def finish(db: Database, job: Job, state: str, reason: JobFailed | None, detail: str | None) -> bool:
    """Write that a job is over. Returns False where it is no longer ours."""
    async with db.write() as session:
        row = await _ours(session, job)
        if row is None:
            return False
        row.progress = job.share
        said = (reason.message, reason.data) if reason else (job.outcome, job.outcome_data) if state == DONE else (
            "", None)
        await end(session, row, state, said[0], data=said[1], detail=detail)
    return True


async def postpone(db: Database, job: Job, until: datetime, detail: str | None = None) -> bool:
    """Have it gone on with later. Returns False where it is no longer ours."""
    async with db.write() as session:
        row = await _ours(session, job)
        if row is None:
            return False
        if row.cancel_requested:
            await end(session, row, CANCELLED)
            return True
        row.state, row.worker, row.lease_until, row.run_at = WAITING, None, None, until
        row.progress, row.message, row.message_data = job.share, job.message, job.message_data
        row.detail = detail[:4000] if detail else None
        if detail is None:
            row.attempts = 0  # it waits for something; that is no failure
        await session.flush()
        await tell(session, row)
    return True


async def give_back(db: Database, job: Job) -> bool:
    """This engine ends: let another go on at once; the attempt does not count."""
    async with db.write() as session:
        row = await _ours(session, job)
        if row is None:
            return False
        row.state, row.worker, row.lease_until, row.attempts = WAITING, None, None, max(0, row.attempts - 1)
        row.progress = job.share
        await live.wake(session, TOPIC)
    return True


async def keep(db: Database, worker: str, changed: Sequence[Job], renew: Sequence[int]) -> set[int]:
    """Write the progress of jobs and renew leases. Returns those of `renew` that are no longer ours."""
    async with db.write() as session:
        held = and_(JobRow.worker == worker, JobRow.state == fixed(RUNNING))
        rows = (await session.scalars(select(JobRow).where(
            held, or_(JobRow.id.in_([job.id for job in changed]), JobRow.id.in_(renew))).with_for_update())).all()
        known = {row.id: row for row in rows}
        for job in changed:
            row = known.get(job.id)
            job.changed = False
            if row is not None:
                row.progress, row.message, row.message_data = job.share, job.message, job.message_data
                await session.flush()
                await tell(session, row)
        if renew:
            await session.execute(update(JobRow).where(held, JobRow.id.in_(renew)).values(lease_until=now() + LEASE))
    return set(renew) - known.keys()
