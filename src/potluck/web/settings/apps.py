"""Apps that may act for someone, and tokens made by hand."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from potluck.social import views
from potluck.social.accounts import tokens
from potluck.social.model import Actor, OAuthApp, OAuthToken
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, SentForm
from potluck.web.auth import Viewer
from potluck.web.forms import choices
from potluck.web.i18n import _, _l
from potluck.web.presenters.people import full_handle
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

SCOPES = (("read", _l("Read everything I can read")), ("write", _l("Post and change things for me")),
          ("follow", _l("Follow, mute and block for me")), ("push", _l("Get push messages for me")))
ADMIN_SCOPES = (("admin:read", _l("Read what moderators can read")), ("admin:write", _l("Moderate for me")))


def _offered(me: Viewer) -> tuple[tuple[str, str], ...]:
    return SCOPES + ADMIN_SCOPES if me.is_staff else SCOPES


def _apps(rows: list[tuple[OAuthToken, OAuthApp | None]], sites: dict[int, Actor]) -> list[dict[str, Any]]:
    """One entry for each application, whatever number of tokens it has, with the blogs that it was let into."""
    found: dict[int, dict[str, Any]] = {}
    for token, app in rows:
        if app is None:
            continue
        entry = found.setdefault(app.id, {"id": app.id, "name": app.name, "website": app.website or "",
                                          "scopes": token.scopes, "used": None, "_last": None, "sites": []})
        site = sites.get(token.site_id or 0)
        if site is not None and full_handle(site) not in entry["sites"]:
            entry["sites"].append(full_handle(site))
        if token.last_used_at and (entry["_last"] is None or token.last_used_at > entry["_last"]):
            entry["_last"], entry["used"] = token.last_used_at, shown_time(token.last_used_at)
    return list(found.values())


async def _page(request: AnyRequest, me: Viewer, *, made: str = "",
                errors: dict[str, str] | None = None) -> Response[Any]:
    async with request.app.state.db.read() as session:
        rows = list(await tokens.authorized(session, me.user.id))
        sites = await views.load_actors(session, {token.site_id for token, _app in rows if token.site_id})
    own = [{"id": row.id, "name": row.name or _("(no name)"), "scopes": row.scopes,
            "created": shown_time(row.created_at), "used": shown_time(row.last_used_at) if row.last_used_at else None}
           for row, app in rows if app is None]
    return await pages.render(
        request, "settings/apps.html", heading=_("Apps"), apps=_apps(rows, sites), tokens=own, made=made,
        errors=errors or {}, scopes=choices(_offered(me)), status=422 if errors else 200)


@get("/settings/apps")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """Apps and tokens."""
    return await _page(request, me)


@post("/settings/apps/{app_id:int}/revoke", status_code=303)
async def revoke_app(request: AnyRequest, me: Me, app_id: PathId) -> Response[Any]:
    """Take everything back from an app."""
    async with request.app.state.db.write() as session:
        await tokens.revoke_app(session, me.user.id, app_id)
    return flashes.with_flash(redirects.see_other("/settings/apps"), "good", _("The app is signed out."))


@post("/settings/tokens", status_code=200)
async def make_token(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Make a token and show it once."""
    offered = {value for value, _label in _offered(me)}
    scopes = [scope for scope in form.all("scopes") if scope in offered]
    name = form.text("name", limit=100)
    if not name or not scopes:
        missing = {"name": _("Please give it a name")} if not name else {"scopes": _("Please choose what it may do")}
        return await _page(request, me, errors=missing)
    async with request.app.state.db.write() as session:
        made = await tokens.issue(session, me.user, scopes, name=name)
    return await _page(request, me, made=made.secret)


@post("/settings/tokens/{token_id:int}/revoke", status_code=303)
async def revoke_token(request: AnyRequest, me: Me, token_id: PathId) -> Response[Any]:
    """Take a token back."""
    async with request.app.state.db.write() as session:
        await tokens.revoke_one(session, me.user.id, token_id)
    return flashes.with_flash(redirects.see_other("/settings/apps"), "good", _("The token is taken back."))


route_handlers = [show, revoke_app, make_token, revoke_token]
