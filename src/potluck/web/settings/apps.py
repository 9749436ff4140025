"""Apps that may act for someone, and tokens made by hand."""

from __future__ import annotations

from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.settings import current
from potluck.social import views
from potluck.social.accounts import tokens
from potluck.social.blogs import authors
from potluck.social.errors import NotFound
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
WRITING_SCOPES = (
    ("create", _l("Publish posts, likes and boosts")), ("draft", _l("Write drafts, which you publish yourself")),
    ("update", _l("Change posts")), ("delete", _l("Delete posts")),
    ("undelete", _l("Bring back posts that it deleted")), ("media", _l("Upload pictures, sound and video")))
"""What writing apps may do (Micropub)."""


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


async def _sites(session: AsyncSession, me: Viewer) -> list[Actor]:
    """Where writing apps may write: the own profile, and the blogs one writes in."""
    return [me.actor, *(actor for actor, _blog, _role in await authors.blogs_of(session, me.actor.id))]


async def _page(request: AnyRequest, me: Viewer, *, made: str = "", made_for: str = "",
                errors: dict[str, str] | None = None) -> Response[Any]:
    """The page; `made` is a token that is shown now, `made_for` which of the two forms made it."""
    async with request.app.state.db.read() as session:
        mine = await _sites(session, me)
        rows = list(await tokens.authorized(session, me.user.id))
        sites = await views.load_actors(session, {token.site_id for token, _app in rows if token.site_id})
    own = [{"id": row.id, "name": row.name or _("(no name)"), "scopes": row.scopes,
            "site": full_handle(sites[row.site_id]) if row.site_id in sites else "",
            "created": shown_time(row.created_at), "used": shown_time(row.last_used_at) if row.last_used_at else None}
           for row, app in rows if app is None]
    return await pages.render(
        request, "settings/apps.html", heading=_("Apps"), apps=_apps(rows, sites), tokens=own, made=made,
        made_for=made_for, errors=errors or {}, scopes=choices(_offered(me)), writing_scopes=choices(WRITING_SCOPES),
        sites=[{"value": str(actor.id), "label": f"{actor.display_name or actor.name} ({full_handle(actor)})"}
               for actor in mine], micropub_url=f"{current().url}/micropub", status=422 if errors else 200)


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


@post("/settings/tokens/writing", status_code=200)
async def make_writing_token(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Make a token for a writing app that cannot open a browser, and show it once."""
    offered = {value for value, _label in WRITING_SCOPES}
    scopes = [scope for scope in form.all("writing_scopes") if scope in offered]
    name = form.text("writing_name", limit=100)
    if not name or not scopes:
        missing = {"writing_name": _("Please give it a name")} if not name else {
            "writing_scopes": _("Please choose what it may do")}
        return await _page(request, me, errors=missing)
    async with request.app.state.db.write() as session:
        site = next((actor for actor in await _sites(session, me) if str(actor.id) == form.text("site")), None)
        if site is None:
            raise NotFound
        made = await tokens.issue(session, me.user, scopes, name=name, family="micropub", site_id=site.id)
    return await _page(request, me, made=made.secret, made_for="writing")


@post("/settings/tokens/{token_id:int}/revoke", status_code=303)
async def revoke_token(request: AnyRequest, me: Me, token_id: PathId) -> Response[Any]:
    """Take a token back."""
    async with request.app.state.db.write() as session:
        await tokens.revoke_one(session, me.user.id, token_id)
    return flashes.with_flash(redirects.see_other("/settings/apps"), "good", _("The token is taken back."))


route_handlers = [show, revoke_app, make_token, make_writing_token, revoke_token]
