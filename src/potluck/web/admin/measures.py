"""What a moderator does about an account or a post: a page for each, and the form for a measure with its reason."""

from __future__ import annotations

from typing import Any

from litestar import Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.social import holding, reports, strikes, views
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, HeldObject, Object, Report
from potluck.social.paging import Page
from potluck.social.strikes import Measure
from potluck.web import flashes, pages, redirects
from potluck.web.admin.presenting import shown_notes, shown_strikes, standing_of
from potluck.web.admin.reports import find as find_report
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import Viewer
from potluck.web.forms import Form
from potluck.web.i18n import _, said
from potluck.web.presenters.people import full_handle, shown_person
from potluck.web.presenters.posts import shown_post
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest


async def _find(session: AsyncSession, actor_id: int) -> Actor:
    found = await session.get(Actor, actor_id)
    if found is None or found.deleted_at is not None:
        raise NotFound
    return found


@get("/admin/actors/{actor_id:int}")
async def show(request: AnyRequest, staff: Me, actor_id: PathId) -> Response[Any]:
    """One account of this or another server, as moderators see it."""
    return await _show(request, staff, actor_id, {})


async def _show(request: AnyRequest, staff: Viewer, actor_id: int, errors: dict[str, str]) -> Response[Any]:
    async with request.app.state.db.read() as session:
        actor = await _find(session, actor_id)
        before = await strikes.of(session, actor.id, Page(limit=40))
        about = await session.scalar(select(func.count()).select_from(Report).where(
            Report.target_id == actor.id)) or 0
        notes = await shown_notes(session, staff, actor_id=actor.id)
        standing = await standing_of(session, actor)
    return await pages.render(
        request, "admin/actor.html", heading=full_handle(actor), up="/admin/moderation", target=shown_person(actor),
        standing=standing, strikes=shown_strikes(before), notes=notes, reports=about, host=actor.host,
        followers=actor.followers_count, posts_count=actor.posts_count, known=shown_time(actor.created_at),
        errors=errors, is_admin=staff.is_admin, own=actor.id == staff.actor.id, status=422 if errors else 200)


@post("/admin/actors/{actor_id:int}/{verb:str}", status_code=303)
async def act(request: AnyRequest, staff: Me, form: SentForm, actor_id: PathId, verb: PathWord) -> Response[Any]:
    """Take a measure (`measure`), lift one (`lift`), write a note (`note`) or take one's own back (`forget`)."""
    try:
        async with request.app.state.db.write() as session:
            actor = await _find(session, actor_id)
            match verb:
                case "measure":
                    await _measure(session, staff, actor, form)
                case "lift":
                    await strikes.lift(session, staff.user, actor, form.text("action"))
                case "note":
                    await reports.note(session, staff.user, form.text("note_text", limit=5000), actor=actor)
                case "forget":
                    await reports.remove_note(session, staff.user, form.whole("note", 0) or 0)
                case _:
                    raise NotFound
    except Invalid as error:
        return await _show(request, staff, actor_id, {error.field: said(error)})
    usual = "/admin/moderation" if form.text("action") == "delete" else f"/admin/actors/{actor_id}"
    back = redirects.safe_path(form.text("back", limit=2000), usual)
    return flashes.with_flash(redirects.see_other(back), "good", _("Done."))


async def _measure(session: AsyncSession, staff: Viewer, actor: Actor, form: Form) -> None:
    action = form.text("action")
    if action == strikes.DELETE and not staff.is_admin:
        raise NotAllowed("Only administrators may do this")
    if action == strikes.DELETE and not form.flag("sure"):
        raise Invalid("sure", "Please tick that you are sure: this cannot be undone")
    report_id = form.whole("report")
    report = await find_report(session, report_id) if report_id else None
    await strikes.take(session, staff.user, actor, Measure(
        action, form.text("text", limit=5000), report, form.wholes("posts"), tell=form.flag("mail")))


@get("/posts/{object_id:int}/moderate")
async def post_page(request: AnyRequest, staff: Me, object_id: PathId) -> Response[Any]:
    """What a moderator can do about a post: one they can see, or one that a rule holds back."""
    async with request.app.state.db.read() as session:
        held = await session.get(HeldObject, object_id)
        found = await (views.load_for_moderation(session, [object_id]) if held
                       else views.load_objects(session, [object_id], staff.actor.id))
        view = found.get(object_id)
        if view is None:
            raise NotFound
        standing = await standing_of(session, view.author)
    return await pages.render(
        request, "admin/post.html", heading=_("Moderate"), up="/admin/moderation" if held else f"/posts/{object_id}",
        post=shown_post(view, staff), target=shown_person(view.author), standing=standing, is_admin=staff.is_admin,
        held=held.title if held and view.object.state == "held" else "", errors={})


@post("/posts/{object_id:int}/moderate", status_code=303)
async def moderate_post(request: AnyRequest, staff: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Delete a post or mark it as sensitive, with a reason; or release one that was held back."""
    action = form.one_of("action", (*strikes.ON_POSTS, "release"), strikes.DELETE_POSTS)
    async with request.app.state.db.write() as session:
        row = await session.get(Object, object_id)
        if row is None or row.deleted_at is not None:
            raise NotFound
        author = await session.get_one(Actor, row.author_id)
        if action == "release":
            await holding.release(session, staff.user, row)
        else:
            await strikes.take(session, staff.user, author, Measure(
                action, form.text("text", limit=5000), object_ids=[row.id], tell=form.flag("mail")))
    text = {"release": _("The post is published."), strikes.MARK_POSTS: _("The post is marked as sensitive.")}.get(
        action, _("The post is deleted."))
    return flashes.with_flash(redirects.see_other("/admin/moderation"), "good", text)


route_handlers = [show, act, post_page, moderate_post]
