"""Private messages between two people, one by one: what apps show that know no conversations of several.

They are direct objects, gathered by `conversations`; here they are read in the order in which they were said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import conversations
from potluck.social.communities import inbox
from potluck.social.drafts import Draft
from potluck.social.errors import NotFound
from potluck.social.model import Conversation, ConversationMessage, Mention, Notification, Object
from potluck.social.visibility import DIRECT, not_hidden_by, visible_to


def _between_two(reader_id: int) -> list[Any]:
    """A condition on `Object`: a message of the reader to one person, or of one person to the reader alone."""
    named = select(func.count()).select_from(Mention).where(
        Mention.object_id == Object.id, Mention.actor_id != Object.author_id).scalar_subquery()
    return [Object.visibility == DIRECT, named == 1, visible_to(reader_id),
            not_hidden_by(reader_id, Object.author_id)]


async def page(session: AsyncSession, reader_id: int, *, other_id: int | None = None, unread_only: bool = False,
               limit: int = 20, offset: int = 0) -> list[Object]:
    """A page of somebody's messages, those sent among them, newest first.

    Args:
        other_id: only those exchanged with this person.
        unread_only: only those received that are unread.
    """
    mine = select(ConversationMessage.object_id).join(
        Conversation, Conversation.id == ConversationMessage.conversation_id).where(Conversation.reader_id == reader_id)
    if other_id is not None:
        mine = mine.where(Conversation.participants == conversations.key_of([other_id]))
    query = select(Object).where(Object.id.in_(mine), *_between_two(reader_id))
    if unread_only:
        query = query.where(Object.id.in_(select(Notification.object_id).where(
            Notification.reader_id == reader_id, Notification.unread, ~Notification.filtered)))
    return list((await session.scalars(query.order_by(Object.id.desc()).limit(limit).offset(offset or None))).all())


async def one(session: AsyncSession, reader_id: int, object_id: int) -> Object:
    """A message that the reader sent or received.

    Raises:
        NotFound: there is none.
    """
    row: Object | None = await session.scalar(select(Object).where(Object.id == object_id, *_between_two(reader_id)))
    if row is None:
        raise NotFound
    return row


async def recipients(session: AsyncSession, rows: list[Object]) -> dict[int, int]:
    """To whom each message was sent, by its id."""
    found = await session.execute(select(Mention.object_id, Mention.actor_id).join(
        Object, Object.id == Mention.object_id).where(
        Mention.object_id.in_([row.id for row in rows]), Mention.actor_id != Object.author_id))
    return dict(found.all())


async def last_with(session: AsyncSession, reader_id: int, other_id: int) -> Object | None:
    """The newest message between two people, which the next one answers."""
    found = await page(session, reader_id, other_id=other_id, limit=1)
    return found[0] if found else None


async def continue_talks(session: AsyncSession, drafts: Sequence[Draft]) -> None:
    """Have messages of software that knows no threads (Lemmy, Mbin) answer the last one between the two people.

    Without that each of them would be a conversation of its own.
    """
    for draft in drafts:
        named = [mention.actor_id for mention in draft.mentions if mention.actor_id]
        if draft.type != "ChatMessage" or draft.in_reply_to_uri or draft.author_id is None or len(named) != 1:
            continue
        before = await last_with(session, named[0], draft.author_id)
        if before is not None:
            draft.in_reply_to_id, draft.in_reply_to_uri = before.id, before.uri


async def mark(session: AsyncSession, reader_id: int, row: Object, *, read: bool) -> None:
    """Mark a message read or unread; its conversation follows when nothing unread is left in it."""
    await inbox.mark_objects(session, reader_id, [row.id], read=read)
    found = (await session.scalars(select(Conversation).join(
        ConversationMessage, ConversationMessage.conversation_id == Conversation.id).where(
        Conversation.reader_id == reader_id, ConversationMessage.object_id == row.id))).all()
    for conversation in found:
        inside = select(ConversationMessage.object_id).where(ConversationMessage.conversation_id == conversation.id)
        left = await session.scalar(select(Notification.id).where(
            Notification.reader_id == reader_id, Notification.unread, Notification.object_id.in_(inside)).limit(1))
        conversation.unread = left is not None
    await session.flush()
