"""Turns live messages into events of the Mastodon API for one reader, many messages at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import exists, select

from potluck.apis.mastodon import announcements, conversations, notifications, render
from potluck.apis.mastodon.source import Source
from potluck.apis.mastodon.streams import Subscription
from potluck.social import filtering
from potluck.social.announcements import load as load_announcements
from potluck.social.filtering import Match
from potluck.social.live import LiveMessage
from potluck.social.model import Actor, Announcement, Conversation, Media, Notification, Object
from potluck.social.views import EntryRef
from potluck.social.visibility import not_hidden_by

_PLAIN = {"filters_changed": "", "notifications_merged": "1"}
"""Events that say all by their name; the second has a payload in Mastodon, too."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one subscription. `payload` is JSON text (a bare id for `delete`), empty where there is none."""

    stream: tuple[str, ...]
    name: str
    payload: str


@dataclass(frozen=True, slots=True)
class _Public:
    is_reply: bool
    has_media: bool


async def of_messages(
    source: Source, messages: Sequence[LiveMessage], subscriptions: Collection[Subscription], viewer_id: int,
) -> list[Event]:
    """Events for the subscriptions that each message came through, in order."""
    payloads = await _payloads(source, messages, viewer_id)
    shown = await _of_everyone(source, messages, viewer_id)
    caught = await render.caught(source, {message.object_id for message in messages if message.object_id}, viewer_id)
    found: list[Event] = []
    for message in messages:
        payload = payloads.get(message.id)
        if payload is None:
            continue
        found += [Event(item.stream, message.type, payload) for item in subscriptions
                  if item.channels & message.channels and _fits(message, item, shown)
                  and not _hidden(message, item, caught)]
    return found


def _hidden(message: LiveMessage, item: Subscription, caught: dict[int, Sequence[Match]]) -> bool:
    """Whether a filter of the reader wants the status gone from this stream."""
    if message.type not in ("update", "status.update") or message.object_id not in caught:
        return False
    return filtering.hides(caught[message.object_id], "public" if item.everyones else "home")


def _fits(message: LiveMessage, item: Subscription, shown: dict[int, _Public]) -> bool:
    if not item.everyones or message.type == "delete":
        return True
    row = shown.get(message.object_id or 0)
    return row is not None and (item.replies or not row.is_reply) and (row.has_media or not item.only_media)


async def _of_everyone(source: Source, messages: Sequence[LiveMessage], viewer_id: int) -> dict[int, _Public]:
    """Which of the objects belong in streams of everyone's posts, for this reader."""
    wanted = {message.object_id for message in messages
              if message.object_id and any(name.startswith(("public", "hashtag")) for name in message.channels)}
    if not wanted:
        return {}
    session = await source.session()
    has_media = exists().where(Media.object_id == Object.id)
    rows = await session.execute(
        select(Object.id, Object.in_reply_to_uri.is_not(None), has_media).join(Actor, Actor.id == Object.author_id)
        .where(Object.id.in_(wanted), Actor.silenced_at.is_(None), not_hidden_by(viewer_id, Object.author_id)))
    return {object_id: _Public(bool(is_reply), bool(media)) for object_id, is_reply, media in rows.all()}


async def _payloads(source: Source, messages: Sequence[LiveMessage], viewer_id: int) -> dict[int, str]:
    found = {message.id: str(message.entry_id or message.object_id) for message in messages
             if message.type == "delete"}
    found |= {message.id: _PLAIN[message.type] for message in messages if message.type in _PLAIN}
    found |= await _announcements(source, messages)
    found |= await _statuses(source, messages, viewer_id)
    found |= await _notifications(source, messages, viewer_id)
    found |= await _conversations(source, messages, viewer_id)
    return found


async def _announcements(source: Source, messages: Sequence[LiveMessage]) -> dict[int, str]:
    """Announcements, reactions to them, and their ends."""
    found = {}
    for message in messages:
        number = message.data.get("announcement_id")
        if message.type == "announcement.delete":
            found[message.id] = str(number)
        elif message.type == "announcement.reaction":
            found[message.id] = msgspec.json.encode({
                **announcements.reaction(message.data["name"], message.data["url"], message.data["count"]),
                "announcement_id": str(number)}).decode()
    wanted = {message.data["announcement_id"]: message.id for message in messages if message.type == "announcement"}
    if wanted:
        session = await source.session()
        rows = (await session.scalars(select(Announcement).where(
            Announcement.id.in_(wanted), Announcement.published_at.is_not(None)))).all()
        for view in await load_announcements(session, rows, None):
            found[wanted[view.row.id]] = msgspec.json.encode(announcements.shown(view, to_reader=False)).decode()
    return found


async def _statuses(source: Source, messages: Sequence[LiveMessage], viewer_id: int) -> dict[int, str]:
    about = [message for message in messages if message.type in ("update", "status.update") and message.object_id]
    boosts = [message for message in about if message.entry_id and message.entry_id != message.object_id]
    plain = await render.by_ids(source, {message.object_id for message in about if message not in boosts
                                          and message.object_id}, viewer_id)
    found = {message.id: plain[message.object_id].decode() for message in about
             if message not in boosts and message.object_id in plain}
    refs = [EntryRef(message.entry_id, message.object_id, message.entry_id) for message in boosts
            if message.entry_id and message.object_id]
    rendered = await render.entries_by_id(source, refs, viewer_id)
    return found | {message.id: rendered[message.entry_id].decode() for message in boosts
                    if message.entry_id in rendered}


async def _notifications(source: Source, messages: Sequence[LiveMessage], viewer_id: int) -> dict[int, str]:
    wanted = {message.data["notification_id"]: message.id for message in messages if message.type == "notification"}
    if not wanted:
        return {}
    session = await source.session()
    rows = (await session.scalars(select(Notification).where(
        Notification.id.in_(wanted), Notification.reader_id == viewer_id, ~Notification.filtered))).all()
    rendered = await notifications.rendered_by_id(source, rows, viewer_id)
    return {wanted[key]: item.decode() for key, item in rendered.items()}


async def _conversations(source: Source, messages: Sequence[LiveMessage], viewer_id: int) -> dict[int, str]:
    wanted = {message.data["conversation_id"]: message.id for message in messages if message.type == "conversation"}
    if not wanted:
        return {}
    session = await source.session()
    rows = (await session.scalars(select(Conversation).where(
        Conversation.id.in_(wanted), Conversation.reader_id == viewer_id))).all()
    rendered = await conversations.rendered(source, rows, viewer_id)
    return {wanted[row.id]: msgspec.json.encode(item).decode() for row, item in zip(rows, rendered, strict=True)}
