"""Tables of the wire: the inbox journal, outgoing activities and their deliveries, relays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class InboxItem(Base):
    """An activity that was acknowledged. Deleted once processed; kept with its error when it cannot be."""

    __tablename__ = "inbox_item"

    id: Mapped[Id]
    host: Mapped[str]  # sending host: order is kept per host
    signer_uri: Mapped[str]  # actor whose key signed the request
    inbox_actor_id: Mapped[int | None]  # local actor whose personal inbox was used; None = shared inbox
    body: Mapped[str]  # JSON text as received
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None]  # temporary trouble: not before then
    parked_at: Mapped[datetime | None]  # given up; the administrator can see and retry it
    error: Mapped[str | None]
    received_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        Index("ix_inbox_item_waiting", "id", sqlite_where=text("parked_at IS NULL"),
              postgresql_where=text("parked_at IS NULL")),
        Index("ix_inbox_item_host", "host", "id"),
    )


class SeenActivity(Base):
    """An activity id that was processed, so that the same one by another way is passed over."""

    __tablename__ = "seen_activity"

    actor_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uri_hash: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 63 bits of SHA-256 of the id
    seen_at: Mapped[datetime] = mapped_column(default=now, index=True)


class Outgoing(Base):
    """An activity being delivered; deleted with its last delivery."""

    __tablename__ = "outgoing"

    id: Mapped[Id]
    uri: Mapped[str]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id"))  # local actor whose key signs
    type: Mapped[str]
    object_id: Mapped[int | None]  # object it is about, if any
    followers_only: Mapped[bool] = mapped_column(default=False)  # send Collection-Synchronization (FEP-8fcf)
    key_id: Mapped[int | None]  # actor_key that signs; None: the actor's present one (set by key rotation)
    proof: Mapped[bool] = mapped_column(default=False)  # to be sealed with an FEP-8b32 proof
    linked_data: Mapped[bool] = mapped_column(default=False)  # to be sealed with an LD signature, too
    sealed: Mapped[bool] = mapped_column(default=False)  # the body has what `proof` and `linked_data` ask for
    body: Mapped[str]  # JSON text; once sealed byte-identical in every attempt
    created_at: Mapped[datetime] = mapped_column(default=now)


class Delivery(Base):
    """One activity to one inbox. Deleted when done; order per host is by id."""

    __tablename__ = "delivery"

    id: Mapped[Id]
    outgoing_id: Mapped[int] = mapped_column(ForeignKey("outgoing.id", ondelete="CASCADE"), index=True)
    host: Mapped[str]
    inbox: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(default=now)
    failed_at: Mapped[datetime | None]  # given up
    error: Mapped[str | None]
    claimed_until: Mapped[datetime | None]  # an engine is working on it (PostgreSQL, several engines)

    __table_args__ = (
        Index("ix_delivery_host", "host", "id"),
        Index("ix_delivery_next", "next_at", sqlite_where=text("failed_at IS NULL"),
              postgresql_where=text("failed_at IS NULL")),
    )


class GroupActivity(Base):
    """Something a community here, or a moderator here, said lately: whoever knows its id may fetch it."""

    __tablename__ = "group_activity"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # the number in its uri
    community_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), index=True)
    object_id: Mapped[int | None]  # what it is about
    open: Mapped[bool]  # Public is among its addressees
    telling: Mapped[bool]  # it shows something of the object
    body: Mapped[str]  # JSON text
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class FetchJob(Base):
    """Something to be fetched in the background: a parent, a thread, an actor's outbox."""

    __tablename__ = "fetch_job"

    id: Mapped[Id]
    purpose: Mapped[str]  # what for, by which the worker knows what to do: `FetchWorker`
    uri: Mapped[str]
    data: Mapped[str] = mapped_column(default="{}")  # JSON text: depth, budget, reader, …
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(default=now, index=True)
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (UniqueConstraint("purpose", "uri"),)


class Relay(Base):
    """A relay this server subscribed to (FEP-ae0c)."""

    __tablename__ = "relay"

    id: Mapped[Id]
    server_id: Mapped[int] = mapped_column(ForeignKey("server.id"))
    inbox: Mapped[str] = mapped_column(unique=True)
    actor_uri: Mapped[str | None]  # LitePub style, or learned from the Accept
    follow_uri: Mapped[str]
    state: Mapped[str] = mapped_column(default="pending")  # pending, accepted, rejected
    created_at: Mapped[datetime] = mapped_column(default=now)


class Pulse(Base):
    """When something was last known to be running."""

    __tablename__ = "pulse"

    name: Mapped[str] = mapped_column(primary_key=True)  # inbox
    beat_at: Mapped[datetime]
