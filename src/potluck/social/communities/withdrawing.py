"""What authors take back in a community, and may put there again: as on Lemmy, a deletion can be undone for a while.

What was taken back stays in its row, seen by nobody but its author, with its votes and answers; then it is deleted
for good. Its id answers that it is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.social import deleting, events, feeds, live, registry, storing
from potluck.social.communities import posts, roles
from potluck.social.errors import NotAllowed, NotFound
from potluck.social.model import Actor, Object, Tombstone
from potluck.social.paging import Page, rows_of

WITHDRAWN = "withdrawn"
"""`Object.state` of what its author took back."""

KEPT_DAYS = 30
_BATCH = 200
_TOMBSTONE: Any = Tombstone.__table__


def can_be_put_back(row: Object) -> bool:
    """Whether this would only be taken back, and not deleted at once, if its author deleted it."""
    return (row.group_id is not None and row.visibility != "direct" and row.state == "published"
            and row.deleted_at is None and row.type in registry.kind_named(row.kind).put_back)


async def withdraw(session: AsyncSession, author: Actor, object_id: int) -> Object:
    """Take back one's own post or comment in a community.

    Raises:
        NotFound: there is no such thing of this author, or it cannot be put back; then it is to be deleted.
    """
    row = await session.get(Object, object_id)
    if row is None or row.author_id != author.id or not can_be_put_back(row):
        raise NotFound
    mentioned, reached = await deleting.concerned(session, row)
    channels = await deleting.channels_of(session, row)
    await deleting.uncount(session, row)
    holders = await feeds.remove_objects(session, [row.id])
    channels += [f"{prefix}:{feed_id}" for feed_id in holders for prefix in ("home", "list")]
    await posts.hide(session, row)
    await storing.remember_deleted(session, row.uri, row.type, local=row.local)
    await live.publish(session, "delete", object_id=row.id, data={"channels": channels})
    await events.emit(session, events.ObjectDeleted(row, author, author, mentioned, reached))
    row.state, row.version = WITHDRAWN, row.version + 1
    await session.flush()
    return row


async def put_back(session: AsyncSession, author: Actor, object_id: int, *, checked: bool = False) -> Object:
    """Put back what one has taken back.

    Args:
        checked: its own server says so.

    Raises:
        NotFound: there is no such thing of this author.
        NotAllowed: they are banned from the community meanwhile.
    """
    row = await session.get(Object, object_id)
    if row is None or row.author_id != author.id or row.state != WITHDRAWN or row.deleted_at is not None:
        raise NotFound
    if not checked and row.ruled_by and await roles.is_banned(session, row.ruled_by, author.id):
        raise NotAllowed("You are banned from this community")
    row.state, row.version = "published", row.version + 1
    await session.flush()
    await session.execute(delete(_TOMBSTONE).where(_TOMBSTONE.c.uri == row.uri))
    await storing.count_again(session, [row])
    await posts.show(session, row)
    mentioned, reached = await deleting.concerned(session, row)
    await events.emit(session, events.ObjectPutBack(row, author, mentioned, reached))
    return row


async def of_author(session: AsyncSession, author_id: int, page: Page) -> Sequence[Object]:
    """What somebody took back and can still put back, the newest first."""
    query = select(Object).where(Object.author_id == author_id, Object.state == WITHDRAWN,
                                 Object.deleted_at.is_(None))
    return await rows_of(session, query, Object.id, page)


async def sweep(session: AsyncSession) -> None:
    """Delete for good what was taken back long ago, a part at a time."""
    rows = (await session.scalars(
        select(Object).join(Tombstone, Tombstone.uri == Object.uri).where(
            Object.state == WITHDRAWN, Object.deleted_at.is_(None),
            Tombstone.deleted_at < now() - timedelta(days=KEPT_DAYS)).order_by(Object.id).limit(_BATCH))).all()
    for row in rows:
        await deleting.delete(session, row.id, await session.get_one(Actor, row.author_id))
