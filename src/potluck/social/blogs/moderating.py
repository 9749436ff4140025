"""What authors of a blog do with comments: let one appear, hide one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import deleting, feeds, live, post_index, storing
from potluck.social.blogs.comments import AWAITING, HIDDEN, article_of
from potluck.social.communities import posts
from potluck.social.errors import NotFound
from potluck.social.model import ArticleComment, Object

_COMMENT: Any = ArticleComment.__table__


async def approve(session: AsyncSession, object_id: int) -> Object:
    """Show a comment that waited or was hidden: it is published as if it had come now. The caller may do so.

    Raises:
        NotFound: nothing waits under this id.
    """
    row = await session.get(Object, object_id)
    if row is None or row.state != AWAITING or row.deleted_at is not None:
        raise NotFound
    await session.execute(delete(_COMMENT).where(_COMMENT.c.object_id == object_id))
    row.state, row.version = "published", row.version + 1
    await session.flush()
    await storing.publish(session, [row])
    return row


async def hide(session: AsyncSession, object_id: int) -> Object:
    """Take a comment away from under an article; it can be shown again. The caller may do so.

    Raises:
        NotFound: there is no such comment.
    """
    row = await session.get(Object, object_id)
    if row is None or row.deleted_at is not None or row.state not in ("published", AWAITING):
        raise NotFound
    article = await article_of(session, row)
    if row.state == AWAITING:
        await session.execute(update(_COMMENT).where(_COMMENT.c.object_id == object_id).values(state=HIDDEN))
        return row
    session.add(ArticleComment(object_id=row.id, author_id=article.author_id, state=HIDDEN))
    await _withdraw(session, row)
    row.state, row.version = AWAITING, row.version + 1
    await session.flush()
    return row


async def _withdraw(session: AsyncSession, row: Object) -> None:
    """Out of feeds, counts, search and open pages."""
    await deleting.uncount(session, row)
    await feeds.remove_objects(session, [row.id])
    await post_index.forget(session, [row.id])
    await posts.hide(session, row)
    await live.publish(session, "delete", object_id=row.id, data={"channels": []})
