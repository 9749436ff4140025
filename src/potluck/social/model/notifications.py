"""Notifications and private conversations of local people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text
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
    event_id: Mapped[int | None]  # severance.id, of severed_relationships
    warning_id: Mapped[int | None]  # what moderators did, of moderation_warning
    emoji: Mapped[str | None]  # of a reaction
    filtered: Mapped[bool] = mapped_column(default=False)  # set aside by the reader's notification policy
    unread: Mapped[bool] = mapped_column(default=False, server_default=false())  # a mention not looked at yet
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        Index("ix_notification_reader", "reader_id", "id"),
        Index("ix_notification_unread", "reader_id", "id", sqlite_where=text("unread = 1"),
              postgresql_where=text("unread")),
        Index("ix_notification_group", "reader_id", "group_key", "id"),
    )


class Conversation(Base):
    """A private conversation as one participant sees it: those who take part, within a thread."""

    __tablename__ = "conversation"

    id: Mapped[Id]
    reader_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    thread_root_id: Mapped[int]
    participants: Mapped[str] = mapped_column(default="")  # who takes part, as one key (social.conversations)
    last_object_id: Mapped[int]
    participant_ids: Mapped[list[int]]  # without the reader
    unread: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        UniqueConstraint("reader_id", "thread_root_id", "participants"),
        Index("ix_conversation_reader", "reader_id", "last_object_id"),
    )


class NotificationPolicy(Base):
    """Whose notifications a person wants: accept, filter (set aside) or drop. Without a row the defaults hold."""

    __tablename__ = "notification_policy"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False)
    for_not_following: Mapped[str] = mapped_column(default="accept")  # people the reader does not follow
    for_not_followers: Mapped[str] = mapped_column(default="accept")  # who do not follow the reader (for three days)
    for_new_accounts: Mapped[str] = mapped_column(default="accept")  # made within thirty days
    for_private_mentions: Mapped[str] = mapped_column(default="accept")  # unasked for, by people not followed
    for_limited_accounts: Mapped[str] = mapped_column(default="filter")  # limited by moderators


class NotificationPermission(Base):
    """Someone whose notifications a person accepted: the policy does not hold for them any more."""

    __tablename__ = "notification_permission"

    reader_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False)


class NotificationRequest(Base):
    """Someone whose notifications were set aside, until the reader accepts or dismisses them."""

    __tablename__ = "notification_request"

    id: Mapped[Id]
    reader_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        UniqueConstraint("reader_id", "actor_id"),
        Index("ix_notification_request_reader", "reader_id", "id"),
    )


class Severance(Base):
    """Follows of a person that ended because a server or account was blocked or suspended."""

    __tablename__ = "severance"

    id: Mapped[Id]
    reader_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), index=True)
    type: Mapped[str]  # domain_block, user_domain_block, account_suspension
    target_name: Mapped[str]  # the domain or handle
    followers_count: Mapped[int] = mapped_column(default=0)
    following_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
