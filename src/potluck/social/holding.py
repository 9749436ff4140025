"""Posts that a rule held back: a moderator lets them go out."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import audit, storing
from potluck.social.errors import NotFound
from potluck.social.model import Actor, HeldObject, Object, User


async def release(session: AsyncSession, moderator: User, row: Object) -> None:
    """A moderator finds nothing wrong with a post that was held back: it is published.

    Raises:
        NotFound: it is not held back.
    """
    if row.state != "held" or row.deleted_at is not None:
        raise NotFound
    author = await session.get_one(Actor, row.author_id)
    await session.execute(delete(HeldObject).where(HeldObject.object_id == row.id))
    row.state, row.version = "published", row.version + 1
    await session.flush()
    await storing.publish(session, [row])
    await audit.record(session, moderator.id, "release_object", row.uri, {"author": audit.handle(author)})
