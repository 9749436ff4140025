"""Reports: read, resolve, act on the one reported."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from sqlalchemy import select

from potluck.social import audit, objects, reports, standing, views
from potluck.social.errors import NotAllowed, NotFound
from potluck.social.model import Actor, Report, User
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import Viewer, acting
from potluck.web.feeds import Lens
from potluck.web.i18n import _
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.people import full_handle, shown_person
from potluck.web.presenters.posts import shown_post
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

SHOWN = 40


@get("/admin/reports")
async def index(request: AnyRequest, staff: Me) -> Response[Any]:
    """Open reports, or the resolved ones."""
    resolved = request.query_params.get("only") == "resolved"
    page = page_of(request, SHOWN)
    query = select(Report).where(Report.resolved_at.is_not(None) if resolved else Report.resolved_at.is_(None))
    if page.max_id:
        query = query.where(Report.id < page.max_id)
    async with request.app.state.db.read() as session:
        rows = (await session.scalars(query.order_by(Report.id.desc()).limit(SHOWN))).all()
        people = await views.load_actors(session, {row.target_id for row in rows} | {row.reporter_id for row in rows})
    shown = [{"id": row.id, "target": shown_person(people[row.target_id]),
              "reporter": shown_person(people[row.reporter_id]), "category": row.category, "comment": row.comment[:200],
              "time": shown_time(row.created_at)} for row in rows]
    chips = [Lens("/admin/reports", _("Open"), "", not resolved),
             Lens("/admin/reports?only=resolved", _("Resolved"), "", resolved)]
    return await pages.render(
        request, "admin/reports.html", heading=_("Reports"), up="/admin", rows=shown, chips=chips,
        next_url=next_url(request, len(rows), rows[-1].id if rows else None, SHOWN))


@get("/admin/reports/{report_id:int}")
async def show(request: AnyRequest, staff: Me, report_id: PathId) -> Response[Any]:
    """One report with the posts it names, as far as a moderator may see them."""
    async with request.app.state.db.read() as session:
        row = await session.get(Report, report_id)
        if row is None:
            raise NotFound
        people = await views.load_actors(session, [row.target_id, row.reporter_id])
        found = await views.load_objects(session, row.object_ids, staff.actor.id)
        user = await session.scalar(select(User).where(User.actor_id == row.target_id))
    target = people[row.target_id]
    return await pages.render(
        request, "admin/report.html", heading=_("Report about %(name)s", name=full_handle(target)), up="/admin/reports",
        report=row, target=shown_person(target), reporter=shown_person(people[row.reporter_id]),
        time=shown_time(row.created_at), posts=[shown_post(view, staff) for view in found.values()],
        silenced=target.silenced_at is not None, suspended=target.suspended_at is not None, user=user,
        hidden=len(row.object_ids) - len(found))


@post("/admin/reports/{report_id:int}/{verb:str}", status_code=303)
async def act(request: AnyRequest, staff: Me, report_id: PathId, verb: PathWord) -> Response[Any]:
    """Resolve or reopen a report, take it on."""
    async with request.app.state.db.write() as session:
        row = await session.get(Report, report_id)
        if row is None:
            raise NotFound
        if verb == "resolve":
            await reports.resolve(session, row, staff.user)
        elif verb == "reopen":
            await reports.reopen(session, row)
        elif verb == "take":
            await reports.assign(session, row, staff.user)
        else:
            raise NotFound
        await audit.record(session, staff.user.id, f"report_{verb}", str(report_id))
    target = "/admin/reports" if verb == "resolve" else f"/admin/reports/{report_id}"
    return flashes.with_flash(redirects.see_other(target), "good", _("Done."))


MEASURES = {"silence": standing.silence, "unsilence": standing.unsilence, "suspend": standing.suspend,
            "unsuspend": standing.unsuspend}


@post("/admin/actors/{actor_id:int}/{verb:str}", status_code=303)
async def measure(request: AnyRequest, staff: Me, form: SentForm, actor_id: PathId,
                  verb: PathWord) -> Response[Any]:
    """Limit or suspend someone, or take that back."""
    if verb not in MEASURES:
        raise NotFound
    async with request.app.state.db.write() as session:
        target = await session.get(Actor, actor_id)
        if target is None or target.deleted_at:
            raise NotFound
        await check_rank(session, staff, target)
        await MEASURES[verb](session, target)
        await audit.record(session, staff.user.id, f"{verb}_actor", full_handle(target))
    back = redirects.safe_path(form.text("back", limit=2000), "/admin/reports")
    return flashes.with_flash(redirects.see_other(back), "good", _("Done."))


@get("/posts/{object_id:int}/moderate")
async def post_page(request: AnyRequest, staff: Me, object_id: PathId) -> Response[Any]:
    """What a moderator can do about a post."""
    async with request.app.state.db.read() as session:
        view = (await views.load_objects(session, [object_id], staff.actor.id)).get(object_id)
    if view is None:
        raise NotFound
    return await pages.render(
        request, "admin/post.html", heading=_("Moderate"), up=f"/posts/{object_id}", post=shown_post(view, staff),
        target=shown_person(view.author), silenced=view.author.silenced_at is not None)


@post("/posts/{object_id:int}/moderate", status_code=303)
async def delete_post(request: AnyRequest, staff: Me, object_id: PathId) -> Response[Any]:
    """Delete someone's post."""
    async with request.app.state.db.write() as session:
        row = await objects.by_id(session, object_id)
        if row is None or row.deleted_at:
            raise NotFound
        author = await session.get_one(Actor, row.author_id)
        await check_rank(session, staff, author)
        await objects.delete(session, object_id, await acting(session, staff))
        await audit.record(session, staff.user.id, "delete_object", row.uri)
    return flashes.with_flash(redirects.see_other("/admin/reports"), "good", _("The post is deleted."))


async def check_rank(session: Any, staff: Viewer, target: Actor) -> None:
    """Moderators do not act against administrators, nobody against themselves.

    Raises:
        NotAllowed: one of these.
    """
    if target.id == staff.actor.id:
        raise NotAllowed("You cannot do this to yourself")
    role = await session.scalar(select(User.role).where(User.actor_id == target.id))
    if role == "admin" and not staff.is_admin:
        raise NotAllowed("Only administrators may do this to an administrator")


route_handlers = [index, show, act, measure, post_page, delete_post]
