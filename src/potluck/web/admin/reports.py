"""Reports: read with their posts, taken on, noted upon, resolved with or without a measure."""

from __future__ import annotations

from typing import Any

from litestar import Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.social import audit, reports, site_texts, strikes, views
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, Report, User
from potluck.social.paging import Page
from potluck.web import flashes, pages, redirects
from potluck.web.admin import words
from potluck.web.admin.presenting import shown_notes, shown_strikes, standing_of
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import Viewer
from potluck.web.feeds import Lens
from potluck.web.forms import choices
from potluck.web.i18n import _, said
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.people import full_handle, shown_person
from potluck.web.presenters.posts import shown_post
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

SHOWN = 40


@get("/admin/reports")
async def index(request: AnyRequest, staff: Me) -> Response[Any]:
    """Open reports, or the resolved ones; `actor`: only those about this account."""
    resolved = request.query_params.get("only") == "resolved"
    page = page_of(request, SHOWN)
    query = select(Report).where(Report.resolved_at.is_not(None) if resolved else Report.resolved_at.is_(None))
    about = request.query_params.get("actor", "")
    if about.isascii() and about.isdigit() and len(about) <= 16:
        query = select(Report).where(Report.target_id == int(about))
    if page.max_id:
        query = query.where(Report.id < page.max_id)
    async with request.app.state.db.read() as session:
        rows = (await session.scalars(query.order_by(Report.id.desc()).limit(SHOWN))).all()
        people = await views.load_actors(session, {row.target_id for row in rows} | {row.reporter_id for row in rows})
    shown = [{"id": row.id, "target": shown_person(people[row.target_id]),
              "reporter": shown_person(people[row.reporter_id]),
              "category": _(words.CATEGORIES.get(row.category, row.category)), "comment": row.comment[:200],
              "outcome": outcome(row), "time": shown_time(row.created_at)} for row in rows]
    chips = [Lens("/admin/reports", _("Open"), "", not resolved and not about),
             Lens("/admin/reports?only=resolved", _("Resolved"), "", resolved)]
    return await pages.render(
        request, "admin/reports.html", heading=_("Reports"), up="/admin/moderation", rows=shown, chips=chips,
        next_url=next_url(request, len(rows), rows[-1].id if rows else None, SHOWN))


def outcome(row: Report) -> str:
    """What became of a report, in words."""
    if row.resolved_at is None:
        return _("open")
    return _(words.ACTIONS[row.outcome]) if row.outcome in words.ACTIONS else _("resolved without a measure")


@get("/admin/reports/{report_id:int}")
async def show(request: AnyRequest, staff: Me, report_id: PathId) -> Response[Any]:
    """One report with the posts it names, whoever they were for: the reporter showed them to the moderators."""
    return await _show(request, staff, report_id, {})


async def _show(request: AnyRequest, staff: Viewer, report_id: int, errors: dict[str, str]) -> Response[Any]:
    async with request.app.state.db.read() as session:
        row = await find(session, report_id)
        people = await views.load_actors(session, [row.target_id, row.reporter_id])
        target = people[row.target_id]
        found = await views.load_for_moderation(session, row.object_ids)
        before = await strikes.of(session, target.id, Page(limit=10))
        others = await session.scalar(select(func.count()).select_from(Report).where(
            Report.target_id == target.id, Report.id != row.id)) or 0
        notes = await shown_notes(session, staff, report_id=row.id)
        standing = await standing_of(session, target)
        assigned = await session.scalar(select(Actor).join(User, User.actor_id == Actor.id).where(
            User.id == (row.assigned_id or 0)))
        broken = [rule.text for rule in await site_texts.rules_by_id(session, row.rule_ids)]
    return await pages.render(
        request, "admin/report.html", heading=_("Report about %(name)s", name=full_handle(target)),
        up="/admin/moderation", report=row, target=shown_person(target), reporter=shown_person(people[row.reporter_id]),
        time=shown_time(row.created_at), posts=[shown_post(view, staff) for view in found.values()],
        hidden=len(row.object_ids) - len(found), outcome=outcome(row), notes=notes, standing=standing, others=others,
        strikes=shown_strikes(before), assigned=full_handle(assigned) if assigned else "",
        mine=row.assigned_id == staff.user.id, broken=broken, errors=errors, is_admin=staff.is_admin,
        categories=choices(words.CATEGORIES),
        status=422 if errors else 200)


async def find(session: AsyncSession, report_id: int) -> Report:
    """A report.

    Raises:
        NotFound: there is none.
    """
    row = await session.get(Report, report_id)
    if row is None:
        raise NotFound
    return row


@post("/admin/reports/{report_id:int}/{verb:str}", status_code=303)
async def act(request: AnyRequest, staff: Me, form: SentForm, report_id: PathId, verb: PathWord) -> Response[Any]:
    """Take a report on or give it back, resolve or reopen it, call it by another kind, write a note."""
    try:
        async with request.app.state.db.write() as session:
            row = await find(session, report_id)
            match verb:
                case "resolve":
                    await reports.resolve(session, row, staff.user)
                case "reopen":
                    await reports.reopen(session, row)
                case "take" | "give":
                    await reports.assign(session, row, staff.user if verb == "take" else None)
                case "category":
                    await reports.recategorise(session, row, form.text("category"), row.rule_ids)
                case "note":
                    await reports.note(session, staff.user, form.text("note_text", limit=5000), report=row)
                case _:
                    raise NotFound
            if verb != "note":
                await audit.record(session, staff.user.id, f"report_{verb}", str(report_id))
    except Invalid as error:
        return await _show(request, staff, report_id, {error.field: said(error)})
    target = "/admin/moderation" if verb == "resolve" else f"/admin/reports/{report_id}"
    return flashes.with_flash(redirects.see_other(target), "good", _("Done."))


route_handlers = [index, show, act]
