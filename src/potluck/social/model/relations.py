"""How actors relate to each other: follows, blocks, mutes, notes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, Json, now


class Follow(Base):
    """A follow, pending until accepted. Remote locked accounts stay pending until their Accept arrives."""

    __tablename__ = "follow"

    id: Mapped[Id]
    uri: Mapped[str | None] = mapped_column(index=True)  # id of the Follow activity
    follower_id: Mapped[int] = mapped_column(ForeignKey("actor.id"))
    followed_id: Mapped[int] = mapped_column(ForeignKey("actor.id"))
    state: Mapped[str] = mapped_column(default="pending")  # pending, accepted
    show_boosts: Mapped[bool] = mapped_column(default=True)
    notify: Mapped[bool] = mapped_column(default=False)  # a notification for each post
    languages: Mapped[list[str] | None] = mapped_column(Json)  # only these in home; None = all
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        UniqueConstraint("follower_id", "followed_id"),
        Index("ix_follow_followed", "followed_id", "state", "id"),
        Index("ix_follow_follower", "follower_id", "state", "id"),
    )


class Block(Base):
    """Severs everything between two actors."""

    __tablename__ = "block"

    id: Mapped[Id]
    uri: Mapped[str | None]
    blocker_id: Mapped[int] = mapped_column(ForeignKey("actor.id"))
    blocked_id: Mapped[int] = mapped_column(ForeignKey("actor.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (UniqueConstraint("blocker_id", "blocked_id"),)


class Mute(Base):
    """Hides someone from the muter, silently, perhaps for a time."""

    __tablename__ = "mute"

    id: Mapped[Id]
    muter_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    muted_id: Mapped[int] = mapped_column(ForeignKey("actor.id"), index=True)
    notifications: Mapped[bool] = mapped_column(default=True)
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (UniqueConstraint("muter_id", "muted_id"),)


class DomainMute(Base):
    """A person blocks a whole server for themselves."""

    __tablename__ = "domain_mute"

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    host: Mapped[str]

    __table_args__ = (UniqueConstraint("actor_id", "host"),)


class ThreadMute(Base):
    """A person wants no notifications from a conversation."""

    __tablename__ = "thread_mute"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False)
    thread_root_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class AccountNote(Base):
    """A private note about someone."""

    __tablename__ = "account_note"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False)
    target_id: Mapped[int] = mapped_column(ForeignKey("actor.id"), primary_key=True, autoincrement=False)
    comment: Mapped[str]


class Endorsement(Base):
    """Someone shown on the endorser's profile."""

    __tablename__ = "endorsement"

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    target_id: Mapped[int] = mapped_column(ForeignKey("actor.id"))

    __table_args__ = (UniqueConstraint("actor_id", "target_id"),)
