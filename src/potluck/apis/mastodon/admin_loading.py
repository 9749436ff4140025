"""What the administration's endpoints load for a page at once: accounts with logins, sessions and invitations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from potluck.apis.mastodon import admin_entities, render_accounts
from potluck.apis.mastodon.endpoint import Call
from potluck.apis.mastodon.entities import Json
from potluck.apis.mastodon.errors import ApiError, not_found
from potluck.apis.source import Source
from potluck.social.accounts import roles
from potluck.social.model import Actor, Invite, User, WebSession
from potluck.social.views import load_actors

_SESSIONS_EACH = 20


def check_staff(call: Call) -> User:
    """The moderator who calls.

    Raises:
        ApiError: it is somebody else (403).
    """
    if call.user.role not in roles.STAFF:
        raise ApiError(403, "This action is not allowed")
    return call.user


async def accounts(source: Source, actors: Sequence[Actor]) -> dict[int, Json]:
    """Admin::Account by actor id, in four queries for any number."""
    if not actors:
        return {}
    session = await source.session()
    local = [actor.id for actor in actors if actor.is_local]
    users = {row.actor_id: row for row in (await session.scalars(select(User).where(
        User.actor_id.in_(local)))).all()} if local else {}
    sessions = await _sessions(source, [user.id for user in users.values()])
    inviters = await _inviters(source, [user.invite_id for user in users.values() if user.invite_id])
    shown = await render_accounts.of_actors(source, actors)
    found = {}
    for actor in actors:
        user = users.get(actor.id)
        found[actor.id] = admin_entities.account(
            actor, user, shown[actor.id], sessions=sessions.get(user.id, []) if user else (),
            invited_by=inviters.get(user.invite_id or 0) if user else None)
    return found


async def _sessions(source: Source, user_ids: list[int]) -> dict[int, list[WebSession]]:
    if not user_ids:
        return {}
    session = await source.session()
    number = func.row_number().over(partition_by=WebSession.user_id, order_by=WebSession.last_used_at.desc())
    ranked = select(WebSession.id, number.label("number")).where(WebSession.user_id.in_(user_ids)).subquery()
    rows = await session.scalars(select(WebSession).join(ranked, ranked.c.id == WebSession.id).where(
        ranked.c.number <= _SESSIONS_EACH).order_by(WebSession.last_used_at.desc()))
    found: dict[int, list[WebSession]] = defaultdict(list)
    for row in rows.all():
        found[row.user_id].append(row)
    return found


async def _inviters(source: Source, invite_ids: list[int]) -> dict[int, int]:
    if not invite_ids:
        return {}
    session = await source.session()
    rows = await session.execute(select(Invite.id, User.actor_id).join(User, User.id == Invite.creator_id).where(
        Invite.id.in_(invite_ids)))
    return dict(rows.all())


async def by_ids(source: Source, actor_ids: Iterable[int]) -> dict[int, Json]:
    """Admin::Account by actor id."""
    return await accounts(source, list((await load_actors(await source.session(), actor_ids)).values()))


async def staff(source: Source, user_ids: set[int]) -> dict[int, Json]:
    """Admin::Account of moderators by the id of their login."""
    if not user_ids:
        return {}
    session = await source.session()
    rows = (await session.execute(select(User.id, Actor).join(Actor, Actor.id == User.actor_id).where(
        User.id.in_(user_ids)))).all()
    found = await accounts(source, [actor for _, actor in rows])
    return {user_id: found[actor.id] for user_id, actor in rows}


async def one(source: Source, actor_id: int) -> Json:
    """One Admin::Account.

    Raises:
        ApiError: there is none (404).
    """
    found = (await by_ids(source, [actor_id])).get(actor_id)
    if found is None:
        raise not_found()
    return found
