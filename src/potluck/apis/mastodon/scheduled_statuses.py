"""Statuses that wait for their time: look, change the time, cancel. `compose` makes them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from potluck.apis.mastodon import entities
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint
from potluck.apis.mastodon.entities import Json
from potluck.apis.mastodon.entities_status import visibility
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.mastodon.paging import links, page_of
from potluck.kinds.note.scheduled import REQUESTS
from potluck.social import scheduled
from potluck.social.model import Media, ScheduledPost


def _poll(poll: Any) -> Json | None:
    if poll is None:
        return None
    return {"options": list(poll.options), "expires_in": poll.expires_in, "multiple": poll.multiple,
            "hide_totals": poll.hide_totals}


def _shown(row: ScheduledPost, media: list[Media]) -> Json:
    """ScheduledStatus."""
    wanted = REQUESTS.from_words(row.request)
    return {
        "id": str(row.id), "scheduled_at": entities.stamp(row.scheduled_at),
        "params": {
            "text": wanted.text, "poll": _poll(wanted.poll),
            "media_ids": [str(value) for value in row.media_ids] or None, "sensitive": wanted.sensitive,
            "spoiler_text": wanted.summary or None,
            "visibility": visibility(wanted.visibility), "in_reply_to_id": entities.optional_id(wanted.in_reply_to_id),
            "language": wanted.language, "application_id": row.app_id or 0, "scheduled_at": None,
            "idempotency": None, "with_rate_limit": False, "quoted_status_id": entities.optional_id(wanted.quote_id),
            "quote_approval_policy": wanted.quote_policy},
        "media_attachments": [entities.media(item) for item in media],
    }


async def _all(call: Call, rows: list[ScheduledPost]) -> list[Json]:
    wanted = {media_id for row in rows for media_id in row.media_ids}
    found: dict[int, Media] = {}
    if wanted:
        session = await call.reader()
        found = {item.id: item for item in (await session.scalars(select(Media).where(
            Media.id.in_(wanted), Media.owner_id == call.me.id))).all()}
    return [_shown(row, [found[media_id] for media_id in row.media_ids if media_id in found]) for row in rows]


async def show_one(call: Call, post_id: int) -> Answer:
    """One scheduled status of the asker."""
    row = await scheduled.one(await call.reader(), call.me.id, post_id)
    return answer((await _all(call, [row]))[0])


@endpoint("GET", "/api/v1/scheduled_statuses", scope="read:statuses")
async def all_(call: Call) -> Answer:
    """What one has waiting, last written first."""
    page = page_of(call.params, 20, 40)
    rows = await scheduled.page(await call.reader(), call.me.id, page)
    return answer(await _all(call, rows),
                  headers=dict(links(call, [row.id for row in rows], more=len(rows) >= page.limit)))


@endpoint("GET", "/api/v1/scheduled_statuses/{id:str}", scope="read:statuses")
async def show(call: Call) -> Answer:
    """One scheduled status."""
    return await show_one(call, call.ident())


@endpoint("PUT", "/api/v1/scheduled_statuses/{id:str}", scope="write:statuses")
async def move(call: Call) -> Answer:
    """Give a scheduled status another time."""
    when = call.params.moment("scheduled_at")
    if when is None:
        raise ApiError(422, "Validation failed: Scheduled at can't be blank")
    async with call.write() as session:
        await scheduled.move(session, call.me.id, call.ident(), when)
    return await show_one(call, call.ident())


@endpoint("DELETE", "/api/v1/scheduled_statuses/{id:str}", scope="write:statuses")
async def cancel(call: Call) -> Answer:
    """Do not publish it."""
    async with call.write() as session:
        await scheduled.cancel(session, call.me.id, call.ident())
    return Answer(EMPTY)


route_handlers = [all_, show, move, cancel]
