"""The discussion below a post as a tree: every order of Lemmy's, pages of any size, gaps where something was removed.

Only what is on the page is read, in reading order (`social.descending`), by the places of comments (`comment_places`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import descending
from potluck.social.communities import comment_places, facets, ranking
from potluck.social.communities.moderating import REMOVED
from potluck.social.communities.withdrawing import WITHDRAWN
from potluck.social.descending import Place, Siblings
from potluck.social.errors import Invalid
from potluck.social.model import CommentPlace, Object
from potluck.social.visibility import not_hidden_by, visible_to

SORTS = ("hot", "top", "new", "old", "controversial")
MAX_OFFSET = 20_000
"""Numbered pages end here: each costs what all before it would. Pages that go on from a comment have no end."""

PAGE = 200
MAX_DEPTH = 8
_WEEK_HOURS = 168.0
_PLACE: Any = CommentPlace.__table__
_OBJECT: Any = Object.__table__


@dataclass(frozen=True, slots=True)
class Leaf:
    """A comment as numbers. `gone` is '' for one that is there, else 'removed' or 'deleted'.

    `put_back`: the viewer has deleted it and can undo that. `below`: how many answers are below it, at any depth.
    """

    id: int
    parent_id: int | None
    up: int
    down: int
    published: datetime
    marked: bool
    gone: str
    put_back: bool = False
    below: int = 0


@dataclass(slots=True)
class Node:
    """A comment in its place; `hidden` answers below it, at any depth, are left to a page of their own."""

    leaf: Leaf
    depth: int
    children: list[Node] = field(default_factory=list)
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Tree:
    """A page of a discussion.

    Attributes:
        nodes: the comments at the top, each with its answers.
        shown: ids of the comments that are there, to be loaded.
        following: the last comment of the page, after which the next one begins; None at the end.
        total: how many comments there are in all, below what was asked for.
    """

    nodes: list[Node]
    shown: list[int]
    following: int | None
    total: int

    def flat(self) -> list[Node]:
        """The page's comments in reading order, gaps included."""
        found: list[Node] = []
        stack = self.nodes[::-1]
        while stack:
            node = stack.pop()
            found.append(node)
            stack.extend(reversed(node.children))
        return found


def _hot(leaf: Leaf, moment: float) -> float:
    hours = (moment - leaf.published.timestamp()) / 3600
    if hours < 0 or hours >= _WEEK_HOURS:
        return 0.0
    return math.log10(max(2, leaf.up - leaf.down + 2)) / float((hours + 2) ** 1.8)


def _controversy(leaf: Leaf) -> float:
    least, most = sorted((leaf.up, leaf.down))
    return float((leaf.up + leaf.down) ** (least / most)) if least > 0 else 0.0


def order(sort: str) -> Callable[[Leaf], tuple[Any, ...]]:
    """What siblings are ordered by, largest first; moderators' words stand first but not in the orders by time.

    Raises:
        Invalid: no such order.
    """
    moment = float(ranking.seconds())
    match sort:
        case "hot":
            return lambda leaf: (leaf.marked, _hot(leaf, moment), leaf.up - leaf.down, leaf.id)
        case "top":
            return lambda leaf: (leaf.marked, leaf.up - leaf.down, leaf.id)
        case "controversial":
            return lambda leaf: (leaf.marked, _controversy(leaf), leaf.id)
        case "new":
            return lambda leaf: (leaf.id,)
        case "old":
            return lambda leaf: (-leaf.id,)
        case _:
            raise Invalid("sort", f"sort is one of {', '.join(SORTS)}")


def _siblings(sort: str) -> Siblings:
    if sort not in SORTS:
        raise Invalid("sort", f"sort is one of {', '.join(SORTS)}")
    by = sort if sort in ("hot", "top", "controversial") else ""
    return Siblings(_PLACE, "object_id", "parent_id", by, descending=sort != "old", beside=_OBJECT)


async def tree(
    session: AsyncSession, top: Object, viewer_id: int | None, *, sort: str = "hot", offset: int = 0,
    after: int | None = None, limit: int = PAGE, depth: int = MAX_DEPTH, with_removed: bool = False,
) -> Tree:
    """A page of what was said below `top` (a post, or a comment to read on from).

    Args:
        offset: so many comments (counted in reading order) are on earlier pages; beyond `MAX_OFFSET` there is nothing.
        after: the last comment of the page before; begins anew where it is not below `top`. Every page costs the same.
        depth: levels shown; deeper answers are counted, not shown.
        with_removed: gaps of what moderators removed, too, where nothing is below them: for moderators.

    Raises:
        Invalid: no such order.
    """
    siblings = _siblings(sort)
    if offset > MAX_OFFSET:
        return Tree([], [], None, await comment_places.total(session, top))
    start = await _begun(session, top, after, depth) if after else None
    found = await descending.walk(
        session, siblings, top.id, limit=limit + 1, depth=depth, offset=offset, after=start,
        entered=[_is_shown(viewer_id, with_removed=with_removed), *_inside(top)])
    cut = len(found) > limit
    leaves = await _leaves(session, [place.id for place in found[:limit]], viewer_id)
    nodes = _grown(found[:limit], leaves, depth)
    if not cut:
        _drop_empty(nodes, depth, with_removed=with_removed)
    page = Tree(nodes, [], found[limit - 1].id if cut else None, await comment_places.total(session, top))
    page.shown.extend(node.leaf.id for node in page.flat() if not node.leaf.gone)
    return page


async def _begun(session: AsyncSession, top: Object, after: int, depth: int) -> Place | None:
    """The place of the last comment of the page before; None where it is not below the top, or too far below it."""
    if await session.get(CommentPlace, after) is None:
        return None
    above = (await facets.ancestors(session, [after]))[after]
    root = top.thread_root_id or top.id
    level = len(above) + 1 if top.id == root else len(above) - above.index(top.id) if top.id in above else 0
    return Place(after, level) if 1 <= level <= depth else None


def _is_shown(viewer_id: int | None, *, with_removed: bool) -> ColumnElement[bool]:
    """What the viewer may read, and gaps that have something below them or that the viewer can fill."""
    readable = visible_to(viewer_id)
    if viewer_id is not None:
        readable = and_(readable, not_hidden_by(viewer_id, Object.author_id))
    gone = or_(Object.deleted_at.is_not(None), Object.state.in_((REMOVED, WITHDRAWN)))
    shown = [readable, and_(gone, _PLACE.c.below > 0)]
    if viewer_id is not None:
        shown.append(and_(Object.author_id == viewer_id, Object.state == WITHDRAWN, Object.deleted_at.is_(None)))
    if with_removed:
        shown.append(and_(Object.state == REMOVED, Object.deleted_at.is_(None)))
    return or_(*shown)


def _inside(top: Object) -> list[Any]:
    """A community that merely lists a post has taken out of it what it does not want; that stays here elsewhere."""
    return [Object.group_id == top.group_id] if top.group_claimed else []


def _grown(places: Sequence[Place], leaves: dict[int, Leaf], depth: int) -> list[Node]:
    """The page as a tree. Where the parent stands on an earlier page its answers go on at the top of this one."""
    roots: list[Node] = []
    nodes: dict[int, Node] = {}
    for place in places:
        leaf = leaves[place.id]
        node = nodes[place.id] = Node(leaf, place.level, hidden=leaf.below if place.level >= depth else 0)
        parent = nodes.get(leaf.parent_id or 0)
        (roots if parent is None else parent.children).append(node)
    return roots


def _drop_empty(nodes: list[Node], depth: int, *, with_removed: bool) -> None:
    """Without gaps below which the viewer sees nothing: what is there is hidden from them alone."""
    for node in nodes:
        _drop_empty(node.children, depth, with_removed=with_removed)
    nodes[:] = [node for node in nodes if not node.leaf.gone or node.leaf.put_back or node.children or (
        with_removed and node.leaf.gone == "removed") or node.depth >= depth]


async def _leaves(session: AsyncSession, object_ids: Sequence[int], viewer_id: int | None) -> dict[int, Leaf]:
    rows: Sequence[Any] = (await session.execute(
        select(Object.id, Object.author_id, _PLACE.c.parent_id, Object.likes_count, Object.dislikes_count,
               Object.published, _PLACE.c.marked, _PLACE.c.below, Object.state, Object.deleted_at)
        .join(_PLACE, _PLACE.c.object_id == Object.id).where(Object.id.in_(object_ids)))).all()
    found = {}
    for row in rows:
        deleted = row.deleted_at is not None or row.state == WITHDRAWN
        gone = "deleted" if deleted else "removed" if row.state == REMOVED else ""
        found[row.id] = Leaf(
            row.id, row.parent_id, row.likes_count, row.dislikes_count, row.published, row.marked, gone,
            row.author_id == viewer_id and row.state == WITHDRAWN and row.deleted_at is None, row.below)
    return found
