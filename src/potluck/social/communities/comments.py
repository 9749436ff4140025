"""The discussion below a post as a tree: every order of Lemmy's, pages of any size, gaps where something was removed.

The whole thread is read as bare numbers in one query, ordered and cut in memory; only the page is loaded in full.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.communities import ranking
from potluck.social.communities.moderating import REMOVED
from potluck.social.communities.withdrawing import WITHDRAWN
from potluck.social.errors import Invalid
from potluck.social.model import Object
from potluck.social.visibility import not_hidden_by, visible_to

SORTS = ("hot", "top", "new", "old", "controversial")
MAX_COMMENTS = 50_000
PAGE = 200
MAX_DEPTH = 8
_WEEK_HOURS = 168.0


@dataclass(frozen=True, slots=True)
class Leaf:
    """A comment as numbers. `gone` is '' for one that is there, else 'removed' or 'deleted'.

    `put_back`: the viewer has deleted it and can undo that.
    """

    id: int
    parent_id: int | None
    up: int
    down: int
    published: datetime
    marked: bool
    gone: str
    put_back: bool = False


@dataclass(slots=True)
class Node:
    """A comment in its place; `hidden` answers below it are left to a page of their own."""

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
        following: the offset of the next page, None at the end.
        total: how many comments can be seen in all, below what was asked for.
        below: how many of them are below each comment, at any depth.
    """

    nodes: list[Node]
    shown: list[int]
    following: int | None
    total: int
    below: dict[int, int]

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


async def tree(
    session: AsyncSession, top: Object, viewer_id: int | None, *, sort: str = "hot", offset: int = 0,
    limit: int = PAGE, depth: int = MAX_DEPTH, with_removed: bool = False,
) -> Tree:
    """A page of what was said below `top` (a post, or a comment to read on from).

    Args:
        offset: so many comments (counted in reading order) are on earlier pages.
        depth: levels shown; deeper answers are counted, not shown.
        with_removed: gaps of what moderators removed, too, where nothing is below them: for moderators.

    Raises:
        Invalid: no such order.
    """
    key = order(sort)
    leaves = await _leaves(session, top, viewer_id)
    children: dict[int, list[Leaf]] = defaultdict(list)
    for leaf in leaves:
        if leaf.parent_id is not None:
            children[leaf.parent_id].append(leaf)
    reading = _downwards(children, top.id)
    kept = _worth_showing(children, reading, with_removed=with_removed)
    for siblings in children.values():
        siblings.sort(key=key, reverse=True)
    walk = _Walk(children, kept, offset, limit, depth)
    nodes = walk.below(top.id)
    total = sum(1 for leaf in leaves if leaf.id in kept and not leaf.gone)
    return Tree(nodes, walk.shown, walk.count if walk.cut else None, total, _below(children, reading, top.id))


class _Walk:
    """Goes through the tree in reading order and keeps what lies on the page."""

    def __init__(self, children: dict[int, list[Leaf]], kept: set[int], offset: int, limit: int, depth: int) -> None:
        self._children, self._kept = children, kept
        self._offset, self._end, self._depth = offset, offset + limit, depth
        self.count = 0
        self.cut = False
        self.shown: list[int] = []

    def below(self, parent_id: int) -> list[Node]:
        """The nodes below something, without recursion: threads may be deep."""
        roots: list[Node] = []
        stack: list[tuple[Leaf, int, list[Node]]] = [
            (leaf, 1, roots) for leaf in reversed(self._children[parent_id]) if leaf.id in self._kept]
        while stack:
            leaf, level, siblings = stack.pop()
            if self.count >= self._end:
                self.cut = True
                break
            self.count += 1
            node = Node(leaf, level)
            if self.count > self._offset:
                siblings.append(node)
                if not leaf.gone:
                    self.shown.append(leaf.id)
            answers = [child for child in self._children.get(leaf.id, ()) if child.id in self._kept]
            if level >= self._depth:
                node.hidden = len(answers)
                continue
            # Where the parent stands on an earlier page its answers go on at the top of this one.
            place = node.children if self.count > self._offset else roots
            stack.extend((child, level + 1, place) for child in reversed(answers))
        return roots


def _downwards(children: dict[int, list[Leaf]], top: int) -> list[Leaf]:
    """Everything below something, each comment before its answers."""
    found: list[Leaf] = []
    stack, seen = [top], {top}
    while stack:
        for leaf in children.get(stack.pop(), ()):
            if leaf.id not in seen:
                seen.add(leaf.id)
                found.append(leaf)
                stack.append(leaf.id)
    return found


def _worth_showing(children: dict[int, list[Leaf]], reading: Sequence[Leaf], *, with_removed: bool) -> set[int]:
    """Ids of what is there, and of gaps that have something below them."""
    kept: set[int] = set()
    for leaf in reversed(reading):
        shown = not leaf.gone or leaf.put_back or (with_removed and leaf.gone == "removed")
        if shown or any(child.id in kept for child in children.get(leaf.id, ())):
            kept.add(leaf.id)
    return kept


def _below(children: dict[int, list[Leaf]], reading: Sequence[Leaf], top: int) -> dict[int, int]:
    """How many comments that are there are below each, and below the top."""
    found: dict[int, int] = {}
    for leaf_id in (*(leaf.id for leaf in reversed(reading)), top):
        found[leaf_id] = sum(found.get(child.id, 0) + (not child.gone) for child in children.get(leaf_id, ()))
    return found


def _inside(top: Object) -> list[Any]:
    """A community that merely lists a post has taken out of it what it does not want; that stays here elsewhere."""
    return [Object.group_id == top.group_id] if top.group_claimed else []


async def _leaves(session: AsyncSession, top: Object, viewer_id: int | None) -> list[Leaf]:
    root = top.thread_root_id or top.id
    readable = visible_to(viewer_id)
    if viewer_id is not None:
        readable = and_(readable, not_hidden_by(viewer_id, Object.author_id))
    rows: Sequence[Any] = (await session.execute(
        select(Object.id, Object.author_id, Object.in_reply_to_id, Object.likes_count, Object.dislikes_count,
               Object.published, Object.extra, Object.state, Object.deleted_at, readable.label("readable"))
        .where(Object.thread_root_id == root, Object.id != root, *_inside(top))
        .order_by(Object.id).limit(MAX_COMMENTS))).all()
    found = []
    for row in rows:
        deleted = row.deleted_at is not None or row.state == WITHDRAWN
        gone = "deleted" if deleted else "removed" if row.state == REMOVED else ""
        if gone or row.readable:
            found.append(Leaf(row.id, row.in_reply_to_id, row.likes_count, row.dislikes_count, row.published,
                              bool(row.extra.get("distinguished")), gone,
                              row.author_id == viewer_id and row.state == WITHDRAWN))
    return found
