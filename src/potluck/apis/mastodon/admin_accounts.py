"""Administration: accounts found by many properties, measures against them, sign-ups approved or rejected."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.mastodon import admin_loading as loading
from potluck.apis.mastodon.admin_loading import check_staff
from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint
from potluck.apis.mastodon.errors import ApiError, not_found
from potluck.apis.mastodon.paging import links, page_of
from potluck.apis.params import Params
from potluck.social import audit, strikes
from potluck.social.accounts import roles, signup
from potluck.social.model import Actor, Invite, Report, User, WebSession
from potluck.social.paging import rows_of
from potluck.social.strikes import Measure
from potluck.switchboard import Endpoint

_STATES: dict[str, Any] = {
    "active": (Actor.suspended_at.is_(None), Actor.silenced_at.is_(None), User.disabled_at.is_(None)),
    "pending": (User.id.is_not(None), User.approved_at.is_(None)),
    "disabled": (User.disabled_at.is_not(None),),
    "silenced": (Actor.silenced_at.is_not(None),),
    "suspended": (Actor.suspended_at.is_not(None),),
    "sensitized": (Actor.sensitized_at.is_not(None),),
}
_ROLE_IDS = {"1": roles.MODERATOR, "2": roles.ADMIN, "3": roles.OWNER}
_MOST_SESSIONS = 1000


async def _found(call: Call, conditions: Sequence[ColumnElement[bool]]) -> Answer:
    page = page_of(call.params, 100, 200)
    query = select(Actor).outerjoin(User, User.actor_id == Actor.id).where(
        Actor.deleted_at.is_(None), Actor.type != "Application", *conditions)
    rows: list[Actor] = await rows_of(await call.reader(), query, Actor.id, page)
    found = await loading.accounts(call.source, rows)
    return answer([found[row.id] for row in rows], headers=dict(
        links(call, [row.id for row in rows], more=len(rows) >= page.limit)))


async def _common(session: AsyncSession, params: Params) -> list[ColumnElement[bool]]:
    """The filters that both versions have."""
    found: list[ColumnElement[bool]] = []
    for name, column in (("username", Actor.name), ("display_name", Actor.display_name), ("email", User.email)):
        if word := params.text(name).strip():
            found.append(column.icontains(word, autoescape=True))
    if domain := params.text("by_domain").strip().lower():
        found.append(Actor.host == domain)
    if address := params.text("ip").strip():
        found.append(User.id.in_(await _users_at(session, address)))
    return found


async def _users_at(session: AsyncSession, address: str) -> list[int]:
    """Logins with a session from an address or network."""
    try:
        network = ip_network(address, strict=False)
    except ValueError as error:
        raise ApiError(422, "Validation failed: IP is not a valid address") from error
    if network.num_addresses == 1:
        return list((await session.scalars(select(WebSession.user_id).where(
            WebSession.ip == str(network.network_address)).distinct().limit(_MOST_SESSIONS))).all())
    rows = await session.execute(select(WebSession.user_id, WebSession.ip).where(WebSession.ip != "").order_by(
        WebSession.id.desc()).limit(_MOST_SESSIONS))
    return list({row.user_id for row in rows.all() if _within(row.ip, network)})


def _within(address: str, network: Any) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return parsed.version == network.version and parsed in network


@endpoint("GET", "/api/v1/admin/accounts", scope="admin:read:accounts")
async def all_(call: Call) -> Answer:
    """Accounts by origin, state, name, address."""
    check_staff(call)
    params = call.params
    conditions = await _common(await call.reader(), params)
    for state, found in _STATES.items():
        if params.flag(state):
            conditions += found
    if params.flag("remote"):
        conditions.append(Actor.host != "")
    elif params.flag("local"):
        conditions.append(Actor.host == "")
    if params.flag("staff"):
        conditions.append(User.role.in_(roles.STAFF))
    return await _found(call, conditions)


@endpoint("GET", "/api/v2/admin/accounts", scope="admin:read:accounts")
async def all_v2(call: Call) -> Answer:
    """Accounts by origin, status, role, inviter, name, address."""
    check_staff(call)
    params = call.params
    conditions = await _common(await call.reader(), params)
    if params.text("origin") in {"local", "remote"}:
        conditions.append(Actor.host == "" if params.text("origin") == "local" else Actor.host != "")
    if params.text("status") in _STATES:
        conditions += _STATES[params.text("status")]
    if params.text("permissions") == "staff":
        conditions.append(User.role.in_(roles.STAFF))
    if wanted := params.texts("role_ids"):
        conditions.append(User.role.in_([_ROLE_IDS[word] for word in wanted if word in _ROLE_IDS]))
    if (inviter := params.ident("invited_by")) is not None:
        conditions.append(User.invite_id.in_(select(Invite.id).join(User, User.id == Invite.creator_id).where(
            User.actor_id == inviter)))
    return await _found(call, conditions)


@endpoint("GET", "/api/v1/admin/accounts/{id:str}", scope="admin:read:accounts")
async def show(call: Call) -> Answer:
    """One account with what only moderators see."""
    check_staff(call)
    return answer(await loading.one(call.source, call.ident()))


async def _target(session: AsyncSession, actor_id: int) -> Actor:
    found = await session.get(Actor, actor_id)
    if found is None or found.deleted_at is not None:
        raise not_found()
    return found


@endpoint("DELETE", "/api/v1/admin/accounts/{id:str}", scope="admin:write:accounts")
async def delete(call: Call) -> Answer:
    """Remove all data of a suspended account for good. Only administrators may."""
    user = check_staff(call)
    if user.role not in roles.ADMINS:
        raise ApiError(403, "This action is not allowed")
    shown = await loading.one(call.source, call.ident())
    async with call.write() as session:
        target = await _target(session, call.ident())
        if target.suspended_at is None:
            raise ApiError(403, "This action is not allowed")
        await strikes.take(session, user, target, Measure(strikes.DELETE))
    return answer(shown)


@endpoint("POST", "/api/v1/admin/accounts/{id:str}/action", scope="admin:write:accounts")
async def act(call: Call) -> Answer:
    """Take a measure: none (a warning), sensitive, disable, silence or suspend; perhaps because of a report."""
    user = check_staff(call)
    action = call.params.required("type")
    if action not in strikes.ON_ACCOUNTS or action == strikes.DELETE:
        raise ApiError(422, "Validation failed: Type is not included in the list")
    async with call.write() as session:
        target = await _target(session, call.ident())
        report = await _report(session, call.params.ident("report_id"))
        await strikes.take(session, user, target, Measure(
            action, call.params.text("text"), report, report.object_ids if report else (),
            tell=call.params.flag("send_email_notification")))
    return Answer(EMPTY)


async def _report(session: AsyncSession, report_id: int | None) -> Report | None:
    if report_id is None:
        return None
    found = await session.get(Report, report_id)
    if found is None:
        raise not_found()
    return found


async def _login(session: AsyncSession, actor: Actor) -> User:
    found: User | None = await session.scalar(select(User).where(User.actor_id == actor.id))
    if found is None:
        raise not_found()
    return found


@endpoint("POST", "/api/v1/admin/accounts/{id:str}/approve", scope="admin:write:accounts")
async def approve(call: Call) -> Answer:
    """Accept a sign-up."""
    user = check_staff(call)
    async with call.write() as session:
        target = await _target(session, call.ident())
        await signup.approve(session, (await _login(session, target)).id)
        await audit.record(session, user.id, "user_approve", audit.handle(target))
    return answer(await loading.one(call.source, call.ident()))


@endpoint("POST", "/api/v1/admin/accounts/{id:str}/reject", scope="admin:write:accounts")
async def reject(call: Call) -> Answer:
    """Refuse a sign-up; the account is removed."""
    user = check_staff(call)
    shown = await loading.one(call.source, call.ident())
    async with call.write() as session:
        target = await _target(session, call.ident())
        login = await _login(session, target)
        await signup.reject(session, login.id)
        await audit.record(session, user.id, "user_reject", audit.handle(target))
    return answer(shown)


def _lift(name: str, action: str, doc: str) -> Endpoint:
    async def run(call: Call) -> Answer:
        user = check_staff(call)
        async with call.write() as session:
            await strikes.lift(session, user, await _target(session, call.ident()), action)
        return answer(await loading.one(call.source, call.ident()))

    run.__name__, run.__doc__ = name, doc
    return endpoint("POST", f"/api/v1/admin/accounts/{{id:str}}/{name}", scope="admin:write:accounts")(run)


route_handlers = [
    all_, all_v2, show, delete, act, approve, reject,
    _lift("enable", strikes.DISABLE, "Let a frozen login be used again."),
    _lift("unsilence", strikes.SILENCE, "Lift the limits of an account."),
    _lift("unsuspend", strikes.SUSPEND, "Lift a suspension."),
    _lift("unsensitive", strikes.SENSITIVE, "Hide the account's media only where its author does."),
]
