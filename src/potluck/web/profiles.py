"""Profiles: posts, replies and media of anyone known here, who follows them and whom they follow."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

from litestar import Response
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get
from potluck.social import follows, remote_counts, timelines, views
from potluck.social.blogs import making
from potluck.social.errors import NotFound
from potluck.social.model import Actor
from potluck.web import app_links, feeds, kept_pages, metadata, pages, redirects, syndication
from potluck.web.actor_pages import Gone, Tab, find_actor
from potluck.web.asking import Guest, PathWord
from potluck.web.auth import Viewer
from potluck.web.blogs import blog_feeds, home
from potluck.web.communities import listings
from potluck.web.i18n import _
from potluck.web.paging import PAGE_SIZE, next_url, page_of
from potluck.web.ports import ports, resolver
from potluck.web.presenters.people import (
    Person,
    Profile,
    follow_state,
    profile_path,
    shown_person,
    shown_profile,
)
from potluck.web.types import AnyRequest

_ACTOR_COLUMNS = [column.key for column in inspect(Actor).column_attrs]
FEED_FORMATS = blog_feeds.FORMATS


async def _find_or_fetch(request: AnyRequest, handle: str, viewer: Viewer | None) -> Actor:
    """As `find_actor`; someone signed in may open people of other servers who are not known here yet."""
    try:
        async with request.app.state.db.read() as session:
            return await find_actor(session, handle)
    except NotFound:
        if viewer is None or handle.count("@") != 2 or not handle.startswith("@"):
            raise
    found = await resolver(request).resolve(handle, viewer.actor)
    if not isinstance(found, Actor) or found.suspended_at or found.deleted_at:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class _Header:
    profile: Profile
    actor: Actor
    own: bool


async def _header(session: AsyncSession, actor: Actor, viewer: Viewer | None) -> _Header:
    own = viewer is not None and viewer.actor.id == actor.id
    relationship = None
    if viewer and not own:
        relationship = (await follows.relationships(session, viewer.actor.id, [actor.id]))[0]
    moved_to = (await views.load_actors(session, [actor.moved_to_id])).get(actor.moved_to_id) \
        if actor.moved_to_id else None
    return _Header(shown_profile(actor, relationship, own=own, moved_to=moved_to), actor, own)


def _tabs(actor: Actor, current: str) -> list[Tab]:
    path = profile_path(actor)
    found = [Tab(path, _("Posts"), current == "posts"), Tab(f"{path}/with_replies", _("Replies"), current == "replies")]
    if actor.extra.get("show_media", True) or current == "media":
        found.append(Tab(f"{path}/media", _("Media"), current == "media"))
    return found


def _with_replies(actor: Actor, tab: str) -> bool:
    """Media tabs have those of replies, too, unless the person does not want it."""
    return tab == "replies" or (tab == "media" and bool(actor.extra.get("show_media_replies", True)))


async def _posts(request: AnyRequest, viewer: Viewer | None, handle: str, tab: str) -> Response[Any]:
    actor = await _find_or_fetch(request, handle, viewer)
    if profile_path(actor)[1:] != handle:
        return redirects.see_other(profile_path(actor) + ("" if tab == "posts" else _TAB_PATHS[tab]))
    if viewer and remote_counts.are_stale(actor):
        async with request.app.state.db.write() as session:
            await remote_counts.want(session, actor.id)
    if actor.type == "Group":
        return await listings.show(request, viewer, actor)
    if tab == "posts" and making.is_blog(actor):
        return await home.show(request, viewer, actor)
    key = kept_pages.key(request, _state_of(actor))
    found = kept_pages.find(request, key) or await _make_posts(request, viewer, actor, tab, key)
    return app_links.announced(found, actor)


def _state_of(actor: Actor) -> str:
    """Every column of an actor as text: differs when anything about them has changed, the number of posts included."""
    return repr([getattr(actor, name) for name in _ACTOR_COLUMNS])


async def _make_posts(request: AnyRequest, viewer: Viewer | None, actor: Actor, tab: str, key: Hashable | None,
                      ) -> Response[Any]:
    viewer_id = viewer.actor.id if viewer else None
    first = "max_id" not in request.query_params
    async with request.app.state.db.read() as session:
        header = await _header(session, actor, viewer)
        if _stands_behind_notice(request, header):
            return await pages.render(request, "profiles/limited.html", person=header.profile.person)
        refs = await timelines.profile(session, actor.id, viewer_id, page_of(request),
                                       replies=_with_replies(actor, tab), boosts=tab == "posts",
                                       only_media=tab == "media")
        pinned = await timelines.profile(session, actor.id, viewer_id, page_of(request), pinned=True) \
            if tab == "posts" and first else []
        feed = await feeds.load(session, request, refs, viewer, context="account")
        featured = (await feeds.load(session, request, pinned, viewer, featured=True)).posts
    above = {post.act for post in featured}  # not once more below
    feed = replace(feed, posts=[post for post in feed.posts if post.boosted_by or post.act not in above])
    made = await pages.render(
        request, "profiles/profile.html", profile=header.profile, feed=feed, pinned=featured,
        tabs=_tabs(actor, tab), meta=metadata.of_profile(actor, header.profile), app_links_of=app_links.of(actor))
    kept_pages.keep(request, key, made)
    return made


def _stands_behind_notice(request: AnyRequest, header: _Header) -> bool:
    """A limited account is shown to its followers, and to who says that they want to see it."""
    return (header.actor.silenced_at is not None and not header.own and header.profile.follow.state != "following"
            and "shown" not in request.query_params and "max_id" not in request.query_params)


_TAB_PATHS = {"replies": "/with_replies", "media": "/media"}


@get("/{handle:str}")
async def profile(request: AnyRequest, viewer: Guest, handle: PathWord) -> Response[Any]:
    """Someone's posts and boosts; `.rss` and `.atom` behind the address give them as a feed."""
    if not handle.startswith("@"):
        raise NotFound
    for suffix, form in FEED_FORMATS.items():
        if handle.endswith(suffix) and handle.count("@") == 1:
            async with request.app.state.db.read() as session:
                actor = await find_actor(session, handle.removesuffix(suffix))
            if making.is_blog(actor):
                return await blog_feeds.feed(request, actor, form)
            return await syndication.profile_feed(request, actor, form)
    if ports(request).wants_activity(request):
        async with request.app.state.db.read() as session:
            actor = await find_actor(session, handle)
        if actor.is_local:
            return Response(None, status_code=302, headers={"Location": actor.uri, "Vary": "Accept"})
    return await _posts(request, viewer, handle, "posts")


@get("/{handle:str}/with_replies")
async def with_replies(request: AnyRequest, viewer: Guest, handle: PathWord) -> Response[Any]:
    """Someone's posts with those in reply to others."""
    return await _posts(request, viewer, handle, "replies")


@get("/{handle:str}/media")
async def media(request: AnyRequest, viewer: Guest, handle: PathWord) -> Response[Any]:
    """Someone's posts with pictures, video or sound."""
    return await _posts(request, viewer, handle, "media")


@dataclass(frozen=True, slots=True)
class Row:
    """A person in a list of people."""

    person: Person
    follow: Any
    removable: bool = False


async def people_rows(session: AsyncSession, people: list[Actor], viewer: Viewer | None, *,
                      removable: bool = False) -> list[Row]:
    """People with the follow button that fits the viewer, in two queries."""
    known: dict[int, Any] = {}
    if viewer:
        found = await follows.relationships(session, viewer.actor.id, [actor.id for actor in people])
        known = {item.id: item for item in found}
    return [Row(shown_person(actor), follow_state(known.get(actor.id), own=bool(viewer) and _is(viewer, actor)),
                removable) for actor in people]


def _is(viewer: Viewer | None, actor: Actor) -> bool:
    return viewer is not None and viewer.actor.id == actor.id


async def _people(request: AnyRequest, viewer: Viewer | None, handle: str, which: str) -> Response[Any]:
    async with request.app.state.db.read() as session:
        actor = await find_actor(session, handle)
        header = await _header(session, actor, viewer)
        rows: list[Row] = []
        link = ""
        if header.own or not actor.hide_collections:
            listed = follows.followers if which == "followers" else follows.following
            found = await listed(session, actor.id, page_of(request, 40))
            people = [actor for _cursor, actor in found]
            rows = await people_rows(session, people, viewer, removable=header.own and which == "followers")
            link = next_url(request, len(found), found[-1][0] if found else None, 40)
    heading = _("Followers") if which == "followers" else _("Following")
    return await pages.render(
        request, "profiles/people.html", profile=header.profile, rows=rows, next_url=link, heading=heading,
        hidden=actor.hide_collections and not header.own, local=actor.is_local)


@get("/{handle:str}/followers")
async def followers(request: AnyRequest, viewer: Guest, handle: PathWord) -> Response[Any]:
    """Who follows someone, as far as this server knows."""
    return await _people(request, viewer, handle, "followers")


@get("/{handle:str}/following")
async def following(request: AnyRequest, viewer: Guest, handle: PathWord) -> Response[Any]:
    """Whom someone follows, as far as this server knows."""
    return await _people(request, viewer, handle, "following")


__all__ = ["PAGE_SIZE", "Gone", "find_actor", "people_rows", "route_handlers"]

route_handlers = [profile, with_replies, media, followers, following]
