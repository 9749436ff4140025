"""What the staff of this server does: roles, suspensions, sign-ups that wait, deleting for good."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import finding, local_user, render, shapes, site
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import missing, refused
from potluck.apis.lemmy.settings import SUCCESS
from potluck.apis.lemmy.staff import check_admin, check_staff
from potluck.apis.lemmy.words import Json, What, limit_of, moment, offset_of
from potluck.social import audit, strikes
from potluck.social.accounts import roles, signup, tokens
from potluck.social.model import Actor, Object, User
from potluck.social.strikes import Measure

MAX_REASON = strikes.MAX_TEXT


def _reason(call: Call) -> str:
    return call.params.text("reason")[:MAX_REASON]


@endpoint("POST", "/admin/add")
async def add(call: Call) -> Answer:
    """Make somebody a moderator of this server, or a plain account again."""
    user, added = check_admin(call), call.flag("added")
    async with call.write() as session:
        target = await finding.actor(session, call.number("person_id"), "person")
        login = await session.scalar(select(User).where(User.actor_id == target.id))
        if login is None:
            raise missing("local_user")
        await roles.check_over(session, user, target)
        if not added or roles.rank(login.role) < roles.rank(roles.MODERATOR):
            login.role = roles.MODERATOR if added else roles.USER
            tokens.forget_user(session, login.id)
            await session.flush()
            await audit.record(session, user.id, "user_role", audit.handle(target))
        found = await site.admins(session)
    return answer({"admins": found})


@endpoint("POST", "/user/leave_admin")
async def leave(call: Call) -> Answer:
    """Give one's role back; the owner stays."""
    user = check_staff(call)
    if user.role == roles.OWNER:
        raise refused("cannot_leave_admin", message="The owner of a server cannot leave it without an owner")
    async with call.write() as session:
        row = await session.get_one(User, user.id)
        row.role = roles.USER
        tokens.forget_user(session, row.id)
        await session.flush()
        await audit.record(session, user.id, "user_role", audit.handle(call.me))
        found = await site.document(session, call.settings, await session.get_one(User, user.id))
    return answer(found)


@endpoint("POST", "/user/ban")
async def ban(call: Call) -> Answer:
    """Suspend an account, which hides all it said, or lift that."""
    user, wanted = check_staff(call), call.flag("ban")
    if call.params.values.get("expires") is not None and wanted:
        raise refused("not_supported", message="A suspension here does not end by itself: leave the end out")
    async with call.write() as session:
        target = await finding.actor(session, call.number("person_id"), "person")
        if wanted:
            await strikes.take(session, user, target, Measure(strikes.SUSPEND, _reason(call)))
        else:
            await strikes.lift(session, user, target, strikes.SUSPEND)
        [view] = await render.people(session, [await session.get_one(Actor, target.id)])
    return answer({"person_view": view, "banned": wanted})


@endpoint("GET", "/user/banned")
async def banned(call: Call) -> Answer:
    """Accounts that are suspended, the latest first."""
    check_staff(call)
    session = await call.reader()
    rows = (await session.scalars(select(Actor).where(
        Actor.suspended_at.is_not(None), Actor.deleted_at.is_(None), Actor.type != "Group",
    ).order_by(Actor.suspended_at.desc()).limit(500))).all()
    return answer({"banned": await render.people(session, list(rows))})


def application(user: User, actor: Actor) -> Json:
    """RegistrationApplicationView."""
    return {"registration_application": {
        "id": user.id, "local_user_id": user.id, "answer": user.signup_reason or "",
        "published": moment(user.created_at)},
        "creator_local_user": local_user.local_user(user, actor, admin=user.role in roles.STAFF),
        "creator": shapes.person(actor)}


async def _applications(session: AsyncSession, call: Call, *conditions: ColumnElement[bool],
                        ) -> Sequence[tuple[User, Actor]]:
    limit = limit_of(call.params)
    rows = await session.execute(select(User, Actor).join(Actor, Actor.id == User.actor_id).where(
        Actor.deleted_at.is_(None), User.signup_reason.is_not(None), User.signup_reason != "",
        *conditions,
    ).order_by(User.id.desc()).limit(limit).offset(offset_of(call.params, limit)))
    return [(row[0], row[1]) for row in rows.all()]


@endpoint("GET", "/admin/registration_application/list")
async def applications(call: Call) -> Answer:
    """Sign-ups with what newcomers wrote; with `unread_only` those that wait."""
    check_staff(call)
    waiting = [User.approved_at.is_(None)] if call.params.flag("unread_only") else []
    rows = await _applications(await call.reader(), call, *waiting)
    return answer({"registration_applications": [application(user, actor) for user, actor in rows]})


@endpoint("GET", "/admin/registration_application/count")
async def applications_count(call: Call) -> Answer:
    """How many sign-ups wait."""
    check_staff(call)
    found = await (await call.reader()).scalar(select(func.count()).select_from(User).join(
        Actor, Actor.id == User.actor_id).where(
        User.approved_at.is_(None), User.disabled_at.is_(None), Actor.deleted_at.is_(None)))
    return answer({"registration_applications": found or 0})


async def _application(session: AsyncSession, condition: ColumnElement[bool]) -> tuple[User, Actor]:
    row = (await session.execute(select(User, Actor).join(Actor, Actor.id == User.actor_id).where(
        condition, Actor.deleted_at.is_(None)))).one_or_none()
    if row is None:
        raise missing("registration_application")
    return row[0], row[1]


@endpoint("GET", "/admin/registration_application")
async def one_application(call: Call) -> Answer:
    """The sign-up of a person."""
    check_staff(call)
    user, actor = await _application(await call.reader(), User.actor_id == call.number("person_id"))
    return answer({"registration_application": application(user, actor)})


@endpoint("PUT", "/admin/registration_application/approve")
async def decide(call: Call) -> Answer:
    """Let a newcomer in, or refuse them, which removes the account."""
    staff, wanted = check_staff(call), call.flag("approve")
    async with call.write() as session:
        user, actor = await _application(session, User.id == call.number("id"))
        found, name = application(user, actor), audit.handle(actor)
        record = found["registration_application"] | {"admin_id": staff.id}
        if wanted:
            await signup.approve(session, user.id)
            found["creator_local_user"]["accepted_application"] = True
        else:
            reason = call.params.text("deny_reason")[:MAX_REASON]
            await signup.reject(session, user.id, text=reason)
            record |= {"deny_reason": reason} if reason else {}
        await audit.record(session, staff.id, "user_approve" if wanted else "user_reject", name)
    return answer({"registration_application": found | {
        "registration_application": record, "admin": shapes.person(call.me)}})


@endpoint("POST", "/admin/purge/person")
async def purge_person(call: Call) -> Answer:
    """Delete an account for good, with everything it said; for administrators."""
    user = check_admin(call)
    async with call.write() as session:
        await strikes.take(session, user, await finding.actor(session, call.number("person_id"), "person"), Measure(
            strikes.DELETE, _reason(call)))
    return SUCCESS


@endpoint("POST", "/admin/purge/community")
async def purge_community(call: Call) -> Answer:
    """Delete a community for good; one of another server is gone for this one. For administrators."""
    user = check_admin(call)
    async with call.write() as session:
        found = await finding.actor(session, call.number("community_id"), "community")
        name = audit.handle(found)
        await strikes.delete_for_good(session, found, None)
        await audit.record(session, user.id, "purge_community", name, {"text": _reason(call)})
    return SUCCESS


async def _purge(call: Call, what: What) -> Answer:
    user = check_admin(call)
    async with call.write() as session:
        row = await session.get(Object, call.number(f"{what}_id"))
        if row is None or row.deleted_at is not None or not finding.is_a(row, what):
            raise missing(what)
        author = await session.get_one(Actor, row.author_id)
        await strikes.take(session, user, author, Measure(strikes.DELETE_POSTS, _reason(call), object_ids=[row.id]))
    return SUCCESS


@endpoint("POST", "/admin/purge/post")
async def purge_post(call: Call) -> Answer:
    """Delete a post for good; for administrators."""
    return await _purge(call, "post")


@endpoint("POST", "/admin/purge/comment")
async def purge_comment(call: Call) -> Answer:
    """Delete a comment for good; for administrators."""
    return await _purge(call, "comment")


route_handlers = [add, leave, ban, banned, applications, applications_count, one_application, decide, purge_person,
                  purge_community, purge_post, purge_comment]
