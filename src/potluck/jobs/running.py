"""A job while it runs: its steps, its progress, and the ways in which it can end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import Database
from potluck.jobs.model import RUNNING, JobRow, JobStep

T = TypeVar("T")


class JobFailed(Exception):
    """The job cannot be done, and trying again by itself would not help.

    Args:
        message: why, in words for its owner (a message id).
        data: values for the message.
    """

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message % data if data else message)
        self.message = message
        self.data = data


class JobPostponed(Exception):
    """The job goes on later: something it needs is not there yet. Finished steps are kept."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"postponed until {until}")
        self.until = until


class JobLost(Exception):
    """Another engine has taken the job over (this one did not renew its lease in time): stop, and write nothing."""


@dataclass(slots=True)
class Job:
    """What the function of a job is given.

    Attributes:
        attempt: 1 at the first try.
        db: the database; outside of steps it should only be read.
    """

    id: int
    name: str
    owner_id: int | None
    attempt: int
    db: Database
    worker: str
    finished: dict[str, Any] = field(default_factory=dict)
    share: float = 0.0
    message: str = ""
    message_data: dict[str, Any] = field(default_factory=dict)
    changed: bool = False
    outcome: str = ""
    outcome_data: dict[str, Any] = field(default_factory=dict)

    async def step(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work` once and keep what it gives (anything JSON can hold); after a restart that is given again.

        A crash between the end of `work` and keeping its result repeats it: it must be harmless twice.
        """
        if name in self.finished:
            known: T = self.finished[name]
            return known
        result = await work()
        async with self.db.write() as session:
            await self._keep(session, name, result)
        self.finished[name] = result
        return result

    async def step_in(self, name: str, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """As `step`, but `work` writes to the database in the very transaction that keeps its result: exactly once."""
        if name in self.finished:
            known: T = self.finished[name]
            return known
        async with self.db.write() as session:
            result = await work(session)
            await self._keep(session, name, result)
        self.finished[name] = result
        return result

    def report(self, share: float, message: str = "", **data: Any) -> None:
        """Say how far it is (0 to 1), and in words (a message id) what is being done; written within a second."""
        self.share = min(1.0, max(0.0, share))
        if message:
            self.message, self.message_data = message, data
        self.changed = True

    def conclude(self, message: str, **data: Any) -> None:
        """Say in words (a message id) what came of it: its owner reads that once it is done."""
        self.outcome, self.outcome_data = message, data

    def span(self, start: float, end: float) -> Callable[[float], None]:
        """A function that reports 0 to 1 as the part of the whole from `start` to `end`."""
        return lambda share: self.report(start + (end - start) * min(1.0, max(0.0, share)))

    async def _keep(self, session: AsyncSession, name: str, result: Any) -> None:
        # The row is locked until the commit, so that nobody takes the job over in between.
        ours = await session.execute(update(JobRow).where(
            JobRow.id == self.id, JobRow.worker == self.worker, JobRow.state == RUNNING).values(worker=self.worker))
        if not ours.rowcount:  # type: ignore[attr-defined]
            raise JobLost
        session.add(JobStep(job_id=self.id, name=name, result=result))
        await session.flush()


async def load_steps(db: Database, job_id: int) -> dict[str, Any]:
    """What the finished steps of a job gave."""
    async with db.read() as session:
        rows = await session.execute(select(JobStep.name, JobStep.result).where(JobStep.job_id == job_id))
        return dict(rows.all())
