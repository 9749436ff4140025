"""Search, and finding what an address means, here or on its own server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import render
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import missing
from potluck.apis.lemmy.words import LISTINGS, SORTS, Json, limit_of, offset_of, one_of
from potluck.social import actors, search
from potluck.social.communities import facets, listing, posts
from potluck.social.errors import SocialError
from potluck.social.model import Actor, Community, Follow, GroupPost, Moderator, Object
from potluck.social.visibility import not_hidden_by

_KINDS: dict[str, tuple[str, ...]] = {
    "All": ("posts", "comments", "communities", "users"), "Posts": ("posts",), "Comments": ("comments",),
    "Communities": ("communities",), "Users": ("users",), "Url": ("posts",)}
_LISTED = ("posts", "comments", "communities", "users")
_COMMUNITY_SORTS = {"new": "new", "old": "old", "top": "subscribers"}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a search is narrowed to."""

    words: str
    community_id: int | None
    author_id: int | None
    scope: str
    limit: int
    offset: int


async def _wanted(session: AsyncSession, call: Call) -> _Wanted:
    params = call.params
    limit = limit_of(params)
    community_id = params.ident("community_id")
    name = params.text("community_name")
    if community_id is None and name:
        found = await actors.by_handle(session, name.removeprefix("!"))
        community_id = found.id if found is not None and found.type == "Group" else 0
    return _Wanted(call.text("q").strip(), community_id, params.ident("creator_id"),
                   one_of(params, "listing_type", LISTINGS, "All"), limit, offset_of(params, limit))


def _in_good_standing(column: Any, viewer_id: int | None) -> list[ColumnElement[bool]]:
    """Conditions on a community: the staff has not taken it down, and the asker has not hidden it."""
    standing = [~exists().where(Community.actor_id == column, Community.removed_at.is_not(None))]
    return standing if viewer_id is None else [*standing, not_hidden_by(viewer_id, column)]


def _narrowed(wanted: _Wanted, viewer_id: int, *, comments: bool) -> list[ColumnElement[bool]]:
    """Conditions on `Object`: a post or comment in the communities that are meant."""
    found: list[ColumnElement[bool]] = [
        Object.group_id.is_not(None), Object.in_reply_to_uri.is_not(None) if comments else
        Object.in_reply_to_uri.is_(None), *_in_good_standing(Object.group_id, viewer_id)]
    if wanted.community_id is not None:
        found.append(Object.group_id == wanted.community_id)
    if wanted.scope == "local":
        found.append(Object.group_id.in_(select(Actor.id).where(Actor.id == Object.group_id, Actor.host == "")))
    elif wanted.scope == "subscribed":
        found.append(Object.group_id.in_(select(Follow.followed_id).where(
            Follow.follower_id == viewer_id, Follow.state == "accepted")))
    elif wanted.scope == "moderated":
        found.append(Object.group_id.in_(select(Moderator.community_id).where(Moderator.actor_id == viewer_id)))
    return found


async def _with_words(session: AsyncSession, call: Call, wanted: _Wanted, *, comments: bool) -> list[int]:
    """Posts or comments with the words; for people who are signed in, as everywhere on this server."""
    if call.viewer_id is None:
        return []
    return await search.statuses(session, wanted.words, viewer_id=call.viewer_id, limit=wanted.limit,
                                 offset=wanted.offset, author_id=wanted.author_id,
                                 where=_narrowed(wanted, call.viewer_id, comments=comments))


async def _posts(session: AsyncSession, call: Call, wanted: _Wanted) -> list[Json]:
    found = await _with_words(session, call, wanted, comments=False)
    return await render.posts_in_order(session, found, call.viewer_id)


async def _posts_of_link(session: AsyncSession, call: Call, wanted: _Wanted) -> list[Json]:
    """Posts of one address, the newest first."""
    link = posts.normalised_link(wanted.words)
    if link is None or (call.viewer_id is None and call.settings.public_timelines == "members"):
        return []
    query = select(GroupPost.object_id).where(
        GroupPost.link == link, GroupPost.listed, *_in_good_standing(GroupPost.community_id, call.viewer_id))
    if wanted.community_id is not None:
        query = query.where(GroupPost.community_id == wanted.community_id)
    found = (await session.scalars(query.order_by(GroupPost.object_id.desc()).limit(wanted.limit).offset(
        wanted.offset))).all()
    return await render.posts_in_order(session, found, call.viewer_id)


async def _comments(session: AsyncSession, call: Call, wanted: _Wanted) -> list[Json]:
    found = await _with_words(session, call, wanted, comments=True)
    return await render.comments_in_order(session, found, call.viewer_id)


async def _communities(session: AsyncSession, call: Call, wanted: _Wanted) -> list[Json]:
    word = wanted.words.lstrip("!").partition("@")[0]
    sort, _ = one_of(call.params, "sort", SORTS, "Active")
    rows = await listing.communities(
        session, call.viewer_id, scope=wanted.scope, search=word, sort=_COMMUNITY_SORTS.get(sort, "active"),
        sensitive=True, limit=wanted.limit, offset=wanted.offset)
    return await render.communities(session, [actor for actor, _ in rows], call.viewer_id)


async def _users(session: AsyncSession, call: Call, wanted: _Wanted) -> list[Json]:
    rows = await search.accounts(session, wanted.words, viewer_id=call.viewer_id, limit=wanted.limit,
                                 offset=wanted.offset)
    return await render.people(session, [row for row in rows if row.type != "Group"])


@endpoint("GET", "/search", who="anyone", act="search")
async def find(call: Call) -> Answer:
    """Search in titles and texts, names of communities and people; or for posts of an address."""
    kinds: Sequence[str] = one_of(call.params, "type_", _KINDS, "All")
    kind = call.params.text("type_") or "All"
    session = await call.reader()
    wanted = await _wanted(session, call)
    result: Json = {"type_": kind, **{name: [] for name in _LISTED}}
    if not wanted.words:
        return answer(result)
    finders = {"posts": _posts_of_link if kind == "Url" else _posts, "comments": _comments,
               "communities": _communities, "users": _users}
    for name in kinds:
        result[name] = await finders[name](session, call, wanted)
    return answer(result)


@endpoint("GET", "/resolve_object", act="search")
async def resolve(call: Call) -> Answer:
    """What an address or handle means, fetched from its own server if need be."""
    text = call.text("q").strip().removeprefix("!")
    await call.stop_reading()
    try:
        found: Actor | Object | None = await call.request.app.state.federation.resolve(text, viewer=call.me)
    except SocialError:
        found = None
    if found is None:
        raise missing("object")
    session = await call.reader()
    shown = await _shown(session, found, call.me.id)
    if shown is None:
        raise missing("object")
    return answer(shown)


async def _shown(session: AsyncSession, found: Actor | Object, viewer_id: int) -> Json | None:
    """What was found under the name of its kind; None for what is nothing of Lemmy's, or not for the asker."""
    if isinstance(found, Object):
        name, load = ("post", render.posts) if found.in_reply_to_uri is None else ("comment", render.comments)
        view = (await load(session, [found.id], viewer_id)).get(found.id)
        return {name: view} if view is not None else None
    if found.deleted_at is not None or found.suspended_at is not None:
        return None
    if found.type != "Group":
        return {"person": (await render.people(session, [found]))[0]}
    known = await facets.gather(session, viewer_id, community_ids=[found.id])
    return {"community": render.community_view(found, known)} if render.knows_of(found, known) else None


route_handlers = [find, resolve]
