"""What somebody posted and commented, what a reader kept or voted on, and the newest comments of many communities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import BigInt
from potluck.social.communities import comments as discussion
from potluck.social.communities import listing
from potluck.social.communities.comments import Leaf
from potluck.social.errors import Invalid
from potluck.social.model import Actor, Bookmark, Community, Follow, GroupPost, Moderator, Object, Reaction
from potluck.social.visibility import not_hidden_by, visible_to

_OBJECT: Any = Object.__table__

MARKS = ("saved", "liked", "disliked")
MAX_LIMIT = 100
MAX_OFFSET = 10_000
RANKED = 1000
"""Orders other than by time look at so many of the newest."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which posts or comments.

    Attributes:
        scope: all, local, subscribed or moderated, of the communities they stand in.
        community_id: only of this community.
        author_id: only by this person.
        mark: only what the viewer `saved`, `liked` or `disliked`, the latest mark first.
        sort: of posts a word of `listing.SORTS`, of comments one of `comments.SORTS`.
        limit: at most so many.
        offset: so many are on earlier pages.
    """

    scope: str = "all"
    community_id: int | None = None
    author_id: int | None = None
    mark: str = ""
    sort: str = "new"
    limit: int = 20
    offset: int = 0


async def posts(session: AsyncSession, viewer_id: int | None, wanted: Wanted) -> list[int]:
    """Ids of posts in communities that the viewer may see.

    Raises:
        Invalid: no such order or mark, or too far back.
    """
    _check(wanted)
    query = select(Object.id).join(GroupPost, GroupPost.object_id == Object.id).where(
        GroupPost.listed, *_scope(viewer_id, wanted), *_conditions(viewer_id, wanted))
    if wanted.author_id is not None:  # by the index of their posts in communities, not of all they said
        query = query.where(GroupPost.author_id == wanted.author_id)
    if not wanted.mark:
        query = query.order_by(*_order_of_posts(wanted.sort))
    return await _page(session, _marked(query, viewer_id, wanted), wanted)


def _order_of_posts(sort: str) -> tuple[Any, ...]:
    table: Any = GroupPost.__table__
    if sort in ("new", "old"):  # ids grow with time
        return (table.c.object_id.asc() if sort == "old" else table.c.object_id.desc(),)
    by: Any = table.c[listing.column_of(sort)]
    return (by.desc(), table.c.object_id.desc())


async def comments(session: AsyncSession, viewer_id: int | None, wanted: Wanted) -> list[int]:
    """Ids of comments in communities that the viewer may see.

    Raises:
        Invalid: no such order or mark, or too far back.
    """
    _check(wanted)
    conditions = [Object.group_id.is_not(None), Object.in_reply_to_uri.is_not(None),
                  *_conditions(viewer_id, wanted)]
    if wanted.mark:
        query = select(Object.id).where(*conditions, *_scope(viewer_id, wanted))
        return await _page(session, _marked(query, viewer_id, wanted), wanted)
    key = discussion.order(wanted.sort)
    if wanted.sort in ("new", "old"):
        depth = wanted.offset + max(1, min(wanted.limit, MAX_LIMIT))
        query = await _newest(session, viewer_id, wanted, conditions, depth)
        return await _page(session, query, wanted)
    query = await _newest(session, viewer_id, wanted, conditions, RANKED)
    found = (await session.scalars(query.limit(RANKED))).all()
    rows = (await session.execute(select(
        Object.id, Object.likes_count, Object.dislikes_count, Object.published).where(Object.id.in_(found)))).all()
    leaves = [Leaf(row.id, None, row.likes_count, row.dislikes_count, row.published, False, "") for row in rows]
    leaves.sort(key=key, reverse=True)
    return [leaf.id for leaf in leaves[wanted.offset:wanted.offset + wanted.limit]]


async def _newest(session: AsyncSession, viewer_id: int | None, wanted: Wanted, conditions: list[Any],
                  depth: int) -> Any:
    """Ids of comments, the newest (or oldest) first; of several communities the first `depth` of each, merged.

    For why neither database does so by itself see `listing`.
    """
    old = wanted.sort == "old"
    chosen = _groups(viewer_id, wanted)
    if chosen is None or not await listing.are_few(session, chosen):
        query = select(Object.id).where(*conditions, *_scope(viewer_id, wanted))
        return query.order_by(Object.id.asc() if old else Object.id.desc())
    groups = chosen.subquery("chosen")
    first = select(Object.id).where(Object.group_id == groups.c.community_id, *conditions).order_by(
        Object.id.asc() if old else Object.id.desc()).limit(depth).correlate(groups)
    if session.get_bind().dialect.name == "postgresql":
        lateral: Any = first.lateral("found")
        by, source = lateral.c.id, groups.join(lateral, true())
    else:
        found = _OBJECT.alias("found")
        by, source = found.c.id, groups.join(found, found.c.id.in_(first))
    return select(by).select_from(source).order_by(by.asc() if old else by.desc())


def _groups(viewer_id: int | None, wanted: Wanted) -> Any:
    """The communities of a scope, None where it is all of them or one."""
    if wanted.community_id is not None or wanted.author_id is not None:
        return None
    nobody = viewer_id if viewer_id is not None else 0
    match wanted.scope:
        case "local":
            return select(Community.actor_id.label("community_id")).join(
                Actor, Actor.id == Community.actor_id).where(Actor.host == "")
        case "subscribed":
            return select(Follow.followed_id.label("community_id")).join(
                Community, Community.actor_id == Follow.followed_id).where(
                Follow.follower_id == nobody, Follow.state == "accepted")
        case "moderated":
            return select(Moderator.community_id).where(Moderator.actor_id == nobody)
        case _:
            return None


def _check(wanted: Wanted) -> None:
    if wanted.mark and wanted.mark not in MARKS:
        raise Invalid("mark", f"mark is one of {', '.join(MARKS)}")
    if not 0 <= wanted.offset <= MAX_OFFSET:
        raise Invalid("page", "Pages end at %(most)s entries", most=MAX_OFFSET)


async def _page(session: AsyncSession, query: Any, wanted: Wanted) -> list[int]:
    found: Sequence[int] = (await session.scalars(
        query.limit(max(1, min(wanted.limit, MAX_LIMIT))).offset(wanted.offset or None))).all()
    return list(found)


def _conditions(viewer_id: int | None, wanted: Wanted) -> list[ColumnElement[bool]]:
    group = Actor.__table__.alias()
    # Of one community it is asked once: for why see `listing`.
    community: Any = Object.group_id if wanted.community_id is None else literal(wanted.community_id, BigInt)
    standing = and_(
        ~exists().where(Community.actor_id == community, Community.removed_at.is_not(None)),
        ~exists().where(group.c.id == community,
                        or_(group.c.suspended_at.is_not(None), group.c.deleted_at.is_not(None))))
    found = [visible_to(viewer_id), standing]
    if wanted.community_id is not None:
        found.append(Object.group_id == wanted.community_id)
    if wanted.author_id is not None:
        found.append(Object.author_id == wanted.author_id)
    elif viewer_id is not None and not wanted.mark:
        found += [not_hidden_by(viewer_id, Object.author_id), not_hidden_by(viewer_id, Object.group_id)]
    return found


def _scope(viewer_id: int | None, wanted: Wanted) -> list[ColumnElement[bool]]:
    nobody = viewer_id if viewer_id is not None else 0
    match wanted.scope:
        case "local":
            return [Object.group_id.in_(select(Actor.id).where(Actor.type == "Group", Actor.host == ""))]
        case "subscribed":
            return [Object.group_id.in_(select(Follow.followed_id).where(
                Follow.follower_id == nobody, Follow.state == "accepted"))]
        case "moderated":
            return [Object.group_id.in_(select(Moderator.community_id).where(Moderator.actor_id == nobody))]
        case _:
            return []


def _marked(query: Any, viewer_id: int | None, wanted: Wanted) -> Any:
    """Only what carries the viewer's mark, the latest mark first."""
    if not wanted.mark:
        return query
    table: Any = Bookmark if wanted.mark == "saved" else Reaction
    query = query.join(table, table.object_id == Object.id).where(table.actor_id == (viewer_id or 0))
    if table is Reaction:
        query = query.where(Reaction.kind == wanted.mark.removesuffix("d"))
    return query.order_by(table.id.desc())
