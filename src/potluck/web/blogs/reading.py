"""The reader page of an article: the text in a column of its own, what its blog is like, the comments below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.kinds.article.rows import ArticleData
from potluck.media.addresses import shown
from potluck.settings import current
from potluck.social import follows
from potluck.social.blogs import comments, listing, making, places
from potluck.social.errors import NotFound
from potluck.social.model import Actor
from potluck.social.views import ObjectView
from potluck.web.actor_pages import find_actor
from potluck.web.auth import Viewer
from potluck.web.blogs.doors import Door
from potluck.web.presenters.people import FollowState, Person, follow_state, profile_path, shown_person
from potluck.web.types import AnyRequest


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page of a blog's menu."""

    url: str
    label: str


@dataclass(frozen=True, slots=True)
class BlogFrame:
    """What every page of a blog shows around its own part; see `blogs/_frame.html`."""

    person: Person
    follow: FollowState
    banner_url: str
    menu: list[MenuEntry]
    feed_url: str  # '' where there is none
    scope: str  # class of the element that the blog's CSS dresses
    css_url: str
    rtl: bool
    lang: str
    mail: bool
    closed: bool
    looks_after: bool
    waiting: int  # comments
    desk_url: str


async def slug_id(request: AnyRequest, handle: str, slug: str) -> int:
    """The id of the object behind the address of an article.

    Raises:
        NotFound: there is none.
    """
    async with request.app.state.db.read() as session:
        actor = await find_actor(session, handle)
        found = await places.find(session, actor.id, slug) if actor.is_local and len(slug) <= 2 * places.MAX_SLUG \
            else None
    if found is None:
        raise NotFound
    return found.object_id


def path_of(view: ObjectView) -> str | None:
    """The path of an article of this server, None for everything else."""
    url = view.object.url or ""
    here = isinstance(view.kind_data, ArticleData) and url.startswith(f"{current().url}/")
    return url.removeprefix(current().url) if here else None


async def frame(session: AsyncSession, author: Actor, viewer: Viewer | None, door: Door) -> BlogFrame | None:
    """The blog around an article; None where it belongs to a person, or to another server."""
    if not making.is_blog(author):
        return None
    blog, path = author.extra["blog"], profile_path(author)
    known = None
    if viewer:
        known = (await follows.relationships(session, viewer.actor.id, [author.id]))[0]
    looks_after = door.role in ("owner", "editor")
    waiting = (await comments.count_waiting(session, [author.id])).get(author.id, 0) if looks_after else 0
    return BlogFrame(
        person=shown_person(author), follow=follow_state(known), banner_url=shown(author.header_url) or "",
        menu=[MenuEntry(f"{path}/{slug}", title) for slug, title in await listing.menu(
            session, author.id, door.reader_id)],
        feed_url="" if blog.get("visibility") in making.CLOSED else f"{path}.rss",
        scope=making.scope_class(author.id),
        css_url=f"{path}/blog-css?v={int(author.updated_at.timestamp())}" if blog.get("styled") else "",
        rtl=bool(blog.get("rtl")), lang=blog.get("language") or "", mail=bool(blog.get("mail")),
        closed=blog.get("visibility") in making.CLOSED, looks_after=looks_after, waiting=waiting,
        desk_url=f"{path}/desk")


async def page_parts(session: AsyncSession, view: ObjectView, viewer: Viewer | None, door: Door) -> dict[str, Any]:
    """What the reader page needs beside what every conversation shows."""
    return {"blog": await frame(session, view.author, viewer, door), "guest": door.guest,
            "may_comment": viewer is not None and not door.guest}
