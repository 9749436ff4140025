"""Reports of private messages: whoever got one shows it to the staff of this server, and to nobody else."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import private_messages, shapes
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import missing, refused
from potluck.apis.lemmy.staff import check_staff
from potluck.apis.lemmy.words import Json, limit_of, moment, offset_of, there
from potluck.social import act_limits, audit, messages, reports
from potluck.social.model import Actor, Object, Report, User
from potluck.social.views import load_actors
from potluck.social.visibility import DIRECT

_LOOKED_AT = 500
"""The newest reports that are looked through: what they name stands in a list that no index reaches."""


async def _of_messages(session: AsyncSession, *, unresolved: bool) -> list[tuple[Report, Object]]:
    query = select(Report).order_by(Report.id.desc()).limit(_LOOKED_AT)
    if unresolved:
        query = query.where(Report.resolved_at.is_(None))
    rows = [row for row in (await session.scalars(query)).all() if len(row.object_ids) == 1]
    found = {row.id: row for row in (await session.scalars(select(Object).where(
        Object.id.in_([row.object_ids[0] for row in rows]), Object.visibility == DIRECT,
        Object.deleted_at.is_(None)))).all()}
    named = await messages.recipients(session, list(found.values()))
    return [(row, found[row.object_ids[0]]) for row in rows if row.object_ids[0] in named]


async def count(session: AsyncSession) -> int:
    """How many wait."""
    return len(await _of_messages(session, unresolved=True))


async def _views(session: AsyncSession, rows: Sequence[tuple[Report, Object]]) -> list[Json]:
    """PrivateMessageReportViews."""
    to = await messages.recipients(session, [item for _, item in rows])
    resolvers: dict[int, int] = dict((await session.execute(select(User.id, User.actor_id).where(
        User.id.in_({row.resolved_by_id for row, _ in rows if row.resolved_by_id})))).all())
    people = await load_actors(session, {
        *to.values(), *resolvers.values(), *(row.reporter_id for row, _ in rows),
        *(item.author_id for _, item in rows)})
    return [_view(row, item, to[item.id], people, resolvers.get(row.resolved_by_id or 0))
            for row, item in rows if item.id in to]


def _view(row: Report, item: Object, recipient_id: int, people: dict[int, Actor], resolver_id: int | None) -> Json:
    resolver = people.get(resolver_id or 0)
    record = there({
        "id": row.id, "creator_id": row.reporter_id, "private_message_id": item.id,
        "original_pm_text": shapes.markdown_of(item), "reason": row.comment, "resolved": row.resolved_at is not None,
        "resolver_id": resolver_id, "published": moment(row.created_at),
        "updated": moment(row.resolved_at) if row.resolved_at else None})
    return there({
        "private_message_report": record,
        "private_message": private_messages.record(item, recipient_id, read=True),
        "private_message_creator": shapes.person(people[item.author_id]),
        "creator": shapes.person(people[row.reporter_id]),
        "resolver": shapes.person(resolver) if resolver else None})


@endpoint("POST", "/private_message/report")
async def report(call: Call) -> Answer:
    """Show the staff a message one got."""
    reason = call.text("reason").strip()
    if not reason:
        raise refused("report_reason_required")
    async with call.write() as session:
        item = await private_messages.one(session, call)
        if item.author_id == call.me.id:
            raise private_messages.not_there()
        author = await session.get_one(Actor, item.author_id)
        me = await call.acting(session)
        await act_limits.take(session, me, "reports")
        row = await reports.create(session, me, author, object_ids=[item.id], comment=reason)
        [found] = await _views(session, [(row, item)])
    return answer({"private_message_report_view": found})


@endpoint("GET", "/private_message/report/list")
async def list_(call: Call) -> Answer:
    """Messages that were shown to the staff."""
    check_staff(call)
    session = await call.reader()
    limit = limit_of(call.params)
    offset = offset_of(call.params, limit)
    rows = await _of_messages(session, unresolved=call.params.flag("unresolved_only"))
    return answer({"private_message_reports": await _views(session, rows[offset:offset + limit])})


@endpoint("PUT", "/private_message/report/resolve")
async def resolve(call: Call) -> Answer:
    """A report was dealt with, or is to be looked at again."""
    user = check_staff(call)
    async with call.write() as session:
        row = await session.get(Report, call.number("report_id"))
        item = await session.get(Object, row.object_ids[0]) if row and len(row.object_ids) == 1 else None
        if row is None or item is None or item.visibility != DIRECT or item.deleted_at is not None:
            raise missing("report")
        if call.flag("resolved"):
            await reports.resolve(session, row, user)
        else:
            await reports.reopen(session, row)
        await audit.record(session, user.id, f"report_{'resolve' if row.resolved_at else 'reopen'}", str(row.id))
        found = await _views(session, [(row, item)])
    if not found:
        raise missing("report")
    return answer({"private_message_report_view": found[0]})


route_handlers = [report, list_, resolve]
