"""Tables of files: what is stored, which variants an attachment has, uploads under way, the cache of remote files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class StoredFile(Base):
    """Bytes in the storage. Equal bytes have one row, whoever brought them; what nothing refers to is collected."""

    __tablename__ = "stored_file"

    id: Mapped[Id]
    digest: Mapped[str] = mapped_column(unique=True)  # SHA-256, hex
    size: Mapped[int]
    media_type: Mapped[str]  # as found by looking at the bytes, never as somebody said
    key: Mapped[str] = mapped_column(unique=True)  # name in the storage: digest, a random part, extension
    place: Mapped[str] = mapped_column(default="local")  # local or s3: where the bytes are now
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime] = mapped_column(default=now, index=True)  # last time somebody began to refer to it


class MediaVariant(Base):
    """One file made of an attachment, or the attachment as it was sent (`original`, never shown)."""

    __tablename__ = "media_variant"

    id: Mapped[Id]
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id", ondelete="CASCADE"))
    name: Mapped[str]  # original, small, full, stream, poster, cover, storyboard, hls, hls-720, captions-en, peaks, …
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), index=True)
    owner_id: Mapped[int | None]  # whose quota it counts against: media.owner_id
    size: Mapped[int]  # of the file, here so that a quota is one look into an index
    media_type: Mapped[str]
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration: Mapped[float | None]  # seconds
    bitrate: Mapped[int | None]  # bits per second
    meta: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what only players or other servers want to know
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        UniqueConstraint("media_id", "name"),
        Index("ix_media_variant_owner", "owner_id", "size"),
    )


class Upload(Base):
    """A resumable upload (tus). How far it has come is the length of its file on disk, not a column."""

    __tablename__ = "upload"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)  # random, in its URL and of its file
    owner_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), index=True)
    length: Mapped[int]  # announced size
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # Upload-Metadata: filename, description, focus, …
    media_id: Mapped[int | None]  # what became of it once all bytes were there
    error: Mapped[str | None]  # why nothing became of it
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class RemoteFile(Base):
    """A file of another server in the cache, or the memory that it could not be had."""

    __tablename__ = "remote_file"

    id: Mapped[Id]
    url_hash: Mapped[str]  # SHA-256 of the address, hex: addresses are too long for an index
    variant: Mapped[str]  # full, small, still
    url: Mapped[str]
    host: Mapped[str] = mapped_column(index=True)  # of the address, for policies towards domains
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"), index=True)  # None: not to be had
    size: Mapped[int] = mapped_column(default=0)
    media_type: Mapped[str | None]
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    error: Mapped[str | None]  # why it could not be had
    retry_at: Mapped[datetime | None]  # not asked for again before then
    fetched_at: Mapped[datetime] = mapped_column(default=now)
    viewed_at: Mapped[datetime] = mapped_column(default=now)  # last shown, within minutes

    __table_args__ = (
        UniqueConstraint("url_hash", "variant"),
        Index("ix_remote_file_viewed", "viewed_at", "size"),
    )
