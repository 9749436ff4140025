"""Private conversations."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from potluck.apis.mastodon import render, render_accounts
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint
from potluck.apis.mastodon.entities import Json
from potluck.apis.mastodon.paging import links, page_of
from potluck.apis.source import Source
from potluck.social import conversations
from potluck.social.model import Conversation


async def rendered(source: Source, rows: Sequence[Conversation], viewer_id: int) -> list[Json]:
    """Conversations; `accounts` are the others."""
    statuses = await render.by_ids(source, [row.last_object_id for row in rows], viewer_id)
    accounts = await render_accounts.by_ids(source, {value for row in rows for value in row.participant_ids})
    return [{
        "id": str(row.id), "unread": row.unread,
        "accounts": [msgspec.Raw(accounts[value]) for value in row.participant_ids if value in accounts],
        "last_status": msgspec.Raw(statuses[row.last_object_id]) if row.last_object_id in statuses else None,
    } for row in rows]


@endpoint("GET", "/api/v1/conversations", scope="read:statuses")
async def all_(call: Call) -> Answer:
    """One's conversations, the one with the newest message first (the cursor is that message)."""
    page = page_of(call.params, 20, 40)
    rows = await conversations.page(await call.reader(), call.me.id, page)
    return answer(await rendered(call.source, rows, call.me.id), headers=dict(
        links(call, [row.last_object_id for row in rows], more=len(rows) >= page.limit)))


async def _mark(call: Call, *, unread: bool) -> Answer:
    async with call.write() as session:
        await conversations.mark(session, call.me.id, call.ident(), unread=unread)
    row = await conversations.one(await call.reader(), call.me.id, call.ident())
    return answer((await rendered(call.source, [row], call.me.id))[0])


@endpoint("POST", "/api/v1/conversations/{id:str}/read", scope="write:conversations")
async def read(call: Call) -> Answer:
    """Mark a conversation read."""
    return await _mark(call, unread=False)


@endpoint("POST", "/api/v1/conversations/{id:str}/unread", scope="write:conversations")
async def unread(call: Call) -> Answer:
    """Mark a conversation unread."""
    return await _mark(call, unread=True)


@endpoint("DELETE", "/api/v1/conversations/{id:str}", scope="write:conversations")
async def remove(call: Call) -> Answer:
    """Take a conversation out of the list."""
    async with call.write() as session:
        await conversations.remove(session, call.me.id, call.ident())
    return Answer(EMPTY)


route_handlers = [all_, read, unread, remove]
