"""How far one has read home and notifications, kept for all one's apps."""

from __future__ import annotations

from potluck.apis.mastodon import entities
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint
from potluck.social import markers

_TIMELINES = ("home", "notifications")


@endpoint("GET", "/api/v1/markers", scope="read:statuses")
async def show(call: Call) -> Answer:
    """The markers asked for."""
    wanted = [name for name in call.params.texts("timeline") if name in _TIMELINES]
    found = await markers.get(await call.reader(), call.me.id, wanted)
    return answer({name: entities.marker(row) for name, row in found.items()})


@endpoint("POST", "/api/v1/markers", scope="write:statuses")
async def save(call: Call) -> Answer:
    """Set markers; the answer has those that were set."""
    wanted = {name: call.params.nested(name).ident("last_read_id") for name in _TIMELINES if name in call.params}
    async with call.write() as session:
        found = {name: await markers.set_marker(session, call.me.id, name, last_read_id)
                 for name, last_read_id in wanted.items() if last_read_id is not None}
        return answer({name: entities.marker(row) for name, row in found.items()})


route_handlers = [show, save]
