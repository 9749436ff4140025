"""Moderation: policies towards domains, reports, and the log of what moderators did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


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
    created_at: Mapped[datetime] = mapped_column(default=now)


class AuditEntry(Base):
    """One act of a moderator or administrator."""

    __tablename__ = "audit_entry"

    id: Mapped[Id]
    user_id: Mapped[int | None]  # None: the command line
    action: Mapped[str]  # for example suspend_actor
    target: Mapped[str]  # what it was done to, in words that outlive the row
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
