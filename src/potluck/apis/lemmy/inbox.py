"""What the asker was told: answers to what they said, comments that name them; read marks and counts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import local_user, render, shapes
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import missing
from potluck.apis.lemmy.words import COMMENT_SORTS, Json, limit_of, moment, offset_of, one_of
from potluck.social.communities import inbox
from potluck.social.errors import NotFound
from potluck.social.model import Actor, Notification

_RECORDS = {inbox.REPLIES: "comment_reply", inbox.MENTIONS: "person_mention"}


async def _views(session: AsyncSession, rows: Sequence[Notification], reader: Actor, kind: str) -> list[Json]:
    """CommentReplyViews or PersonMentionViews; without those whose comment is not there any more."""
    comments = await render.comments(session, [row.object_id for row in rows if row.object_id], reader.id)
    recipient = shapes.person(reader)
    return [{_RECORDS[kind]: {"id": row.id, "recipient_id": reader.id, "comment_id": row.object_id,
                              "read": not row.unread, "published": moment(row.created_at)},
             **comments[row.object_id], "recipient": recipient} for row in rows if row.object_id in comments]


async def _page(call: Call, kind: str, name: str) -> Answer:
    session = await call.reader()
    limit = limit_of(call.params)
    order = one_of(call.params, "sort", COMMENT_SORTS, "New")
    rows = await inbox.page(
        session, call.me.id, kind, unread_only=call.params.flag("unread_only"), oldest=order == "old",
        bots=local_user.of(call.user)["show_bot_accounts"], limit=limit, offset=offset_of(call.params, limit))
    return answer({name: await _views(session, rows, call.me, kind)})


async def _mark(call: Call, kind: str, ident: str) -> Json:
    async with call.write() as session:
        try:
            row = await inbox.one(session, call.me.id, call.number(ident), kind)
        except NotFound as error:
            raise missing("comment") from error
        await inbox.mark(session, row, read=call.flag("read"))
        found = await _views(session, [row], await call.acting(session), kind)
    if not found:
        raise missing("comment")
    return found[0]


@endpoint("GET", "/user/replies")
async def replies(call: Call) -> Answer:
    """Answers to the asker's posts and comments."""
    return await _page(call, inbox.REPLIES, "replies")


@endpoint("GET", "/user/mention")
async def mentions(call: Call) -> Answer:
    """Comments that name the asker."""
    return await _page(call, inbox.MENTIONS, "mentions")


@endpoint("POST", "/comment/mark_as_read")
async def mark_reply(call: Call) -> Answer:
    """An answer was read, or is to be looked at again."""
    return answer({"comment_reply_view": await _mark(call, inbox.REPLIES, "comment_reply_id")})


@endpoint("POST", "/user/mention/mark_as_read")
async def mark_mention(call: Call) -> Answer:
    """A mention was read, or is to be looked at again."""
    return answer({"person_mention_view": await _mark(call, inbox.MENTIONS, "person_mention_id")})


@endpoint("POST", "/user/mark_all_as_read")
async def mark_all(call: Call) -> Answer:
    """Everything was read: answers, mentions, messages."""
    async with call.write() as session:
        await inbox.mark_all(session, call.me.id)
    return answer({"replies": []})


@endpoint("GET", "/user/unread_count")
async def counts(call: Call) -> Answer:
    """How much is unread; apps ask every minute."""
    found = await inbox.unread(await call.reader(), call.me.id)
    return answer({"replies": found.replies, "mentions": found.mentions, "private_messages": found.messages})


route_handlers = [replies, mentions, mark_reply, mark_mention, mark_all, counts]
