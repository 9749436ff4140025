"""Notifications: read, filtered, dismissed."""

from __future__ import annotations

from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.social import follows, markers, notifications, views
from potluck.social.notifications import Group
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId
from potluck.web.auth import Viewer
from potluck.web.feeds import Lens
from potluck.web.i18n import _, _l
from potluck.web.paging import PAGE_SIZE, next_url, page_of
from potluck.web.presenters.notices import Notice, shown_group
from potluck.web.types import AnyRequest

FILTERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "": (_l("All"), "", ()),
    "mentions": (_l("Mentions"), "direct", ("mention", "quote")),
    "favourites": (_l("Favourites"), "star", ("favourite", "reaction")),
    "boosts": (_l("Boosts"), "boost", ("reblog",)),
    "follows": (_l("Follows"), "user-plus", ("follow", "follow_request")),
}


async def shown(session: AsyncSession, groups: list[Group], viewer: Viewer, read_up_to: int) -> list[Notice]:
    """Rows for groups, with one query for each kind of thing they show."""
    posts = await views.load_objects(session, {group.newest.object_id for group in groups if group.newest.object_id},
                                     viewer.actor.id)
    people = await views.load_actors(session, {actor_id for group in groups for actor_id in group.actor_ids})
    followers = [group.actor_ids[0] for group in groups if group.type == "follow" and len(group.actor_ids) == 1]
    known = {item.id: item for item in await follows.relationships(session, viewer.actor.id, followers)}
    return [shown_group(group, people, posts, relationships=known, viewer=viewer, read_up_to=read_up_to)
            for group in groups]


@get("/notifications")
async def index(request: AnyRequest, me: Me) -> Response[Any]:
    """What happened to someone; opening the first part marks it read."""
    chosen = request.query_params.get("only", "")
    types = FILTERS.get(chosen, FILTERS[""])[2]
    async with request.app.state.db.read() as session:
        marker = (await markers.get(session, me.actor.id, ["notifications"])).get("notifications")
        read_up_to = marker.last_read_id if marker else 0
        groups = await notifications.groups(session, me.actor.id, page_of(request), types=types)
        rows = await shown(session, groups, me, read_up_to)
        asking = await follows.requests_count(session, me.actor.id) if me.actor.locked else 0
    if groups and not chosen and groups[0].newest.id > read_up_to:
        async with request.app.state.db.write() as session:
            await markers.set_marker(session, me.actor.id, "notifications", groups[0].newest.id)
    lenses = [Lens(f"/notifications?only={name}" if name else "/notifications", _(label), symbol, name == chosen)
              for name, (label, symbol, _types) in FILTERS.items()]
    return await pages.render(
        request, "notifications/index.html", rows=rows, lenses=lenses, requests=asking,
        live="notifications" if not chosen and "max_id" not in request.query_params else "",
        next_url=next_url(request, len(groups), groups[-1].oldest_id if groups else None, PAGE_SIZE))


@get("/notifications/clear")
async def ask_clear(request: AnyRequest, me: Me) -> Response[Any]:
    """Ask before forgetting all."""
    return await pages.render(
        request, "confirm.html", heading=_("Clear notifications"), question=_("Forget all notifications?"),
        detail=_("The posts and people they are about stay."), action="/notifications/clear", yes=_("Clear all"),
        cancel="/notifications", fields={})


@post("/notifications/clear", status_code=303)
async def clear(request: AnyRequest, me: Me) -> Response[Any]:
    """Forget all."""
    async with request.app.state.db.write() as session:
        await notifications.clear(session, me.actor.id)
    return flashes.with_flash(redirects.see_other("/notifications"), "good", _("All notifications are cleared."))


@post("/notifications/{notification_id:int}/dismiss", status_code=303)
async def dismiss(request: AnyRequest, me: Me, notification_id: PathId) -> Response[Any]:
    """Forget one, and those shown together with it."""
    async with request.app.state.db.write() as session:
        row = await notifications.one(session, me.actor.id, notification_id)
        await notifications.dismiss_group(session, me.actor.id, row.group_key)
    if redirects.is_htmx(request):
        return Response("", status_code=200, media_type="text/html")
    return redirects.see_other("/notifications")


route_handlers = [index, ask_clear, clear, dismiss]
