"""Feeds: what each local reader sees at home and in lists, written when things arrive."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class FeedEntry(Base):
    """One entry of one feed. A feed is a person's home (`feed_id` = actor id) or a list (`feed_id` = list id).

    `entry_id` is the object's id, or the announce's id for a boost; newest first is `entry_id` descending.
    """

    __tablename__ = "feed_entry"

    feed_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    object_id: Mapped[int]
    announce_id: Mapped[int | None]
    source_id: Mapped[int]  # the actor because of whom it is here (author or booster), 0 for a followed hashtag
    kind: Mapped[str]  # kind of the object, for lenses

    __table_args__ = (
        Index("ix_feed_entry_kind", "feed_id", "kind", "entry_id"),
        Index("ix_feed_entry_object", "object_id", "feed_id"),
        Index("ix_feed_entry_source", "feed_id", "source_id"),
        {"sqlite_with_rowid": False},
    )


class List(Base):
    """A person's list of people they follow."""

    __tablename__ = "list"

    id: Mapped[Id]
    owner_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    replies_policy: Mapped[str] = mapped_column(default="list")  # followed, list, none
    exclusive: Mapped[bool] = mapped_column(default=False)  # members' posts leave home
    created_at: Mapped[datetime] = mapped_column(default=now)


class ListMember(Base):
    """Someone on a list."""

    __tablename__ = "list_member"

    id: Mapped[Id]
    list_id: Mapped[int] = mapped_column(ForeignKey("list.id", ondelete="CASCADE"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id"), index=True)

    __table_args__ = (UniqueConstraint("list_id", "actor_id"),)


class Marker(Base):
    """How far a person has read a timeline."""

    __tablename__ = "marker"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False)
    timeline: Mapped[str] = mapped_column(primary_key=True)  # home, notifications
    last_read_id: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=now)
