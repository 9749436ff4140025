"""Actors: everyone and everything that can act, here or elsewhere, in one namespace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class Actor(Base):
    """A Person, Group, Service, Application or Organization. Local when `host` is empty."""

    __tablename__ = "actor"

    id: Mapped[Id]
    uri: Mapped[str] = mapped_column(unique=True)  # ActivityPub id
    type: Mapped[str] = mapped_column(default="Person")
    name: Mapped[str]  # preferredUsername as written
    host: Mapped[str] = mapped_column(default="")  # domain of the handle; '' = local
    handle: Mapped[str | None] = mapped_column(unique=True)  # lower-case `name` or `name@host`; None once replaced
    server_id: Mapped[int | None] = mapped_column(ForeignKey("server.id"), index=True)  # where the id lives
    owner_id: Mapped[int | None] = mapped_column(index=True)  # user.id that owns a local actor
    display_name: Mapped[str] = mapped_column(default="")
    summary: Mapped[str] = mapped_column(default="")  # sanitised HTML
    summary_source: Mapped[str | None]  # what a local owner typed
    fields: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # [{name, value (HTML), source?, verified_at?}]
    emojis: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # [{shortcode, url}] used in the profile
    url: Mapped[str | None]  # page for people
    avatar_url: Mapped[str | None]
    avatar_description: Mapped[str] = mapped_column(default="")
    header_url: Mapped[str | None]
    header_description: Mapped[str] = mapped_column(default="")
    inbox: Mapped[str | None]
    shared_inbox: Mapped[str | None]
    outbox: Mapped[str | None]
    followers_uri: Mapped[str | None] = mapped_column(index=True)
    following_uri: Mapped[str | None]
    featured_uri: Mapped[str | None]
    locked: Mapped[bool] = mapped_column(default=False)  # manuallyApprovesFollowers
    discoverable: Mapped[bool] = mapped_column(default=False)
    indexable: Mapped[bool] = mapped_column(default=False)
    hide_collections: Mapped[bool] = mapped_column(default=False)
    memorial: Mapped[bool] = mapped_column(default=False)
    also_known_as: Mapped[list[str]] = mapped_column(default=list)
    moved_to_uri: Mapped[str | None]
    moved_to_id: Mapped[int | None]
    moved_at: Mapped[datetime | None]
    followers_count: Mapped[int] = mapped_column(default=0)
    following_count: Mapped[int] = mapped_column(default=0)
    posts_count: Mapped[int] = mapped_column(default=0)
    last_post_at: Mapped[datetime | None]
    remote_followers: Mapped[int | None]  # as the origin says; shown when larger, never summed
    remote_following: Mapped[int | None]
    remote_posts: Mapped[int | None]
    counted_at: Mapped[datetime | None]  # when the origin was last asked for them
    published: Mapped[datetime | None]  # creation as the origin says
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)  # last change of what is shown
    fetched_at: Mapped[datetime | None]  # remote document last read
    sensitized_at: Mapped[datetime | None]  # a moderator has all its media hidden behind a click
    silenced_at: Mapped[datetime | None]  # limited by a moderator
    suspended_at: Mapped[datetime | None]  # by a moderator here, or `suspended` by the origin
    deleted_at: Mapped[datetime | None]  # gone for good: answered with 410
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what a kind or dialect needs beside

    __table_args__ = (Index("ix_actor_host", "host"),)

    @property
    def is_local(self) -> bool:
        """Whether the actor lives on this server."""
        return self.host == ""

    @property
    def shown_followers(self) -> int:
        """How many followers a profile shows."""
        return max(self.followers_count, self.remote_followers or 0)

    @property
    def shown_following(self) -> int:
        """How many followed people a profile shows."""
        return max(self.following_count, self.remote_following or 0)

    @property
    def shown_posts(self) -> int:
        """How many posts a profile shows."""
        return max(self.posts_count, self.remote_posts or 0)

    @property
    def acct(self) -> str:
        """`name` for a local actor, `name@host` for a remote one (as Mastodon's `acct`)."""
        return f"{self.name}@{self.host}" if self.host else self.name


class ActorKey(Base):
    """A public key of an actor; for local actors with the private half."""

    __tablename__ = "actor_key"

    id: Mapped[Id]
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), index=True)
    uri: Mapped[str] = mapped_column(unique=True)  # keyId, fragment included
    algorithm: Mapped[str]  # 'rsa' or 'ed25519'
    public_key: Mapped[str]  # PEM (rsa) or multibase (ed25519)
    private_key: Mapped[str | None]  # PKCS#8 PEM, local only
    created_at: Mapped[datetime] = mapped_column(default=now)
    retired_at: Mapped[datetime | None]  # rotated away: still verifies, no longer signs
