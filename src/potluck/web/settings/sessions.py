"""Browsers that are signed in, and ending them."""

from __future__ import annotations

import re
from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social.accounts import sessions
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId
from potluck.web.i18n import _
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
             ("Safari/", "Safari"), ("curl/", "curl"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
            ("Mac OS", "macOS"), ("Linux", "Linux"))


def browser_name(user_agent: str) -> str:
    """Browser and system in words, as far as the user agent tells."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or re.sub(r"[^\x20-\x7e]", "", user_agent)[:60] or _("Unknown browser")


@get("/settings/sessions")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """All of them, the one in use marked."""
    async with request.app.state.db.read() as session:
        rows = await sessions.all_of(session, me.user.id)
    shown = [{"id": row.id, "agent": browser_name(row.user_agent), "ip": row.ip, "created": shown_time(row.created_at),
              "used": shown_time(row.last_used_at), "current": row.id == me.session.id} for row in rows]
    return await pages.render(request, "settings/sessions.html", heading=_("Sessions"), sessions=shown)


@post("/settings/sessions/{session_id:int}/end", status_code=303)
async def end(request: AnyRequest, me: Me, session_id: PathId) -> Response[Any]:
    """End one."""
    async with request.app.state.db.write() as session:
        await sessions.end(session, me.user.id, session_id)
    return flashes.with_flash(redirects.see_other("/settings/sessions"), "good", _("The session has ended."))


@post("/settings/sessions/end-others", status_code=303)
async def end_others(request: AnyRequest, me: Me) -> Response[Any]:
    """End all but this one."""
    async with request.app.state.db.write() as session:
        await sessions.end_all(session, me.user.id, but=me.session.id)
    return flashes.with_flash(redirects.see_other("/settings/sessions"), "good", _("All other sessions have ended."))


route_handlers = [show, end, end_others]
