"""Accounts: approve, decline, roles, reset links; and invitations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Response
from sqlalchemy import or_, select

from potluck.db.base import now
from potluck.handlers import get, post
from potluck.settings import current
from potluck.social import audit
from potluck.social.accounts import invites, resets, roles, signup, tokens
from potluck.social.errors import NotAllowed, NotFound
from potluck.social.model import Actor, Invite, User
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import Viewer
from potluck.web.feeds import Lens
from potluck.web.forms import choices
from potluck.web.i18n import _, _l
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.people import full_handle, shown_person
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

SHOWN = 50
ROLES = (("user", _l("Person")), ("moderator", _l("Moderator")), ("admin", _l("Administrator")),
         ("owner", _l("Owner")))
FILTERS = {"": _l("All"), "waiting": _l("Waiting"), "staff": _l("Moderators and administrators"),
           "disabled": _l("Switched off")}
INVITE_DAYS = {"1": 1, "7": 7, "30": 30, "0": None}


@get("/admin/people")
async def index(request: AnyRequest, staff: Me) -> Response[Any]:
    """Accounts of this server, found by name or address."""
    words = request.query_params.get("q", "").strip().lower()[:200]
    only = request.query_params.get("only", "")
    page = page_of(request, SHOWN)
    query = select(User, Actor).join(Actor, Actor.id == User.actor_id).where(Actor.deleted_at.is_(None))
    if words:
        query = query.where(or_(Actor.handle.contains(words, autoescape=True),
                                User.email.contains(words, autoescape=True)))
    match only:
        case "waiting":
            query = query.where(User.approved_at.is_(None))
        case "staff":
            query = query.where(User.role != "user")
        case "disabled":
            query = query.where(User.disabled_at.is_not(None))
        case _:
            pass
    if page.max_id:
        query = query.where(User.id < page.max_id)
    async with request.app.state.db.read() as session:
        rows = (await session.execute(query.order_by(User.id.desc()).limit(SHOWN))).all()
    shown = [{"user": user, "handle": f"@{actor.name}", "joined": shown_time(user.created_at),
              "active": shown_time(user.last_active_at) if user.last_active_at else None} for user, actor in rows]
    chips = [Lens(f"/admin/people?only={name}" if name else "/admin/people", _(label), "", name == only)
             for name, label in FILTERS.items()]
    return await pages.render(
        request, "admin/people.html", heading=_("People"), up="/admin", rows=shown, words=words, only=only,
        chips=chips, roles=dict(ROLES), next_url=next_url(request, len(rows), rows[-1][0].id if rows else None, SHOWN))


async def _find(session: Any, user_id: int) -> tuple[User, Actor]:
    row = (await session.execute(select(User, Actor).join(Actor, Actor.id == User.actor_id).where(
        User.id == user_id, Actor.deleted_at.is_(None)))).one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


@get("/admin/people/{user_id:int}")
async def show(request: AnyRequest, staff: Me, user_id: PathId) -> Response[Any]:
    """One account."""
    return await _show(request, staff, user_id)


async def _show(request: AnyRequest, staff: Viewer, user_id: int, link: str = "") -> Response[Any]:
    async with request.app.state.db.read() as session:
        user, actor = await _find(session, user_id)
    given = {*roles.may_give(staff.user), user.role}
    return await pages.render(
        request, "admin/person.html", heading=full_handle(actor), up="/admin/people", user=user,
        person=shown_person(actor), actor_id=actor.id,
        joined=shown_time(user.created_at), active=shown_time(user.last_active_at) if user.last_active_at else None,
        link=link,
        roles=choices((value, label) for value, label in ROLES if value in given),
        own=user.id == staff.user.id,
        is_admin=staff.is_admin)


@post("/admin/people/{user_id:int}/{verb:str}", status_code=303)
async def act(request: AnyRequest, staff: Me, form: SentForm, user_id: PathId, verb: PathWord) -> Response[Any]:
    """Approve, decline, set the role, make a reset link; `measures` has what is done against an account."""
    link = ""
    async with request.app.state.db.write() as session:
        user, actor = await _find(session, user_id)
        await roles.check_over(session, staff.user, actor)
        match verb:
            case "approve":
                await signup.approve(session, user.id)
            case "reject":
                await signup.reject(session, user.id, text=form.text("text", limit=2000))
            case "role":
                _check_admin(staff)
                user.role = form.one_of("role", roles.may_give(staff.user), user.role)
                tokens.forget_user(session, user.id)
            case "reset":
                _check_admin(staff)
                link = await resets.link(session, user)
            case _:
                raise NotFound
        await audit.record(session, staff.user.id, f"user_{verb}", full_handle(actor))
    if link:
        return await _show(request, staff, user_id, link)
    target = "/admin/people?only=waiting" if verb in {"approve", "reject"} else f"/admin/people/{user_id}"
    return flashes.with_flash(redirects.see_other(target), "good", _("Done."))


def _check_admin(staff: Viewer) -> None:
    if not staff.is_admin:
        raise NotAllowed("Only administrators may do this")


@get("/admin/invites")
async def invitations(request: AnyRequest, staff: Me) -> Response[Any]:
    """One's invitations, and the form for a new one."""
    async with request.app.state.db.read() as session:
        rows = await invites.all_of(session, staff.user.id)
    return await pages.render(request, "admin/invites.html", heading=_("Invitations"), up="/admin",
                              rows=[_invite(row) for row in rows])


def _invite(row: Invite) -> dict[str, Any]:
    over = (row.max_uses is not None and row.uses >= row.max_uses) or bool(row.expires_at and row.expires_at < now())
    return {"id": row.id, "url": f"{current().url}/invite/{row.code}", "uses": row.uses, "max_uses": row.max_uses,
            "expires": shown_time(row.expires_at) if row.expires_at else None, "over": over}


@post("/admin/invites", status_code=303)
async def invite(request: AnyRequest, staff: Me, form: SentForm) -> Response[Any]:
    """Make an invitation."""
    days = INVITE_DAYS.get(form.text("days", "7"), 7)
    async with request.app.state.db.write() as session:
        await invites.create(session, staff.user, max_uses=form.whole("max_uses"),
                             expires_at=now() + timedelta(days=days) if days else None)
    return redirects.see_other("/admin/invites")


@post("/admin/invites/{invite_id:int}/withdraw", status_code=303)
async def withdraw(request: AnyRequest, staff: Me, invite_id: PathId) -> Response[Any]:
    """Take an invitation back."""
    async with request.app.state.db.write() as session:
        await invites.withdraw(session, staff.user.id, invite_id)
    return redirects.see_other("/admin/invites")


route_handlers = [index, show, act, invitations, invite, withdraw]
