"""A person's filters: words and posts they do not want to see, or only after a warning."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class Filter(Base):
    """One filter of a person: where it works and what it does with what it finds."""

    __tablename__ = "content_filter"

    id: Mapped[Id]
    owner_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    contexts: Mapped[list[str]]  # home, notifications, public, thread, account
    action: Mapped[str] = mapped_column(default="warn")  # warn, hide, blur
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class FilterKeyword(Base):
    """A word or phrase of a filter."""

    __tablename__ = "filter_keyword"

    id: Mapped[Id]
    filter_id: Mapped[int] = mapped_column(ForeignKey("content_filter.id", ondelete="CASCADE"), index=True)
    keyword: Mapped[str]
    whole_word: Mapped[bool] = mapped_column(default=True)


class FilterStatus(Base):
    """A single post that a filter catches."""

    __tablename__ = "filter_status"

    id: Mapped[Id]
    filter_id: Mapped[int] = mapped_column(ForeignKey("content_filter.id", ondelete="CASCADE"))
    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), index=True)

    __table_args__ = (UniqueConstraint("filter_id", "object_id"),)
