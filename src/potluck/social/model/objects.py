"""Objects: everything said or shared, of every kind, and what people did with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, Json, now

_LIVE = "deleted_at IS NULL AND state = 'published'"
_TAKEN_BACK = "state = 'withdrawn'"
_WAITS = "state = 'processing'"
_COMMENT = "group_id IS NOT NULL AND in_reply_to_uri IS NOT NULL"


class Object(Base):
    """One thing said or shared. A kind adds its own table only for what it must query or sort by."""

    __tablename__ = "object"

    id: Mapped[Id]
    uri: Mapped[str] = mapped_column(unique=True)  # ActivityPub id
    kind: Mapped[str]  # registry name: note, article, …; 'unknown' for types nobody owns
    type: Mapped[str]  # ActivityStreams type as received or written
    author_id: Mapped[int] = mapped_column(ForeignKey("actor.id"))
    local: Mapped[bool] = mapped_column(default=False)
    visibility: Mapped[str]  # public, unlisted, followers, direct, local, group (social.visibility)
    state: Mapped[str] = mapped_column(default="published")  # or processing (media), held, removed, withdrawn
    group_id: Mapped[int | None] = mapped_column(ForeignKey("actor.id"), index=True)  # community posted to
    # The community counts it as its own, its author did not address it (`communities.claims`).
    group_claimed: Mapped[bool] = mapped_column(default=False, server_default=false())
    in_reply_to_id: Mapped[int | None]
    in_reply_to_uri: Mapped[str | None]  # kept also while the parent is unknown
    in_reply_to_author_id: Mapped[int | None]
    thread_root_id: Mapped[int | None]  # first object of the conversation; own id at the root
    context_uri: Mapped[str | None]  # FEP-7888 context collection, or legacy conversation
    replies_uri: Mapped[str | None]  # remote replies collection
    replies_fetched_at: Mapped[datetime | None]
    quote_id: Mapped[int | None] = mapped_column(index=True)
    quote_uri: Mapped[str | None]
    quote_state: Mapped[str | None]  # pending, accepted, rejected, revoked, deleted, unauthorized
    quote_authorization_uri: Mapped[str | None]  # FEP-044f stamp
    quote_policy: Mapped[str] = mapped_column(default="public")  # who may quote: public, followers, nobody
    interaction_policy: Mapped[dict[str, Any] | None] = mapped_column(Json)  # as received (GoToSocial, FEP-044f)
    approved_by_uri: Mapped[str | None]  # GoToSocial approval of a reply
    title: Mapped[str | None]  # plain text
    summary: Mapped[str] = mapped_column(default="")  # content warning (note) or abstract, plain text
    content: Mapped[str] = mapped_column(default="")  # sanitised HTML
    source: Mapped[str | None]  # what the author typed
    source_type: Mapped[str | None]  # its media type
    language: Mapped[str | None]  # BCP 47
    sensitive: Mapped[bool] = mapped_column(default=False)
    url: Mapped[str | None]  # page for people
    emojis: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # [{shortcode, url}]
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what a kind shows but never queries
    published: Mapped[datetime]
    edited_at: Mapped[datetime | None]  # last real edit
    deleted_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    replies_count: Mapped[int] = mapped_column(default=0)
    likes_count: Mapped[int] = mapped_column(default=0)  # likes and emoji reactions
    dislikes_count: Mapped[int] = mapped_column(default=0)
    boosts_count: Mapped[int] = mapped_column(default=0)
    quotes_count: Mapped[int] = mapped_column(default=0)
    remote_likes: Mapped[int | None]  # as the origin says; shown when larger, never summed
    remote_boosts: Mapped[int | None]
    app_name: Mapped[str | None]  # client that wrote it
    app_website: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)  # +1 whenever what is shown to all changes (render cache key)
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        Index("ix_object_author", "author_id", "id"),
        Index("ix_object_thread", "thread_root_id", "id"),
        Index("ix_object_answer", "in_reply_to_id", "id"),
        Index("ix_object_waiting", "author_id", "id", sqlite_where=text(_WAITS), postgresql_where=text(_WAITS)),
        Index("ix_object_withdrawn", "author_id", "id", sqlite_where=text(_TAKEN_BACK),
              postgresql_where=text(_TAKEN_BACK)),
        Index("ix_object_public", "id", sqlite_where=text(f"visibility = 'public' AND {_LIVE}"),
              postgresql_where=text(f"visibility = 'public' AND {_LIVE}")),
        Index("ix_object_local_public", "local", "id", sqlite_where=text(f"visibility = 'public' AND {_LIVE}"),
              postgresql_where=text(f"visibility = 'public' AND {_LIVE}")),
        Index("ix_object_comment", "id", sqlite_where=text(_COMMENT), postgresql_where=text(_COMMENT)),
        Index("ix_object_group_comment", "group_id", "id", sqlite_where=text(_COMMENT),
              postgresql_where=text(_COMMENT)),
        Index("ix_object_author_comment", "author_id", "id", sqlite_where=text(_COMMENT),
              postgresql_where=text(_COMMENT)),
        Index("ix_object_missing_parent", "in_reply_to_uri",
              sqlite_where=text("in_reply_to_id IS NULL AND in_reply_to_uri IS NOT NULL"),
              postgresql_where=text("in_reply_to_id IS NULL AND in_reply_to_uri IS NOT NULL")),
    )

    @property
    def ruled_by(self) -> int | None:
        """The community whose rules and moderators bind it: not one that merely lists it."""
        return None if self.group_claimed else self.group_id


class ObjectDocument(Base):
    """The document of a remote object as it was received."""

    __tablename__ = "object_document"

    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)
    document: Mapped[str]  # JSON text


class Revision(Base):
    """An earlier version of an edited object."""

    __tablename__ = "revision"

    id: Mapped[Id]
    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), index=True)
    title: Mapped[str | None]
    summary: Mapped[str] = mapped_column(default="")
    content: Mapped[str] = mapped_column(default="")
    sensitive: Mapped[bool] = mapped_column(default=False)
    emojis: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)  # attachments, poll options of that version
    created_at: Mapped[datetime]  # when that version was current from


class Tombstone(Base):
    """An id that was deleted, so that a late Create does not bring it back and readers get 410."""

    __tablename__ = "tombstone"

    uri: Mapped[str] = mapped_column(primary_key=True)
    former_type: Mapped[str | None]
    local: Mapped[bool] = mapped_column(default=False)
    deleted_at: Mapped[datetime] = mapped_column(default=now, index=True)


class Mention(Base):
    """Someone addressed by an object. `silent` when they are in the audience but not named in the text."""

    __tablename__ = "mention"

    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id"), primary_key=True, autoincrement=False)
    silent: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (Index("ix_mention_actor", "actor_id", "object_id"),)


class Hashtag(Base):
    """A hashtag, by its normalised name."""

    __tablename__ = "hashtag"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)  # normalised
    display: Mapped[str]  # as first written
    usable: Mapped[bool] = mapped_column(default=True)  # in posts that are written here
    listable: Mapped[bool] = mapped_column(default=True)  # found by search, suggested, may trend
    created_at: Mapped[datetime] = mapped_column(default=now)


class ObjectTag(Base):
    """A hashtag on an object."""

    __tablename__ = "object_tag"

    hashtag_id: Mapped[int] = mapped_column(ForeignKey("hashtag.id"), primary_key=True, autoincrement=False)
    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False, index=True)


class HashtagFollow(Base):
    """A person follows a hashtag: its public posts come into home."""

    __tablename__ = "hashtag_follow"

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    hashtag_id: Mapped[int] = mapped_column(ForeignKey("hashtag.id"), index=True)

    __table_args__ = (UniqueConstraint("actor_id", "hashtag_id"),)


class FeaturedTag(Base):
    """A hashtag shown on a profile."""

    __tablename__ = "featured_tag"

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    hashtag_id: Mapped[int] = mapped_column(ForeignKey("hashtag.id"))

    __table_args__ = (UniqueConstraint("actor_id", "hashtag_id"),)


class CustomEmoji(Base):
    """A custom emoji, local (host '') or of another server."""

    __tablename__ = "custom_emoji"

    id: Mapped[Id]
    shortcode: Mapped[str]
    host: Mapped[str] = mapped_column(default="")
    url: Mapped[str]
    uri: Mapped[str | None]
    category: Mapped[str | None]
    visible: Mapped[bool] = mapped_column(default=True)  # in pickers
    disabled: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (UniqueConstraint("shortcode", "host"),)


class Media(Base):
    """An attachment: a local upload, or a link to a remote file."""

    __tablename__ = "media"

    id: Mapped[Id]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("actor.id"), index=True)  # local uploader
    object_id: Mapped[int | None] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)  # order within the object
    type: Mapped[str]  # image, gifv, video, audio, unknown
    media_type: Mapped[str | None]  # MIME
    url: Mapped[str | None]  # where it can be read from (None while processing)
    remote_url: Mapped[str | None]
    preview_url: Mapped[str | None]
    description: Mapped[str] = mapped_column(default="")  # alternative text
    blurhash: Mapped[str | None]
    focus_x: Mapped[float | None]
    focus_y: Mapped[float | None]
    meta: Mapped[dict[str, Any]] = mapped_column(default=dict)  # width, height, duration, …
    state: Mapped[str] = mapped_column(default="ready")  # uploading, processing, ready, failed
    purpose: Mapped[str] = mapped_column(default="attachment", server_default="attachment")  # avatar, header, emoji, …
    error: Mapped[str | None]  # why processing failed, in words for the owner
    loose_since: Mapped[datetime | None]  # when a local upload was taken off its object; collected some time later
    created_at: Mapped[datetime] = mapped_column(default=now)


class Announce(Base):
    """A boost. Its id shares the id space of objects: it is a feed entry and a Mastodon status of its own."""

    __tablename__ = "announce"

    id: Mapped[Id]
    uri: Mapped[str] = mapped_column(unique=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id"))
    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), index=True)
    visibility: Mapped[str] = mapped_column(default="public")
    published: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (UniqueConstraint("actor_id", "object_id"), Index("ix_announce_actor", "actor_id", "id"))


class Reaction(Base):
    """A like, a dislike, or an emoji reaction."""

    __tablename__ = "reaction"

    id: Mapped[Id]
    uri: Mapped[str | None] = mapped_column(unique=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id"))
    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]  # like, dislike, emoji
    emoji: Mapped[str] = mapped_column(default="")  # one emoji or :shortcode:, '' unless kind is emoji
    emoji_url: Mapped[str | None]  # image of a custom emoji
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        UniqueConstraint("actor_id", "object_id", "kind", "emoji"),
        Index("ix_reaction_actor", "actor_id", "id"),
    )


class Bookmark(Base):
    """A private note to self to come back to an object."""

    __tablename__ = "bookmark"

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), index=True)

    __table_args__ = (UniqueConstraint("actor_id", "object_id"), Index("ix_bookmark_actor", "actor_id", "id"))


class Pin(Base):
    """An object featured on its author's profile."""

    __tablename__ = "pin"

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), index=True)

    __table_args__ = (UniqueConstraint("actor_id", "object_id"),)
