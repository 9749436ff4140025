"""A community's post with what is said below it, and a comment read on from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import views
from potluck.social.communities import comments, flairs, listing
from potluck.social.communities.comments import Node
from potluck.social.model import GroupPost
from potluck.social.views import EntryView, ObjectView
from potluck.web import feeds, metadata, pages
from potluck.web.auth import Viewer
from potluck.web.communities.filtering import chips
from potluck.web.communities.listings import about
from potluck.web.forms import query_whole
from potluck.web.i18n import _, _l
from potluck.web.presenters.communities import shown_listed, title_of
from potluck.web.presenters.posts import Post, post_path, shown_post
from potluck.web.types import AnyRequest

SORTS = {"hot": _l("Hot"), "top": _l("Top"), "new": _l("New"), "old": _l("Old"),
         "controversial": _l("Controversial")}


@dataclass(slots=True)
class Comment:
    """A comment in the tree; see `components/communities.html`."""

    act: str
    post: Post | None
    gone: str
    put_back: str  # where one puts back what one has deleted, '' for what cannot be put back
    moderator: bool
    author_of_post: bool
    moderate: bool
    hidden: int
    children: list[Comment] = field(default_factory=list)


def _shown(nodes: list[Node], found: dict[int, ObjectView], viewer: Viewer | None, author_id: int, *,
           moderate: bool, covers: dict[int, str]) -> list[Comment]:
    made: list[Comment] = []
    for node in nodes:
        view = found.get(node.leaf.id)
        post = shown_post(view, viewer, covered_by=covers.get(node.leaf.id, "")) if view else None
        put_back = f"/posts/{node.leaf.id}/restore" if node.leaf.put_back else ""
        shown = Comment(f"/posts/{node.leaf.id}", post, node.leaf.gone, put_back, node.leaf.marked,
                        view is not None and view.author.id == author_id, moderate, node.hidden)
        shown.children = _shown(node.children, found, viewer, author_id, moderate=moderate, covers=covers)
        made.append(shown)
    return made


async def is_one(session: AsyncSession, view: ObjectView) -> bool:
    """Whether something belongs to a discussion of a community: its thread began with one of its posts."""
    row = view.object
    return row.group_id is not None and await session.get(GroupPost, row.thread_root_id or row.id) is not None


async def show(request: AnyRequest, viewer: Viewer | None, view: ObjectView, *, fetching: Any = None) -> Response[Any]:
    """The page.

    Args:
        fetching: how far the missing parts have come (`web.threads`), None while nothing is fetched.
    """
    row, viewer_id = view.object, viewer.actor.id if viewer else None
    root_id = row.thread_root_id or row.id
    sort = request.query_params.get("sort", "hot")
    sort = sort if sort in SORTS else "hot"
    async with request.app.state.db.read() as session:
        frame = await about(session, view.group, viewer) if view.group else None
        may_moderate = frame is not None and frame.may["moderate"]
        tree = await comments.tree(session, row, viewer_id, sort=sort, after=query_whole(request, "after"),
                                   with_removed=may_moderate)
        found = await views.load_objects(session, [*tree.shown, root_id], viewer_id)
        entries, covers = await feeds.sift(session, [EntryView(item, found[item]) for item in found], viewer, "thread")
        found = {entry.entry_id: entry.object for entry in entries} | {
            item: found[item] for item in (root_id,) if item in found}
        root = found.get(root_id)
        place = await session.get_one(GroupPost, root_id)
        same = await views.load_objects(session, await listing.same_link(session, place), viewer_id)
        spots = await listing.places(session, same)
        seen = await listing.reads(session, viewer_id, [root_id]) if viewer_id is not None else {}
    if viewer_id is not None and root is not None and seen.get(root_id) != place.comments:
        async with request.app.state.db.write() as session:
            await listing.mark_read(session, viewer_id, [root_id])
    # A community that merely lists a post closes its own listing, not what is said to the author.
    locked = place.locked and not (root or view).object.group_claimed
    post = shown_post(view, viewer, unfold=True, whole=True)
    path = post_path(view.author, row.id)
    return await pages.render(
        request, "communities/discussion.html", post=post, root=shown_post(root, viewer) if root else None,
        is_root=row.id == root_id, title=title_of(root or view), frame=frame, locked=locked, place=place,
        flairs=flairs.names_of((root or view).object) if row.id == root_id else [],
        comments=_shown(tree.nodes, found, viewer, place.author_id, moderate=may_moderate,
                        covers=covers), total=tree.total, root_id=root_id,
        sorts=chips(request, "sort", SORTS, sort),
        next_url=f"{path}?sort={sort}&after={tree.following}" if tree.following is not None else "",
        may_moderate=may_moderate, cross_posts=[shown_listed(same[item], spots[item], viewer) for item in same
                                                if item in spots],
        interact=f"/interact?uri={quote(row.uri, safe='')}", meta=metadata.of_post(view, post),
        may_comment=viewer is not None and (not locked or may_moderate),
        fetching=fetching, heading=_("Discussion") if row.id == root_id else _("Comment"))
