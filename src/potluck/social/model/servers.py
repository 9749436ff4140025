"""Remote servers: what they run, what signatures they take, whether they answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class Server(Base):
    """One remote host, known since an actor or an object of it was first seen."""

    __tablename__ = "server"

    id: Mapped[Id]
    host: Mapped[str] = mapped_column(unique=True)  # normalised, with a non-default port
    software: Mapped[str | None]  # NodeInfo software name, a hint for dialects
    version: Mapped[str | None]
    nodeinfo_at: Mapped[datetime | None]  # when NodeInfo was last asked
    signature_scheme: Mapped[str | None]  # scheme that last worked: cavage, cavage-no-query, rfc9421
    signature_learned_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)  # deliveries failed in a row
    failing_since: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]  # circuit open until then; None = closed
    gone_at: Mapped[datetime | None]  # given up (a week without answer) until it shows itself again
    last_seen_at: Mapped[datetime | None]  # last verified request from it or successful one to it
    created_at: Mapped[datetime] = mapped_column(default=now)
