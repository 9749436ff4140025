"""The job engine: takes due jobs within the bounds of their kind, keeps their leases, writes their progress.

Any number of engines may run on PostgreSQL. Each holds its jobs by leases that it renews; when an engine dies, its
jobs are taken over at the end of their leases, on the same machine at once. An engine without jobs costs one small
query a minute.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import structlog

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.jobs import claiming, registry
from potluck.jobs.model import CANCELLED, DONE, FAILED, JobRow
from potluck.jobs.queueing import TOPIC
from potluck.jobs.running import Job, JobFailed, JobLost, JobPostponed, load_steps
from potluck.social.live import Waker

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 1.0
_IDLE_SECONDS = 60.0
_TROUBLE_SECONDS = 2.0
_FIRST_PAUSE = timedelta(seconds=10)

OUR_FAULT = "Something went wrong on this server. You can try again."


class JobEngine:
    """One engine's work on jobs.

    Args:
        db: the database.
        waker: tells when a job was added, cancelled or finished elsewhere.
    """

    def __init__(self, db: Database, waker: Waker) -> None:
        self._db = db
        self._waker = waker
        self.worker = f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"
        claiming.living.add(self.worker)
        self._jobs: dict[int, Job] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._cancelled: set[int] = set()
        self._keeper: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Work until cancelled; what is in hand then is given back, to be gone on with by whoever comes next."""
        try:
            while True:
                await self._waker.wait(TOPIC, await self._guarded_look())
        finally:
            await self.close()

    async def _guarded_look(self) -> float:
        """A look that fails (the database is away) is repeated after a while."""
        try:
            return await self.look()
        except Exception:
            log.exception("job_look_failed")
            return _TROUBLE_SECONDS

    async def look(self) -> float:
        """Take over what dead engines left, cancel what should be, begin what is due.

        Returns:
            After how many seconds to look again if nothing happens.
        """
        limits = registry.limits(self._db.settings)
        async with self._db.read() as session:
            state = await claiming.look(session, self.worker, limits)
        for job_id in state.to_cancel:
            self._cancel(job_id)
        if state.lapsed or state.due:
            async with self._db.write() as session:
                await claiming.free_lapsed(session, self.worker)
                claimed = await claiming.claim(session, self.worker, limits)
            for row in claimed:
                self._begin(row)
            if state.lapsed:
                return 0.05
        return min(_IDLE_SECONDS, state.next_in) if state.next_in is not None else _IDLE_SECONDS

    async def drain(self) -> None:
        """Work until nothing is due and nothing runs (tests, shutdown of a test server)."""
        while True:
            await self.look()
            if not self._tasks:
                return
            await asyncio.wait(self._tasks.values(), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Stop every job; each is given back with its finished steps."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        claiming.living.discard(self.worker)

    def _cancel(self, job_id: int) -> None:
        if job_id in self._tasks and job_id not in self._cancelled:
            self._cancelled.add(job_id)
            self._tasks[job_id].cancel()

    def _begin(self, row: JobRow) -> None:
        job = Job(row.id, row.name, row.owner_id, row.attempts, self._db, self.worker, share=row.progress)
        self._jobs[row.id] = job
        task = asyncio.create_task(self._work(job, row))
        self._tasks[row.id] = task

        def ended(_: object) -> None:
            for kept in (self._tasks, self._jobs):
                kept.pop(job.id, None)
            self._cancelled.discard(job.id)
            self._waker.raise_(TOPIC)

        task.add_done_callback(ended)
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep_leases())

    async def _work(self, job: Job, row: JobRow) -> None:
        try:
            await self._attempt(job, row)
        except JobLost:
            log.warning("job_lost", id=job.id, name=job.name)
        except Exception:
            log.exception("job_not_written", id=job.id, name=job.name)  # its lease runs out, and it is begun again

    async def _attempt(self, job: Job, row: JobRow) -> None:
        definition = registry.definitions[job.name]  # only jobs we know are claimed
        try:
            job.finished = await load_steps(self._db, job.id)
            await definition.work(job, *row.args)
        except asyncio.CancelledError:
            await self._stopped(job)
        except JobLost:
            raise
        except JobPostponed as later:
            await self._write(job, partial(claiming.postpone, self._db, job, later.until))
        except JobFailed as reason:
            await self._end(job, FAILED, reason)
        except Exception as error:
            log.exception("job_failed", id=job.id, name=job.name, attempt=job.attempt)
            detail = f"{type(error).__name__}: {error}"
            if job.attempt < definition.attempts:
                until = now() + _FIRST_PAUSE * 4 ** (job.attempt - 1)
                await self._write(job, partial(claiming.postpone, self._db, job, until, detail))
            else:
                await self._end(job, FAILED, JobFailed(OUR_FAULT), detail)
        else:
            await self._end(job, DONE)

    async def _stopped(self, job: Job) -> None:
        """Cancelled by its owner, or because this engine ends."""
        if job.id in self._cancelled:
            await self._end(job, CANCELLED)
        else:
            await self._write(job, partial(claiming.give_back, self._db, job))

    async def _end(self, job: Job, state: str, reason: JobFailed | None = None, detail: str | None = None) -> None:
        await self._write(job, partial(claiming.finish, self._db, job, state, reason, detail))

    async def _write(self, job: Job, work: Callable[[], Awaitable[bool]]) -> None:
        """Write how it ended; finished even if this task is being cancelled just then."""
        job.changed = False
        if not await asyncio.shield(asyncio.ensure_future(work())):
            raise JobLost

    async def _keep_leases(self) -> None:
        """While there are jobs: write progress each second and renew the leases; stop those that others took."""
        renew_at = 0.0
        clock = asyncio.get_running_loop().time
        while self._tasks:
            await asyncio.sleep(FLUSH_SECONDS)
            changed = [job for job in self._jobs.values() if job.changed]
            renew = clock() >= renew_at
            if not changed and not renew:
                continue
            try:
                lost = await claiming.keep(self._db, self.worker, changed, list(self._jobs) if renew else [])
            except Exception:
                log.exception("job_leases_not_renewed")
                continue
            if renew:
                renew_at = clock() + claiming.RENEW_SECONDS
            for job_id in lost:
                if job_id in self._tasks:
                    log.warning("job_taken_over", id=job_id)
                    self._tasks[job_id].cancel()
