"""Tables of polls, the only part of a note that must be queried or counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class Poll(Base):
    """The poll of an object."""

    __tablename__ = "poll"

    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)
    multiple: Mapped[bool] = mapped_column(default=False)
    hide_totals: Mapped[bool] = mapped_column(default=False)  # until it is over
    expires_at: Mapped[datetime | None]  # None: without end
    closed_at: Mapped[datetime | None]  # its end was told to voters
    votes_count: Mapped[int] = mapped_column(default=0)
    voters_count: Mapped[int | None]  # None where the origin does not say
    pushed_at: Mapped[datetime | None]  # tallies last sent to those who have it (local polls)
    stale: Mapped[bool] = mapped_column(default=False)  # tallies changed since then

    __table_args__ = (
        Index("ix_poll_open", "expires_at", sqlite_where=text("closed_at IS NULL"),
              postgresql_where=text("closed_at IS NULL")),
        Index("ix_poll_stale", "pushed_at", sqlite_where=text("stale"), postgresql_where=text("stale")),
    )


class PollOption(Base):
    """One answer of a poll."""

    __tablename__ = "poll_option"

    object_id: Mapped[int] = mapped_column(ForeignKey("poll.object_id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str]
    votes: Mapped[int] = mapped_column(default=0)


class PollVote(Base):
    """Someone's choice of one option."""

    __tablename__ = "poll_vote"

    id: Mapped[Id]
    object_id: Mapped[int] = mapped_column(ForeignKey("poll.object_id", ondelete="CASCADE"))
    position: Mapped[int]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (UniqueConstraint("object_id", "actor_id", "position"),)


@dataclass(slots=True)
class PollDraft:
    """A poll on its way into the database."""

    options: list[tuple[str, int]]  # (title, votes)
    multiple: bool = False
    hide_totals: bool = False
    expires_at: datetime | None = None
    voters_count: int | None = None


@dataclass(slots=True)
class PollView:
    """A poll as a viewer sees it."""

    options: list[tuple[str, int | None]]  # votes None: hidden until the end
    multiple: bool
    expires_at: datetime | None
    expired: bool
    votes_count: int
    voters_count: int | None
    own_votes: list[int] = field(default_factory=list)  # positions
    voted: bool = False


@dataclass(slots=True)
class NoteData:
    """What views of notes carry beside the common columns."""

    poll: PollView | None = None
