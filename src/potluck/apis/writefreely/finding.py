"""Posts and blogs by what clients call them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis import articles
from potluck.apis.errors import ApiError
from potluck.apis.writefreely.endpoint import Call
from potluck.apis.writefreely.words import name_of, parse_post_id
from potluck.social.blogs import authors, making
from potluck.social.model import Actor, Blog, KeptDraft, Object
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
    return await articles.draft(session, me_id, parse_post_id(word))


async def article(session: AsyncSession, viewer_id: int | None, word: str) -> ObjectView:
    """An article the asker may see.

    Raises:
        ApiError: there is none.
        NotFound: it is not for them.
    """
    found = await articles.object_id(session, parse_post_id(word))
    if found is None:
        raise no_post()
    return await articles.view_of(session, found, viewer_id)


async def own_article(session: AsyncSession, me: Actor, word: str) -> Object:
    """An article the caller may change.

    Raises:
        NotFound: there is none.
    """
    return await articles.own(session, me, parse_post_id(word))
