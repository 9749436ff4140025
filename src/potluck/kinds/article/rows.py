"""What an article has beside its object: its place in a blog, and what a viewer may do with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.kinds.article import letters
from potluck.social.blogs import authors, places
from potluck.social.blogs.places import Place
from potluck.social.drafts import Draft
from potluck.social.model import Actor, Article, Object
from potluck.social.views import load_actors


@dataclass(frozen=True, slots=True)
class ArticleData:
    """An article of this server as a viewer sees it (`ObjectView.kind_data`); one from elsewhere has none."""

    place: Article
    may_edit: bool
    byline: Actor | None = None  # who wrote it, where the blog says so


async def store(session: AsyncSession, pairs: Sequence[tuple[Object, Draft]]) -> None:
    """New articles: those of this server get their place."""
    ours = [(row, draft) for row, draft in pairs if isinstance(draft.kind_data, Place)]
    await places.add(session, [(row, draft.kind_data) for row, draft in ours])
    await letters.plan(session, [row for row, draft in ours if not draft.quiet])


async def update(session: AsyncSession, row: Object, draft: Draft) -> None:
    """An edited article."""
    if isinstance(draft.kind_data, Place):
        await places.change(session, row, draft.kind_data)


async def forget(session: AsyncSession, object_ids: Sequence[int]) -> None:
    """Deleted articles."""
    await places.forget(session, object_ids)


async def load(session: AsyncSession, object_ids: Sequence[int], viewer_id: int | None) -> dict[int, ArticleData]:
    """Places of articles, with who may change them."""
    found = await places.of(session, object_ids)
    if not found:
        return {}
    may: set[int] = set()
    if viewer_id is not None:
        rows = (await session.scalars(select(Object).where(Object.id.in_(found)))).all()
        may = await authors.editable(session, viewer_id, rows)
    named = await _bylines(session, found)
    return {object_id: ArticleData(place, object_id in may, named.get(object_id))
            for object_id, place in found.items()}


async def _bylines(session: AsyncSession, found: dict[int, Article]) -> dict[int, Actor]:
    """Who wrote articles, in blogs that say it."""
    blogs = await load_actors(session, {place.author_id for place in found.values()})
    open_ = {actor.id for actor in blogs.values() if (actor.extra.get("blog") or {}).get("bylines")}
    wanted = {object_id: place.writer_id for object_id, place in found.items()
              if place.author_id in open_ and place.writer_id}
    writers = await load_actors(session, wanted.values()) if wanted else {}
    return {object_id: writers[writer_id] for object_id, writer_id in wanted.items() if writer_id in writers}
