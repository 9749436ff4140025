"""What happened just now, for listeners in any process; and nudges between processes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, BigInt, now


class LiveEvent(Base):
    """An event written in the transaction of its cause, read by every web process, kept for some minutes."""

    __tablename__ = "live_event"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    type: Mapped[str]  # update, status.update, delete, notification, conversation, …
    object_id: Mapped[int | None]
    entry_id: Mapped[int | None]  # feed entry (object or announce) for `update`
    reader_id: Mapped[int | None]  # the one reader it is for, None: whoever has it in a feed or public stream
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)

    __table_args__ = ({"sqlite_autoincrement": True},)


class Wakeup(Base):
    """A counter per topic: raised by a writer so that waiting workers look at once (SQLite; NOTIFY on PostgreSQL)."""

    __tablename__ = "wakeup"

    topic: Mapped[str] = mapped_column(primary_key=True)  # inbox, delivery, live, jobs
    counter: Mapped[int] = mapped_column(Integer, default=0)
