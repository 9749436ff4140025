"""Posts and blogs by what clients call them.

A post keeps its id for them while it goes from draft to article and back: an article is known by the id of the draft
it was, else by its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.errors import ApiError
from potluck.apis.writefreely.endpoint import Call
from potluck.apis.writefreely.words import name_of, parse_post_id
from potluck.kinds.article.drafts import KIND
from potluck.social import views
from potluck.social.blogs import authors, making
from potluck.social.model import Actor, Article, Blog, BlogAuthor, KeptDraft, Object
from potluck.social.views import ObjectView


def no_post() -> ApiError:
    """The refusal where a post is not there, or not for the asker."""
    return ApiError(404, "Post not found")


@dataclass(frozen=True, slots=True)
class Collection:
    """A blog, or somebody's own profile, which holds articles too. `settings` is None for the latter."""

    actor: Actor
    settings: Blog | None = None
    role: str = ""  # of who asks

    def reader_id(self, viewer_id: int | None) -> int | None:
        """With whose eyes its articles are looked at: who writes in a blog sees what the blog sees."""
        return self.actor.id if self.role else viewer_id

    @property
    def is_closed(self) -> bool:
        """Whether only some people may read it."""
        return self.settings is not None and self.settings.visibility in making.CLOSED


async def collection(session: AsyncSession, alias: str, viewer_id: int | None) -> Collection:
    """A blog by its alias.

    Raises:
        ApiError: there is none, or it is not for the asker.
    """
    actor = await session.scalar(select(Actor).where(
        Actor.handle == name_of(alias), Actor.owner_id.is_not(None), Actor.deleted_at.is_(None),
        Actor.suspended_at.is_(None), Actor.type != "Group"))
    if actor is None:
        raise ApiError(404, "Collection doesn't exist.")
    settings = await session.get(Blog, actor.id)
    role = authors.OWNER if actor.id == viewer_id else ""
    if settings is not None and viewer_id is not None:
        role = await authors.role_of(session, actor.id, viewer_id) or ""
    found = Collection(actor, settings, role)
    if found.is_closed and not role:
        raise ApiError(404, "Collection doesn't exist.")
    return found


async def own_collection(session: AsyncSession, call: Call, alias: str) -> Collection:
    """A blog in which the caller writes.

    Raises:
        ApiError: there is none, or somebody else writes in it.
    """
    found = await collection(session, alias, call.viewer_id)
    if not found.role:
        raise ApiError(403, "You don't have permission to write in this collection.")
    return found


async def collections_of(session: AsyncSession, me: Actor) -> list[Collection]:
    """Where somebody writes: the own profile first."""
    return [Collection(me, role=authors.OWNER), *(
        Collection(actor, settings, role) for actor, settings, role in await authors.blogs_of(session, me.id))]


async def draft(session: AsyncSession, me_id: int | None, word: str) -> KeptDraft | None:
    """One's own draft with this id, if there is one."""
    wanted = parse_post_id(word)
    if wanted is None or me_id is None:
        return None
    found: KeptDraft | None = await session.scalar(select(KeptDraft).where(
        KeptDraft.id == wanted, KeptDraft.owner_id == me_id, KeptDraft.kind == KIND, KeptDraft.object_id.is_(None)))
    return found


async def object_id(session: AsyncSession, word: str) -> int | None:
    """The article a client's id stands for."""
    wanted = parse_post_id(word)
    if wanted is None:
        return None
    rows = (await session.scalars(select(Article).where(
        or_(Article.draft_id == wanted, Article.object_id == wanted)))).all()
    by_draft = next((row for row in rows if row.draft_id == wanted), None)
    return by_draft.object_id if by_draft else next((row.object_id for row in rows if row.draft_id is None), None)


async def article(session: AsyncSession, viewer_id: int | None, word: str) -> ObjectView:
    """An article the asker may see.

    Raises:
        ApiError: there is none.
    """
    found = await object_id(session, word)
    if found is None:
        raise no_post()
    return await view_of(session, found, viewer_id)


async def view_of(session: AsyncSession, found: int, viewer_id: int | None) -> ObjectView:
    """An article by its own id; those who write in its blog see what the blog sees.

    Raises:
        ApiError: it is not for the asker.
    """
    seen = await views.load_objects(session, [found], viewer_id, with_marks=False)
    if found not in seen and viewer_id is not None:
        row = await session.get(Object, found)
        if row is not None and await authors.role_of(session, row.author_id, viewer_id):
            seen = await views.load_objects(session, [found], row.author_id, with_marks=False)
    if found not in seen:
        raise no_post()
    return seen[found]


async def views_of(session: AsyncSession, writer_id: int, ids: Sequence[int]) -> list[ObjectView]:
    """Articles that somebody wrote, also in closed blogs, in this order."""
    seen = await views.load_objects(session, ids, writer_id, with_marks=False)
    missing = [value for value in ids if value not in seen]
    if missing:
        closed = (await session.scalars(select(Object.author_id).join(
            BlogAuthor, BlogAuthor.blog_id == Object.author_id).where(
            Object.id.in_(missing), BlogAuthor.actor_id == writer_id).distinct())).all()
        for blog_id in closed:  # a person's closed blogs are few
            seen |= await views.load_objects(session, missing, blog_id, with_marks=False)
    return [seen[value] for value in ids if value in seen]


async def own_article(session: AsyncSession, me: Actor, word: str) -> Object:
    """An article the caller may change.

    Raises:
        ApiError: there is none.
        NotFound: it is none of theirs.
    """
    found = await object_id(session, word)
    row = await session.get(Object, found) if found is not None else None
    if row is None or row.deleted_at is not None:
        raise no_post()
    await authors.check_edits(session, me, row)
    return row
