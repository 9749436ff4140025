"""Web Push: where apps want to be told of notifications, and what waits to be told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class PushSubscription(Base):
    """Where an app wants to be told of notifications; one for each token."""

    __tablename__ = "push_subscription"

    id: Mapped[Id]
    token_id: Mapped[int] = mapped_column(ForeignKey("oauth_token.id", ondelete="CASCADE"), unique=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), index=True)  # whose
    endpoint: Mapped[str]
    p256dh: Mapped[str]  # the app's public key, base64url
    auth: Mapped[str]  # the app's secret, base64url
    standard: Mapped[bool] = mapped_column(default=False)  # RFC 8291, else the draft most relays of old apps expect
    alerts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # type -> whether wanted
    policy: Mapped[str] = mapped_column(default="all")  # all, followed, follower, none
    sealed_token: Mapped[str] = mapped_column(default="")  # the app's token, which messages carry, encrypted
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class PushMessage(Base):
    """A message that waits to be pushed."""

    __tablename__ = "push_message"

    id: Mapped[Id]
    subscription_id: Mapped[int] = mapped_column(ForeignKey("push_subscription.id", ondelete="CASCADE"), index=True)
    notification_id: Mapped[int] = mapped_column(ForeignKey("notification.id", ondelete="CASCADE"), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (Index("ix_push_message_due", "due_at"),)
