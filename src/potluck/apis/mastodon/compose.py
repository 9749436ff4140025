"""Writing statuses: create (once for each Idempotency-Key), edit, delete."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from potluck.apis.limits import headers_of
from potluck.apis.mastodon import entities, render, scheduled_statuses
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint
from potluck.apis.mastodon.errors import ApiError, not_found
from potluck.apis.mastodon.statuses import target_id, view_of
from potluck.apis.params import Params
from potluck.kinds import authoring
from potluck.kinds.note import actions
from potluck.kinds.note.actions import NoteRequest, PollRequest
from potluck.kinds.note.scheduled import REQUESTS
from potluck.media import attachments
from potluck.social import act_limits, objects, preferences
from potluck.social.act_limits import Standing
from potluck.social.drafts import MediaDetail
from potluck.social.errors import NotFound

_VISIBILITY = {"public": "public", "unlisted": "unlisted", "private": "followers", "direct": "direct",
               "local": "local"}
_KEY_SECONDS = 3600
_MOST_KEYS = 10_000


_Made = tuple[int, bool, Standing | None]  # id, whether it is a scheduled post, how many more may be made


class _Keys:
    """Idempotency keys of the last hour: (user, key) -> the status made, or being made."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[int, str], tuple[float, asyncio.Future[_Made]]] = OrderedDict()

    def claim(self, user_id: int, key: str) -> tuple[asyncio.Future[_Made], bool]:
        """The future of the status for this key, and whether the caller is the one to make it."""
        now = time.monotonic()
        while self._made and (len(self._made) > _MOST_KEYS
                              or next(iter(self._made.values()))[0] < now - _KEY_SECONDS):
            self._made.popitem(last=False)
        found = self._made.get((user_id, key))
        if found is not None:
            return found[1], False
        future: asyncio.Future[_Made] = asyncio.get_running_loop().create_future()
        self._made[(user_id, key)] = (now, future)
        return future, True

    def drop(self, user_id: int, key: str) -> None:
        """Forget a key whose status could not be made."""
        _, future = self._made.pop((user_id, key), (0.0, None))
        if future is not None and not future.done():
            future.cancel()


_keys = _Keys()


def _poll(params: Params) -> PollRequest | None:
    if "poll" not in params or params.values["poll"] is None:
        return None
    poll = params.nested("poll")
    return PollRequest(poll.texts("options"), poll.whole("expires_in") or 86400, poll.flag("multiple"),
                       poll.flag("hide_totals"))


def _visibility(params: Params, default: str) -> str:
    word = params.text("visibility")
    if params.flag("local_only"):
        return "local"
    if not word:
        return default
    if word not in _VISIBILITY:
        raise ApiError(422, "Validation failed: Visibility is not included in the list")
    return _VISIBILITY[word]


def _request(call: Call) -> NoteRequest:
    """The note an app asks for; what it leaves out is as the person prefers."""
    params, mine = call.params, preferences.of(call.user)
    app = call.access.app if call.access else None
    return NoteRequest(
        text=params.text("status"), content_type=params.text("content_type") or mine.content_type,
        summary=params.text("spoiler_text"), visibility=_visibility(params, mine.visibility),
        sensitive=params.flag("sensitive", mine.sensitive),
        language=params.text("language") or mine.language or call.user.locale,
        in_reply_to_id=params.ident("in_reply_to_id"),
        quote_id=params.ident("quoted_status_id") or params.ident("quote_id"),
        quote_policy=params.text("quote_approval_policy") or mine.quote_policy, media_ids=params.idents("media_ids"),
        poll=_poll(params), app_name=app.name if app else None, app_website=app.website if app else None)


@endpoint("POST", "/api/v1/statuses", scope="write:statuses")
async def create(call: Call) -> Answer:
    """Publish a status, or with `scheduled_at` have it published then."""
    key = call.request.headers.get("idempotency-key", "")[:200]
    made, later, standing = await _publish_once(call, key) if key else await _publish(call)
    if later:
        return await scheduled_statuses.show_one(call, made)
    return Answer(await render.one(call.source, made, call.viewer_id), headers=headers_of(standing))


async def _publish_once(call: Call, key: str) -> _Made:
    future, mine = _keys.claim(call.user.id, key)
    if not mine:
        await call.stop_reading()
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            raise ApiError(503, "The first request with this Idempotency-Key failed; try again") from None
    try:
        made = await _publish(call)
    except BaseException:
        _keys.drop(call.user.id, key)
        raise
    future.set_result(made)
    return made


async def _publish(call: Call) -> _Made:
    request, when = _request(call), call.params.moment("scheduled_at")
    session = await call.reader()
    if request.in_reply_to_id is not None:
        request = replace(request, in_reply_to_id=await target_id(session, request.in_reply_to_id))
    if request.quote_id is not None:
        request = replace(request, quote_id=await target_id(session, request.quote_id))
    await call.stop_reading()
    await authoring.prepare_mentions(call.db, call.request.app.state.federation, request.text)
    async with call.write() as writer:
        me = await call.acting(writer)
        standing = await act_limits.take(writer, me, "posts")
        if when is not None:
            app_id = call.access.app.id if call.access and call.access.app else None
            return (await REQUESTS.schedule(writer, me, request, when, app_id=app_id)).id, True, standing
        return (await actions.compose(writer, me, request)).id, False, standing


@endpoint("PUT", "/api/v1/statuses/{id:str}", scope="write:statuses")
async def edit(call: Call) -> Answer:
    """Change one's own status; what the app leaves out stays."""
    session = await call.reader()
    view = await view_of(session, call.ident(), call.viewer_id)
    row = view.object
    if row.author_id != call.me.id or row.kind != "note":
        raise not_found()
    params = call.params
    request = NoteRequest(
        text=params.text("status", row.source or ""),
        content_type=params.text("content_type") or row.source_type or "text/plain",
        summary=params.text("spoiler_text", row.summary), visibility=row.visibility,
        sensitive=params.flag("sensitive", row.sensitive), language=params.text("language") or row.language,
        quote_policy=params.text("quote_approval_policy") or row.quote_policy,
        media_ids=params.idents("media_ids") if "media_ids" in params else [item.id for item in view.media],
        poll=_poll(params) if "poll" in params else await actions.source_poll(session, row.id))
    request = replace(request, media_details=_media_details(params, request.media_ids))
    await call.stop_reading()
    await authoring.prepare_mentions(call.db, call.request.app.state.federation, request.text)
    async with call.write() as writer:
        await actions.revise(writer, await call.acting(writer), row.id, request)
    return Answer(await render.one(call.source, row.id, call.viewer_id))


def _media_details(params: Params, media_ids: Sequence[int]) -> dict[int, MediaDetail]:
    """`media_attributes`: descriptions and focal points of the status's attachments, changed along with it."""
    found: dict[int, MediaDetail] = {}
    for item in params.records("media_attributes"):
        media_id = item.ident("id") or 0
        if media_id not in media_ids:
            raise not_found()
        found[media_id] = attachments.detail(item.optional_text("description"), item.point("focus"))
    return found


@endpoint("DELETE", "/api/v1/statuses/{id:str}", scope="write:statuses", strict=True)
async def remove(call: Call) -> Answer:
    """Delete one's own status. The answer has what is needed to write it anew: `text`, poll and attachments."""
    session = await call.reader()
    view = await view_of(session, call.ident(), call.viewer_id)
    if view.author.id != call.me.id:
        raise not_found()
    found: dict[str, Any] = msgspec.json.decode(await render.one(call.source, view.object.id, call.viewer_id))
    found["text"] = view.object.source or ""
    found["media_attachments"] = [entities.media(item) for item in view.media]
    async with call.write() as writer:
        try:
            await objects.delete(writer, view.object.id, await call.acting(writer))
        except NotFound as error:
            raise not_found() from error
    return answer(found)


route_handlers = [create, edit, remove]
