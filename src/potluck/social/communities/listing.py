"""Pages of posts: all, local, subscribed, one community or a bundle of them, in any of Lemmy's orders.

Each page is one walk along an index that begins with the scope and the order, so it costs the same at any size.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    and_,
    asc,
    case,
    desc,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import BigInt, now
from potluck.db.engine import insert_or_ignore
from potluck.social.communities import flairs, ranking
from potluck.social.communities.posts import normalised_link
from potluck.social.errors import Invalid
from potluck.social.model import (
    Actor,
    Block,
    BundleMember,
    Community,
    Follow,
    GroupPost,
    Moderator,
    PostHidden,
    PostRead,
)
from potluck.social.model.communities import POST_SLOT, SLOT
from potluck.social.visibility import not_hidden_by

_POST: Any = GroupPost.__table__

SORTS = ("hot", "active", "scaled", "new", "old", "most_comments", "new_comments", "controversial", "top")
RANGES = {"hour": 3600, "six_hours": 6 * 3600, "twelve_hours": 12 * 3600, "day": 86400, "week": 7 * 86400,
          "month": 30 * 86400, "three_months": 90 * 86400, "six_months": 180 * 86400, "nine_months": 270 * 86400,
          "year": 365 * 86400, "all": 0}
SCOPES = ("all", "local", "subscribed", "moderated", "community", "bundle")

_COLUMN = {"hot": "hot", "active": "hot_active", "scaled": "scaled", "new": "published_s", "old": "published_s",
           "most_comments": "comments", "new_comments": "newest_comment_s", "controversial": "controversy",
           "top": "score"}
_SHORT = 7 * 86400
_BY_SLOTS = ("day", "week")
MAX_LIMIT = 100
MAX_OFFSET = 10_000
MOST_MERGED = 300
"""So many communities are read one by one and merged; where there are more, their posts are found soon among all."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which posts, in which order.

    Attributes:
        scope: one of `SCOPES`; `community` and `bundle` need `scope_id`.
        sort: one of `SORTS`.
        range: for `top` a word of `RANGES`: how far back it looks.
        kinds: only these kinds of things; None for all.
        flair: in one community: only posts with this tag of it.
        languages: only posts in these or of no known language; empty for all.
        sensitive: NSFW posts and communities, too.
        unread: without what the viewer has opened.
        hidden: also what the viewer has hidden.
        limit: at most so many.
        cursor: where the page before ended.
        offset: for APIs that count pages: so many are passed over.
    """

    scope: str = "all"
    scope_id: int | None = None
    sort: str = "hot"
    range: str = "all"
    kinds: Collection[str] | None = None
    flair: str = ""
    languages: Collection[str] = field(default_factory=tuple)
    sensitive: bool = False
    unread: bool = False
    hidden: bool = False
    limit: int = 20
    cursor: str | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """A page: ids of posts in order, which of them are pinned, and the cursor of the next page (None at the end)."""

    object_ids: list[int]
    pinned: frozenset[int]
    next_cursor: str | None


async def page(session: AsyncSession, viewer_id: int | None, wanted: Wanted) -> Listed:
    """One page. Pinned posts stand first on the first one, but not in the orders by time.

    Raises:
        Invalid: no such scope, order, range or cursor.
    """
    _check(wanted)
    sqlite = session.get_bind().dialect.name == "sqlite"
    scope = await _with_flair(session, wanted) or _scope(viewer_id, wanted, walking=sqlite)
    conditions = [*scope, *_readable(viewer_id, wanted), *_filters(viewer_id, wanted)]
    limit = max(1, min(wanted.limit, MAX_LIMIT))
    first = wanted.cursor is None and wanted.offset == 0
    pinned: list[int] = []
    marks = _pin_column(wanted)
    if marks is not None:
        if first:
            pinned = list((await session.scalars(select(_POST.c.object_id).where(
                *conditions, marks).order_by(_POST.c.object_id.desc()).limit(10))).all())
        conditions.append(~marks)
    chosen = _chosen(viewer_id, wanted)
    if sqlite and chosen is not None and await are_few(session, chosen):
        others = [*_readable(viewer_id, wanted), *_filters(viewer_id, wanted), *([~marks] if marks is not None else [])]
        query = _merged(wanted, chosen.subquery("chosen"), others, limit - len(pinned) + 1)
    elif wanted.scope in ("all", "local") and wanted.sort == "top" and wanted.range in _BY_SLOTS:
        query = _slotted(wanted, conditions, limit - len(pinned) + 1, sqlite=sqlite)
    else:
        query = _ordered(wanted, conditions, limit - len(pinned) + 1)
    rows = (await session.execute(query)).all()
    more = len(rows) > limit - len(pinned)
    rows = rows[:max(0, limit - len(pinned))]
    following = _cursor(rows[-1].value, rows[-1].object_id) if more and rows else None
    return Listed([*pinned, *(row.object_id for row in rows)], frozenset(pinned), following)


def column_of(sort: str) -> str:
    """The column of `group_post` that an order goes by.

    Raises:
        Invalid: no such order.
    """
    if sort not in _COLUMN:
        raise Invalid("sort", f"sort is one of {', '.join(SORTS)}")
    return _COLUMN[sort]


def _check(wanted: Wanted) -> None:
    for name, value, known in (("type", wanted.scope, SCOPES), ("sort", wanted.sort, SORTS),
                               ("range", wanted.range, tuple(RANGES))):
        if value not in known:
            raise Invalid(name, f"{name} is one of {', '.join(known)}")
    if wanted.scope in ("community", "bundle") and wanted.scope_id is None:
        raise Invalid("type", "Which community?")
    if not 0 <= wanted.offset <= MAX_OFFSET:
        raise Invalid("page", "Pages end at %(most)s posts; use the cursor to go on", most=MAX_OFFSET)


def _pin_column(wanted: Wanted) -> Any:
    if wanted.sort in ("new", "old"):
        return None
    return _POST.c.pinned if wanted.scope == "community" else _POST.c.site_pinned


def _ordered(wanted: Wanted, conditions: list[Any], limit: int) -> Any:
    """One walk along the index of the order."""
    column, conditions, order = _in_order(wanted, conditions)
    return select(_POST.c.object_id, column.label("value")).where(*conditions).order_by(*order).limit(
        limit).offset(wanted.offset or None)


def _slotted(wanted: Wanted, conditions: list[Any], limit: int, *, sqlite: bool) -> Any:
    """The best posts of each slot of three hours, then the best of all of those.

    So many posts are read for a page of the week as there are slots in it, however much was posted; only in the oldest
    slot, of which the range has a part, those that are too old are read and left out.
    """
    moment = ranking.seconds()
    slots: Any = select(literal((moment - RANGES[wanted.range]) // SLOT, BigInt).label("slot")).cte(
        "slots", recursive=True)
    # What bears a date of the future counts as of the slot that comes next; beyond that it waits for its time.
    slots = slots.union_all(select(slots.c.slot + 1).where(slots.c.slot <= moment // SLOT))
    column, conditions, order = _in_order(wanted, [literal_column(POST_SLOT) == slots.c.slot, *conditions], plain=True)
    first = select(_POST.c.object_id, column.label("value")).where(*conditions).order_by(*order).limit(
        limit + wanted.offset).correlate(slots)
    if sqlite:
        found = _POST.alias("found")
        source = slots.join(found, found.c.object_id.in_(first.with_only_columns(_POST.c.object_id)))
        value = found.c[_COLUMN[wanted.sort]]
    else:
        found = first.lateral("found")
        source, value = slots.join(found, true()), found.c.value
    return select(found.c.object_id, value.label("value")).select_from(source).order_by(
        desc(value), desc(found.c.object_id)).limit(limit).offset(wanted.offset or None)


async def are_few(session: AsyncSession, chosen: Any) -> bool:
    """Whether a selection of communities is small enough for reading each one's first posts or comments."""
    count = await session.scalar(select(func.count()).select_from(chosen.limit(MOST_MERGED + 1).subquery()))
    return (count or 0) <= MOST_MERGED


def _merged(wanted: Wanted, chosen: Any, conditions: list[Any], limit: int) -> Any:
    """The first posts of each of several communities, then the first of all of those.

    SQLite sorts all posts of these communities otherwise. PostgreSQL knows how many they have and chooses well by
    itself; written like this (as a lateral join) it sorted each community's posts, which took thirty times as long.
    """
    _, conditions, order = _in_order(wanted, [_POST.c.community_id == chosen.c.community_id, *conditions])
    depth = limit + wanted.offset
    first = select(_POST.c.object_id).where(*conditions).order_by(*order).limit(
        depth).correlate(chosen)
    found = _POST.alias("found")
    value = found.c[_COLUMN[wanted.sort]]
    source = chosen.join(found, found.c.object_id.in_(first))
    direction = asc if wanted.sort == "old" else desc
    return select(found.c.object_id, value.label("value")).select_from(source).order_by(
        direction(value), direction(found.c.object_id)).limit(limit).offset(wanted.offset or None)


def _in_order(wanted: Wanted, conditions: list[Any], *, plain: bool = False) -> tuple[Any, list[Any], tuple[Any, Any]]:
    """What is sorted by, the conditions with range and cursor, and the order.

    Args:
        plain: an index of the order is at hand for short ranges, too.
    """
    column = _POST.c[_COLUMN[wanted.sort]]
    if wanted.sort == "top" and RANGES[wanted.range]:
        conditions = [*conditions, _POST.c.published_s > ranking.seconds() - RANGES[wanted.range]]
        if RANGES[wanted.range] <= _SHORT and not plain:
            # Few posts are that young: read them by time and sort those, not the whole history by score.
            column = column + 0
    descending = wanted.sort != "old"
    if wanted.cursor is not None:
        value, object_id = _position(wanted.cursor)
        here, there = tuple_(column, _POST.c.object_id), tuple_(*_literals(value, object_id))
        conditions = [*conditions, here < there if descending else here > there]
    order = (column.desc(), _POST.c.object_id.desc()) if descending else (column.asc(), _POST.c.object_id.asc())
    return column, conditions, order


def _literals(value: float, object_id: int) -> tuple[Any, Any]:
    return literal(value, Float() if isinstance(value, float) else None), literal(object_id, _POST.c.object_id.type)


def _cursor(value: float, object_id: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([value, object_id]).encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[float, int]:
    try:
        value, object_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, TypeError, RecursionError) as error:
        raise Invalid("page_cursor", "This is no cursor of a page") from error
    if not isinstance(value, int | float) or not isinstance(object_id, int) or not 0 <= object_id < 1 << 53 \
            or abs(value) > 1e15:
        raise Invalid("page_cursor", "This is no cursor of a page")
    return value, object_id


def _scope(viewer_id: int | None, wanted: Wanted, *, walking: bool) -> list[ColumnElement[bool]]:
    match wanted.scope:
        case "community":
            return [_POST.c.community_id == wanted.scope_id]
        case "local":
            return [_POST.c.local]
        case "subscribed" | "moderated" | "bundle":
            chosen = _chosen(viewer_id, wanted)
            # Walking along the order, not by the index of a community: that would read all of its posts to sort them.
            community = _POST.c.community_id + 0 if walking else _POST.c.community_id
            return [community.in_(chosen)] if chosen is not None else [false()]
        case _:
            return []


def _chosen(viewer_id: int | None, wanted: Wanted) -> Any:
    """A query for the communities of a scope that holds several; None for other scopes, or without a viewer.

    Those that would show nothing are left out here, not post by post.
    """
    found: Any
    match wanted.scope:
        case "bundle":
            found = select(BundleMember.community_id).where(BundleMember.bundle_id == wanted.scope_id)
        case "subscribed" if viewer_id:
            found = select(Follow.followed_id.label("community_id")).where(
                Follow.follower_id == viewer_id, Follow.state == "accepted")
        case "moderated" if viewer_id:
            found = select(Moderator.community_id).where(Moderator.actor_id == viewer_id)
        case _:
            return None
    named = found.subquery("named")
    query = select(named.c.community_id).join(Community, Community.actor_id == named.c.community_id).where(
        Community.removed_at.is_(None))
    return query if wanted.sensitive else query.where(~Community.sensitive)


def _readable(viewer_id: int | None, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Listed posts of communities in good standing that the viewer may read and has not hidden."""
    group, author = Actor.__table__.alias(), Actor.__table__.alias()
    # Of one community it is asked once, not post by post: PostgreSQL takes it for so rare to find any that it reads and
    # sorts all posts of the community.
    community: Any = literal(wanted.scope_id, BigInt) if wanted.scope == "community" else _POST.c.community_id
    standing = and_(
        ~exists().where(Community.actor_id == community, Community.removed_at.is_not(None)),
        ~exists().where(group.c.id == community,
                        or_(group.c.suspended_at.is_not(None), group.c.deleted_at.is_not(None))),
        ~exists().where(author.c.id == _POST.c.author_id,
                        or_(author.c.suspended_at.is_not(None), author.c.deleted_at.is_not(None))))
    listed = [and_(_POST.c.listed), standing]
    if viewer_id is None:
        return [*listed, and_(_POST.c.open)]
    member = exists().where(Follow.follower_id == viewer_id, Follow.followed_id == community,
                            Follow.state == "accepted")
    blocked = exists().where(Block.blocker_id == _POST.c.author_id, Block.blocked_id == viewer_id)
    return [*listed, or_(_POST.c.open, member), ~blocked, not_hidden_by(viewer_id, _POST.c.author_id),
            not_hidden_by(viewer_id, community)]


def _filters(viewer_id: int | None, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.kinds is not None:
        conditions.append(_POST.c.kind.in_(wanted.kinds))
    if wanted.languages:
        conditions.append(or_(_POST.c.language.is_(None), _POST.c.language.in_(wanted.languages)))
    if not wanted.sensitive:
        conditions.append(~_POST.c.sensitive)
        if wanted.scope != "community":
            conditions.append(~exists().where(Community.actor_id == _POST.c.community_id, Community.sensitive))
    if viewer_id is not None and not wanted.hidden:
        conditions.append(~exists().where(
            PostHidden.actor_id == viewer_id, PostHidden.object_id == _POST.c.object_id))
    if wanted.unread and viewer_id is not None:
        conditions.append(~exists().where(PostRead.actor_id == viewer_id, PostRead.object_id == _POST.c.object_id))
    return conditions


async def _with_flair(session: AsyncSession, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Posts of a community with a tag: a few are looked up and sorted, many are met on the way along the order."""
    if not wanted.flair or wanted.scope != "community" or wanted.scope_id is None:
        return []
    found = await flairs.few(session, wanted.scope_id, wanted.flair)
    if found is None:
        return [_POST.c.community_id == wanted.scope_id,
                _POST.c.object_id.in_(flairs.bearing(wanted.scope_id, wanted.flair))]
    return [_POST.c.community_id + 0 == wanted.scope_id, _POST.c.object_id.in_(found)]


async def places(session: AsyncSession, object_ids: Collection[int]) -> dict[int, GroupPost]:
    """The places of posts by object id, in one query."""
    if not object_ids:
        return {}
    rows = await session.scalars(select(GroupPost).where(GroupPost.object_id.in_(object_ids)))
    return {row.object_id: row for row in rows}


async def same_link(session: AsyncSession, post: GroupPost, *, limit: int = 10) -> list[int]:
    """Other posts of the same address in open communities (cross-posts), newest first."""
    if post.link is None:
        return []
    rows = await session.scalars(select(GroupPost.object_id).where(
        GroupPost.link == post.link, GroupPost.object_id != post.object_id, GroupPost.listed, GroupPost.open
    ).order_by(GroupPost.object_id.desc()).limit(limit))
    return list(rows.all())


async def of_link(session: AsyncSession, link: str, community_id: int, *, limit: int = 10) -> list[GroupPost]:
    """Posts of an address that one could see who may post to `community_id`: those in it first, then the newest."""
    wanted = normalised_link(link)
    if wanted is None:
        return []
    here = _POST.c.community_id == community_id
    rows = await session.scalars(select(GroupPost).where(
        GroupPost.link == wanted, GroupPost.listed, or_(GroupPost.open, here)
    ).order_by(case((here, 0), else_=1), GroupPost.object_id.desc()).limit(limit))
    return list(rows.all())


async def mark_read(session: AsyncSession, viewer_id: int, object_ids: Collection[int], *, read: bool = True) -> None:
    """Remember that the viewer has seen posts and how many comments they had, or forget it."""
    table: Any = PostRead.__table__
    await session.execute(table.delete().where(table.c.actor_id == viewer_id, table.c.object_id.in_(object_ids)))
    if read:
        rows = (await session.execute(select(_POST.c.object_id, _POST.c.comments).where(
            _POST.c.object_id.in_(object_ids)))).all()
        if rows:
            await session.execute(insert_or_ignore(session, PostRead), [
                {"actor_id": viewer_id, "object_id": object_id, "comments": comments}
                for object_id, comments in rows])


async def reads(session: AsyncSession, viewer_id: int, object_ids: Collection[int]) -> dict[int, int]:
    """Which of these posts the viewer has opened, and how many comments they had then."""
    if not object_ids:
        return {}
    rows = await session.execute(select(PostRead.object_id, PostRead.comments).where(
        PostRead.actor_id == viewer_id, PostRead.object_id.in_(object_ids)))
    return dict(rows.all())


async def hide(session: AsyncSession, viewer_id: int, object_ids: Collection[int], *, hidden: bool = True) -> None:
    """Keep posts out of the viewer's listings, or have them back."""
    table: Any = PostHidden.__table__
    if not hidden:
        await session.execute(table.delete().where(table.c.actor_id == viewer_id, table.c.object_id.in_(object_ids)))
        return
    there = (await session.scalars(select(_POST.c.object_id).where(_POST.c.object_id.in_(object_ids)))).all()
    if there:
        await session.execute(insert_or_ignore(session, PostHidden), [
            {"actor_id": viewer_id, "object_id": object_id, "created_at": now()} for object_id in there])


async def communities(
    session: AsyncSession, viewer_id: int | None, *, scope: str = "all", search: str = "", sort: str = "active",
    sensitive: bool = False, limit: int = 40, offset: int = 0,
) -> list[tuple[Actor, Community]]:
    """Communities known here, most lively (or newest, or by name) first."""
    query = select(Actor, Community).join(Community, Community.actor_id == Actor.id).where(
        Actor.type == "Group", Actor.deleted_at.is_(None), Actor.suspended_at.is_(None),
        Community.removed_at.is_(None))
    if not sensitive:
        query = query.where(~Community.sensitive)
    if scope == "local":
        query = query.where(Actor.host == "")
    elif scope in ("subscribed", "moderated"):
        if viewer_id is None:
            return []
        mine = select(Follow.followed_id).where(Follow.follower_id == viewer_id, Follow.state == "accepted") \
            if scope == "subscribed" else select(Moderator.community_id).where(Moderator.actor_id == viewer_id)
        query = query.where(Actor.id.in_(mine))
    if viewer_id is not None:
        query = query.where(not_hidden_by(viewer_id, Actor.id))
    if search:
        pattern = f"%{search.lower().replace('%', '').replace('_', chr(92) + '_')}%"
        query = query.where(or_(func.lower(Actor.name).like(pattern, escape="\\"),
                                func.lower(Actor.display_name).like(pattern, escape="\\")))
    order: Any = {"new": Actor.id.desc(), "old": Actor.id.asc(), "name": Actor.name.asc(),
             "subscribers": Actor.followers_count.desc()}.get(sort, Community.interactions_month.desc())
    rows = await session.execute(query.order_by(order, Actor.id.desc()).limit(min(limit, MAX_LIMIT)).offset(offset))
    return [(actor, community) for actor, community in rows.all()]
