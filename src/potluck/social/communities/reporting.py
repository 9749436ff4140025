"""What was reported in a community, for those who look after it: one queue for each community.

The staff of this server has its own queue of the same reports (`social.reports`), for the server's rules. What
moderators have dealt with needs no second look there when it was a matter of the community alone: a report of no
particular kind about somebody who is no moderator of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social import events
from potluck.social.communities import roles
from potluck.social.errors import NotAllowed, NotFound
from potluck.social.model import Actor, CommunityReport, Moderator, Object, Report
from potluck.social.paging import Page, rows_of

MAX_PAGE = 100
_MOST_KEPT = 10_000
_REPORTED: Any = CommunityReport.__table__


@dataclass(frozen=True, slots=True)
class Entry:
    """Something reported, the report it stands in, and the thing as it is now."""

    row: CommunityReport
    report: Report
    object: Object


async def file(session: AsyncSession, report: Report, objects: Sequence[Object]) -> None:
    """Put what a new report names into the queues of the communities it was said in."""
    rows = [{"id": ids.new(), "report_id": report.id, "community_id": row.group_id, "object_id": row.id,
             "title": row.title, "link": row.extra.get("link"), "content": (row.source or row.content)[:_MOST_KEPT],
             "created_at": now()} for row in objects if row.group_id is not None]
    if rows:
        await session.execute(insert(_REPORTED), rows)


def _within(viewer: Actor, *, staff: bool) -> Any:
    """Communities whose queue somebody may see: those they moderate; for staff also all that live here."""
    mine = _REPORTED.c.community_id.in_(select(Moderator.community_id).where(Moderator.actor_id == viewer.id))
    return or_(mine, _REPORTED.c.community_id.in_(select(Actor.id).where(
        Actor.id == _REPORTED.c.community_id, Actor.host == ""))) if staff else mine


async def conditions(session: AsyncSession, viewer: Actor, *, community_id: int | None = None,
                     unresolved: bool = True, posts: bool | None = None) -> list[Any]:
    """What restricts a query of `CommunityReport` joined with `Object` to what the viewer may see and wants.

    Args:
        posts: True for posts alone, False for comments alone.
    """
    found = [_within(viewer, staff=await roles.is_staff(session, viewer)), Object.deleted_at.is_(None)]
    if community_id is not None:
        found.append(CommunityReport.community_id == community_id)
    if unresolved:
        found.append(CommunityReport.resolved_at.is_(None))
    if posts is not None:
        found.append(Object.in_reply_to_uri.is_(None) if posts else Object.in_reply_to_uri.is_not(None))
    return found


async def page(session: AsyncSession, viewer: Actor, part: Page, *, community_id: int | None = None,
               unresolved: bool = True, posts: bool | None = None, object_id: int | None = None,
               offset: int = 0) -> list[Entry]:
    """A page of the queue of one community, or of all the viewer looks after, newest first."""
    query = select(CommunityReport).join(Object, Object.id == CommunityReport.object_id).where(
        *await conditions(session, viewer, community_id=community_id, unresolved=unresolved, posts=posts))
    if object_id is not None:
        query = query.where(CommunityReport.object_id == object_id)
    rows = await rows_of(session, query.offset(offset or None), CommunityReport.id, part.at_most(MAX_PAGE))
    return await entries(session, rows)


async def entries(session: AsyncSession, rows: Sequence[CommunityReport]) -> list[Entry]:
    """Rows with their reports and things."""
    if not rows:
        return []
    reports = {row.id: row for row in (await session.scalars(select(Report).where(
        Report.id.in_({row.report_id for row in rows})))).all()}
    objects = {row.id: row for row in (await session.scalars(select(Object).where(
        Object.id.in_({row.object_id for row in rows})))).all()}
    return [Entry(row, reports[row.report_id], objects[row.object_id]) for row in rows]


async def counts(session: AsyncSession, viewer: Actor, *, community_id: int | None = None) -> tuple[int, int]:
    """How many posts and how many comments wait in the queues the viewer may see."""
    query = select(func.count(), func.count().filter(Object.in_reply_to_uri.is_(None))).select_from(
        CommunityReport).join(Object, Object.id == CommunityReport.object_id).where(
        *await conditions(session, viewer, community_id=community_id))
    every, posts = (await session.execute(query)).one()
    return posts, every - posts


async def one(session: AsyncSession, viewer: Actor, row_id: int) -> Entry:
    """An entry of a queue that the viewer may see.

    Raises:
        NotFound: there is none.
    """
    row = await session.scalar(select(CommunityReport).join(Object, Object.id == CommunityReport.object_id).where(
        CommunityReport.id == row_id, *await conditions(session, viewer, unresolved=False)))
    if row is None:
        raise NotFound
    return (await entries(session, [row]))[0]


async def of_report(session: AsyncSession, report_id: int) -> list[CommunityReport]:
    """The entries a report made."""
    return list((await session.scalars(select(CommunityReport).where(
        CommunityReport.report_id == report_id).order_by(CommunityReport.id))).all())


async def resolve(session: AsyncSession, moderator: Actor, entry: Entry, *, resolved: bool = True) -> None:
    """A moderator is done with an entry, or opens it again.

    Raises:
        NotAllowed: it is about what they said themselves.
    """
    if entry.object.author_id == moderator.id and not await roles.is_staff(session, moderator):
        raise NotAllowed("Somebody else has to look at a report about you")
    entry.row.resolved_at = now() if resolved else None
    entry.row.resolver_id = moderator.id if resolved else None
    await session.flush()
    if resolved:
        community = await session.get_one(Actor, entry.row.community_id)
        await events.emit(session, events.ReportResolved(entry.report, community, entry.object, moderator))
        await _settle(session, [entry.row.report_id], moderator)


async def resolve_all_of(session: AsyncSession, moderator: Actor, object_ids: Collection[int], *,
                         report_uri: str | None = None) -> None:
    """What a moderator took down needs no further look.

    Args:
        report_uri: only what this one report said of it.
    """
    query = select(_REPORTED.c.id, _REPORTED.c.report_id).where(
        _REPORTED.c.object_id.in_(object_ids), _REPORTED.c.resolved_at.is_(None))
    if report_uri is not None:
        query = query.where(_REPORTED.c.report_id.in_(select(Report.id).where(Report.uri == report_uri)))
    rows = (await session.execute(query)).all()
    if not rows:
        return
    await session.execute(update(CommunityReport).where(CommunityReport.id.in_([row.id for row in rows])).values(
        resolved_at=now(), resolver_id=moderator.id))
    await _settle(session, [row.report_id for row in rows], moderator)


async def _settle(session: AsyncSession, report_ids: Collection[int], moderator: Actor) -> None:
    """Reports that were a matter of the community alone, and are dealt with there, wait for staff no longer."""
    reports = (await session.scalars(select(Report).where(
        Report.id.in_(set(report_ids)), Report.resolved_at.is_(None)))).all()
    if not reports:
        return
    rows = (await session.scalars(select(CommunityReport).where(
        CommunityReport.report_id.in_([report.id for report in reports])))).all()
    looking_after = set((await session.execute(select(Moderator.community_id, Moderator.actor_id).where(
        Moderator.community_id.in_({row.community_id for row in rows}),
        Moderator.actor_id.in_({report.target_id for report in reports})))).all())
    of_staff = await roles.is_staff(session, moderator)
    # A server elsewhere has no say in what our staff looks at: its communities could hide what is reported of them.
    trusted = {row.community_id for row in rows} if moderator.is_local else set((await session.scalars(
        select(Actor.id).where(Actor.id.in_({row.community_id for row in rows}), Actor.host == ""))).all())
    for report in reports:
        own = [row for row in rows if row.report_id == report.id]
        done = len(own) == len(report.object_ids) and all(row.resolved_at is not None for row in own)
        theirs = report.category == "other" and all(
            row.community_id in trusted and (row.community_id, report.target_id) not in looking_after for row in own)
        if done and (theirs or of_staff):
            report.resolved_at, report.resolved_by_id = now(), moderator.owner_id
    await session.flush()
