"""Turns live messages into events of the Mastodon API for one reader, many messages at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import select

from potluck.apis.mastodon import announcements, conversations, facts, notifications, render
from potluck.apis.mastodon.audience import Audience
from potluck.apis.mastodon.facts import Row
from potluck.apis.mastodon.streams import Subscription
from potluck.apis.source import Source
from potluck.social import filtering
from potluck.social.announcements import load as load_announcements
from potluck.social.filtering import Match
from potluck.social.live import LiveMessage
from potluck.social.model import Announcement, Conversation, Notification
from potluck.social.views import EntryRef

_STATUSES = frozenset({"update", "status.update"})
About = tuple[Row | None, Sequence[Row]]
_PLAIN = {"filters_changed": "", "notifications_merged": "1"}
"""Events that say all by their name; the second has a payload in Mastodon, too."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one subscription. `payload` is JSON text (a bare id for `delete`), empty where there is none."""

    stream: tuple[str, ...]
    name: str
    payload: str


async def of_messages(
    source: Source, audience: Audience, messages: Sequence[LiveMessage], subscriptions: Collection[Subscription],
    viewer_id: int,
) -> list[Event]:
    """Events for the subscriptions that each message came through, in order."""
    about = {message.id: await audience.of(message.id, message.object_id, _boost(message), viewer_id)
             for message in messages if message.type in _STATUSES and message.object_id}
    payloads = await _payloads(source, messages, about, viewer_id)
    caught = await render.caught(source, {message.object_id for message in messages if message.object_id}, viewer_id)
    found: list[Event] = []
    for message in messages:
        payload = payloads.get(message.id)
        if payload is None:
            continue
        row = about[message.id][0] if message.id in about else None
        found += [Event(item.stream, message.type, payload) for item in subscriptions
                  if item.channels & message.channels and _fits(message, item, row)
                  and not _hidden(message, item, caught)]
    return found


def _boost(message: LiveMessage) -> int | None:
    """Id of the boost that a message tells of, None if it tells of a status itself."""
    return message.entry_id if message.entry_id != message.object_id else None


def _hidden(message: LiveMessage, item: Subscription, caught: dict[int, Sequence[Match]]) -> bool:
    """Whether a filter of the reader wants the status gone from this stream."""
    if message.type not in _STATUSES or message.object_id not in caught:
        return False
    return filtering.hides(caught[message.object_id], "public" if item.everyones else "home")


def _fits(message: LiveMessage, item: Subscription, row: Row | None) -> bool:
    """Whether it belongs in a stream: those of everyone's posts leave out what this reader has hidden."""
    if not item.everyones or message.type not in _STATUSES:
        return True
    return row is not None and bool(row[facts.FOR_EVERYONE]) and (item.replies or not row[facts.IS_REPLY]) and (
        bool(row[facts.HAS_MEDIA]) or not item.only_media)


async def _payloads(source: Source, messages: Sequence[LiveMessage], about: Mapping[int, About],
                    viewer_id: int) -> dict[int, str]:
    found = {message.id: str(message.entry_id or message.object_id) for message in messages
             if message.type == "delete"}
    found |= {message.id: _PLAIN[message.type] for message in messages if message.type in _PLAIN}
    found |= await _announcements(source, messages)
    found |= await _statuses(source, messages, about, viewer_id)
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


async def _statuses(source: Source, messages: Sequence[LiveMessage], about: Mapping[int, About],
                    viewer_id: int) -> dict[int, str]:
    shown = [message for message in messages if message.id in about and about[message.id][0] is not None]
    if not shown:
        return {}
    refs = {message.id: EntryRef(message.entry_id or message.object_id or 0, message.object_id or 0, _boost(message))
            for message in shown}
    rows = {message.object_id: about[message.id][0] for message in shown}
    boosts = {row[facts.BOOST_ID]: row for message in shown for row in about[message.id][1]}
    rendered = await render.of_facts(source, list(dict.fromkeys(refs.values())),
                                     [row for row in rows.values() if row is not None], boosts, viewer_id)
    return {key: rendered[ref.entry_id].decode() for key, ref in refs.items() if ref.entry_id in rendered}


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
