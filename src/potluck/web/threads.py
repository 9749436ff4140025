"""The page of an object: what it answers, itself, and what was said in reply, as a tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from litestar import Response, get
from sqlalchemy import select

from potluck.db.base import now
from potluck.social import events, objects, preferences, threads, views
from potluck.social.errors import NotFound
from potluck.social.model import Object, Revision
from potluck.social.views import ObjectView
from potluck.web import metadata, pages, redirects
from potluck.web.asking import Guest, PathWord
from potluck.web.auth import Viewer
from potluck.web.ports import ports
from potluck.web.presenters.people import profile_path, shown_person
from potluck.web.presenters.posts import Post, post_path, shown_post
from potluck.web.presenters.times import shown_time
from potluck.web.profiles import Gone
from potluck.web.trusted import trusted_html
from potluck.web.types import AnyRequest

MAX_ANCESTORS = 60
MAX_DESCENDANTS = 200
_FETCH_AGAIN = timedelta(minutes=15)


@dataclass(slots=True)
class Branch:
    """A reply and the replies to it."""

    post: Post
    replies: list[Branch] = field(default_factory=list)


def _tree(root_id: int, below: list[int], found: dict[int, ObjectView], viewer: Viewer | None) -> list[Branch]:
    """Replies in depth-first order as branches; one whose parent is hidden hangs on the root."""
    top: list[Branch] = []
    branches: dict[int, Branch] = {}
    for object_id in below:
        view = found.get(object_id)
        if view is None:
            continue
        branch = branches[object_id] = Branch(shown_post(view, viewer))
        parent = view.object.in_reply_to_id or root_id
        (branches[parent].replies if parent in branches else top).append(branch)
    return top


async def _visible(request: AnyRequest, object_id: str, viewer: Viewer | None) -> ObjectView:
    if not (object_id.isascii() and object_id.isdigit() and len(object_id) <= 16):
        raise NotFound
    async with request.app.state.db.read() as session:
        view = (await views.load_objects(session, [int(object_id)], viewer.actor.id if viewer else None)).get(
            int(object_id))
        if view is None:
            row = await objects.by_id(session, int(object_id))
            if row is not None and row.deleted_at and row.visibility in {"public", "unlisted"}:
                raise Gone
            raise NotFound
    return view


@get("/posts/{object_id:str}")
async def permalink(request: AnyRequest, viewer: Guest, object_id: PathWord) -> Response[Any]:
    """Lead to the page of an object, of which only the id is known."""
    view = await _visible(request, object_id, viewer)
    return redirects.see_other(post_path(view.author, view.object.id))


@get("/{handle:str}/{object_id:str}")
async def thread(request: AnyRequest, viewer: Guest, handle: PathWord, object_id: PathWord) -> Response[Any]:
    """An object in its conversation."""
    if not handle.startswith("@"):
        raise NotFound
    view = await _visible(request, object_id, viewer)
    row = view.object
    if row.local and ports(request).wants_activity(request):
        return Response(None, status_code=302, headers={"Location": row.uri, "Vary": "Accept"})
    if profile_path(view.author)[1:] != handle:
        return redirects.see_other(post_path(view.author, row.id))
    viewer_id = viewer.actor.id if viewer else None
    async with request.app.state.db.read() as session:
        above, below = await threads.context(session, row.id, viewer_id, ancestors=MAX_ANCESTORS,
                                             descendants=MAX_DESCENDANTS)
        found = await views.load_objects(session, [*above, *below], viewer_id)
    if viewer:
        await _want_missing(request, row)
    post = shown_post(view, viewer, unfold=_unfolds(viewer))
    return await pages.render(
        request, "threads/thread.html", post=post,
        ancestors=[shown_post(found[item], viewer) for item in above if item in found],
        branches=_tree(row.id, below, found, viewer), more=len(below) >= MAX_DESCENDANTS,
        missing_parent=row.in_reply_to_uri if row.in_reply_to_uri and not above else "",
        interact=f"/interact?uri={row.uri}", meta=metadata.of_post(view, post))


def _unfolds(viewer: Viewer | None) -> bool:
    return viewer is not None and preferences.of(viewer.user).expand_spoilers


async def _want_missing(request: AnyRequest, row: Object) -> None:
    """Have the missing parts of a conversation fetched in the background."""
    fresh = row.replies_fetched_at and row.replies_fetched_at > now() - _FETCH_AGAIN
    parent_missing = row.in_reply_to_uri is not None and row.in_reply_to_id is None
    if (row.local and not parent_missing) or (fresh and not parent_missing):
        return
    async with request.app.state.db.write() as session:
        await events.emit(session, events.ThreadWanted(row))


@get("/{handle:str}/{object_id:str}/history")
async def history(request: AnyRequest, viewer: Guest, handle: PathWord, object_id: PathWord) -> Response[Any]:
    """The earlier versions of an object, oldest first."""
    if not handle.startswith("@"):
        raise NotFound
    view = await _visible(request, object_id, viewer)
    async with request.app.state.db.read() as session:
        rows = (await session.scalars(select(Revision).where(Revision.object_id == view.object.id)
                                      .order_by(Revision.id).limit(100))).all()
    versions = [{"time": shown_time(item.created_at), "title": item.title or "", "warning": item.summary,
                 "html": trusted_html(item.content, item.emojis)} for item in (*rows,)]
    current = view.object
    versions.append({"time": shown_time(current.edited_at or current.published), "title": current.title or "",
                     "warning": current.summary, "html": trusted_html(current.content, current.emojis)})
    return await pages.render(request, "threads/history.html", versions=versions, author=shown_person(view.author),
                              back=post_path(view.author, current.id))


route_handlers = [permalink, thread, history]
