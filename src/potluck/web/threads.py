"""The page of an object: what it answers, itself, and what was said in reply, as a tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from litestar import Response
from sqlalchemy import select

from potluck.handlers import get
from potluck.social import objects, preferences, thread_fetches, threads, views
from potluck.social.communities.withdrawing import WITHDRAWN
from potluck.social.errors import NotFound
from potluck.social.model import Actor, Object, Revision, ThreadFetch
from potluck.social.reactions import visible_object
from potluck.social.views import EntryView, ObjectView
from potluck.social.visibility import OPEN
from potluck.web import feeds, metadata, pages, redirects
from potluck.web.asking import Guest, Me, PathId, PathWord
from potluck.web.auth import Viewer
from potluck.web.blogs import doors, reading
from potluck.web.blogs.doors import Door
from potluck.web.communities import discussion
from potluck.web.ports import ports
from potluck.web.presenters.people import shown_person
from potluck.web.presenters.posts import Post, post_path, shown_post
from potluck.web.presenters.times import shown_time
from potluck.web.profiles import Gone
from potluck.web.trusted import trusted_html
from potluck.web.types import AnyRequest

MAX_ANCESTORS = 60
MAX_DESCENDANTS = 200


class TakenBack(Exception):
    """The viewer's own, which they have deleted and can put back."""

    def __init__(self, object_id: int) -> None:
        self.object_id = object_id


@dataclass(frozen=True, slots=True)
class Fetching:
    """What is being fetched of a conversation: `fresh` posts came since the page was made."""

    id: int
    running: bool
    fresh: int
    seen: int
    url: str

    @classmethod
    def of(cls, fetch: ThreadFetch, seen: int) -> Fetching:
        """What is to be said of a fetch to somebody who saw `seen` of its posts."""
        return cls(fetch.id, thread_fetches.is_running(fetch), max(0, fetch.found - seen), seen,
                   f"/posts/{fetch.object_id}")


@dataclass(slots=True)
class Branch:
    """A reply and the replies to it."""

    post: Post
    replies: list[Branch] = field(default_factory=list)


def _tree(root_id: int, below: list[int], found: dict[int, ObjectView], viewer: Viewer | None,
          covers: dict[int, str]) -> list[Branch]:
    """Replies in depth-first order as branches; one whose parent is hidden hangs on the root."""
    top: list[Branch] = []
    branches: dict[int, Branch] = {}
    for object_id in below:
        view = found.get(object_id)
        if view is None:
            continue
        branch = branches[object_id] = Branch(shown_post(view, viewer, covered_by=covers.get(object_id, "")))
        parent = view.object.in_reply_to_id or root_id
        (branches[parent].replies if parent in branches else top).append(branch)
    return top


async def _visible(request: AnyRequest, object_id: str, viewer_id: int | None) -> ObjectView:
    if not (object_id.isascii() and object_id.isdigit() and len(object_id) <= 16):
        raise NotFound
    async with request.app.state.db.read() as session:
        view = (await views.load_objects(session, [int(object_id)], viewer_id)).get(int(object_id))
        if view is None:
            row = await objects.by_id(session, int(object_id))
            if row is not None and row.state == WITHDRAWN and row.author_id == viewer_id:
                raise TakenBack(row.id)
            if row is not None and (row.deleted_at or row.state == WITHDRAWN) and row.visibility in OPEN:
                raise Gone
            raise NotFound
    return view


@get("/posts/{object_id:str}")
async def permalink(request: AnyRequest, viewer: Guest, object_id: PathWord) -> Response[Any]:
    """Lead to the page of an object, of which only the id is known."""
    try:
        view, _door = await _opened(request, "", object_id, viewer)
    except TakenBack as gone:
        return redirects.see_other(f"/posts/{gone.object_id}/restore")
    return redirects.see_other(reading.path_of(view) or post_path(view.author, view.object.id))


@get("/{handle:str}/{object_id:str}")
async def thread(request: AnyRequest, viewer: Guest, handle: PathWord, object_id: PathWord) -> Response[Any]:
    """An object in its conversation."""
    if not handle.startswith("@"):
        raise NotFound
    try:
        view, door = await _opened(request, handle, object_id, viewer)
    except TakenBack as gone:
        return redirects.see_other(f"/posts/{gone.object_id}/restore")
    row = view.object
    if row.local and ports(request).wants_activity(request):
        return Response(None, status_code=302, headers={"Location": row.uri, "Vary": "Accept"})
    proper = reading.path_of(view) or post_path(view.author, row.id)
    if unquote(request.url.path) != unquote(proper):
        return redirects.see_other(proper)
    viewer_id = door.reader_id
    async with request.app.state.db.read() as session:
        in_community = await discussion.is_one(session, view)
    fetch = await _fetch_missing(request, row) if viewer else None
    fetching = Fetching.of(fetch, fetch.found) if fetch else None
    if in_community:
        return await discussion.show(request, viewer, view, fetching=fetching)
    async with request.app.state.db.read() as session:
        above, below = await threads.context(session, row.id, viewer_id, ancestors=MAX_ANCESTORS,
                                             descendants=MAX_DESCENDANTS)
        found = await views.load_objects(session, [*above, *below], viewer_id)
        found = await doors.without_letters(session, found, door, viewer)
        kept, covers = await feeds.sift(
            session, [EntryView(item, found[item]) for item in found], viewer, "thread")
        found = {entry.entry_id: entry.object for entry in kept}
    post = shown_post(view, viewer, unfold=_unfolds(viewer), whole=True)
    article = await _article(request, view, viewer, door)
    return await pages.render(
        request, "blogs/article.html" if article else "threads/thread.html", post=post, **article,
        ancestors=[shown_post(found[item], viewer, covered_by=covers.get(item, "")) for item in above
                   if item in found],
        branches=_tree(row.id, below, found, viewer, covers), more=len(below) >= MAX_DESCENDANTS,
        missing_parent=row.in_reply_to_uri if row.in_reply_to_uri and not above else "",
        fetching=fetching,
        interact=f"/interact?uri={row.uri}",
        meta=metadata.of_article(view, post) if article else metadata.of_post(view, post))


async def _opened(request: AnyRequest, handle: str, word: str, viewer: Viewer | None) -> tuple[ObjectView, Door]:
    """What stands at an address, by its number or (an article) its name, and how the viewer came in.

    Raises:
        NotFound: nothing that the viewer may see.
        Gone: it was deleted.
    """
    found = word if word.isascii() and word.isdigit() else str(await reading.slug_id(request, handle, word))
    async with request.app.state.db.read() as session:
        row = await objects.by_id(session, int(found)) if len(found) <= 16 else None
        author = await session.get(Actor, row.author_id) if row and row.kind == "article" else None
        door = Door(viewer.actor.id if viewer else None) if author is None else \
            await doors.door(request, session, author, viewer)
    return await _visible(request, found, door.reader_id), door


async def _article(request: AnyRequest, view: ObjectView, viewer: Viewer | None, door: Door) -> dict[str, Any]:
    if view.object.kind != "article":
        return {}
    async with request.app.state.db.read() as session:
        return await reading.page_parts(session, view, viewer, door)


def _unfolds(viewer: Viewer | None) -> bool:
    return viewer is not None and preferences.of(viewer.user).expand_spoilers


async def _fetch_missing(request: AnyRequest, row: Object) -> ThreadFetch | None:
    """Have the missing parts of a conversation fetched in the background; the fetch, as long as it runs."""
    async with request.app.state.db.read() as session:
        running = await thread_fetches.current(session, row)
        if running is not None or not await thread_fetches.is_worthwhile(session, row):
            return running
    async with request.app.state.db.write() as session:
        return await thread_fetches.begin(session, row)


@get("/threads/{fetch_id:int}/state")
async def fetch_state(request: AnyRequest, me: Me, fetch_id: PathId) -> Response[Any]:
    """How far the missing parts of a conversation have come, as a part of its page that renews itself."""
    async with request.app.state.db.read() as session:
        fetch = await thread_fetches.by_id(session, fetch_id)
        if fetch is None:
            raise NotFound
        await visible_object(session, me.actor, fetch.object_id)
    seen = request.query_params.get("seen", "")
    return await pages.fragment(request, "threads/_fetching.html", fetching=Fetching.of(
        fetch, int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0))


@get("/{handle:str}/{object_id:str}/history")
async def history(request: AnyRequest, viewer: Guest, handle: PathWord, object_id: PathWord) -> Response[Any]:
    """The earlier versions of an object, oldest first."""
    if not handle.startswith("@"):
        raise NotFound
    view, _door = await _opened(request, handle, object_id, viewer)
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


route_handlers = [permalink, thread, history, fetch_state]
