"""Notifications and private conversations of local people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class Notification(Base):
    """Something a local person should know. Types are Mastodon's, plus `reaction` for emoji reactions."""

    __tablename__ = "notification"

    id: Mapped[Id]
    reader_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    type: Mapped[str]  # mention, status, reblog, follow, follow_request, favourite, poll, update, quote, …
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), index=True)  # who caused it
    object_id: Mapped[int | None] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), index=True)
    report_id: Mapped[int | None]
    group_key: Mapped[str]  # equal for what may be shown as one; 'ungrouped-ID' otherwise
    emoji: Mapped[str | None]  # of a reaction
    filtered: Mapped[bool] = mapped_column(default=False)  # set aside by the reader's notification policy
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        Index("ix_notification_reader", "reader_id", "id"),
        Index("ix_notification_group", "reader_id", "group_key", "id"),
    )


class Conversation(Base):
    """A private conversation as one participant sees it."""

    __tablename__ = "conversation"

    id: Mapped[Id]
    reader_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    thread_root_id: Mapped[int]
    last_object_id: Mapped[int]
    participant_ids: Mapped[list[int]]  # without the reader
    unread: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        UniqueConstraint("reader_id", "thread_root_id"),
        Index("ix_conversation_reader", "reader_id", "last_object_id"),
    )
