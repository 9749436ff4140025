"""What someone kept: bookmarks and favourites."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get
from potluck.social import timelines
from potluck.web import feeds, pages
from potluck.web.asking import Me
from potluck.web.i18n import _
from potluck.web.paging import page_of
from potluck.web.types import AnyRequest


@get("/bookmarks")
async def bookmarks(request: AnyRequest, me: Me) -> Response[Any]:
    """Bookmarks, the latest first."""
    async with request.app.state.db.read() as session:
        refs = await timelines.bookmarks(session, me.actor.id, page_of(request))
        feed = await feeds.load(session, request, refs, me)
    return await pages.render(
        request, "timelines/plain.html", feed=feed, heading=_("Bookmarks"), note=_("Only you see these"), live="",
        symbol="bookmark", empty=_("No bookmarks"), empty_text=_("Bookmark a post to find it here again."), back="",
        manage="")


@get("/favourites")
async def favourites(request: AnyRequest, me: Me) -> Response[Any]:
    """What someone likes, the latest first."""
    async with request.app.state.db.read() as session:
        refs = await timelines.favourites(session, me.actor.id, page_of(request))
        feed = await feeds.load(session, request, refs, me)
    return await pages.render(
        request, "timelines/plain.html", feed=feed, heading=_("Favourites"), note="", live="", symbol="star",
        empty=_("No favourites"), empty_text=_("Posts you like are gathered here."), back="", manage="")


route_handlers = [bookmarks, favourites]
