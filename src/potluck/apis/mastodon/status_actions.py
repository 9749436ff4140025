"""What people do with statuses: favourite, boost, bookmark, pin, mute the conversation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.limits import headers_of
from potluck.apis.mastodon import render
from potluck.apis.mastodon.endpoint import Answer, Call, endpoint
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.mastodon.statuses import target_id
from potluck.social import act_limits, reactions
from potluck.social.model import Actor
from potluck.switchboard import Endpoint

Act = Callable[[AsyncSession, Actor, int], Awaitable[object]]


def _toggle(name: str, scope: str, act: Act, doc: str, *, strict: bool = False) -> Endpoint:
    """An endpoint that does one thing with a status and shows it again."""

    async def run(call: Call) -> Answer:
        async with call.write() as session:
            object_id = await target_id(session, call.ident())
            await act(session, await call.acting(session), object_id)
        return Answer(await render.one(call.source, object_id, call.viewer_id))

    run.__name__, run.__doc__ = name, doc
    return endpoint("POST", f"/api/v1/statuses/{{id:str}}/{name}", scope=scope, strict=strict)(run)


@endpoint("POST", "/api/v1/statuses/{id:str}/reblog", scope="write:statuses")
async def reblog(call: Call) -> Answer:
    """Boost a status; the answer is the boost, with the status in `reblog`."""
    visibility = call.params.text("visibility") or "public"
    if visibility not in ("public", "unlisted", "private"):
        raise ApiError(422, "Validation failed: Visibility is not included in the list")
    stored = "followers" if visibility == "private" else visibility
    async with call.write() as session:
        object_id = await target_id(session, call.ident())
        me = await call.acting(session)
        standing = await act_limits.take(session, me, "posts")
        boost_id = (await reactions.announce(session, me, object_id, stored)).id
    return Answer(await render.one(call.source, boost_id, call.viewer_id), headers=headers_of(standing))


route_handlers = [
    reblog,
    _toggle("unreblog", "write:statuses", reactions.unannounce, "Take a boost back.", strict=True),
    _toggle("favourite", "write:favourites", reactions.react, "Like a status."),
    _toggle("unfavourite", "write:favourites", reactions.unreact, "Take a like back."),
    _toggle("bookmark", "write:bookmarks", reactions.bookmark, "Keep a status to come back to."),
    _toggle("unbookmark", "write:bookmarks", reactions.unbookmark, "Forget a bookmark."),
    _toggle("pin", "write:accounts", reactions.pin, "Feature one's own status on the profile."),
    _toggle("unpin", "write:accounts", reactions.unpin, "Take a status off the profile."),
    _toggle("mute", "write:mutes", reactions.mute_thread, "Want no notifications from a conversation."),
    _toggle("unmute", "write:mutes", reactions.unmute_thread, "Want notifications from a conversation again."),
]
