"""Figures for those who run the server: how much of what on which day, who takes part most, who stays.

Ids grow with time, so that a day is a range of ids: counting by day is one grouped query over an index, and costs what
the period asked for costs, not what the history does.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import __version__
from potluck.db.base import fixed
from potluck.db.ids import floor_at
from potluck.social.model import (
    Actor,
    Announce,
    Follow,
    Media,
    Object,
    ObjectTag,
    Reaction,
    Report,
    User,
)

_DAY = timedelta(days=1)
_PER_DAY = floor_at(datetime.fromisoformat("2026-01-02T00:00:00+00:00")) - floor_at(
    datetime.fromisoformat("2026-01-01T00:00:00+00:00"))
_MOST_RESOLVED = 20_000


@dataclass(frozen=True, slots=True)
class About:
    """What a figure is about, where it is about something."""

    tag_id: int = 0
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last, and how many entries are wanted."""

    start: datetime
    end: datetime
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Measure:
    """A number over a period, day by day."""

    key: str
    total: int
    days: Sequence[tuple[datetime, int]]
    before: int | None = None  # in the period of the same length before
    unit: str | None = None
    human: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One of those that take part most."""

    key: str
    label: str
    value: int | str
    unit: str = ""
    human: str = ""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Those who joined in one period, and how many of them were still here in later ones."""

    period: datetime
    data: list[tuple[datetime, float, int]] = field(default_factory=list)


def _days(start: datetime, end: datetime) -> list[datetime]:
    return [start + _DAY * number for number in range((end - start).days + 1)]


Counts = dict[int, int]
"""Day (counted from the first) -> number."""

Count = Callable[[AsyncSession, datetime, datetime, About], Awaitable[Counts]]


async def _by_id(session: AsyncSession, column: Any, start: datetime, end: datetime, *conditions: Any,
                 what: Any = None) -> Counts:
    """How many rows were made on each day; `what`: something else to count than rows."""
    first, past = floor_at(start), floor_at(end + _DAY)
    day = (column - first) // _PER_DAY
    rows = await session.execute(select(day, func.count() if what is None else what).where(
        column >= first, column < past, *conditions).group_by(day))
    return {int(number): count for number, count in rows.all()}


async def _active_users(session: AsyncSession, start: datetime, end: datetime, _: About) -> Counts:
    """By the last day on which somebody was here: how many were here on each day is not kept."""
    rows = await session.scalars(select(User.last_active_at).where(
        User.last_active_at >= start, User.last_active_at < end + _DAY))
    return dict(Counter((moment - start).days for moment in rows.all() if moment))


async def _new_users(session: AsyncSession, start: datetime, end: datetime, _: About) -> Counts:
    return await _by_id(session, User.id, start, end)


async def _interactions(session: AsyncSession, start: datetime, end: datetime, _: About) -> Counts:
    local = select(Object.id).where(Object.local)
    found: Counter[int] = Counter()
    for column, target in ((Reaction.id, Reaction.object_id), (Announce.id, Announce.object_id),
                           (Object.id, Object.in_reply_to_id)):
        found.update(await _by_id(session, column, start, end, target.in_(local)))
    return dict(found)


async def _opened(session: AsyncSession, start: datetime, end: datetime, _: About) -> Counts:
    return await _by_id(session, Report.id, start, end)


async def _resolved(session: AsyncSession, start: datetime, end: datetime, _: About) -> Counts:
    rows = await session.scalars(select(Report.resolved_at).where(
        Report.resolved_at >= start, Report.resolved_at < end + _DAY).limit(_MOST_RESOLVED))
    return dict(Counter((moment - start).days for moment in rows.all() if moment))


async def _tag(session: AsyncSession, span: tuple[datetime, datetime], about: About, what: Any) -> Counts:
    first, past = floor_at(span[0]), floor_at(span[1] + _DAY)
    day = (ObjectTag.object_id - first) // _PER_DAY
    rows = await session.execute(select(day, what).select_from(ObjectTag).join(
        Object, Object.id == ObjectTag.object_id).join(Actor, Actor.id == Object.author_id).where(
        ObjectTag.hashtag_id == about.tag_id, ObjectTag.object_id >= first, ObjectTag.object_id < past,
        Object.visibility == fixed("public"), Object.deleted_at.is_(None)).group_by(day))
    return {int(number): count for number, count in rows.all()}


async def _tag_uses(session: AsyncSession, start: datetime, end: datetime, about: About) -> Counts:
    return await _tag(session, (start, end), about, func.count())


async def _tag_accounts(session: AsyncSession, start: datetime, end: datetime, about: About) -> Counts:
    return await _tag(session, (start, end), about, func.count(Object.author_id.distinct()))


async def _tag_servers(session: AsyncSession, start: datetime, end: datetime, about: About) -> Counts:
    return await _tag(session, (start, end), about, func.count(Actor.host.distinct()))


def _there(about: About) -> Any:
    return select(Actor.id).where(Actor.host == about.domain, Actor.host != "")


async def _server_accounts(session: AsyncSession, start: datetime, end: datetime, about: About) -> Counts:
    return await _by_id(session, Actor.id, start, end, Actor.host == about.domain, Actor.host != "")


async def _server_statuses(session: AsyncSession, start: datetime, end: datetime, about: About) -> Counts:
    return await _by_id(session, Object.id, start, end, Object.author_id.in_(_there(about)),
                        Object.deleted_at.is_(None))


async def _server_media(session: AsyncSession, start: datetime, end: datetime, about: About) -> Counts:
    return await _by_id(session, Media.id, start, end, Media.object_id.in_(
        select(Object.id).where(Object.author_id.in_(_there(about)))))


async def _server_reports(session: AsyncSession, start: datetime, end: datetime, about: About) -> Counts:
    return await _by_id(session, Report.id, start, end, Report.target_id.in_(_there(about)))


async def _server_follows(session: AsyncSession, start: datetime, end: datetime, about: About) -> Counts:
    return await _by_id(session, Follow.id, start, end, Follow.followed_id.in_(_there(about)))


async def _server_followers(session: AsyncSession, start: datetime, end: datetime, about: About) -> Counts:
    return await _by_id(session, Follow.id, start, end, Follow.follower_id.in_(_there(about)))


MEASURES: dict[str, Count] = {
    "active_users": _active_users, "new_users": _new_users, "interactions": _interactions, "opened_reports": _opened,
    "resolved_reports": _resolved, "tag_accounts": _tag_accounts, "tag_uses": _tag_uses, "tag_servers": _tag_servers,
    "instance_accounts": _server_accounts, "instance_media_attachments": _server_media,
    "instance_reports": _server_reports, "instance_statuses": _server_statuses, "instance_follows": _server_follows,
    "instance_followers": _server_followers,
}
_COMPARED = frozenset({"active_users", "new_users", "interactions", "opened_reports", "resolved_reports",
                       "tag_accounts", "tag_uses", "tag_servers"})


async def measure(session: AsyncSession, key: str, start: datetime, end: datetime, about: About) -> Measure:
    """One of `MEASURES` over a period of whole days."""
    count = MEASURES[key]
    found = await count(session, start, end, about)
    days = [(day, found.get(number, 0)) for number, day in enumerate(_days(start, end))]
    before = None
    if key in _COMPARED:
        length = end - start + _DAY
        before = sum((await count(session, start - length, start - _DAY, about)).values())
    return Measure(key, sum(number for _, number in days), days, before)


Rank = Callable[[AsyncSession, Span, About], Awaitable[list[Entry]]]


async def _ranked(session: AsyncSession, column: Any, span: Span, *conditions: Any) -> list[tuple[Any, int]]:
    """Values of a column of `Object` among those of the period, most frequent first."""
    rows = await session.execute(select(column, func.count().label("number")).select_from(Object).join(
        Actor, Actor.id == Object.author_id).where(
        Object.id >= floor_at(span.start), Object.id < floor_at(span.end + _DAY), Object.deleted_at.is_(None),
        Object.visibility == fixed("public"), *conditions).group_by(column).order_by(
        func.count().desc(), column).limit(span.limit))
    return [(value, number) for value, number in rows.all()]


def _entries(rows: Sequence[tuple[Any, int]], empty: str) -> list[Entry]:
    return [Entry(value or empty, value or empty, number) for value, number in rows]


async def _languages(session: AsyncSession, span: Span, _: About) -> list[Entry]:
    rows = await session.execute(select(User.locale, func.count()).where(User.last_active_at >= span.start).group_by(
        User.locale).order_by(func.count().desc(), User.locale).limit(span.limit))
    return _entries([(value, number) for value, number in rows.all()], "und")


async def _sources(session: AsyncSession, span: Span, _: About) -> list[Entry]:
    return _entries(await _ranked(session, Object.app_name, span, Object.local), "Web")


async def _servers(session: AsyncSession, span: Span, _: About) -> list[Entry]:
    return _entries(await _ranked(session, Actor.host, span), "-")


async def _tag_server_ranks(session: AsyncSession, span: Span, about: About) -> list[Entry]:
    tagged = Object.id.in_(select(ObjectTag.object_id).where(ObjectTag.hashtag_id == about.tag_id))
    return _entries(await _ranked(session, Actor.host, span, tagged), "-")


async def _tag_language_ranks(session: AsyncSession, span: Span, about: About) -> list[Entry]:
    tagged = Object.id.in_(select(ObjectTag.object_id).where(ObjectTag.hashtag_id == about.tag_id))
    return _entries(await _ranked(session, Object.language, span, tagged), "und")


async def _server_account_ranks(session: AsyncSession, span: Span, about: About) -> list[Entry]:
    rows = await session.scalars(select(Actor).where(Actor.host == about.domain, Actor.host != "").order_by(
        Actor.followers_count.desc(), Actor.id).limit(span.limit))
    return [Entry(str(row.id), row.name, row.followers_count) for row in rows.all()]


async def _server_language_ranks(session: AsyncSession, span: Span, about: About) -> list[Entry]:
    return _entries(await _ranked(session, Object.language, span, Actor.host == about.domain, Actor.host != ""), "und")


async def _versions(session: AsyncSession, _: Span, __: About) -> list[Entry]:
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    version = await session.scalar(text("SELECT sqlite_version()" if is_sqlite else "SHOW server_version"))
    names = (("potluck", "Potluck", __version__), ("python", "Python", platform.python_version()),
             ("sqlite" if is_sqlite else "postgresql", "SQLite" if is_sqlite else "PostgreSQL", str(version)))
    return [Entry(key, label, value) for key, label, value in names]


async def _space(session: AsyncSession, _: Span, __: About) -> list[Entry]:
    if session.get_bind().dialect.name == "sqlite":
        pages = await session.scalar(text("SELECT page_count FROM pragma_page_count()")) or 0
        size = pages * (await session.scalar(text("SELECT page_size FROM pragma_page_size()")) or 0)
        return [Entry("sqlite", "SQLite", size, "bytes", _human(size))]
    size = await session.scalar(text("SELECT pg_database_size(current_database())")) or 0
    return [Entry("postgresql", "PostgreSQL", size, "bytes", _human(size))]


def _human(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} TB"


DIMENSIONS: dict[str, Rank] = {
    "languages": _languages, "sources": _sources, "servers": _servers, "space_usage": _space,
    "software_versions": _versions, "tag_servers": _tag_server_ranks, "tag_languages": _tag_language_ranks,
    "instance_accounts": _server_account_ranks, "instance_languages": _server_language_ranks,
}


async def dimension(session: AsyncSession, key: str, span: Span, about: About) -> list[Entry]:
    """One of `DIMENSIONS`."""
    return await DIMENSIONS[key](session, span, about)


async def retention(session: AsyncSession, start: datetime, end: datetime, *, monthly: bool) -> list[Cohort]:
    """Those who joined in each day or month, and how many were here in that and each later one, or after it.

    Only the last day on which somebody was here is kept; who came back after a pause counts for the pause too.
    """
    rows = (await session.execute(select(User.created_at, User.last_active_at).where(
        User.created_at >= start, User.created_at < end + _DAY))).all()
    periods = [day for day in _days(start, end) if not monthly or day.day == 1 or day == start]
    cohorts = []
    for number, period in enumerate(periods):
        after = periods[number + 1] if number + 1 < len(periods) else end + _DAY
        seen = [last or joined for joined, last in rows if period <= joined < after]
        cohort = Cohort(period.replace(day=1) if monthly else period)
        for later in periods[number:]:
            here = sum(1 for moment in seen if later == period or moment >= later)
            cohort.data.append((later, here / len(seen) if seen else 0.0, here))
        cohorts.append(cohort)
    return cohorts
