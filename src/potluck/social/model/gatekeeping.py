"""Who is kept out and what is held back: blocked addresses and networks, rules against spam."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class EmailDomainBlock(Base):
    """Nobody signs up with an address of this domain (or a subdomain, or one whose mail goes there)."""

    __tablename__ = "email_domain_block"

    id: Mapped[Id]
    domain: Mapped[str] = mapped_column(unique=True)
    attempts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # day -> sign-ups refused, the last seven days
    created_at: Mapped[datetime] = mapped_column(default=now)


class CanonicalEmailBlock(Base):
    """One person's mailbox may not sign up again: the hash of its address without dots and `+` parts."""

    __tablename__ = "canonical_email_block"

    id: Mapped[Id]
    digest: Mapped[str] = mapped_column(unique=True)  # SHA-256, hex
    reference_id: Mapped[int | None]  # actor because of whom
    created_at: Mapped[datetime] = mapped_column(default=now)


class IpBlock(Base):
    """What may not be done from a network."""

    __tablename__ = "ip_block"

    id: Mapped[Id]
    network: Mapped[str] = mapped_column(unique=True)  # CIDR
    severity: Mapped[str]  # sign_up_requires_approval, sign_up_block, no_access
    comment: Mapped[str] = mapped_column(default="")
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class SpamRule(Base):
    """A rule that holds back, limits or refuses posts."""

    __tablename__ = "spam_rule"

    id: Mapped[Id]
    title: Mapped[str]
    kind: Mapped[str]  # words, links, mentions
    patterns: Mapped[list[str]] = mapped_column(default=list)  # words: phrases, `*` for any letters of a word
    threshold: Mapped[int] = mapped_column(default=0)  # mentions, links: from how many on
    new_days: Mapped[int] = mapped_column(default=0)  # only accounts known for fewer days; 0 = all
    strangers_only: Mapped[bool] = mapped_column(default=False)  # only those nobody here follows
    action: Mapped[str]  # hold, silence, reject
    origin: Mapped[str] = mapped_column(default="all")  # all, local, remote
    enabled: Mapped[bool] = mapped_column(default=True)
    hits: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)


class HeldObject(Base):
    """Why an object is held back (`Object.state` is then `held`)."""

    __tablename__ = "held_object"

    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)
    rule_id: Mapped[int | None]
    title: Mapped[str] = mapped_column(default="")  # of the rule, as it was
    created_at: Mapped[datetime] = mapped_column(default=now)
