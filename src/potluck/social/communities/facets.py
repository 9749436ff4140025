"""What stands beside posts, comments and communities, for many at once: one query for each facet."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.social.accounts.roles import STAFF
from potluck.social.communities import listing
from potluck.social.model import (
    Block,
    Community,
    CommunityBan,
    Follow,
    GroupPost,
    Moderator,
    Object,
    PostHidden,
    User,
)

__all__ = ["Facets", "ancestors", "communities", "gather", "post_counts", "staff", "subscriptions"]

_OBJECT: Any = Object.__table__
_DEEPEST = 200


@dataclass(slots=True)
class Facets:
    """What is known of the communities, authors and the viewer round some posts and comments.

    Attributes:
        places: of posts, by object id.
        communities: settings by the Group's id; every Group asked for has one.
        moderators: (community, actor) of those among the authors, and of the viewer.
        banned: likewise, of those who are banned at the moment.
        staff: actors who look after this server.
        subscribed: the viewer's follows of the communities: community -> pending or accepted.
        blocked: whom of the authors and communities the viewer blocks.
        read: posts the viewer opened -> how many comments there were.
        hidden: posts the viewer does not want listed.
    """

    viewer_id: int | None
    places: dict[int, GroupPost] = field(default_factory=dict)
    communities: dict[int, Community] = field(default_factory=dict)
    moderators: set[tuple[int, int]] = field(default_factory=set)
    banned: set[tuple[int, int]] = field(default_factory=set)
    staff: set[int] = field(default_factory=set)
    subscribed: dict[int, str] = field(default_factory=dict)
    blocked: set[int] = field(default_factory=set)
    read: dict[int, int] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)

    def may_read(self, community_id: int) -> bool:
        """Whether what is posted to a community is for the viewer's eyes."""
        settings = self.communities[community_id]
        if settings.visibility == "private":
            return self.subscribed.get(community_id) == "accepted"
        return settings.visibility == "public" or self.viewer_id is not None


async def gather(session: AsyncSession, viewer_id: int | None, *, community_ids: Collection[int],
                 author_ids: Collection[int] = (), post_ids: Collection[int] = ()) -> Facets:
    """All facets of some communities, authors and posts."""
    found = Facets(viewer_id, await listing.places(session, post_ids), await communities(session, community_ids))
    people = {*author_ids, *([viewer_id] if viewer_id is not None else [])}
    if people and community_ids:
        pairs = (await session.execute(select(Moderator.community_id, Moderator.actor_id).where(
            Moderator.community_id.in_(community_ids), Moderator.actor_id.in_(people)))).all()
        found.moderators = {(row.community_id, row.actor_id) for row in pairs}
        bans = (await session.execute(select(CommunityBan.community_id, CommunityBan.actor_id).where(
            CommunityBan.community_id.in_(community_ids), CommunityBan.actor_id.in_(people),
            or_(CommunityBan.expires_at.is_(None), CommunityBan.expires_at > now())))).all()
        found.banned = {(row.community_id, row.actor_id) for row in bans}
    found.staff = await staff(session, people)
    if viewer_id is not None:
        found.subscribed = await subscriptions(session, viewer_id, community_ids)
        found.blocked = await blocked(session, viewer_id, {*author_ids, *community_ids})
        found.read = await listing.reads(session, viewer_id, post_ids)
        found.hidden = await hidden(session, viewer_id, post_ids)
    return found


async def blocked(session: AsyncSession, viewer_id: int, actor_ids: Collection[int]) -> set[int]:
    """Those of the actors whom the viewer blocks."""
    return set((await session.scalars(select(Block.blocked_id).where(
        Block.blocker_id == viewer_id, Block.blocked_id.in_(actor_ids)))).all())


async def hidden(session: AsyncSession, viewer_id: int, post_ids: Collection[int]) -> set[int]:
    """Those of the posts that the viewer does not want listed."""
    if not post_ids:
        return set()
    return set((await session.scalars(select(PostHidden.object_id).where(
        PostHidden.actor_id == viewer_id, PostHidden.object_id.in_(post_ids)))).all())


async def communities(session: AsyncSession, group_ids: Collection[int]) -> dict[int, Community]:
    """The settings of Groups; those of one that nothing was posted to yet are the defaults."""
    if not group_ids:
        return {}
    rows = await session.scalars(select(Community).where(Community.actor_id.in_(group_ids)))
    found = {row.actor_id: row for row in rows.all()}
    return {group_id: found.get(group_id) or blank(group_id) for group_id in group_ids}


def blank(group_id: int) -> Community:
    """The settings of a Group of which nothing is known."""
    return Community(actor_id=group_id, posting="everyone", visibility="public", sensitive=False, downvotes=True,
                     rules=[], languages=[], flairs=[], posts_count=0, comments_count=0, interactions_month=0)


async def staff(session: AsyncSession, actor_ids: Iterable[int]) -> set[int]:
    """Those of the actors whose logins look after this server."""
    return set((await session.scalars(select(User.actor_id).where(
        User.role.in_(STAFF), User.actor_id.in_(set(actor_ids))))).all())


async def subscriptions(session: AsyncSession, viewer_id: int, group_ids: Collection[int]) -> dict[int, str]:
    """The viewer's follows of Groups: id -> pending or accepted."""
    if not group_ids:
        return {}
    rows = await session.execute(select(Follow.followed_id, Follow.state).where(
        Follow.follower_id == viewer_id, Follow.followed_id.in_(group_ids)))
    return {row.followed_id: row.state for row in rows.all()}


async def post_counts(session: AsyncSession, author_ids: Collection[int]) -> dict[int, int]:
    """How many posts each of these people has in communities that everyone may read."""
    if not author_ids:
        return {}
    rows = await session.execute(select(GroupPost.author_id, func.count()).where(
        GroupPost.author_id.in_(author_ids), GroupPost.listed, GroupPost.open).group_by(GroupPost.author_id))
    return dict(rows.all())


async def ancestors(session: AsyncSession, object_ids: Collection[int]) -> dict[int, list[int]]:
    """What each object answers, from the one below the top of its thread down to its parent, in one query."""
    if not object_ids:
        return {}
    start = select(_OBJECT.c.id.label("start"), _OBJECT.c.id.label("id"), _OBJECT.c.in_reply_to_id.label("parent"),
                   literal(0).label("depth")).where(_OBJECT.c.id.in_(object_ids)).cte("up", recursive=True)
    parent = _OBJECT.alias()
    up = start.union_all(select(start.c.start, parent.c.id, parent.c.in_reply_to_id, start.c.depth + 1).where(
        parent.c.id == start.c.parent, start.c.depth < _DEEPEST))
    rows = (await session.execute(select(up.c.start, up.c.id, up.c.parent, up.c.depth).order_by(
        up.c.depth.desc()))).all()
    found: dict[int, list[int]] = {object_id: [] for object_id in object_ids}
    for row in rows:
        if row.depth and row.parent is not None:
            found[row.start].append(row.id)
    return found
