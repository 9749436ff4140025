"""Blogs: what an actor that is a blog has beside its actor row, its articles' places in it, and who reads by mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base, Id, now

_LISTED = "listed"


class Blog(Base):
    """A blog of this server: an actor of its own that nothing outside ties to the login behind it."""

    __tablename__ = "blog"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False)
    visibility: Mapped[str] = mapped_column(default="public")  # public, unlisted, password, private
    password_hash: Mapped[str | None]  # of what visitors type, where visibility is 'password'
    language: Mapped[str | None]  # BCP 47, of articles that do not say
    rtl: Mapped[bool] = mapped_column(default=False)  # written from right to left
    css: Mapped[str] = mapped_column(default="")  # as its authors typed it
    stylesheet: Mapped[str] = mapped_column(default="")  # what is left of it, scoped to the blog's own pages
    comments: Mapped[str] = mapped_column(default="open")  # open, approve (each waits for an author), closed
    bylines: Mapped[bool] = mapped_column(default=False)  # say which author wrote an article
    mail: Mapped[bool] = mapped_column(default=True)  # readers may subscribe by e-mail
    domain: Mapped[str | None] = mapped_column(unique=True)  # of its own, lower case
    created_at: Mapped[datetime] = mapped_column(default=now)


class BlogAuthor(Base):
    """Somebody who writes in a blog."""

    __tablename__ = "blog_author"

    blog_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                         autoincrement=False)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False, index=True)
    role: Mapped[str] = mapped_column(default="author")  # owner, editor (everybody's articles), author (their own)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Article(Base):
    """An article of this server: its address, and its place in the blog (or on the profile) it belongs to."""

    __tablename__ = "article"

    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)
    author_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))  # the blog, or a person
    writer_id: Mapped[int | None] = mapped_column(ForeignKey("actor.id", ondelete="SET NULL"), index=True)  # who wrote
    slug: Mapped[str]  # last part of its address
    page: Mapped[bool] = mapped_column(default=False)  # of the blog's menu, not of its list of articles
    pinned: Mapped[int | None]  # place among those on top of the blog
    comments: Mapped[str | None]  # open, approve, closed; None: as the blog says
    listed: Mapped[bool] = mapped_column(default=True)  # public, no page, not deleted: the reader may show it
    language: Mapped[str | None]
    draft_id: Mapped[int | None] = mapped_column(unique=True)  # of the draft it was: by this id apps go on knowing it

    __table_args__ = (
        UniqueConstraint("author_id", "slug"),
        Index("ix_article_author", "author_id", "page", "object_id"),
        Index("ix_article_listed", "object_id", sqlite_where=text(f"{_LISTED} = 1"), postgresql_where=text(_LISTED)),
        Index("ix_article_language", "language", "object_id", sqlite_where=text(f"{_LISTED} = 1"),
              postgresql_where=text(_LISTED)),
    )


class ArticleComment(Base):
    """A comment that is not shown: it waits for an author of the blog, or one of them has hidden it."""

    __tablename__ = "article_comment"

    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False)
    author_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))  # of the article
    state: Mapped[str]  # waiting, hidden
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (Index("ix_article_comment_author", "author_id", "object_id"),)


class BlogSubscriber(Base):
    """An e-mail address that gets a blog's articles, once its owner has confirmed it."""

    __tablename__ = "blog_subscriber"

    id: Mapped[Id]
    blog_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"))
    email: Mapped[str]  # lower case
    token: Mapped[str] = mapped_column(unique=True)  # in the links to confirm and to leave
    confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (UniqueConstraint("blog_id", "email"), Index("ix_blog_subscriber_email", "email", "created_at"))
