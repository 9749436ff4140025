"""The log of what moderators did, which everybody can read."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Response

from potluck.handlers import get
from potluck.social import actors
from potluck.social.communities import mod_log, moderating, roles
from potluck.social.communities.mod_log import Entry
from potluck.social.errors import NotFound
from potluck.web import pages
from potluck.web.actor_pages import find_actor
from potluck.web.asking import Guest, PathWord
from potluck.web.auth import Viewer
from potluck.web.i18n import _, _l
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.people import shown_person
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

ACT_LABELS = {
    "remove": _l("removed a post"), "restore": _l("restored a post"), "lock": _l("locked a post"),
    "unlock": _l("unlocked a post"), "pin": _l("pinned a post"), "unpin": _l("unpinned a post"),
    "site_pin": _l("pinned a post for the whole server"), "site_unpin": _l("unpinned a post for the whole server"),
    "ban": _l("banned"), "unban": _l("lifted the ban of"), "add_moderator": _l("appointed"),
    "remove_moderator": _l("dismissed"), "lead": _l("handed the community over to"),
    "update": _l("changed the community"), "remove_community": _l("took the community down"),
    "restore_community": _l("put the community back"), "distinguish": _l("spoke as moderator"),
    "undistinguish": _l("spoke no longer as moderator"), "warn": _l("warned the author of a post"),
}
FILTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "": (_l("Everything"), ()),
    "removals": (_l("Removals"), ("remove", "restore")),
    "bans": (_l("Bans"), ("ban", "unban")),
    "warnings": (_l("Warnings"), ("warn",)),
    "locks": (_l("Locks"), ("lock", "unlock")),
    "pins": (_l("Pins"), ("pin", "unpin", "site_pin", "site_unpin")),
    "moderators": (_l("Moderators"), ("add_moderator", "remove_moderator", "lead")),
    "communities": (_l("Communities"), ("update", "remove_community", "restore_community")),
}
_PAGE = 50


def _shown(entry: Entry, *, with_community: bool, may_moderate: bool) -> dict[str, Any]:
    post = entry.object
    address = f"/posts/{post.id}" if post and post.state == "published" and post.deleted_at is None else ""
    if not address and may_moderate and post and post.state == moderating.REMOVED:
        address = f"/posts/{post.id}/mod"
    return {"label": _(ACT_LABELS.get(entry.action.act, entry.action.act)),
            "time": shown_time(entry.action.created_at),
            "moderator": shown_person(entry.moderator) if entry.moderator else None,
            "community": shown_person(entry.community) if entry.community and with_community else None,
            "target": shown_person(entry.target) if entry.target else None, "reason": entry.action.reason,
            "until": shown_time(entry.action.expires_at) if entry.action.expires_at else None, "post": address,
            "title": post.title or "" if post and address else ""}


@get("/communities/modlog")
async def log_of_all(request: AnyRequest, viewer: Guest) -> Response[Any]:
    """What moderators did in all communities that everybody may read."""
    return await _log(request, viewer, "")


@get("/{handle:str}/modlog")
async def log_of_one(request: AnyRequest, viewer: Guest, handle: PathWord) -> Response[Any]:
    """What moderators of one community did."""
    return await _log(request, viewer, handle)


async def _log(request: AnyRequest, viewer: Viewer | None, handle: str) -> Response[Any]:
    """The page; `who` in the query is a moderator or whom it befell."""
    query = request.query_params
    only = query.get("only", "") if query.get("only", "") in FILTERS else ""
    who = query.get("who", "").strip()[:320]
    async with request.app.state.db.read() as session:
        group = await find_actor(session, handle) if handle else None
        if group is not None and group.type != "Group":
            raise NotFound
        viewer_id = viewer.actor.id if viewer else None
        if group is not None and group.locked and not (
                viewer_id is not None and await roles.is_member(session, group.id, viewer_id)):
            raise NotFound
        person = await actors.by_handle(session, who.lstrip("@")) if who else None
        entries = [] if who and person is None else await mod_log.read(
            session, page_of(request, _PAGE), community_id=group.id if group else None, open_only=group is None,
            acts=FILTERS[only][1], person_id=person.id if person else None)
        moderates = viewer is not None and group is not None and (
            viewer.is_staff or await roles.is_moderator(session, group.id, viewer.actor.id))
    rows = [_shown(entry, with_community=group is None, may_moderate=moderates) for entry in entries]
    return await pages.render(
        request, "communities/modlog.html", rows=rows, community=shown_person(group) if group else None, who=who,
        only=only, action=request.url.path, lenses=_lenses(request, only, who), missing=bool(who) and person is None,
        next_url=next_url(request, len(entries), entries[-1].action.id if entries else None, _PAGE))


def _lenses(request: AnyRequest, only: str, who: str) -> list[dict[str, Any]]:
    kept = {"who": who} if who else {}
    return [{"url": f"{request.url.path}?{urlencode({**kept, 'only': name})}", "label": _(label), "symbol": "",
             "current": name == only} for name, (label, _acts) in FILTERS.items()]


route_handlers = [log_of_all, log_of_one]
