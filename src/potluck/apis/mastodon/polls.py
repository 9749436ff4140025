"""Polls: look, vote."""

from __future__ import annotations

from potluck.apis.mastodon import render
from potluck.apis.mastodon.endpoint import Answer, Call, endpoint
from potluck.apis.mastodon.errors import ApiError, not_found
from potluck.apis.mastodon.statuses import view_of
from potluck.kinds.note import polls


async def _show(call: Call, object_id: int) -> Answer:
    view = await view_of(await call.reader(), object_id, call.viewer_id)
    if getattr(view.kind_data, "poll", None) is None:
        raise not_found()
    return Answer(render.poll_bytes(view, call.viewer_id))


@endpoint("GET", "/api/v1/polls/{id:str}", scope="read:statuses", who="anyone")
async def show(call: Call) -> Answer:
    """A poll; its id is that of its status."""
    return await _show(call, call.ident())


@endpoint("POST", "/api/v1/polls/{id:str}/votes", scope="write:statuses")
async def vote(call: Call) -> Answer:
    """Vote by the indexes of the options."""
    words = call.params.texts("choices")
    if not words or any(not word.strip().isdigit() or len(word) > 4 for word in words):
        raise ApiError(422, "Validation failed: Choices must be indexes of the poll's options")
    async with call.write() as session:
        await polls.vote(session, await call.acting(session), call.ident(), [int(word) for word in words])
    return await _show(call, call.ident())


route_handlers = [show, vote]
