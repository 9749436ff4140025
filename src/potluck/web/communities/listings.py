"""Listings of posts: all communities, those of this server, one's own; one community's page; bundles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get
from potluck.social import follows, views
from potluck.social.communities import joining, listing, reporting, roles
from potluck.social.communities.listing import Wanted
from potluck.social.errors import NotAllowed
from potluck.social.model import Actor
from potluck.web import metadata, pages
from potluck.web.actor_pages import Tab
from potluck.web.asking import Guest
from potluck.web.auth import Viewer
from potluck.web.communities.filtering import (
    RANGE_LABELS,
    SORT_LABELS,
    Chip,
    Filters,
    chips,
    filters_of,
    wanted_of,
)
from potluck.web.i18n import _, _l
from potluck.web.presenters.communities import ListedPost, ShownCommunity, shown_community, shown_listed
from potluck.web.presenters.people import Person, shown_person
from potluck.web.types import AnyRequest

SCOPE_LABELS = {"subscribed": _l("Subscribed"), "local": _l("This server"), "all": _l("All")}


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of posts with what its order is chosen from; `ranges` only where it is by score."""

    posts: list[ListedPost]
    next_url: str
    sorts: list[Chip]
    ranges: list[Chip]
    filters: Filters


async def load(session: AsyncSession, request: AnyRequest, viewer: Viewer | None, wanted: Wanted,
               flairs: Sequence[str] = ()) -> Listing:
    """The posts of a listing, ready for the page.

    Args:
        flairs: tags of the community it is of.
    """
    viewer_id = viewer.actor.id if viewer else None
    page = await listing.page(session, viewer_id, wanted)
    found = await views.load_objects(session, page.object_ids, viewer_id)
    places = await listing.places(session, page.object_ids)
    seen = await listing.reads(session, viewer_id, page.object_ids) if viewer_id else {}
    posts = [shown_listed(found[item], places[item], viewer, pinned=item in page.pinned, seen=seen)
             for item in page.object_ids if item in found and item in places]
    following = ""
    if page.next_cursor:
        query = {**{key: value for key, value in request.query_params.items() if key != "cursor"},
                 "cursor": page.next_cursor}
        following = f"{request.url.path}?{urlencode(query)}"
    ranges = chips(request, "t", RANGE_LABELS, wanted.range) if wanted.sort == "top" else []
    return Listing(posts, following, chips(request, "sort", SORT_LABELS, wanted.sort), ranges,
                   filters_of(request, wanted, flairs))


@get("/communities")
async def front(request: AnyRequest, viewer: Guest) -> Response[Any]:
    """Posts of all communities, of this server's, or of those one is a member of."""
    default = "subscribed" if viewer else "local"
    scope = request.query_params.get("show", default)
    scope = scope if scope in SCOPE_LABELS and (viewer or scope != "subscribed") else default
    async with request.app.state.db.read() as session:
        found = await load(session, request, viewer, wanted_of(request, viewer, scope))
        bundles = await joining.bundles(session, viewer.actor.id) if viewer else []
        reports = sum(await reporting.counts(session, viewer.actor)) if viewer else 0
    tabs = [Tab(f"/communities?show={name}", _(label), scope == name) for name, label in SCOPE_LABELS.items()
            if viewer or name != "subscribed"]
    tabs += [Tab(f"/communities/bundles/{one.id}", one.name, False) for one in bundles]
    return await pages.render(request, "communities/front.html", listing=found, tabs=tabs, scope=scope, reports=reports,
                              heading=_("Communities"))


@dataclass(frozen=True, slots=True)
class CommunityPage:
    """What every page of one community shows beside its own part."""

    community: ShownCommunity
    moderators: list[Person]
    may: dict[str, bool]


async def about(session: AsyncSession, group: Actor, viewer: Viewer | None) -> CommunityPage:
    """The frame of a community's pages: its facts, who looks after it, what the viewer may do."""
    settings = await joining.settings_of(session, group)
    relationship = None
    may = {"submit": False, "moderate": False}
    if viewer:
        relationship = (await follows.relationships(session, viewer.actor.id, [group.id]))[0]
        may["moderate"] = await roles.is_moderator(session, group.id, viewer.actor.id) or (
            viewer.is_staff and group.is_local)
        try:
            await roles.check_may_post(session, viewer.actor, group)
            may["submit"] = True
        except NotAllowed:
            pass
    people = [shown_person(actor) for actor in await roles.moderators(session, group.id)]
    return CommunityPage(shown_community(group, settings, relationship), people, may)


async def show(request: AnyRequest, viewer: Viewer | None, group: Actor) -> Response[Any]:
    """A community's own page, at the address of its actor."""
    async with request.app.state.db.read() as session:
        frame = await about(session, group, viewer)
        found = await load(session, request, viewer, wanted_of(request, viewer, "community", group.id),
                           frame.community.flairs)
    return await pages.render(
        request, "communities/community.html", community=frame.community, moderators=frame.moderators, may=frame.may,
        listing=found, meta=metadata.of_community(group, frame.community))


route_handlers = [front]
