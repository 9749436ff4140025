"""Announcements: what the people who run this server tell everyone with an account."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy import delete as delete_from
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social import live
from potluck.social.addresses import hashtag_url, profile_url
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import (
    Actor,
    Announcement,
    AnnouncementDismissal,
    AnnouncementReaction,
    CustomEmoji,
    Object,
)
from potluck.text.emoji import is_single_emoji
from potluck.text.hashtags import normalise_hashtag
from potluck.text.render import Extracted, MentionTarget, TextTooLong, extract, render_text

CHANNEL = "announcements"
MAX_TEXT = 10_000
MAX_REACTIONS = 8
"""Different emoji an announcement can have, as in Mastodon."""

_REACTION: Any = AnnouncementReaction.__table__
_DISMISSAL: Any = AnnouncementDismissal.__table__
_POST = re.compile(r"/@[^/]+/(\d+)/?\Z")


@dataclass(slots=True)
class Reacted:
    """An emoji under an announcement."""

    name: str
    url: str | None
    count: int
    mine: bool


@dataclass(slots=True)
class AnnouncementView:
    """An announcement as a reader sees it."""

    row: Announcement
    read: bool = False
    reactions: list[Reacted] = field(default_factory=list)
    mentions: list[Actor] = field(default_factory=list)
    objects: list[Object] = field(default_factory=list)
    authors: dict[int, Actor] = field(default_factory=dict)  # of the objects


# ---- reading ----------------------------------------------------------------------------------------------------


def _shown() -> Any:
    return select(Announcement).where(
        Announcement.published_at.is_not(None), or_(Announcement.ends_at.is_(None), Announcement.ends_at > now()))


async def all_(session: AsyncSession) -> Sequence[Announcement]:
    """Every announcement, drafts too, newest first (for those who write them)."""
    return (await session.scalars(select(Announcement).order_by(Announcement.id.desc()).limit(500))).all()


async def for_reader(session: AsyncSession, reader_id: int, *, with_read: bool = True) -> list[AnnouncementView]:
    """What is announced now, by when it begins or was published, earliest first."""
    order = func.coalesce(Announcement.starts_at, Announcement.published_at)
    rows = (await session.scalars(_shown().order_by(order, Announcement.id).limit(100))).all()
    views = await load(session, rows, reader_id)
    return [view for view in views if with_read or not view.read]


async def one(session: AsyncSession, announcement_id: int) -> Announcement:
    """A published announcement.

    Raises:
        NotFound: there is none.
    """
    row: Announcement | None = await session.scalar(_shown().where(Announcement.id == announcement_id))
    if row is None:
        raise NotFound
    return row


async def load(session: AsyncSession, rows: Sequence[Announcement], reader_id: int | None) -> list[AnnouncementView]:
    """Announcements with reactions and what they speak of, a query for each facet."""
    views = {row.id: AnnouncementView(row) for row in rows}
    if not views:
        return []
    if reader_id is not None:
        for announcement_id in (await session.scalars(select(AnnouncementDismissal.announcement_id).where(
                AnnouncementDismissal.actor_id == reader_id,
                AnnouncementDismissal.announcement_id.in_(views)))).all():
            views[announcement_id].read = True
    await _add_reactions(session, views, reader_id)
    await _add_links(session, views)
    return list(views.values())


async def _add_reactions(session: AsyncSession, views: dict[int, AnnouncementView], reader_id: int | None) -> None:
    mine = func.max(case((_REACTION.c.actor_id == (reader_id or 0), 1), else_=0))
    rows = await session.execute(
        select(_REACTION.c.announcement_id, _REACTION.c.name, func.max(_REACTION.c.url), func.count(), mine)
        .where(_REACTION.c.announcement_id.in_(views)).group_by(_REACTION.c.announcement_id, _REACTION.c.name)
        .order_by(func.min(_REACTION.c.created_at)))
    for announcement_id, name, url, count, is_mine in rows.all():
        views[announcement_id].reactions.append(Reacted(name, url, count, bool(is_mine)))


async def _add_links(session: AsyncSession, views: dict[int, AnnouncementView]) -> None:
    object_ids = {value for view in views.values() for value in view.row.object_ids}
    objects = {}
    if object_ids:
        objects = {row.id: row for row in (await session.scalars(select(Object).where(
            Object.id.in_(object_ids), Object.deleted_at.is_(None),
            Object.visibility.in_(("public", "unlisted"))))).all()}
    wanted = {value for view in views.values() for value in view.row.mention_ids}
    wanted |= {row.author_id for row in objects.values()}
    actors = {}
    if wanted:
        actors = {row.id: row for row in (await session.scalars(select(Actor).where(
            Actor.id.in_(wanted), Actor.deleted_at.is_(None), Actor.suspended_at.is_(None)))).all()}
    for view in views.values():
        view.mentions = [actors[value] for value in view.row.mention_ids if value in actors]
        view.objects = [objects[value] for value in view.row.object_ids
                        if value in objects and objects[value].author_id in actors]
        view.authors = {row.author_id: actors[row.author_id] for row in view.objects}


# ---- what readers do --------------------------------------------------------------------------------------------


async def dismiss(session: AsyncSession, announcement_id: int, reader_id: int) -> None:
    """Note that somebody has read an announcement.

    Raises:
        NotFound: there is none.
    """
    row = await one(session, announcement_id)
    await session.execute(insert_or_ignore(session, _DISMISSAL).values(announcement_id=row.id, actor_id=reader_id))


async def react(session: AsyncSession, announcement_id: int, reader_id: int, name: str) -> None:
    """Give an announcement an emoji (itself, or the shortcode of one of this server).

    Raises:
        NotFound: there is no such announcement.
        Invalid: it is no emoji, or there are too many different ones.
    """
    row = await one(session, announcement_id)
    name, url = await _emoji(session, name)
    present = set((await session.scalars(select(_REACTION.c.name).distinct().where(
        _REACTION.c.announcement_id == row.id))).all())
    if name not in present and len(present) >= MAX_REACTIONS:
        raise Invalid("name", "Validation failed: Limit of different reactions reached", "too_many")
    result: Any = await session.execute(insert_or_ignore(session, _REACTION).values(
        announcement_id=row.id, name=name, actor_id=reader_id, url=url, created_at=now()))
    if result.rowcount:
        await _tell_reaction(session, row.id, name, url)


async def unreact(session: AsyncSession, announcement_id: int, reader_id: int, name: str) -> None:
    """Take an emoji back; without it nothing happens.

    Raises:
        NotFound: there is no such announcement.
    """
    row = await one(session, announcement_id)
    name = name.strip(":")
    result: Any = await session.execute(delete_from(_REACTION).where(
        _REACTION.c.announcement_id == row.id, _REACTION.c.name == name, _REACTION.c.actor_id == reader_id))
    if result.rowcount:
        await _tell_reaction(session, row.id, name, None)


async def _emoji(session: AsyncSession, name: str) -> tuple[str, str | None]:
    if is_single_emoji(name):
        return name, None
    row = await session.scalar(select(CustomEmoji).where(
        CustomEmoji.shortcode == name.strip(":"), CustomEmoji.host == "", ~CustomEmoji.disabled))
    if row is None:
        raise Invalid("name", "Validation failed: Name is not a recognized emoji")
    return row.shortcode, row.url


async def _tell_reaction(session: AsyncSession, announcement_id: int, name: str, url: str | None) -> None:
    count = await session.scalar(select(func.count()).select_from(_REACTION).where(
        _REACTION.c.announcement_id == announcement_id, _REACTION.c.name == name)) or 0
    await live.publish(session, "announcement.reaction", data={
        "channels": [CHANNEL], "announcement_id": announcement_id, "name": name, "count": count, "url": url})


# ---- writing ----------------------------------------------------------------------------------------------------


async def save(
    session: AsyncSession, source: str, *, starts_at: datetime | None = None, ends_at: datetime | None = None,
    all_day: bool = False, scheduled_at: datetime | None = None, publish_now: bool = True,
    announcement_id: int | None = None,
) -> Announcement:
    """Write an announcement, or change one; it is published now, at a time, or (neither) kept as a draft.

    Raises:
        Invalid: it is blank or too long, or ends before it begins.
        NotFound: there is no such announcement.
    """
    if not source.strip():
        raise Invalid("text", "Validation failed: Text can't be blank", "blank")
    if len(source) > MAX_TEXT:
        raise Invalid("text", "Validation failed: Text is too long (maximum is %(most)s characters)", "too_long",
                      most=MAX_TEXT)
    if starts_at and ends_at and ends_at < starts_at:
        raise Invalid("ends_at", "Validation failed: The end is before the beginning")
    row = await session.get(Announcement, announcement_id) if announcement_id else Announcement(id=ids.new())
    if row is None:
        raise NotFound
    session.add(row)
    await _render(session, row, source)
    row.starts_at, row.ends_at, row.all_day = starts_at, ends_at, all_day
    row.scheduled_at, row.updated_at = scheduled_at, now()
    await session.flush()
    if row.published_at is not None or (publish_now and scheduled_at is None):
        await publish(session, row)
    return row


async def _render(session: AsyncSession, row: Announcement, source: str) -> None:
    try:
        found = extract(source, "text/markdown")
        names = {handle: handle.name.lower() for handle in found.mentions[:50]
                 if (handle.host or "") in ("", current().domain, current().host)}
        people = {actor.handle: actor for actor in (await session.scalars(select(Actor).where(
            Actor.handle.in_(set(names.values())), Actor.host == ""))).all()}
        targets = {handle: MentionTarget(url=profile_url(people[name].name), uri=people[name].uri,
                                         acct=people[name].acct) for handle, name in names.items() if name in people}
        row.content = render_text(source, mentions=targets, hashtag_url=hashtag_url, media_type="text/markdown").html
    except TextTooLong as error:
        raise Invalid("text", "Validation failed: Text is too long (maximum is %(most)s characters)", "too_long",
                      most=error.limit) from error
    row.source = source
    row.mention_ids = [actor.id for actor in people.values()]
    row.hashtags = [name for tag in found.hashtags if (name := normalise_hashtag(tag))]
    row.object_ids = _own_posts(found)
    emojis = await session.scalars(select(CustomEmoji).where(
        CustomEmoji.host == "", CustomEmoji.shortcode.in_(found.emojis), ~CustomEmoji.disabled))
    row.emojis = [{"shortcode": item.shortcode, "url": item.url} for item in emojis.all()]


def _own_posts(found: Extracted) -> list[int]:
    ours = f"{current().url}/"
    matches = [_POST.search(url) for url in found.urls if url.startswith(ours)]
    return [int(match.group(1)) for match in matches if match and len(match.group(1)) <= 16]


async def publish(session: AsyncSession, row: Announcement) -> None:
    """Show an announcement to everyone, and tell open apps."""
    row.published_at, row.scheduled_at = row.published_at or now(), None
    await session.flush()
    await live.publish(session, "announcement", data={"channels": [CHANNEL], "announcement_id": row.id})


async def unpublish(session: AsyncSession, announcement_id: int) -> None:
    """Make a draft of an announcement again.

    Raises:
        NotFound: there is none.
    """
    row = await session.get(Announcement, announcement_id)
    if row is None:
        raise NotFound
    row.published_at = row.scheduled_at = None
    await session.flush()
    await _tell_gone(session, announcement_id)


async def delete(session: AsyncSession, announcement_id: int) -> None:
    """Delete an announcement.

    Raises:
        NotFound: there is none.
    """
    result: Any = await session.execute(delete_from(Announcement).where(Announcement.id == announcement_id))
    if not result.rowcount:
        raise NotFound
    await _tell_gone(session, announcement_id)


async def _tell_gone(session: AsyncSession, announcement_id: int) -> None:
    await live.publish(session, "announcement.delete", data={
        "channels": [CHANNEL], "announcement_id": announcement_id})


async def publish_due(session: AsyncSession) -> None:
    """Publish what was to be published by now."""
    for row in (await session.scalars(select(Announcement).where(
            Announcement.scheduled_at <= now(), Announcement.published_at.is_(None)))).all():
        await publish(session, row)
