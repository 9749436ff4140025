"""Communities: what a Group actor has beside its actor row, and the posts people bring to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now

_ORDERS = ("hot", "hot_active", "scaled", "controversy", "score", "comments", "newest_comment_s", "published_s")

SLOT = 3 * 3600
"""Seconds in which posts are put together for the best ones of a day or a week."""
POST_SLOT = f"published_s / {SLOT}"


def _listed_index(scope: str, before: tuple[str, ...], column: str) -> Index:
    return Index(f"ix_group_post_{scope}_{column}", *before, column, "object_id",
                 sqlite_where=text("listed = 1"), postgresql_where=text("listed"))


class Community(Base):
    """A Group's settings (ours) or what is known of them (others'). Made when the Group is made or first posted to."""

    __tablename__ = "community"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False)
    posting: Mapped[str] = mapped_column(default="everyone")  # who may post: everyone, members, moderators
    visibility: Mapped[str] = mapped_column(default="public")  # public, local, private (members, by approval)
    sensitive: Mapped[bool] = mapped_column(default=False)  # everything in it is NSFW
    downvotes: Mapped[bool] = mapped_column(default=True)  # whether they are taken
    rules: Mapped[list[str]] = mapped_column(default=list)  # one sentence each
    languages: Mapped[list[str]] = mapped_column(default=list)  # BCP 47; empty = any
    flairs: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # [{id, name, color}]
    posts_count: Mapped[int] = mapped_column(default=0)
    comments_count: Mapped[int] = mapped_column(default=0)
    interactions_month: Mapped[int] = mapped_column(default=0)  # posts, comments and votes of the last thirty days
    # People who posted, commented or voted lately (`communities.liveliness`).
    active_day: Mapped[int] = mapped_column(default=0, server_default="0")
    active_week: Mapped[int] = mapped_column(default=0, server_default="0")
    active_month: Mapped[int] = mapped_column(default=0, server_default="0")
    active_half_year: Mapped[int] = mapped_column(default=0, server_default="0")
    removed_at: Mapped[datetime | None]  # taken down by the server's staff, or by its leader (`closed_at`)
    closed_at: Mapped[datetime | None]  # its leader gave it up and may open it again
    refreshed_at: Mapped[datetime | None]  # a remote one's moderators and pins were last read
    created_at: Mapped[datetime] = mapped_column(default=now)


class Moderator(Base):
    """Somebody who looks after a community; the earlier one outranks the later."""

    __tablename__ = "community_moderator"

    community_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                              autoincrement=False)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False, index=True)
    rank: Mapped[int]  # 0 leads; ties are impossible within a community
    created_at: Mapped[datetime] = mapped_column(default=now)


class CommunityBan(Base):
    """Somebody who may not take part in a community, for a time or for good."""

    __tablename__ = "community_ban"

    community_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                              autoincrement=False)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False, index=True)
    reason: Mapped[str] = mapped_column(default="")
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class GroupPost(Base):
    """A post's place in its community: what listings filter and sort by. One row for each top-level object."""

    __tablename__ = "group_post"

    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)
    community_id: Mapped[int] = mapped_column(ForeignKey("actor.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("actor.id"), index=True)
    kind: Mapped[str]
    local: Mapped[bool]  # the community lives here
    language: Mapped[str | None]
    sensitive: Mapped[bool] = mapped_column(default=False)
    open: Mapped[bool] = mapped_column(default=True)  # everyone may read it (not one of a private community)
    listed: Mapped[bool] = mapped_column(default=True)  # neither deleted nor removed
    link: Mapped[str | None] = mapped_column(index=True)  # address shared, normalised, to find the same elsewhere
    locked: Mapped[bool] = mapped_column(default=False)  # takes no more comments
    pinned: Mapped[bool] = mapped_column(default=False)  # on top of its community
    site_pinned: Mapped[bool] = mapped_column(default=False)  # on top of this server's listings
    score: Mapped[int] = mapped_column(default=0)  # likes less dislikes
    votes: Mapped[int] = mapped_column(default=0)  # likes and dislikes
    comments: Mapped[int] = mapped_column(default=0)
    published_s: Mapped[int]  # seconds since 1970: ranks are computed in SQL alike on both databases
    newest_comment_s: Mapped[int]  # newest comment, or the post itself
    active_s: Mapped[int]  # newest comment by somebody else within two days of the post, or the post itself
    hot: Mapped[float] = mapped_column(default=0.0)
    hot_active: Mapped[float] = mapped_column(default=0.0)
    scaled: Mapped[float] = mapped_column(default=0.0)
    controversy: Mapped[float] = mapped_column(default=0.0)

    __table_args__ = (
        *(_listed_index(scope, columns, column)
          for scope, columns in (("all", ()), ("community", ("community_id",))) for column in _ORDERS),
        Index("ix_group_post_slot", text(f"({POST_SLOT})"), "score", "object_id",
              sqlite_where=text("listed = 1"), postgresql_where=text("listed")),
        Index("ix_group_post_pinned", "community_id",
              sqlite_where=text("pinned = 1"), postgresql_where=text("pinned")),
        Index("ix_group_post_site_pinned", "object_id",
              sqlite_where=text("site_pinned = 1"), postgresql_where=text("site_pinned")),
        Index("ix_group_post_warm", "object_id", sqlite_where=text("hot > 0 OR hot_active > 0"),
              postgresql_where=text("hot > 0 OR hot_active > 0")),
    )


class CommentPlace(Base):
    """A comment's place in the discussion of a community's post: what hangs where, and what siblings are ordered by.

    One row for each answer in such a discussion, gaps and private ones included; who may see it is asked of its object.
    """

    __tablename__ = "comment_place"

    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)
    parent_id: Mapped[int]  # what it answers
    below: Mapped[int] = mapped_column(default=0)  # answers below it at any depth that are there for all who may read
    marked: Mapped[bool] = mapped_column(default=False)  # a moderator speaks: stands first but for orders by time
    score: Mapped[int] = mapped_column(default=0)  # likes less dislikes
    votes: Mapped[int] = mapped_column(default=0)  # likes and dislikes
    published_s: Mapped[int]  # seconds since 1970
    hot: Mapped[float] = mapped_column(default=0.0)  # this and the two below: as `ranking.ranks_of_comments` has them
    top: Mapped[float] = mapped_column(default=0.0)
    controversial: Mapped[float] = mapped_column(default=0.0)

    __table_args__ = (
        *(Index(f"ix_comment_place_{column}", "parent_id", column, "object_id")
          for column in ("hot", "top", "controversial")),
        Index("ix_comment_place_parent", "parent_id", "object_id"),
        Index("ix_comment_place_warm", "object_id", sqlite_where=text("hot > 0"), postgresql_where=text("hot > 0")),
    )


class CommunityActivity(Base):
    """When somebody last posted, commented or voted in a community; kept for half a year, to be counted."""

    __tablename__ = "community_activity"

    community_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                              autoincrement=False)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False, index=True)
    at_s: Mapped[int]  # seconds since 1970


class PostFlair(Base):
    """A tag of its community that a post bears: to list the posts with one."""

    __tablename__ = "post_flair"

    community_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                              autoincrement=False)
    name: Mapped[str] = mapped_column(primary_key=True)  # as it is compared: `flairs.key`
    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False, index=True)


class ModAction(Base):
    """An entry of the public log of what moderators did."""

    __tablename__ = "mod_action"

    id: Mapped[Id]
    community_id: Mapped[int | None] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("actor.id", ondelete="SET NULL"))
    act: Mapped[str]  # a word of `communities.mod_log.ACTS`
    object_id: Mapped[int | None] = mapped_column(ForeignKey("object.id", ondelete="SET NULL"), index=True)
    target_id: Mapped[int | None] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(default="")
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (Index("ix_mod_action_community", "community_id", "id"),)


class CommunityReport(Base):
    """Something in a community that was reported, for its moderators; one row for each thing a report names."""

    __tablename__ = "community_report"

    id: Mapped[Id]
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), index=True)
    title: Mapped[str | None]  # as it was when it was reported, like the two below
    link: Mapped[str | None]
    content: Mapped[str] = mapped_column(default="")  # what the author typed, or the sanitised HTML
    resolved_at: Mapped[datetime | None]
    resolver_id: Mapped[int | None]  # actor
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        UniqueConstraint("report_id", "object_id"),
        Index("ix_community_report_community", "community_id", "id"),
        Index("ix_community_report_open", "community_id", "id", sqlite_where=text("resolved_at IS NULL"),
              postgresql_where=text("resolved_at IS NULL")),
    )


class CommunityAppeal(Base):
    """Somebody asks that a removal or ban in a community be taken back."""

    __tablename__ = "community_appeal"

    id: Mapped[Id]
    action_id: Mapped[int] = mapped_column(ForeignKey("mod_action.id", ondelete="CASCADE"), unique=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), index=True)  # who asks
    content: Mapped[str]
    accepted: Mapped[bool | None]  # None while it waits
    decided_at: Mapped[datetime | None]
    decider_id: Mapped[int | None]  # actor
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        Index("ix_community_appeal_waiting", "community_id", "id", sqlite_where=text("decided_at IS NULL"),
              postgresql_where=text("decided_at IS NULL")),
    )


class Bundle(Base):
    """Several communities read as one, put together by a reader (a multi-community)."""

    __tablename__ = "community_bundle"

    id: Mapped[Id]
    owner_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (UniqueConstraint("owner_id", "name"),)


class BundleMember(Base):
    """A community in a bundle."""

    __tablename__ = "community_bundle_member"

    bundle_id: Mapped[int] = mapped_column(ForeignKey("community_bundle.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)
    community_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                              autoincrement=False)


class PostRead(Base):
    """A reader has opened a community's post: to hide what was read, and to count what was said since."""

    __tablename__ = "post_read"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False)
    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False, index=True)
    comments: Mapped[int] = mapped_column(default=0)  # how many there were
    read_at: Mapped[datetime] = mapped_column(default=now)


class PostHidden(Base):
    """A reader wants a community's post out of their listings."""

    __tablename__ = "post_hidden"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False)
    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False, index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
