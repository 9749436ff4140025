"""Which articles belong on a page: of a blog, of a tag in it, of the reader of this server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import fixed
from potluck.social.model import Actor, Article, Blog, Hashtag, Object, ObjectTag
from potluck.social.paging import Page, in_order, paged
from potluck.social.visibility import not_hidden_by, visible_to


def _tagged(name: str) -> ColumnElement[bool]:
    return exists().where(ObjectTag.object_id == Object.id, ObjectTag.hashtag_id == Hashtag.id, Hashtag.name == name)


async def articles(session: AsyncSession, author_id: int, viewer_id: int | None, part: Page, *,
                   tag: str | None = None) -> list[int]:
    """Ids of somebody's articles that the viewer may see, newest first; pages of the menu are left out.

    Args:
        tag: only those with this hashtag (normalised).
    """
    query = select(Object.id).join(Article, Article.object_id == Object.id).where(
        Article.author_id == author_id, ~Article.page, visible_to(viewer_id))
    if tag is not None:
        query = query.where(_tagged(tag))
    return in_order(list((await session.scalars(paged(query, Article.object_id, part))).all()), part)


async def pinned(session: AsyncSession, author_id: int, viewer_id: int | None) -> list[int]:
    """Ids of the articles on top of a blog."""
    return list((await session.scalars(
        select(Object.id).join(Article, Article.object_id == Object.id).where(
            Article.author_id == author_id, Article.pinned.is_not(None), ~Article.page, visible_to(viewer_id))
        .order_by(Article.pinned))).all())


async def menu(session: AsyncSession, author_id: int, viewer_id: int | None) -> list[tuple[str, str]]:
    """The pages of a blog: (slug, title), oldest first."""
    rows = await session.execute(
        select(Article.slug, Object.title).join(Object, Object.id == Article.object_id).where(
            Article.author_id == author_id, Article.page, visible_to(viewer_id)).order_by(Object.id).limit(30))
    return [(slug, title or slug) for slug, title in rows.all()]


async def tags_of(session: AsyncSession, author_id: int, viewer_id: int | None, limit: int = 30) -> list[Hashtag]:
    """The hashtags a blog uses most."""
    used = (select(ObjectTag.hashtag_id, func.count().label("times")).join(
        Article, Article.object_id == ObjectTag.object_id).join(Object, Object.id == Article.object_id).where(
        Article.author_id == author_id, visible_to(viewer_id)).group_by(ObjectTag.hashtag_id)).subquery()
    rows = await session.scalars(select(Hashtag).join(used, used.c.hashtag_id == Hashtag.id)
                                 .order_by(used.c.times.desc(), Hashtag.name).limit(limit))
    return list(rows.all())


async def reader(session: AsyncSession, viewer_id: int | None, part: Page, *, tag: str | None = None,
                 language: str | None = None) -> list[int]:
    """Ids of the public articles of this server, newest first, by tag and language."""
    author = exists().where(Actor.id == Object.author_id, Actor.suspended_at.is_(None), Actor.silenced_at.is_(None),
                            Actor.deleted_at.is_(None), Actor.discoverable)
    conditions: list[Any] = [Article.listed, Object.deleted_at.is_(None), Object.state == fixed("published"),
                             Object.visibility == fixed("public"), author]
    if viewer_id is not None:
        conditions.append(not_hidden_by(viewer_id, Object.author_id))
    if tag is not None:
        conditions.append(_tagged(tag))
    if language is not None:
        conditions.append(Article.language == language)
    query = select(Object.id).join(Article, Article.object_id == Object.id).where(*conditions)
    return in_order(list((await session.scalars(paged(query, Article.object_id, part))).all()), part)


async def languages(session: AsyncSession) -> Sequence[str]:
    """Languages of the public articles of this server."""
    found = await session.scalars(select(Article.language).where(Article.listed, Article.language.is_not(None))
                                  .distinct().order_by(Article.language).limit(60))
    return [language for language in found.all() if language]


async def changed_at(session: AsyncSession, author_id: int) -> list[tuple[str, datetime]]:
    """Addresses of a blog's public articles and when each last changed, newest first: for a sitemap."""
    rows = await session.execute(
        select(Object.url, func.coalesce(Object.edited_at, Object.published).label("moment"))
        .join(Article, Article.object_id == Object.id).where(
            Article.author_id == author_id, Object.visibility == fixed("public"), Object.deleted_at.is_(None),
            Object.state == fixed("published")).order_by(Article.object_id.desc()).limit(40_000))
    return [(url, moment) for url, moment in rows.all() if url]


async def open_blogs(session: AsyncSession) -> list[str]:
    """Names of the blogs that want to be found."""
    rows = await session.scalars(select(Actor.name).join(Blog, Blog.actor_id == Actor.id).where(
        Blog.visibility == "public", Actor.suspended_at.is_(None), Actor.silenced_at.is_(None),
        Actor.deleted_at.is_(None), Actor.indexable).order_by(Actor.id).limit(40_000))
    return list(rows.all())
