"""Taking one's data along."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.response import Stream

from potluck.db.base import now
from potluck.social.accounts import export
from potluck.social.accounts.rate_limits import Limiter
from potluck.social.errors import NotFound
from potluck.web import pages
from potluck.web.asking import Me, PathWord
from potluck.web.i18n import _, _l
from potluck.web.ports import ports
from potluck.web.types import AnyRequest

LABELS = {
    "following_accounts.csv": _l("Whom I follow"), "followers.csv": _l("Followers"),
    "lists.csv": _l("Lists"), "blocked_accounts.csv": _l("Blocked people"), "muted_accounts.csv": _l("Muted people"),
    "blocked_domains.csv": _l("Hidden servers"), "bookmarks.csv": _l("Bookmarks"),
}

_exports = Limiter(burst=3, seconds_each=600)


@get("/settings/export")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """What the archive has in it."""
    return await pages.render(request, "settings/export.html", heading=_("Export"),
                              tables=[{"name": name, "label": _(label)} for name, label in LABELS.items()])


@post("/settings/export", status_code=200)
async def download(request: AnyRequest, me: Me) -> Response[Any]:
    """The archive, made while it is sent."""
    _exports.take(str(me.user.id))
    name = f"potluck-{me.actor.name}-{now():%Y-%m-%d}.zip"
    return Stream(export.archive(request.app.state.db, me.actor.id, ports(request).write_actor),
                  media_type="application/zip",
                  headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"})


@get("/settings/export/{name:str}")
async def table(request: AnyRequest, me: Me, name: PathWord) -> Response[Any]:
    """One list as CSV."""
    if name not in export.TABLES:
        raise NotFound
    return Stream(export.table(request.app.state.db, me.actor.id, name), media_type="text/csv",
                  headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"})


route_handlers = [show, download, table]
