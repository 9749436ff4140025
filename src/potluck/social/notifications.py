"""Notifications of local people: written in bulk, read plain or in groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social import live, notification_policy, push
from potluck.social.errors import NotFound
from potluck.social.model import (
    Actor,
    Block,
    BlogAuthor,
    DomainMute,
    Marker,
    Mute,
    Notification,
    Object,
    ThreadMute,
)
from potluck.social.paging import Page, rows_of
from potluck.social.visibility import DIRECT, not_hidden_by, visible_to

_NOTIFICATION: Any = Notification.__table__

SITE_ONLY = ("community_measure",)
"""Types that only the site shows: apps have no word for them."""

GROUPED = frozenset({"favourite", "reblog", "follow"})
"""Types that Mastodon shows as one entry for several people."""

_GROUP_HOURS = 12
_ABOUT_THREADS = frozenset({"mention", "favourite", "reblog", "quote", "quoted_update", "reaction", "poll",
                            "update"})
_TOLD_AGAIN = frozenset({"update", "quoted_update", "severed_relationships", "moderation_warning",
                         "community_measure"})
_ABOUT_ONESELF = frozenset({"poll", "severed_relationships", "moderation_warning"})


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification to be written."""

    reader_id: int
    type: str
    actor_id: int
    object_id: int | None = None
    thread_root_id: int | None = None
    report_id: int | None = None
    emoji: str | None = None
    event_id: int | None = None  # severance, of severed_relationships
    warning_id: int | None = None  # of moderation_warning


@dataclass(frozen=True, slots=True)
class Group:
    """Notifications shown as one."""

    key: str
    type: str
    count: int
    newest: Notification
    oldest_id: int
    actor_ids: list[int]  # newest first, at most eight


async def notify(session: AsyncSession, notices: Iterable[Notice]) -> list[int]:
    """Write notifications, except what readers do not want.

    That is: from people they blocked or muted (or who blocked them), from servers they blocked, from conversations
    they muted, and of their own acts (but the end of their own poll). Only local people get any. The same thing by
    the same person about the same object is told once. By the reader's policy (`notification_policy`) some are set
    aside, and some dropped.

    Returns:
        Ids of the rows written.
    """
    wanted = list(dict.fromkeys(notices))
    if not wanted:
        return []
    wanted = [notice for notice in await _of_blogs(session, wanted)
              if notice.reader_id != notice.actor_id or notice.type in _ABOUT_ONESELF]
    wanted = await _allowed(session, wanted)
    wanted = await _untold(session, wanted)
    verdicts = await notification_policy.judge(session, wanted)
    rows = [_row(notice, filtered=verdict == "filter") for notice, verdict in zip(wanted, verdicts, strict=True)
            if verdict != "drop"]
    if rows:
        await session.execute(insert(_NOTIFICATION), rows)
        await notification_policy.set_aside(
            session, {(row["reader_id"], row["actor_id"]) for row in rows if row["filtered"]})
        await live.publish_many(session, [
            {"type": "notification", "reader_id": row["reader_id"], "object_id": row["object_id"],
             "data": {"notification_id": row["id"]}} for row in rows if not row["filtered"]])
        await push.queue(session, [row for row in rows if not row["filtered"]])
    return [row["id"] for row in rows]


async def _of_blogs(session: AsyncSession, notices: list[Notice]) -> list[Notice]:
    """What concerns a blog's articles concerns those who look after it.

    Who follows one, and what is said to it in private, they find at its desk.
    """
    rows = (await session.execute(select(BlogAuthor.blog_id, BlogAuthor.actor_id).where(
        BlogAuthor.blog_id.in_({notice.reader_id for notice in notices}), BlogAuthor.role != "author"))).all()
    if not rows:
        return notices
    keepers: dict[int, list[int]] = {}
    for blog_id, actor_id in rows:
        keepers.setdefault(blog_id, []).append(actor_id)
    private = set((await session.scalars(select(Object.id).where(
        Object.id.in_({notice.object_id for notice in notices if notice.reader_id in keepers and notice.object_id}),
        Object.visibility == DIRECT))).all())
    told = [notice if notice.reader_id not in keepers else replace(notice, reader_id=keeper)
            for notice in notices for keeper in keepers.get(notice.reader_id, [0])
            if notice.reader_id not in keepers
            or (notice.type in _ABOUT_THREADS and notice.object_id not in private)]
    return list(dict.fromkeys(told))


def _row(notice: Notice, *, filtered: bool) -> dict[str, Any]:
    new_id = ids.new()
    key = f"ungrouped-{new_id}"
    if notice.type in GROUPED:
        slot = int(now().timestamp()) // (_GROUP_HOURS * 3600)
        key = f"{notice.type}-{notice.object_id or 0}-{slot}"
    return {"id": new_id, "reader_id": notice.reader_id, "type": notice.type, "actor_id": notice.actor_id,
            "object_id": notice.object_id, "report_id": notice.report_id, "group_key": key,
            "emoji": notice.emoji, "event_id": notice.event_id, "warning_id": notice.warning_id, "filtered": filtered,
            "unread": notice.type == "mention", "created_at": now()}


async def _allowed(session: AsyncSession, notices: list[Notice]) -> list[Notice]:
    readers = {notice.reader_id for notice in notices}
    local = set((await session.scalars(select(Actor.id).where(
        Actor.id.in_(readers), Actor.host == "", Actor.deleted_at.is_(None)))).all())
    notices = [notice for notice in notices if notice.reader_id in local]
    if not notices:
        return []
    hidden = await hidden_pairs(session, {notice.reader_id for notice in notices},
                                 {notice.actor_id for notice in notices})
    muted = await _muted_threads(session, notices)
    return [notice for notice in notices
            if (notice.reader_id, notice.actor_id) not in hidden
            and not (notice.type in _ABOUT_THREADS and (notice.reader_id, notice.thread_root_id) in muted)]


async def hidden_pairs(session: AsyncSession, readers: set[int], actors: set[int]) -> set[tuple[int, int]]:
    """(reader, actor) pairs between which there is a block, a mute with notifications, or a server block."""
    moment = now()
    queries = (
        select(Block.blocker_id, Block.blocked_id).where(Block.blocker_id.in_(readers), Block.blocked_id.in_(actors)),
        select(Block.blocked_id, Block.blocker_id).where(Block.blocked_id.in_(readers), Block.blocker_id.in_(actors)),
        select(Mute.muter_id, Mute.muted_id).where(
            Mute.muter_id.in_(readers), Mute.muted_id.in_(actors), Mute.notifications,
            or_(Mute.expires_at.is_(None), Mute.expires_at > moment)),
        select(DomainMute.actor_id, Actor.id).join(Actor, Actor.host == DomainMute.host).where(
            DomainMute.actor_id.in_(readers), Actor.id.in_(actors)),
    )
    statement = queries[0].union_all(*queries[1:])
    return {(reader, actor) for reader, actor in (await session.execute(statement)).all()}


async def _muted_threads(session: AsyncSession, notices: list[Notice]) -> set[tuple[int, int | None]]:
    roots = {notice.thread_root_id for notice in notices if notice.thread_root_id}
    if not roots:
        return set()
    rows = await session.execute(select(ThreadMute.actor_id, ThreadMute.thread_root_id).where(
        ThreadMute.thread_root_id.in_(roots), ThreadMute.actor_id.in_({n.reader_id for n in notices})))
    return {(reader, root) for reader, root in rows.all()}


async def _untold(session: AsyncSession, notices: list[Notice]) -> list[Notice]:
    """Leave out what the reader was told already (a like taken back and given again, an edit's old mention)."""
    if not notices:
        return []
    rows = (await session.execute(
        select(Notification.reader_id, Notification.type, Notification.actor_id, Notification.object_id).where(
            Notification.reader_id.in_({notice.reader_id for notice in notices}),
            Notification.actor_id.in_({notice.actor_id for notice in notices}),
            Notification.type.in_({notice.type for notice in notices}),
            Notification.created_at > now() - timedelta(days=30)))).all()
    told = {tuple(row) for row in rows}
    return [notice for notice in notices
            if notice.type in _TOLD_AGAIN
            or (notice.reader_id, notice.type, notice.actor_id, notice.object_id) not in told]


def _for_reader(reader_id: int, types: Collection[str], exclude: Collection[str],
                actor_id: int | None, include_filtered: bool) -> Any:
    query = select(Notification).join(Actor, Actor.id == Notification.actor_id).outerjoin(
        Object, Object.id == Notification.object_id
    ).where(
        Notification.reader_id == reader_id, Actor.suspended_at.is_(None), Actor.deleted_at.is_(None),
        or_(Notification.object_id.is_(None), visible_to(reader_id)),
        not_hidden_by(reader_id, Notification.actor_id))
    if types:
        query = query.where(Notification.type.in_(types))
    if exclude:
        query = query.where(Notification.type.not_in(exclude))
    if actor_id is not None:
        query = query.where(Notification.actor_id == actor_id)
    return query if include_filtered else query.where(~Notification.filtered)


async def page(
    session: AsyncSession,
    reader_id: int,
    part: Page,
    *,
    types: Collection[str] = (),
    exclude_types: Collection[str] = (),
    actor_id: int | None = None,
    include_filtered: bool = False,
) -> list[Notification]:
    """A page of someone's notifications, newest first."""
    query = _for_reader(reader_id, types, exclude_types, actor_id, include_filtered)
    return await rows_of(session, query, Notification.id, part)


async def groups(
    session: AsyncSession,
    reader_id: int,
    part: Page,
    *,
    types: Collection[str] = (),
    exclude_types: Collection[str] = (),
    actor_id: int | None = None,
    grouped_types: Collection[str] = GROUPED,
    include_filtered: bool = False,
) -> list[Group]:
    """A page of notifications in groups, as Mastodon's v2 shows them: newest member decides the order.

    Reads up to eight notifications for every group wanted, so that a popular post does not fill the page.
    """
    wide = Page(part.max_id, part.since_id, part.min_id, min(part.limit * 8, 400))
    rows = await page(session, reader_id, wide, types=types, exclude_types=exclude_types, actor_id=actor_id,
                      include_filtered=include_filtered)
    members: dict[str, list[Notification]] = {}
    for row in rows:
        key = row.group_key if row.type in grouped_types and row.type in GROUPED else f"ungrouped-{row.id}"
        if key not in members and len(members) == part.limit:
            break
        members.setdefault(key, []).append(row)
    return [
        Group(key, found[0].type, len(found), found[0], found[-1].id,
              list(dict.fromkeys(row.actor_id for row in found))[:8])
        for key, found in members.items()
    ]


async def in_group(session: AsyncSession, reader_id: int, key: str, *, limit: int = 80) -> list[Notification]:
    """The notifications of one group, newest first. `ungrouped-ID` names a single one."""
    prefix, _, tail = key.partition("-")
    query = _for_reader(reader_id, (), (), None, True)
    if prefix == "ungrouped" and tail.isdigit():
        query = query.where(Notification.id == int(tail))
    else:
        query = query.where(Notification.group_key == key)
    rows = await session.scalars(query.order_by(Notification.id.desc()).limit(limit))
    return list(rows.all())


async def one(session: AsyncSession, reader_id: int, notification_id: int) -> Notification:
    """One notification of a reader.

    Raises:
        NotFound: it does not exist or is someone else's.
    """
    row: Notification | None = await session.scalar(
        _for_reader(reader_id, (), (), None, True).where(Notification.id == notification_id))
    if row is None:
        raise NotFound
    return row


async def dismiss(session: AsyncSession, reader_id: int, notification_ids: Sequence[int]) -> None:
    """Forget some notifications of a reader."""
    await session.execute(delete(_NOTIFICATION).where(
        _NOTIFICATION.c.reader_id == reader_id, _NOTIFICATION.c.id.in_(notification_ids)))


async def dismiss_group(session: AsyncSession, reader_id: int, key: str) -> None:
    """Forget one group of notifications of a reader."""
    await dismiss(session, reader_id, [row.id for row in await in_group(session, reader_id, key, limit=10_000)])


async def clear(session: AsyncSession, reader_id: int) -> None:
    """Forget all notifications of a reader."""
    await session.execute(delete(_NOTIFICATION).where(_NOTIFICATION.c.reader_id == reader_id))


async def unread_count(session: AsyncSession, reader_id: int, *, most: int = 100,
                       types: Collection[str] = (), exclude_types: Collection[str] = ()) -> int:
    """How many notifications are newer than the reader's marker, counted up to `most`."""
    read_up_to = await session.scalar(select(Marker.last_read_id).where(
        Marker.actor_id == reader_id, Marker.timeline == "notifications")) or 0
    query = _for_reader(reader_id, types, exclude_types, None, False).where(Notification.id > read_up_to)
    counted = query.with_only_columns(Notification.id).limit(most).subquery()
    return await session.scalar(select(func.count()).select_from(counted)) or 0


async def remove(
    session: AsyncSession,
    *,
    type: str,  # noqa: A002 - the word of the column
    actor_id: int,
    object_id: int | None = None,
    reader_id: int | None = None,
) -> None:
    """Take back the notification of an act that was undone."""
    conditions = [_NOTIFICATION.c.type == type, _NOTIFICATION.c.actor_id == actor_id]
    if object_id is not None:
        conditions.append(_NOTIFICATION.c.object_id == object_id)
    if reader_id is not None:
        conditions.append(_NOTIFICATION.c.reader_id == reader_id)
    await session.execute(delete(_NOTIFICATION).where(and_(*conditions)))


async def sweep(session: AsyncSession, before: datetime) -> None:
    """Forget notifications older than `before`."""
    await session.execute(delete(_NOTIFICATION).where(_NOTIFICATION.c.created_at < before))
