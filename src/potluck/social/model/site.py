"""What the server says about itself: rules, texts, announcements; and values it makes once and keeps."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class ServerRule(Base):
    """A rule of this server. Deleted ones are kept, because reports speak of them."""

    __tablename__ = "server_rule"

    id: Mapped[Id]
    position: Mapped[int] = mapped_column(default=0)  # order; equal ones by age
    text: Mapped[str]
    hint: Mapped[str] = mapped_column(default="")  # what is meant, at more length
    translations: Mapped[dict[str, Any]] = mapped_column(default=dict)  # language -> {text, hint}
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]


class SiteText(Base):
    """A text of this server by name."""

    __tablename__ = "site_text"

    name: Mapped[str] = mapped_column(primary_key=True)  # extended_description, privacy_policy
    source: Mapped[str]  # Markdown
    content: Mapped[str]  # sanitised HTML
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Terms(Base):
    """A version of the terms of service."""

    __tablename__ = "terms"

    id: Mapped[Id]
    source: Mapped[str]  # Markdown
    content: Mapped[str]  # sanitised HTML
    changelog: Mapped[str] = mapped_column(default="")  # what is new, plain text
    effective_date: Mapped[date] = mapped_column(Date, unique=True)
    published_at: Mapped[datetime | None]  # None: a draft
    created_at: Mapped[datetime] = mapped_column(default=now)


class Announcement(Base):
    """Something the people who run this server tell everyone with an account."""

    __tablename__ = "announcement"

    id: Mapped[Id]
    source: Mapped[str]  # Markdown
    content: Mapped[str]  # sanitised HTML
    starts_at: Mapped[datetime | None]  # of what is announced
    ends_at: Mapped[datetime | None]  # shown no longer from then
    all_day: Mapped[bool] = mapped_column(default=False)
    mention_ids: Mapped[list[int]] = mapped_column(default=list)  # local actors it names
    object_ids: Mapped[list[int]] = mapped_column(default=list)  # local posts it links to
    hashtags: Mapped[list[str]] = mapped_column(default=list)
    emojis: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # [{shortcode, url}]
    scheduled_at: Mapped[datetime | None]  # published by itself then
    published_at: Mapped[datetime | None] = mapped_column(index=True)  # None: a draft
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class AnnouncementReaction(Base):
    """An emoji somebody gave an announcement."""

    __tablename__ = "announcement_reaction"

    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True,
                                                 autoincrement=False)
    name: Mapped[str] = mapped_column(primary_key=True)  # an emoji, or the shortcode of a custom one
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False, index=True)
    url: Mapped[str | None]  # picture of a custom one
    created_at: Mapped[datetime] = mapped_column(default=now)


class AnnouncementDismissal(Base):
    """Somebody has read an announcement."""

    __tablename__ = "announcement_dismissal"

    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True,
                                                 autoincrement=False)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False, index=True)


class SuggestionDismissal(Base):
    """Somebody who is not to be suggested to a person any more."""

    __tablename__ = "suggestion_dismissal"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False)
    target_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)


class KeptValue(Base):
    """A value that this server made once and keeps, the same for all its processes (keys of Web Push)."""

    __tablename__ = "kept_value"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
