"""Live pages: server-sent events with cards and notification rows, drawn for the one who listens.

Events: `update` (a card, new or changed), `delete` (id of a post), `notification` (a row), `job` (JSON: how far the
preparation of one's own file is), `comment` (id of what was said in a discussion one looks at).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from litestar import Response
from litestar.exceptions import ServiceUnavailableException
from litestar.response import Stream
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get
from potluck.media import uploads
from potluck.settings import current
from potluck.social import lists, markers, views
from potluck.social.errors import NotFound
from potluck.social.live import Hub, LiveMessage
from potluck.social.model import Actor, Notification
from potluck.social.notifications import Group
from potluck.social.views import EntryRef, EntryView
from potluck.social.visibility import not_hidden_by
from potluck.text.hashtags import normalise_hashtag
from potluck.web import auth, feeds, notices, pages
from potluck.web.asking import Guest
from potluck.web.auth import Viewer
from potluck.web.presenters.jobs import words
from potluck.web.presenters.posts import shown_post
from potluck.web.types import AnyRequest

KEEP_ALIVE_SECONDS = 25
LONGEST_SECONDS = 900
"""A stream ends after this long; browsers open it again, and a session that was revoked meanwhile gets no new one."""

MOST_LISTENERS = 10_000
_BATCH = 20


async def _channels(request: AnyRequest, viewer: Viewer | None, stream: str) -> set[str]:
    """The channels of a stream.

    Raises:
        SignInRequired: it is for people with an account.
        NotFound: there is no such stream, or it is someone else's.
    """
    own = {f"notifications:{viewer.actor.id}", f"jobs:{viewer.actor.id}"} if viewer else set()
    if stream in {"public", "public:local"} or stream.startswith("hashtag:"):
        if viewer is None and current().public_timelines != "public":
            raise auth.SignInRequired
        name = normalise_hashtag(stream.removeprefix("hashtag:")) if stream.startswith("hashtag:") else ""
        return {f"hashtag:{name}" if name else stream, *own}
    prefix, _, tail = stream.partition(":")
    if prefix == "discussion" and tail.isdecimal() and len(tail) <= 16:
        async with request.app.state.db.read() as session:
            if not await views.load_objects(session, [int(tail)], viewer.actor.id if viewer else None):
                raise NotFound
        return {stream, *own}
    if viewer is None:
        raise auth.SignInRequired
    if stream == "notifications":
        return own
    if stream == "home":
        return {f"home:{viewer.actor.id}", *own}
    if prefix != "list" or not tail.isdecimal() or len(tail) > 16:
        raise NotFound
    async with request.app.state.db.read() as session:
        await lists.one(session, viewer.actor.id, int(tail))
    return {stream, *own}


@get("/events")
async def events(request: AnyRequest, viewer: Guest) -> Response[Any]:
    """The events of a stream: home, notifications, public, public:local, hashtag:NAME, list:ID, discussion:ID."""
    channels = await _channels(request, viewer, request.query_params.get("stream", ""))
    hub: Hub = request.app.state.hub
    if hub.listeners >= MOST_LISTENERS:
        raise ServiceUnavailableException
    return Stream(_events(request, viewer, hub, channels), media_type="text/event-stream",
                  headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _events(request: AnyRequest, viewer: Viewer | None, hub: Hub,
                  channels: set[str]) -> AsyncIterator[str]:
    end = asyncio.get_running_loop().time() + LONGEST_SECONDS
    async with hub.listen(channels) as queue:
        yield "retry: 3000\n\n"
        while asyncio.get_running_loop().time() < end:
            messages = await _next(queue)
            if messages is None:
                return
            if not messages:
                yield ": still here\n\n"
                continue
            for name, data in await _draw(request, viewer, messages):
                yield sse(name, data)


async def _next(queue: asyncio.Queue[LiveMessage | None]) -> list[LiveMessage] | None:
    """Waiting messages; an empty list when it is time to say something anyway, None at the end."""
    try:
        first = await asyncio.wait_for(queue.get(), KEEP_ALIVE_SECONDS)
    except TimeoutError:
        return []
    found = [first]
    while len(found) < _BATCH and not queue.empty():
        found.append(queue.get_nowait())
    return None if None in found else [message for message in found if message is not None]


def sse(name: str, data: str) -> str:
    """One event in the text/event-stream form."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {name}\n{lines}\n"


async def _draw(request: AnyRequest, viewer: Viewer | None,
                messages: list[LiveMessage]) -> list[tuple[str, str]]:
    """Events for messages in their order; what the listener may not or does not want to see is left out."""
    async with request.app.state.db.read() as session:
        entries = await _entries(session, viewer, messages)
        prefix = request.query_params.get("stream", "").partition(":")[0]
        context = {"home": "home", "list": "home", "discussion": "thread"}.get(prefix, "public")
        kept, covers = await feeds.sift(session, list(entries.values()), viewer, context)
        wanted = {id(entry) for entry in kept}
        entries = {message_id: entry for message_id, entry in entries.items() if id(entry) in wanted}
        rows = await _rows(session, request, viewer, messages)
    drawn: list[tuple[str, str]] = []
    for message in messages:
        if message.type == "job":
            drawn.append(("job", _job(message.data)))
        elif message.type == "delete":
            drawn.append(("delete", str(message.entry_id or message.object_id)))
        elif message.type == "notification" and message.id in rows:
            drawn.append(("notification", rows[message.id]))
        elif message.id in entries:
            entry = entries[message.id]
            if _in_discussion(message):
                drawn.append(("comment", str(message.object_id)))
                continue
            post = shown_post(entry.object, viewer, booster=entry.booster, entry_id=entry.entry_id,
                              covered_by=covers.get(entry.object.object.id, ""))
            drawn.append(("update", pages.part(request, "timelines/card.html", post=post)))
    return drawn


def _job(data: Mapping[str, Any]) -> str:
    """A job as scripts want it; `media` is the file it prepares, '' for other jobs."""
    args = data.get("args") or []
    media = str(args[0]) if data.get("name") == uploads.PROCESS and args else ""
    return json.dumps({"id": data.get("id"), "media": media, "state": data.get("state"),
                       "progress": data.get("progress") or 0.0,
                       "message": words(str(data.get("message") or ""), data.get("message_data") or {})})


async def _entries(session: AsyncSession, viewer: Viewer | None,
                   messages: list[LiveMessage]) -> dict[int, EntryView]:
    refs: dict[int, EntryRef] = {}
    for message in messages:
        if message.type in {"update", "status.update"} and message.object_id:
            entry_id = message.entry_id or message.object_id
            refs[message.id] = EntryRef(entry_id, message.object_id,
                                        entry_id if entry_id != message.object_id else None)
    found = await views.load_entries(session, list(dict.fromkeys(refs.values())), viewer.actor.id if viewer else None)
    hidden = await _hidden(session, viewer, {entry.object.object.author_id for entry in found})
    known = {(entry.entry_id, entry.object.object.id): entry for entry in found
             if entry.object.object.author_id not in hidden}
    wanted = {}
    for message in messages:
        ref = refs.get(message.id)
        entry = known.get((ref.entry_id, ref.object_id)) if ref else None
        if entry and _belongs(message, entry):
            wanted[message.id] = entry
    return wanted


def _belongs(message: LiveMessage, entry: EntryView) -> bool:
    """Public streams show what the public timelines do: no replies, nobody silenced."""
    if _in_discussion(message) or any(channel.startswith(("home:", "list:")) for channel in message.channels):
        return True
    row = entry.object.object
    hashtag = any(channel.startswith("hashtag:") for channel in message.channels)
    return entry.object.author.silenced_at is None and (hashtag or row.in_reply_to_uri is None)


def _in_discussion(message: LiveMessage) -> bool:
    return any(channel.startswith("discussion:") for channel in message.channels)


async def _hidden(session: AsyncSession, viewer: Viewer | None, author_ids: set[int]) -> set[int]:
    if viewer is None or not author_ids:
        return set()
    shown = await session.scalars(select(Actor.id).where(
        Actor.id.in_(author_ids), not_hidden_by(viewer.actor.id, Actor.id)))
    return author_ids - set(shown.all())


async def _rows(session: AsyncSession, request: AnyRequest, viewer: Viewer | None,
                messages: list[LiveMessage]) -> dict[int, str]:
    wanted = {int(message.data["notification_id"]): message.id for message in messages
              if message.type == "notification" and "notification_id" in message.data}
    if viewer is None or not wanted:
        return {}
    found = (await session.scalars(select(Notification).where(
        Notification.reader_id == viewer.actor.id, Notification.id.in_(wanted)))).all()
    groups = [Group(f"ungrouped-{row.id}", row.type, 1, row, row.id, [row.actor_id]) for row in found]
    marker = (await markers.get(session, viewer.actor.id, ["notifications"])).get("notifications")
    shown = await notices.shown(session, groups, viewer, marker.last_read_id if marker else 0)
    return {wanted[int(row.id)]: pages.part(request, "notifications/row.html", notice=row) for row in shown}


route_handlers = [events]
