"""What our communities and their moderators said in the last days, to be had by its id.

Lemmy and others look activities up that they know by id alone (forum §1). Whoever asks sees of them what they may
see of the things and communities these are about; what a community merely votes on is told by the vote's id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.federation import activities, strictjson
from potluck.federation.model import GroupActivity
from potluck.federation.vocabulary import first_id
from potluck.social.addresses import activity_uri
from potluck.social.model import Actor, Community, Follow, Object
from potluck.social.visibility import visible_to

if TYPE_CHECKING:
    from potluck.federation.endpoints.negotiate import Asker

KEPT = timedelta(days=8)
_KEPT: Any = GroupActivity.__table__
_VOTES = frozenset({"Like", "Dislike", "EmojiReact", "EmojiReaction", "PollVote"})
_TELLING = frozenset({"Create", "Update", *_VOTES})
"""Types that show something of the object, so that one must be allowed to see that."""


async def keep(session: AsyncSession, said: Iterable[Mapping[str, Any]], group: Actor,
               object_id: int | None = None) -> None:
    """Remember activities for those who ask for them by id.

    Args:
        said: Announces of a community, or acts of moderators.
        object_id: what they are about.
    """
    await keep_each(session, [(activity, object_id) for activity in said], group)


async def keep_each(session: AsyncSession, said: Iterable[tuple[Mapping[str, Any], int | None]], group: Actor) -> None:
    """The same for activities about several things: each with what it is about."""
    rows = [{"id": number, "community_id": group.id, "object_id": object_id, "open": activities.is_public(activity),
             "telling": _subject(activity) in _TELLING, "body": strictjson.dump(_short(activity)).decode(),
             "created_at": now()} for activity, object_id in said if (number := _number(activity)) is not None]
    if rows:
        await session.execute(insert_or_ignore(session, GroupActivity), rows)


def _number(activity: Mapping[str, Any]) -> int | None:
    """The number in an id of ours."""
    prefix, found = activity_uri(""), str(activity.get("id", ""))
    last = found.removeprefix(prefix)
    return int(last) if found.startswith(prefix) and last.isascii() and last.isdigit() else None


def _subject(activity: Mapping[str, Any]) -> str:
    """The type of what is announced, or of the act itself; a bare id is a post's."""
    if activity["type"] != "Announce":
        return str(activity["type"])
    inner = activity["object"]
    return str(inner.get("type", "")) if isinstance(inner, Mapping) else "Create"


def _short(activity: Mapping[str, Any]) -> Mapping[str, Any]:
    """A vote that is announced is named by its id: there are many of them, and nobody looks them up."""
    inner = activity["object"]
    if activity["type"] == "Announce" and isinstance(inner, Mapping) and inner.get("type") in _VOTES:
        return {**activity, "object": first_id(inner) or inner}
    return activity


async def find(session: AsyncSession, number: int, who: Asker) -> dict[str, Any] | None:
    """The activity with this number, if whoever asks may see it."""
    row = await session.get(GroupActivity, number)
    group = await session.get(Actor, row.community_id) if row is not None else None
    if row is None or group is None or group.deleted_at is not None or group.suspended_at is not None:
        return None
    if await session.scalar(select(Community.removed_at).where(Community.actor_id == group.id)) is not None:
        return None
    reader = who.id
    if group.locked or not row.open:
        reader = await member_beside(session, who.id, group.id) if who.signed else None
        if reader is None:
            return None
    if row.telling and row.object_id is not None and await session.scalar(select(Object.id).where(
            Object.id == row.object_id, visible_to(reader, viewer_is_local=False))) is None:
        return None
    return strictjson.parse(row.body)


async def member_beside(session: AsyncSession, actor_id: int | None, group_id: int | None) -> int | None:
    """A member of a community on the server of whoever asks: Lemmy asks by its site's actor for all of them (§9)."""
    if actor_id is None or group_id is None:
        return None
    asking = select(Actor.server_id).where(Actor.id == actor_id, Actor.server_id.is_not(None)).scalar_subquery()
    found: int | None = await session.scalar(select(Follow.follower_id).join(
        Actor, Actor.id == Follow.follower_id).where(
        Follow.followed_id == group_id, Follow.state == "accepted", Actor.server_id == asking).limit(1))
    return found


async def trim(session: AsyncSession) -> None:
    """Forget what is older than a week: Lemmy keeps its own no longer."""
    await session.execute(delete(_KEPT).where(_KEPT.c.created_at < now() - KEPT))
