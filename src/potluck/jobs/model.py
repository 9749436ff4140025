"""The tables of jobs: what is to be done, and what each finished step gave."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, Json, now

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
UNFINISHED = (WAITING, RUNNING)

_OPEN = text("key IS NOT NULL AND state IN ('waiting', 'running')")
_WAITS = text("state = 'waiting'")
_RUNS = text("state = 'running'")
_OVER = text("finished_at IS NOT NULL")


class JobRow(Base):
    """One piece of work. Words for people are message ids with their values beside them."""

    __tablename__ = "job"

    id: Mapped[Id]
    name: Mapped[str]  # what is done: the name it was defined under
    queue: Mapped[str]  # kind of work, which bounds how much runs at once
    args: Mapped[list[Any]] = mapped_column(default=list)
    key: Mapped[str | None]  # at most one unfinished job has it
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))  # who sees it
    subject: Mapped[str] = mapped_column(default="")  # what it is about, as its owner calls it (a file name)
    state: Mapped[str] = mapped_column(default=WAITING)  # waiting, running, done, failed, cancelled
    progress: Mapped[float] = mapped_column(default=0.0)  # 0 to 1
    message: Mapped[str] = mapped_column(default="")  # what is being done just now, or why it failed
    message_data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    detail: Mapped[str | None]  # the last error as the program saw it, for administrators
    attempts: Mapped[int] = mapped_column(default=0)  # how often it was begun
    run_at: Mapped[datetime] = mapped_column(default=now)  # not before
    worker: Mapped[str | None]  # the engine that runs it
    lease_until: Mapped[datetime | None]  # when others may take it over
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_job_key", "key", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_job_waiting", "queue", "run_at", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index("ix_job_running", "queue", "lease_until", sqlite_where=_RUNS, postgresql_where=_RUNS),
        Index("ix_job_owner", "owner_id", "id"),
        Index("ix_job_latest", "key", "id"),
        Index("ix_job_state", "state", "id"),
        Index("ix_job_finished", "finished_at", sqlite_where=_OVER, postgresql_where=_OVER),
    )


class JobStep(Base):
    """A finished step and what it gave."""

    __tablename__ = "job_step"

    job_id: Mapped[int] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), primary_key=True,
                                        autoincrement=False)
    name: Mapped[str] = mapped_column(primary_key=True)
    result: Mapped[Any] = mapped_column(Json, nullable=True)
