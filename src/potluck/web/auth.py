"""Who is looking: the session cookie, the viewer of a request, and the way to the sign-in page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.settings import current
from potluck.social import gatekeeping
from potluck.social.accounts import roles, sessions
from potluck.social.errors import NotAllowed
from potluck.social.model import Actor, User, WebSession
from potluck.web import cookies
from potluck.web.types import AnyRequest

_VIEWER = "viewer"
SESSION_SECONDS = int(timedelta(days=90).total_seconds())


class SignInRequired(Exception):
    """Only someone signed in may see this page."""


class SuspendedHere(Exception):
    """Someone whose account is suspended may only appeal, take their data out, or leave."""


_OPEN_TO_SUSPENDED = ("/strikes", "/settings/export", "/settings/delete", "/signout")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Someone signed in: their login, their main actor, and the session of this browser."""

    user: User
    actor: Actor
    session: WebSession

    @property
    def is_staff(self) -> bool:
        """Whether they moderate."""
        return self.user.role in roles.STAFF

    @property
    def is_admin(self) -> bool:
        """Whether they administer."""
        return self.user.role in roles.ADMINS


async def acting(session: AsyncSession, me: Viewer) -> Actor:
    """The viewer's actor as a row of a session that is about to change things."""
    return await session.get_one(Actor, me.actor.id)


def check_may_post(me: Viewer) -> None:
    """Refuse those who have not confirmed their e-mail address or are not let in yet.

    Raises:
        NotAllowed: one of these.
    """
    if me.user.approved_at is None:
        raise NotAllowed("Your account is waiting for approval by the moderators")
    if me.user.confirmed_at is None and current().confirm_email:
        raise NotAllowed("Please confirm your e-mail address first: open the link in the mail we sent you")


async def viewer_of(request: AnyRequest) -> Viewer | None:
    """Who is signed in, None for nobody; looked up once per request."""
    state = request.scope["state"]
    if _VIEWER not in state:
        state[_VIEWER] = await _look_up(request)
    found: Viewer | None = state[_VIEWER]
    return found


def known_viewer(request: AnyRequest) -> Viewer | None:
    """Who is signed in, if that was looked up already."""
    found: Viewer | None = request.scope["state"].get(_VIEWER)
    return found


async def _look_up(request: AnyRequest) -> Viewer | None:
    secret = cookies.read(request, cookies.SESSION)
    if not secret:
        return None
    async with request.app.state.db.read() as session:
        found = await sessions.find(session, secret)
    return Viewer(found.user, found.actor, found.session) if found else None


async def provide_me(request: AnyRequest) -> Viewer:
    """Dependency `me`: who is looking.

    Raises:
        SignInRequired: nobody is signed in.
        SuspendedHere: they may not use this page.
    """
    viewer = await viewer_of(request)
    if viewer is None:
        raise SignInRequired
    if viewer.actor.suspended_at is not None and not request.scope["path"].startswith(_OPEN_TO_SUSPENDED):
        raise SuspendedHere
    return viewer


async def provide_staff(request: AnyRequest) -> Viewer:
    """Dependency `staff`: a moderator or administrator.

    Raises:
        NotAllowed: somebody else is signed in.
    """
    me = await provide_me(request)
    if not me.is_staff:
        raise NotAllowed("Only moderators may do this")
    return me


async def provide_admin(request: AnyRequest) -> Viewer:
    """Dependency `admin`: an administrator.

    Raises:
        NotAllowed: somebody else is signed in.
    """
    me = await provide_me(request)
    if not me.is_admin:
        raise NotAllowed("Only administrators may do this")
    return me


async def check_network(request: AnyRequest) -> None:
    """Refuse those who come from a network that moderators have shut out.

    Raises:
        NotAllowed: they do.
    """
    db = request.app.state.db
    blocked = gatekeeping.known_networks(db.engine_for_reading.url)
    if blocked is None:
        async with db.read() as session:
            blocked = await gatekeeping.networks(session)
    if blocked and gatekeeping.severity_in(blocked, client_address(request)) == gatekeeping.NO_ACCESS:
        raise NotAllowed("This server cannot be used from your network")


def start_session(response: Response[Any], secret: str) -> None:
    """Give the browser the session's secret."""
    cookies.put(response, cookies.SESSION, secret, max_age=SESSION_SECONDS)


def sign_in_path(request: AnyRequest) -> str:
    """The sign-in page that leads back to this one (to the start page after a form)."""
    if request.method not in {"GET", "HEAD"}:
        return "/signin"
    query = request.scope["query_string"].decode("latin-1")
    target = request.scope["path"] + (f"?{query}" if query else "")
    return f"/signin?next={quote(target, safe='')}"


def client_address(request: AnyRequest) -> str:
    """IP address of the browser: the last one in X-Forwarded-For that is no trusted proxy of ours."""
    peer = request.client.host if request.client else ""
    chain = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
    for candidate in (peer, *reversed(chain)):
        try:
            address = ip_address(candidate)
        except ValueError:
            return peer
        if not any(address.version == network.version and address in network
                   for network in current().trusted_proxies):
            return candidate
        peer = candidate
    return peer
