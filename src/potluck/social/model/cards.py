"""Preview cards of the pages people link to; and what trends."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now


class PreviewCard(Base):
    """A page somebody linked to, as it describes itself; one for each address."""

    __tablename__ = "preview_card"

    id: Mapped[Id]
    url: Mapped[str] = mapped_column(unique=True)  # as linked, without fragment
    state: Mapped[str] = mapped_column(default="waiting")  # waiting, ready, nothing (to show), failed
    type: Mapped[str] = mapped_column(default="link")  # link, photo, video, rich
    title: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    image_url: Mapped[str | None] = mapped_column(index=True)
    blurhash: Mapped[str | None]  # of the picture, once somebody here has looked at it
    image_description: Mapped[str] = mapped_column(default="")
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    author_name: Mapped[str] = mapped_column(default="")
    author_url: Mapped[str] = mapped_column(default="")
    author_id: Mapped[int | None]  # actor whom the page credits, and who allows it to
    provider_name: Mapped[str] = mapped_column(default="")
    provider_url: Mapped[str] = mapped_column(default="")
    player_url: Mapped[str | None]  # to be framed
    language: Mapped[str | None]
    published: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(index=True)  # to be fetched (again) then
    fetched_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ObjectCard(Base):
    """The card of an object."""

    __tablename__ = "object_card"

    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)
    card_id: Mapped[int] = mapped_column(ForeignKey("preview_card.id", ondelete="CASCADE"))

    __table_args__ = (Index("ix_object_card_card", "card_id", "object_id"),)


class TrendDay(Base):
    """How much a hashtag or link was used in public on one day."""

    __tablename__ = "trend_day"

    kind: Mapped[str] = mapped_column(primary_key=True)  # tag, link
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # days since 1970
    subject_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # hashtag.id, preview_card.id
    uses: Mapped[int]
    people: Mapped[int]


class TrendingObject(Base):
    """A post people like and boost now. The rank does not change with time: younger posts simply have more."""

    __tablename__ = "trending_object"

    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)
    rank: Mapped[float] = mapped_column(index=True)


class LinkPublisher(Base):
    """A site whose pages trended, and whether moderators let them."""

    __tablename__ = "link_publisher"

    id: Mapped[Id]
    domain: Mapped[str] = mapped_column(unique=True)
    trendable: Mapped[bool | None]  # None: nobody has looked at it
    reviewed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class TrendReview(Base):
    """Whether moderators let a hashtag, a page or a post trend. What nobody has looked at has no row."""

    __tablename__ = "trend_review"

    kind: Mapped[str] = mapped_column(primary_key=True)  # tag, link, status
    subject_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # hashtag, preview_card, object
    trendable: Mapped[bool]
    reviewed_at: Mapped[datetime] = mapped_column(default=now)
