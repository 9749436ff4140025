"""Fetches of what is missing of a conversation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class ThreadFetch(Base):
    """The missing parts of a conversation are, or were, asked for elsewhere."""

    __tablename__ = "thread_fetch"

    id: Mapped[Id]
    object_id: Mapped[int] = mapped_column(index=True)  # the object somebody opened
    root_id: Mapped[int] = mapped_column(index=True)  # thread as it was known then; at the end as it is known
    state: Mapped[str] = mapped_column(default="running")  # running, finished
    found: Mapped[int] = mapped_column(default=0)  # objects that were new here
    started_at: Mapped[datetime] = mapped_column(default=now, index=True)
    finished_at: Mapped[datetime | None]
