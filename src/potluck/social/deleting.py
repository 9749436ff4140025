"""Deleting objects: everything that hung on one goes with it; a tombstone keeps its id from coming back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, or_, select, update
from sqlalchemy import delete as delete_from
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import fixed, now
from potluck.social import conversations, events, feeds, live, post_index, quoting, registry
from potluck.social.communities import posts
from potluck.social.errors import NotFound
from potluck.social.model import (
    Actor,
    Announce,
    Bookmark,
    Hashtag,
    Media,
    Mention,
    Notification,
    Object,
    ObjectDocument,
    ObjectTag,
    Pin,
    Reaction,
    Revision,
)
from potluck.social.storing import remember_deleted
from potluck.social.visibility import COUNTED

_OBJECT: Any = Object.__table__
_REACHED_MOST = 1000


async def delete(session: AsyncSession, object_id: int, by: Actor) -> Object:
    """Delete an object. The caller has checked that `by` may.

    The row stays, emptied, so that threads keep their shape; all that people attached to it is removed.

    Raises:
        NotFound: no such object, or it is deleted already.
    """
    row = await session.get(Object, object_id)
    if row is None or row.deleted_at is not None:
        raise NotFound
    author = await session.get_one(Actor, row.author_id)
    mentioned, reached = await concerned(session, row)
    channels = await channels_of(session, row)
    await uncount(session, row)
    holders = await feeds.remove_objects(session, [row.id])
    channels += [f"{prefix}:{feed_id}" for feed_id in holders for prefix in ("home", "list")]
    await _remove_attached(session, row)
    await post_index.forget(session, [row.id])
    kind = registry.kind_named(row.kind)
    if kind.forget:
        await kind.forget(session, [row.id])
    if row.visibility == "direct":
        await conversations.forget_objects(session, [row.id])
    if row.state == "published":
        await posts.hide(session, row)
    former_type, uri = row.type, row.uri
    _empty(row)
    await session.flush()
    await remember_deleted(session, uri, former_type, local=row.local)
    await live.publish(session, "delete", object_id=row.id, data={"channels": channels})
    await events.emit(session, events.ObjectDeleted(row, author, by, mentioned, reached))
    return row


async def concerned(session: AsyncSession, row: Object) -> tuple[Sequence[Actor], Sequence[Actor]]:
    """Who is addressed by an object, and (of a local one) who has it beyond that."""
    mentioned = (await session.scalars(select(Actor).join(Mention, Mention.actor_id == Actor.id).where(
        Mention.object_id == row.id))).all()
    return mentioned, await _reached(session, row) if row.local else ()


async def channels_of(session: AsyncSession, row: Object) -> list[str]:
    """The public streams an object was told on."""
    tags = (await session.scalars(select(Hashtag.name).join(ObjectTag).where(ObjectTag.object_id == row.id))).all()
    channels: list[str] = []
    if row.visibility == "public":
        channels += ["public", "public:local" if row.local else "public:remote"]
        channels += [f"hashtag:{name}" for name in tags]
        channels += [f"hashtag:local:{name}" for name in tags if row.local]
    return channels


def _empty(row: Object) -> None:
    row.deleted_at = now()
    row.title, row.summary, row.content, row.source = None, "", "", None
    row.emojis, row.extra = [], {}
    row.replies_count = row.likes_count = row.dislikes_count = row.boosts_count = row.quotes_count = 0
    row.version += 1


async def _reached(session: AsyncSession, row: Object) -> Sequence[Actor]:
    """Remote actors beyond followers that have the object: they boosted, liked, quoted it or replied."""
    ids_of = (
        select(Announce.actor_id).where(Announce.object_id == row.id).limit(_REACHED_MOST),
        select(Reaction.actor_id).where(Reaction.object_id == row.id).limit(_REACHED_MOST),
        select(Object.author_id).where(or_(Object.in_reply_to_id == row.id, Object.quote_id == row.id))
        .limit(_REACHED_MOST),
    )
    conditions = [Actor.id.in_(query) for query in ids_of]
    return (await session.scalars(select(Actor).where(Actor.host != "", or_(*conditions)))).all()


async def uncount(session: AsyncSession, row: Object) -> None:
    """Take back what `storing` counted."""
    if row.state != "published":
        return
    counted = row.visibility in COUNTED
    if counted:
        last = select(Object.published).where(
            Object.author_id == row.author_id, Object.id != row.id, Object.deleted_at.is_(None),
            Object.state == fixed("published"), Object.visibility.in_(COUNTED)).order_by(Object.id.desc()).limit(1)
        await session.execute(update(Actor).where(Actor.id == row.author_id).values(
            posts_count=case((Actor.posts_count > 0, Actor.posts_count - 1), else_=0),
            last_post_at=last.scalar_subquery()))
    for column, target in ((_OBJECT.c.replies_count, row.in_reply_to_id if counted else None),
                           (_OBJECT.c.quotes_count, row.quote_id if quoting.counts(row) else None)):
        if target:
            await session.execute(update(_OBJECT).where(_OBJECT.c.id == target).values({
                column: case((column > 0, column - 1), else_=0), _OBJECT.c.version: _OBJECT.c.version + 1}))


async def _remove_attached(session: AsyncSession, row: Object) -> None:
    for table in (Reaction, Announce, Bookmark, Pin, Notification, Mention, ObjectTag, Revision, ObjectDocument):
        await session.execute(delete_from(table).where(table.object_id == row.id))
    uploaded = Media.owner_id.is_not(None)
    await session.execute(update(Media).where(Media.object_id == row.id, uploaded).values(
        object_id=None, loose_since=now()))
    await session.execute(delete_from(Media).where(Media.object_id == row.id))
