"""What a person has written that is not published: posts with a time, drafts without one, and what an app deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class ScheduledPost(Base):
    """A post that is published by itself when its time has come."""

    __tablename__ = "scheduled_post"

    id: Mapped[Id]
    owner_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    kind: Mapped[str]  # registry name of the kind that publishes it
    scheduled_at: Mapped[datetime] = mapped_column(index=True)
    request: Mapped[dict[str, Any]]  # what is to be published, in the kind's own words
    media_ids: Mapped[list[int]] = mapped_column(default=list)  # files that wait with it
    app_id: Mapped[int | None]  # client that wrote it
    error: Mapped[str | None]  # why it could not be published; it waits for its author then
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (Index("ix_scheduled_post_owner", "owner_id", "id"),)


class KeptDraft(Base):
    """Something begun and put aside."""

    __tablename__ = "kept_draft"

    id: Mapped[Id]
    owner_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    kind: Mapped[str]  # registry name of the kind it is to become
    request: Mapped[dict[str, Any]]  # what is in the composer, in the kind's own words
    media_ids: Mapped[list[int]] = mapped_column(default=list)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    opening: Mapped[str] = mapped_column(default="", server_default="")  # first words, for lists, which read no request
    revision: Mapped[int] = mapped_column(default=1, server_default="1")  # grows with every save
    saved_by: Mapped[str | None]  # the tab or app that saved last, by a word it chose
    key: Mapped[str | None]  # chosen by who began it, so that beginning twice makes one
    object_id: Mapped[int | None] = mapped_column(ForeignKey("object.id", ondelete="SET NULL"), index=True)
    # the published object it is a new version of

    __table_args__ = (
        Index("ix_kept_draft_owner", "owner_id", "id"),
        UniqueConstraint("owner_id", "key"),
        UniqueConstraint("owner_id", "object_id"),
    )


class KeptDraftVersion(Base):
    """How a draft was before."""

    __tablename__ = "kept_draft_version"

    id: Mapped[Id]
    draft_id: Mapped[int] = mapped_column(ForeignKey("kept_draft.id", ondelete="CASCADE"))
    revision: Mapped[int]  # of the draft when it said this
    request: Mapped[dict[str, Any]]
    size: Mapped[int]  # bytes of the request, so that what is kept stays bounded
    opening: Mapped[str] = mapped_column(default="")
    saved_at: Mapped[datetime]  # when it was saved

    # All that is asked about the versions of a draft but for their texts, which are long.
    __table_args__ = (Index("ix_kept_draft_version_sizes", "draft_id", "id", "size", "saved_at"),)


class RemovedPost(Base):
    """A post that an app deleted: gone everywhere, but its writer can have it published anew for some days."""

    __tablename__ = "removed_post"

    id: Mapped[Id]
    owner_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))  # who deleted it
    author_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), index=True)
    # the profile or blog it was in
    url: Mapped[str]  # of its page
    properties: Mapped[dict[str, Any]]  # what it said, in the words of Microformats2
    media_ids: Mapped[list[int]] = mapped_column(default=list)  # its files, kept as long
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)  # when it was deleted

    __table_args__ = (UniqueConstraint("owner_id", "url"),)
