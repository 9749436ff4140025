"""Private conversations: direct objects gathered by thread, once for each local participant."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.ids import ids
from potluck.social import live
from potluck.social.errors import NotFound
from potluck.social.model import Actor, Conversation, Mention, Object
from potluck.social.notifications import hidden_pairs
from potluck.social.paging import Page, in_order, paged
from potluck.social.visibility import visible_to


async def add(session: AsyncSession, rows: Sequence[Object]) -> None:
    """Enter new direct objects into the conversations of their local participants who have not hidden the author."""
    if not rows:
        return
    people = await _participants(session, rows)
    local = set((await session.scalars(select(Actor.id).where(
        Actor.id.in_({actor for found in people.values() for actor in found}), Actor.host == ""))).all())
    known = {(found.reader_id, found.thread_root_id): found for found in (await session.scalars(
        select(Conversation).where(Conversation.reader_id.in_(local),
                                   Conversation.thread_root_id.in_({row.thread_root_id for row in rows})))).all()}
    hidden = await hidden_pairs(session, local, {row.author_id for row in rows})
    touched: dict[int, Conversation] = {}
    for row in rows:
        for reader in sorted(people[row.id] & local):
            if (reader, row.author_id) in hidden:
                continue
            key = (reader, row.thread_root_id or row.id)
            others = sorted(people[row.id] - {reader})
            entry = known.get(key)
            if entry is None:
                entry = Conversation(id=ids.new(), reader_id=reader, thread_root_id=key[1], last_object_id=row.id,
                                     participant_ids=others, unread=reader != row.author_id)
                known[key] = entry
                session.add(entry)
            elif entry.last_object_id < row.id:
                entry.last_object_id, entry.participant_ids = row.id, others
                entry.unread = reader != row.author_id
            touched[entry.id] = entry
    await session.flush()
    await live.publish_many(session, [
        {"type": "conversation", "reader_id": entry.reader_id, "object_id": entry.last_object_id,
         "data": {"conversation_id": entry.id}} for entry in touched.values()])


async def _participants(session: AsyncSession, rows: Sequence[Object]) -> dict[int, set[int]]:
    people = {row.id: {row.author_id} for row in rows}
    mentions = await session.execute(select(Mention.object_id, Mention.actor_id).where(Mention.object_id.in_(people)))
    for object_id, actor_id in mentions.all():
        people[object_id].add(actor_id)
    return people


async def page(session: AsyncSession, reader_id: int, part: Page) -> list[Conversation]:
    """A page of someone's conversations, the one with the newest message first (cursor = last object's id)."""
    query = select(Conversation).where(Conversation.reader_id == reader_id)
    rows = (await session.scalars(paged(query, Conversation.last_object_id, part))).all()
    return in_order(list(rows), part)


async def one(session: AsyncSession, reader_id: int, conversation_id: int) -> Conversation:
    """One conversation of a reader.

    Raises:
        NotFound: it does not exist or is someone else's.
    """
    row: Conversation | None = await session.scalar(select(Conversation).where(
        Conversation.id == conversation_id, Conversation.reader_id == reader_id))
    if row is None:
        raise NotFound
    return row


async def mark(session: AsyncSession, reader_id: int, conversation_id: int, *, unread: bool) -> Conversation:
    """Mark a conversation read or unread."""
    row = await one(session, reader_id, conversation_id)
    row.unread = unread
    await session.flush()
    return row


async def remove(session: AsyncSession, reader_id: int, conversation_id: int) -> None:
    """Take a conversation out of the reader's list; its messages stay."""
    row = await one(session, reader_id, conversation_id)
    await session.execute(delete(Conversation).where(Conversation.id == row.id))


async def forget_object(session: AsyncSession, row: Object) -> None:
    """A message was deleted: conversations that ended with it end with the one before, or are gone."""
    ended = (await session.scalars(select(Conversation).where(Conversation.last_object_id == row.id))).all()
    for entry in ended:
        before = await session.scalar(select(Object.id).where(
            Object.thread_root_id == entry.thread_root_id, Object.id != row.id, Object.visibility == "direct",
            visible_to(entry.reader_id)).order_by(Object.id.desc()).limit(1))
        if before is None:
            await session.execute(delete(Conversation).where(Conversation.id == entry.id))
        else:
            await session.execute(update(Conversation).where(Conversation.id == entry.id)
                                  .values(last_object_id=before))
