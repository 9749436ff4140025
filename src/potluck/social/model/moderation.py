"""Moderation: policies towards domains, reports, strikes and appeals, and the log of what moderators did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, Json, now


class DomainPolicy(Base):
    """The policy towards a domain and its subdomains."""

    __tablename__ = "domain_policy"

    id: Mapped[Id]
    domain: Mapped[str] = mapped_column(unique=True)  # normalised
    severity: Mapped[str]  # allow (for limited federation), noop, silence, suspend
    reject_media: Mapped[bool] = mapped_column(default=False)
    reject_reports: Mapped[bool] = mapped_column(default=False)
    obfuscate: Mapped[bool] = mapped_column(default=False)
    public_comment: Mapped[str] = mapped_column(default="")
    private_comment: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Report(Base):
    """A report about an actor and perhaps some objects, from here or by Flag."""

    __tablename__ = "report"

    id: Mapped[Id]
    uri: Mapped[str | None] = mapped_column(unique=True)
    reporter_id: Mapped[int] = mapped_column(ForeignKey("actor.id"))  # an instance actor for remote reports
    target_id: Mapped[int] = mapped_column(ForeignKey("actor.id"), index=True)
    object_ids: Mapped[list[int]] = mapped_column(default=list)
    comment: Mapped[str] = mapped_column(default="")
    category: Mapped[str] = mapped_column(default="other")  # spam, legal, violation, other
    rule_ids: Mapped[list[int]] = mapped_column(default=list)
    forwarded: Mapped[bool] = mapped_column(default=False)
    assigned_id: Mapped[int | None]  # moderator's user.id
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(default="", server_default="")  # what was done: '' or an action of a Strike
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        Index("ix_report_open", "id", sqlite_where=text("resolved_at IS NULL"),
              postgresql_where=text("resolved_at IS NULL")),
    )


class ModerationNote(Base):
    """What moderators tell each other about a report or an account; the person concerned never sees it."""

    __tablename__ = "moderation_note"

    id: Mapped[Id]
    report_id: Mapped[int | None] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None]  # who wrote it
    text: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Strike(Base):
    """What a moderator did to an account, with the reason the person was given."""

    __tablename__ = "strike"

    id: Mapped[Id]
    target_id: Mapped[int] = mapped_column(ForeignKey("actor.id"), index=True)
    user_id: Mapped[int | None]  # the moderator; None: a rule or the command line
    action: Mapped[str]  # none (a warning), mark_statuses_as_sensitive, delete_statuses, sensitive, disable, …
    text: Mapped[str] = mapped_column(default="")
    report_id: Mapped[int | None]
    object_ids: Mapped[list[int]] = mapped_column(default=list)
    overruled_at: Mapped[datetime | None]  # an appeal was accepted
    created_at: Mapped[datetime] = mapped_column(default=now)


class Appeal(Base):
    """A person asks that a strike be taken back."""

    __tablename__ = "appeal"

    id: Mapped[Id]
    strike_id: Mapped[int] = mapped_column(ForeignKey("strike.id", ondelete="CASCADE"), unique=True)
    text: Mapped[str]
    approved_at: Mapped[datetime | None]
    rejected_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class SeveredFollow(Base):
    """One follow of a severance, kept so that the person can take the list along."""

    __tablename__ = "severed_follow"

    id: Mapped[Id]
    severance_id: Mapped[int] = mapped_column(ForeignKey("severance.id", ondelete="CASCADE"), index=True)
    acct: Mapped[str]  # the other one's address
    incoming: Mapped[bool]  # they followed the reader
    show_boosts: Mapped[bool] = mapped_column(default=True)
    notify: Mapped[bool] = mapped_column(default=False)
    languages: Mapped[list[str] | None] = mapped_column(Json)


class AuditEntry(Base):
    """One act of a moderator or administrator."""

    __tablename__ = "audit_entry"

    id: Mapped[Id]
    user_id: Mapped[int | None]  # None: the command line
    action: Mapped[str]  # for example suspend_actor
    target: Mapped[str]  # what it was done to, in words that outlive the row
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
