"""Administration: reports read, taken on, resolved."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import select

from potluck.apis.mastodon import admin_entities, entities_status, render_accounts
from potluck.apis.mastodon import admin_loading as loading
from potluck.apis.mastodon.admin_loading import check_staff
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint
from potluck.apis.mastodon.entities import Json
from potluck.apis.mastodon.errors import not_found
from potluck.apis.mastodon.instance_texts import rule
from potluck.apis.mastodon.paging import links, page_of
from potluck.social import audit, reports, site_texts, views
from potluck.social.model import Report
from potluck.social.paging import rows_of
from potluck.switchboard import Endpoint


async def _shown(call: Call, rows: Sequence[Report]) -> list[Json]:
    """Admin::Report for a page of rows; one query for each kind of thing they name."""
    source = call.source
    people = await loading.by_ids(source, {row.reporter_id for row in rows} | {row.target_id for row in rows})
    staff = await loading.staff(source, {value for row in rows for value in (row.assigned_id, row.resolved_by_id)
                                         if value})
    session = await source.session()
    found = await views.load_for_moderation(session, {value for row in rows for value in row.object_ids})
    accounts = await render_accounts.by_ids(source, {view.author.id for view in found.values()})
    statuses = {key: entities_status.as_reported(view, msgspec.Raw(accounts[view.author.id]))
                for key, view in found.items() if view.author.id in accounts}
    named = {value for row in rows for value in row.rule_ids}
    rules = {item.id: rule(item) for item in await site_texts.rules_by_id(session, list(named))} if named else {}
    return [admin_entities.report(
        row, people, [statuses[key] for key in row.object_ids if key in statuses],
        [rules[key] for key in row.rule_ids if key in rules], staff)
        for row in rows if row.reporter_id in people and row.target_id in people]


@endpoint("GET", "/api/v1/admin/reports", scope="admin:read:reports")
async def all_(call: Call) -> Answer:
    """Reports, the open ones unless `resolved`; by reporter (account_id) or by who is reported (target_account_id)."""
    check_staff(call)
    page = page_of(call.params, 100, 200)
    query = select(Report).where(Report.resolved_at.is_not(None) if call.params.flag("resolved")
                                 else Report.resolved_at.is_(None))
    for name, column in (("account_id", Report.reporter_id), ("target_account_id", Report.target_id)):
        if (wanted := call.params.ident(name)) is not None:
            query = query.where(column == wanted)
    rows: list[Report] = await rows_of(await call.reader(), query, Report.id, page)
    return answer(await _shown(call, rows), headers=dict(
        links(call, [row.id for row in rows], more=len(rows) >= page.limit)))


async def _one(call: Call) -> Answer:
    row = await (await call.reader()).get(Report, call.ident())
    if row is None:
        raise not_found()
    return answer((await _shown(call, [row]))[0])


@endpoint("GET", "/api/v1/admin/reports/{id:str}", scope="admin:read:reports")
async def show(call: Call) -> Answer:
    """One report."""
    check_staff(call)
    return await _one(call)


@endpoint("PUT", "/api/v1/admin/reports/{id:str}", scope="admin:write:reports")
async def change(call: Call) -> Answer:
    """Call a report by another category, with the rules that are broken."""
    user = check_staff(call)
    async with call.write() as session:
        row = await session.get(Report, call.ident())
        if row is None:
            raise not_found()
        wanted = call.params.idents("rule_ids") if "rule_ids" in call.params else row.rule_ids
        await reports.recategorise(session, row, call.params.text("category", row.category), wanted)
        await audit.record(session, user.id, "report_category", str(row.id))
    return await _one(call)


def _act(name: str, doc: str) -> Endpoint:
    async def run(call: Call) -> Answer:
        user = check_staff(call)
        async with call.write() as session:
            row = await session.get(Report, call.ident())
            if row is None:
                raise not_found()
            if name == "resolve":
                await reports.resolve(session, row, user)
            elif name == "reopen":
                await reports.reopen(session, row)
            else:
                await reports.assign(session, row, user if name == "assign_to_self" else None)
            await audit.record(session, user.id, f"report_{name}", str(row.id))
        return await _one(call)

    run.__name__, run.__doc__ = name, doc
    return endpoint("POST", f"/api/v1/admin/reports/{{id:str}}/{name}", scope="admin:write:reports")(run)


route_handlers = [
    all_, show, change, _act("assign_to_self", "Take a report on."), _act("unassign", "Give a report back."),
    _act("resolve", "Be done with a report."), _act("reopen", "Look at a report again."),
]
