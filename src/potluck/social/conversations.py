"""Private conversations: direct objects gathered by thread and by who takes part, once for each local participant.

Below one public post different people may talk in private; each group of people has a conversation of its own there,
and somebody who is drawn in or left out begins another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social import live
from potluck.social.errors import NotFound
from potluck.social.model import Actor, Conversation, ConversationMessage, Mention, Notification, Object
from potluck.social.notifications import hidden_pairs
from potluck.social.paging import Page, rows_of

_CONVERSATION: Any = Conversation.__table__
_MESSAGE: Any = ConversationMessage.__table__
_NOTIFICATION: Any = Notification.__table__


def key_of(participants: Iterable[int]) -> str:
    """The same for the same people in any order."""
    return blake2b(",".join(map(str, sorted(participants))).encode(), digest_size=16).hexdigest()


async def add(session: AsyncSession, rows: Sequence[Object]) -> None:
    """Enter new direct objects into the conversations of their local participants who have not hidden the author."""
    if not rows:
        return
    people = await _participants(session, rows)
    local = set((await session.scalars(select(Actor.id).where(
        Actor.id.in_({actor for found in people.values() for actor in found}), Actor.host == ""))).all())
    known = {(found.reader_id, found.thread_root_id, found.participants): found for found in (await session.scalars(
        select(Conversation).where(Conversation.reader_id.in_(local),
                                   Conversation.thread_root_id.in_({row.thread_root_id for row in rows})))).all()}
    hidden = await hidden_pairs(session, local, {row.author_id for row in rows})
    touched: dict[int, Conversation] = {}
    messages = []
    for row in rows:
        for reader in sorted(people[row.id] & local):
            if (reader, row.author_id) in hidden:
                continue
            entry = _entered(session, known, row, reader, sorted(people[row.id] - {reader}))
            touched[entry.id] = entry
            messages.append({"conversation_id": entry.id, "object_id": row.id})
    await session.flush()
    if messages:
        await session.execute(insert_or_ignore(session, _MESSAGE), messages)
    await live.publish_many(session, [
        {"type": "conversation", "reader_id": entry.reader_id, "object_id": entry.last_object_id,
         "data": {"conversation_id": entry.id}} for entry in touched.values()])


def _entered(
    session: AsyncSession, known: dict[tuple[int, int, str], Conversation], row: Object, reader: int,
    others: list[int],
) -> Conversation:
    """The reader's conversation with these people, made if it is not there, which now has the message `row`."""
    key = (reader, row.thread_root_id or row.id, key_of(others))
    entry = known.get(key)
    if entry is None:
        entry = known[key] = Conversation(
            id=ids.new(), reader_id=reader, thread_root_id=key[1], participants=key[2], last_object_id=row.id,
            participant_ids=others, unread=reader != row.author_id)
        session.add(entry)
    elif entry.last_object_id < row.id:
        entry.last_object_id, entry.unread = row.id, reader != row.author_id
    return entry


async def _participants(session: AsyncSession, rows: Sequence[Object]) -> dict[int, set[int]]:
    people = {row.id: {row.author_id} for row in rows}
    mentions = await session.execute(select(Mention.object_id, Mention.actor_id).where(Mention.object_id.in_(people)))
    for object_id, actor_id in mentions.all():
        people[object_id].add(actor_id)
    return people


async def page(session: AsyncSession, reader_id: int, part: Page) -> list[Conversation]:
    """A page of someone's conversations, the one with the newest message first (cursor = last object's id)."""
    query = select(Conversation).where(Conversation.reader_id == reader_id)
    return await rows_of(session, query, Conversation.last_object_id, part)


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


async def messages(session: AsyncSession, row: Conversation, part: Page) -> list[int]:
    """Ids of the messages of a conversation, newest first."""
    query = select(ConversationMessage).where(ConversationMessage.conversation_id == row.id)
    return [found.object_id for found in await rows_of(session, query, ConversationMessage.object_id, part)]


async def count_unread(session: AsyncSession, reader_ids: Sequence[int]) -> dict[int, int]:
    """How many conversations each of these has not read to their end."""
    if not reader_ids:
        return {}
    rows = await session.execute(select(Conversation.reader_id, func.count()).where(
        Conversation.reader_id.in_(reader_ids), Conversation.unread).group_by(Conversation.reader_id))
    return dict(rows.all())


async def mark(session: AsyncSession, reader_id: int, conversation_id: int, *, unread: bool) -> Conversation:
    """Mark a conversation read or unread."""
    row = await one(session, reader_id, conversation_id)
    row.unread = unread
    await session.flush()
    if not unread:  # apps that know single messages see them read, too
        inside = select(_MESSAGE.c.object_id).where(_MESSAGE.c.conversation_id == row.id)
        await session.execute(update(_NOTIFICATION).where(
            _NOTIFICATION.c.reader_id == reader_id, _NOTIFICATION.c.unread, _NOTIFICATION.c.object_id.in_(inside),
        ).values(unread=False))
    return row


async def remove(session: AsyncSession, reader_id: int, conversation_id: int) -> None:
    """Take a conversation out of the reader's list; its messages stay."""
    row = await one(session, reader_id, conversation_id)
    await session.execute(delete(Conversation).where(Conversation.id == row.id))


async def forget_objects(session: AsyncSession, object_ids: Sequence[int]) -> None:
    """Messages are gone: conversations that ended with one end with the one before, or are gone, too."""
    await session.execute(delete(_MESSAGE).where(_MESSAGE.c.object_id.in_(object_ids)))
    newest = select(func.coalesce(func.max(_MESSAGE.c.object_id), 0)).where(
        _MESSAGE.c.conversation_id == _CONVERSATION.c.id).scalar_subquery()
    ended = _CONVERSATION.c.last_object_id.in_(object_ids)
    await session.execute(update(_CONVERSATION).where(ended).values(last_object_id=newest))
    await session.execute(delete(_CONVERSATION).where(_CONVERSATION.c.last_object_id == 0))


async def move_threads(session: AsyncSession, roots: Mapping[int, int]) -> None:
    """Threads became part of others (old root -> new root).

    Of a reader's conversations with the same people that meet there the one with the newer message stays, and gets
    the messages of the other.
    """
    found = (await session.scalars(select(Conversation).where(
        Conversation.thread_root_id.in_({*roots, *roots.values()})).order_by(Conversation.last_object_id.desc()))).all()
    kept: dict[tuple[int, int, str], Conversation] = {}
    gone: dict[int, int] = {}
    for entry in found:
        root = roots.get(entry.thread_root_id, entry.thread_root_id)
        stays = kept.setdefault((entry.reader_id, root, entry.participants), entry)
        if stays is not entry:
            gone[entry.id] = stays.id
    if gone:
        await _merge(session, gone)
    for (_, root, _), entry in kept.items():
        entry.thread_root_id = root
    await session.flush()


async def _merge(session: AsyncSession, gone: Mapping[int, int]) -> None:
    """Messages of conversations go over to others, and the conversations are gone."""
    messages = (await session.execute(select(_MESSAGE.c.conversation_id, _MESSAGE.c.object_id).where(
        _MESSAGE.c.conversation_id.in_(gone)))).all()
    if messages:
        await session.execute(insert_or_ignore(session, _MESSAGE), [
            {"conversation_id": gone[old], "object_id": object_id} for old, object_id in messages])
    await session.execute(delete(_MESSAGE).where(_MESSAGE.c.conversation_id.in_(gone)))
    await session.execute(delete(_CONVERSATION).where(_CONVERSATION.c.id.in_(gone)))
