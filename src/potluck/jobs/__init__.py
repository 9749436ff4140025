"""Durable background work: what must be finished even if the machine stops in between.

A job is a row written in the transaction of its cause; an engine takes it, runs it step by step and keeps what each
step gave, so that after `kill -9` it goes on with the first step that was not finished.

    @jobs.define("process_media", queue="transcoding", label="Preparing a file")
    async def process_media(job: jobs.Job, media_id: int) -> None: ...

    await jobs.enqueue(session, "process_media", media_id, owner_id=actor.id, key=f"media:{media_id}")

How to write one: `docs/contributors/jobs.md`.
"""

from potluck.jobs.engine import JobEngine
from potluck.jobs.model import JobRow, JobStep
from potluck.jobs.queueing import cancel, cancel_key, enqueue, move, retry, trim
from potluck.jobs.reading import Progress, counts, listed, of_owner, one, progress
from potluck.jobs.registry import Ended, define, queue
from potluck.jobs.running import Job, JobFailed, JobPostponed

__all__ = [
    "Ended", "Job", "JobEngine", "JobFailed", "JobPostponed", "JobRow", "JobStep", "Progress", "cancel",
    "cancel_key", "counts", "define", "enqueue", "listed", "move", "of_owner", "one", "progress", "queue", "retry",
    "trim",
]
