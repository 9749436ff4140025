"""Who may see what: the one place that decides, for rows in memory and for queries.

public: everyone. unlisted: everyone, but in no public timeline. followers: accepted followers and those mentioned.
direct: those mentioned. local: people with an account here. group: followers of the group it was posted to.
A block hides the blocker's things from the blocked. Suspended and deleted authors are seen by nobody. What a rule
against spam holds back, and a comment that waits for the author of an article, is seen by who wrote it alone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.orm import aliased

from potluck.db.base import fixed
from potluck.social.model import Actor, Announce, Block, DomainMute, Follow, Mention, Mute, Object

PUBLIC = "public"
UNLISTED = "unlisted"
FOLLOWERS = "followers"
DIRECT = "direct"
LOCAL = "local"
GROUP = "group"

ALL = (PUBLIC, UNLISTED, FOLLOWERS, DIRECT, LOCAL, GROUP)
OPEN = (PUBLIC, UNLISTED)
"""Visibilities that everyone may read, and boost."""

COUNTED = (PUBLIC, UNLISTED, LOCAL, GROUP)
"""Visibilities that are counted where everyone sees the number: nothing private shows through a count."""


def live() -> ColumnElement[bool]:
    """Objects that are published and not deleted."""
    return and_(Object.deleted_at.is_(None), Object.state == fixed("published"))


def visible_to(viewer_id: int | None, *, viewer_is_local: bool = True, author: Any = None) -> ColumnElement[bool]:
    """A condition on `Object`: live, by an author in good standing, and readable by the viewer.

    Args:
        viewer_id: actor id of who asks; None for nobody signed in (and for unsigned requests).
        viewer_is_local: False for a remote actor that signed a request: it does not see `local`.
        author: the author, where the query has joined them anyway (`Actor` or an alias).
    """
    standing = _in_standing(author) if author is not None else _written_by_one_in_standing()
    if viewer_id is None:
        return and_(live(), standing, Object.visibility.in_(OPEN))
    mentioned = exists().where(Mention.object_id == Object.id, Mention.actor_id == viewer_id)
    own = Object.author_id == viewer_id
    held = and_(own, Object.deleted_at.is_(None), Object.state.in_(("held", "awaiting")))
    readable = or_(
        Object.visibility.in_(OPEN),
        own,
        mentioned,
        and_(Object.visibility == FOLLOWERS, follows(viewer_id, Object.author_id)),
        and_(Object.visibility == GROUP, follows(viewer_id, Object.group_id)),
        Object.visibility == LOCAL if viewer_is_local else false(),
    )
    blocked = exists().where(Block.blocker_id == Object.author_id, Block.blocked_id == viewer_id)
    return and_(or_(live(), held), standing, readable, ~blocked)


def _in_standing(actor: Any) -> ColumnElement[bool]:
    return and_(actor.suspended_at.is_(None), actor.deleted_at.is_(None))


def _written_by_one_in_standing() -> ColumnElement[bool]:
    author = aliased(Actor)
    return exists().where(author.id == Object.author_id, _in_standing(author))


def announce_visible_to(viewer_id: int | None, *, viewer_is_local: bool = True) -> ColumnElement[bool]:
    """A condition on `Announce`: the viewer may know of the boost (whether they may read the object is another matter).

    Args:
        viewer_id: as for `visible_to`.
        viewer_is_local: as for `visible_to`.
    """
    if viewer_id is None:
        return Announce.visibility.in_(OPEN)
    blocked = exists().where(Block.blocker_id == Announce.actor_id, Block.blocked_id == viewer_id)
    readable = or_(
        Announce.visibility.in_(OPEN),
        Announce.actor_id == viewer_id,
        and_(Announce.visibility == FOLLOWERS, follows(viewer_id, Announce.actor_id)),
        Announce.visibility == LOCAL if viewer_is_local else false(),
    )
    return and_(readable, ~blocked)


def follows(follower_id: int, followed: ColumnElement[int] | object) -> ColumnElement[bool]:
    """A condition: `follower_id` is an accepted follower of the actor in column `followed`."""
    return exists().where(Follow.follower_id == follower_id, Follow.followed_id == followed,
                          Follow.state == "accepted")


def not_hidden_by(viewer_id: int, actor_column: object) -> ColumnElement[bool]:
    """A condition: the viewer has neither blocked nor muted the actor in that column, nor their server.

    It is the viewer's own wish, for timelines, searches and notifications; not a matter of permission.
    """
    hidden_host = select(Actor.id).join(
        DomainMute, and_(DomainMute.host == Actor.host, DomainMute.actor_id == viewer_id)
    ).where(Actor.id == actor_column)
    return and_(
        ~exists().where(Block.blocker_id == viewer_id, Block.blocked_id == actor_column),
        ~exists().where(Block.blocker_id == actor_column, Block.blocked_id == viewer_id),
        ~exists().where(Mute.muter_id == viewer_id, Mute.muted_id == actor_column),
        ~hidden_host.exists(),
    )
