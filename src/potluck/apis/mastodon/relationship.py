"""The Relationship entity."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.mastodon.endpoint import Answer, Call, answer
from potluck.apis.mastodon.entities import Json, optional_stamp
from potluck.social import follows
from potluck.social.follows import Relationship


def relationship(found: Relationship) -> Json:
    """Relationship, with every key."""
    return {
        "id": str(found.id), "following": found.following, "showing_reblogs": found.showing_reblogs,
        "notifying": found.notifying, "languages": found.languages, "followed_by": found.followed_by,
        "blocking": found.blocking, "blocked_by": found.blocked_by, "muting": found.muting,
        "muting_notifications": found.muting_notifications,
        "muting_expires_at": optional_stamp(found.muting_expires_at), "requested": found.requested,
        "requested_by": found.requested_by, "domain_blocking": found.domain_blocking, "endorsed": found.endorsed,
        "note": found.note,
    }


async def relationships_of(session: AsyncSession, viewer_id: int, actor_ids: Sequence[int]) -> list[Json]:
    """How the viewer stands to actors, in the order given."""
    return [relationship(found) for found in await follows.relationships(session, viewer_id, actor_ids)]


async def show(call: Call, actor_id: int) -> Answer:
    """The Relationship to one account, after something changed."""
    return answer((await relationships_of(await call.reader(), call.me.id, [actor_id]))[0])
