"""Private messages between two people. They are the direct posts of the other APIs, without those to several people."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import shapes
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import ApiError, missing, refused
from potluck.apis.lemmy.words import Json, limit_of, moment, offset_of, there
from potluck.kinds.note import messages as letters
from potluck.social import act_limits, messages, objects
from potluck.social.communities import inbox
from potluck.social.errors import NotAllowed, NotFound
from potluck.social.model import Actor, Object
from potluck.social.views import load_actors


def not_there() -> ApiError:
    """There is no such message, or none of the asker's."""
    return missing("private_message")


def record(row: Object, recipient_id: int, *, read: bool) -> Json:
    """PrivateMessage."""
    gone = row.deleted_at is not None
    return there({
        "id": row.id, "creator_id": row.author_id, "recipient_id": recipient_id,
        "content": "" if gone else shapes.markdown_of(row), "deleted": gone, "read": read,
        "published": moment(row.published), "updated": moment(row.edited_at) if row.edited_at else None,
        "ap_id": row.uri, "local": row.local})


async def views(session: AsyncSession, rows: Sequence[Object], reader_id: int) -> list[Json]:
    """PrivateMessageViews."""
    to = await messages.recipients(session, list(rows))
    people = await load_actors(session, {*to.values(), *(row.author_id for row in rows)})
    unread = await inbox.unread_objects(session, reader_id, [row.id for row in rows])
    return [{"private_message": record(row, to[row.id], read=row.id not in unread),
             "creator": shapes.person(people[row.author_id]), "recipient": shapes.person(people[to[row.id]])}
            for row in rows if row.id in to]


async def _view(session: AsyncSession, row: Object, reader_id: int) -> Answer:
    [found] = await views(session, [row], reader_id)
    return answer({"private_message_view": found})


async def one(session: AsyncSession, call: Call) -> Object:
    """The message a call is about.

    Raises:
        ApiError: there is none of the asker's.
    """
    try:
        return await messages.one(session, call.me.id, call.number("private_message_id"))
    except NotFound as error:
        raise not_there() from error


@endpoint("GET", "/private_message/list")
async def list_(call: Call) -> Answer:
    """The asker's messages, the newest first; with one person, or those not read yet."""
    session = await call.reader()
    limit = limit_of(call.params)
    rows = await messages.page(
        session, call.me.id, other_id=call.params.ident("creator_id"), unread_only=call.params.flag("unread_only"),
        limit=limit, offset=offset_of(call.params, limit))
    return answer({"private_messages": await views(session, rows, call.me.id)})


@endpoint("POST", "/private_message")
async def create(call: Call) -> Answer:
    """Write to somebody."""
    async with call.write() as session:
        recipient = await session.get(Actor, call.number("recipient_id"))
        if recipient is None:
            raise missing("person")
        try:
            me = await call.acting(session)
            await act_limits.take(session, me, "posts")
            row = await letters.send(session, me, recipient, call.text("content"))
        except NotAllowed as error:
            raise refused("person_is_blocked", message=error.text) from error
        except NotFound as error:
            raise missing("person") from error
        return await _view(session, row, call.me.id)


@endpoint("PUT", "/private_message")
async def edit(call: Call) -> Answer:
    """Change one's own message."""
    async with call.write() as session:
        row = await one(session, call)
        if row.author_id != call.me.id:
            raise refused("edit_private_message_not_allowed")
        row = await letters.revise(session, await call.acting(session), row.id, call.text("content"))
        return await _view(session, row, call.me.id)


@endpoint("POST", "/private_message/delete")
async def delete(call: Call) -> Answer:
    """Delete one's own message, for good."""
    if not call.flag("deleted"):
        raise refused("couldnt_update_private_message", message="What was deleted is gone for good")
    async with call.write() as session:
        row = await one(session, call)
        if row.author_id != call.me.id:
            raise refused("edit_private_message_not_allowed")
        [found] = await views(session, [row], call.me.id)
        await objects.delete(session, row.id, await call.acting(session))
    found["private_message"] |= {"content": "", "deleted": True}
    return answer({"private_message_view": found})


@endpoint("POST", "/private_message/mark_as_read")
async def mark(call: Call) -> Answer:
    """A message was read, or is to be looked at again."""
    async with call.write() as session:
        row = await one(session, call)
        await messages.mark(session, call.me.id, row, read=call.flag("read"))
        return await _view(session, row, call.me.id)


route_handlers = [list_, create, edit, delete, mark]
