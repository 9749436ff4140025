"""Signing in and out."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.calls import header_of
from potluck.apis.errors import ApiError
from potluck.apis.writefreely import entities, finding
from potluck.apis.writefreely.endpoint import FAMILY, GONE, Answer, Call, data, endpoint
from potluck.apis.writefreely.words import Json, as_time, name_of
from potluck.settings import current
from potluck.social.accounts import app_passwords, tokens
from potluck.social.model import Actor, User


@endpoint("POST", "/auth/login", who="anyone")
async def login(call: Call) -> Answer:
    """A token for name and app password; for the account's own password only where the operator allows it."""
    name, password = call.params.text("alias"), call.params.text("pass")
    if not name or not password:
        raise ApiError(400, "Parameters `alias` and `pass` required.")
    session = await call.reader()
    found = await app_passwords.authenticate(session, name_of(name) if "@" not in name else name, password, FAMILY,
                                             ip=call.address)
    if found is None:
        raise ApiError(401, "Incorrect name or app password.")
    if found.confirmed_at is None and current().confirm_email:
        raise ApiError(403, "Please confirm your e-mail address first")
    async with call.write() as session:
        user = await session.get_one(User, found.id)
        actor = await session.get_one(Actor, user.actor_id)
        program = header_of(call.request.scope, b"user-agent") or "WriteFreely app"
        secret = (await tokens.issue(session, user, (), family=FAMILY, name=program)).secret
        more = await _more(session, actor) if call.params.flag("verbose") else {}
    return data({"access_token": secret, "user": {
        **entities.user(actor, user.email), "has_pass": True, "created": as_time(user.created_at), "status": 0},
        **more})


async def _more(session: AsyncSession, actor: Actor) -> Json:
    return {"collections": [entities.collection(item) for item in await finding.collections_of(session, actor)]}


@endpoint("DELETE", "/auth/me")
async def logout(call: Call) -> Answer:
    """End the token that was sent."""
    async with call.write() as session:
        await tokens.revoke_one(session, call.user.id, call.access.token_id if call.access else 0)
    return GONE


route_handlers = [login, logout]
