"""The same thing in several communities: what was posted already, and bringing a post to another community."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import Response

from potluck.handlers import get
from potluck.kinds.link import actions as links
from potluck.social import views
from potluck.social.communities import joining, listing, roles
from potluck.social.errors import NotFound
from potluck.social.model import Actor
from potluck.social.views import ObjectView
from potluck.social.visibility import OPEN
from potluck.web import pages
from potluck.web.asking import Me, PathId
from potluck.web.auth import Viewer, check_may_post
from potluck.web.compose import visible
from potluck.web.forms import query_whole
from potluck.web.i18n import _
from potluck.web.presenters.communities import ListedPost, shown_community, shown_listed, title_of
from potluck.web.presenters.people import profile_path
from potluck.web.types import AnyRequest

_LONGEST_QUOTE = 3000
_PASSED_ON = ("url", "title", "text")


@dataclass(frozen=True, slots=True)
class Same:
    """Posts of an address: in the community one posts to, and in others."""

    here: list[ListedPost]
    elsewhere: list[ListedPost]


async def same(request: AnyRequest, me: Viewer, group: Actor, link: str) -> Same | None:
    """What was posted of an address already; None for nothing."""
    async with request.app.state.db.read() as session:
        places = await listing.of_link(session, link, group.id)
        found = await views.load_objects(session, [place.object_id for place in places], me.actor.id)
    shown = [(place.community_id, shown_listed(found[place.object_id], place, me)) for place in places
             if place.object_id in found]
    if not shown:
        return None
    return Same([post for community, post in shown if community == group.id],
                [post for community, post in shown if community != group.id])


def values_of(view: ObjectView) -> dict[str, str]:
    """What a form for a cross-post begins with: title and link, and the text as a quotation with where it is from."""
    row = view.object
    if row.kind == "link":
        link = links.shared_by(view) or next((item.url for item in view.media if item.type == "image" and item.url), "")
    else:
        link = row.url or row.uri
    source = row.source if row.kind == "link" and row.source_type == "text/markdown" else None
    quoted = [f"> {line}" for line in (source or "")[:_LONGEST_QUOTE].splitlines()]
    origin = _("Cross-posted from: %(address)s", address=row.url or row.uri) if row.kind == "link" else ""
    return {"title": title_of(view)[:200], "link": link, "text": "\n".join([origin, "", *quoted]).strip(),
            "language": row.language or "", "sensitive": "1" if row.sensitive else ""}


@get("/communities/{group_id:int}/same")
async def look(request: AnyRequest, me: Me, group_id: PathId) -> Response[Any]:
    """What was posted of an address already, as a part of the form for a new post."""
    async with request.app.state.db.read() as session:
        group = await joining.community(session, group_id)
        await roles.check_may_post(session, me.actor, group)
    found = await same(request, me, group, request.query_params.get("link", "")[:3000].strip())
    return await pages.render(request, "communities/_same.html", same=found)


@get("/communities/submit")
async def choose(request: AnyRequest, me: Me) -> Response[Any]:
    """To which community? What else the address holds (`from`, or `url`, `title`, `text`) is passed on."""
    check_may_post(me)
    query = request.query_params
    source = query_whole(request, "from")
    view = await visible(request, source, me) if source else None
    if view is not None and view.object.visibility not in OPEN:
        raise NotFound
    words = query.get("q", "").strip()[:100]
    passed = {name: query[name][:5000] for name in _PASSED_ON if query.get(name)}
    if view is not None:
        passed["from"] = str(view.object.id)
    async with request.app.state.db.read() as session:
        found = await listing.communities(session, me.actor.id, scope="all" if words else "subscribed", search=words,
                                          sort="active" if words else "name", limit=60, sensitive=True)
    tail = f"?{urlencode(passed)}" if passed else ""
    taken = view.group.id if view is not None and view.group is not None else 0
    return await pages.render(
        request, "communities/choose.html", words=words, passed=passed, title=title_of(view) if view else "",
        heading=_("Cross-post") if view else _("New post"), back=query.get("back", ""),
        communities=[{"shown": shown_community(actor, settings, None), "url": f"{profile_path(actor)}/submit{tail}"}
                     for actor, settings in found if actor.id != taken])


route_handlers = [look, choose]
