"""What was reported in the communities somebody looks after: one queue for each, and all of them together."""

from __future__ import annotations

from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.social import views
from potluck.social.communities import appealing, reporting, roles
from potluck.social.communities.reporting import Entry
from potluck.social.errors import NotAllowed, NotFound
from potluck.social.model import Actor
from potluck.web import flashes, pages, redirects
from potluck.web.actor_pages import find_actor
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import Viewer, acting
from potluck.web.communities.appeals import shown_waiting
from potluck.web.feeds import Lens
from potluck.web.i18n import _, said
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.people import profile_path, shown_person
from potluck.web.presenters.posts import shown_post
from potluck.web.presenters.times import shown_time
from potluck.web.trusted import plain_text
from potluck.web.types import AnyRequest

_SIZE = 20


async def _shown(session: AsyncSession, entries: list[Entry], me: Viewer) -> list[dict[str, Any]]:
    """Entries as the page shows them: with the thing as it is now, and as it was if it was changed since."""
    found = await views.load_for_moderation(session, {entry.object.id for entry in entries})
    people = await views.load_actors(session, {
        actor_id for entry in entries
        for actor_id in (entry.report.reporter_id, entry.row.community_id, entry.row.resolver_id or 0)})
    shown = []
    for entry in entries:
        view, resolver = found[entry.object.id], people.get(entry.row.resolver_id or 0)
        before = "\n".join(filter(None, (entry.row.title, plain_text(entry.row.content, 500))))
        now = "\n".join(filter(None, (entry.object.title,
                                      plain_text(entry.object.source or entry.object.content, 500))))
        shown.append({
            "id": entry.row.id, "post": shown_post(view, me), "title": entry.object.title or "",
            "community": shown_person(people[entry.row.community_id]),
            "reporter": shown_person(people[entry.report.reporter_id]), "reason": entry.report.comment,
            "time": shown_time(entry.row.created_at), "before": before if before != now else "",
            "removed": entry.object.state == "removed", "resolved": entry.row.resolved_at is not None,
            "resolver": shown_person(resolver) if resolver else None, "own": view.author.id == me.actor.id})
    return shown


async def _queue(request: AnyRequest, me: Viewer, group: Actor | None) -> Response[Any]:
    resolved = request.query_params.get("only") == "all"
    async with request.app.state.db.read() as session:
        if group is not None:
            await roles.check_moderates(session, me.actor, group)
        entries = await reporting.page(session, me.actor, page_of(request, _SIZE), unresolved=not resolved,
                                       community_id=group.id if group else None)
        rows = await _shown(session, entries, me)
        asked = await appealing.waiting(session, me.actor, community_id=group.id if group else None)
    base = f"{profile_path(group)}/reports" if group else "/communities/reports"
    lenses = [Lens(base, _("Open"), "", not resolved), Lens(f"{base}?only=all", _("All"), "", resolved)]
    return await pages.render(
        request, "communities/reports.html", rows=rows, lenses=lenses, base=base,
        appeals=[shown_waiting(item) for item in asked],
        community=shown_person(group) if group else None,
        next_url=next_url(request, len(entries), entries[-1].row.id if entries else None, _SIZE))


@get("/communities/reports")
async def everywhere(request: AnyRequest, me: Me) -> Response[Any]:
    """What waits in all communities somebody looks after."""
    return await _queue(request, me, None)


@get("/{handle:str}/reports")
async def of_one(request: AnyRequest, me: Me, handle: PathWord) -> Response[Any]:
    """What waits in one community."""
    async with request.app.state.db.read() as session:
        group = await find_actor(session, handle)
    if group.type != "Group":
        raise NotFound
    return await _queue(request, me, group)


@post("/communities/reports/{row_id:int}/{verb:str}", status_code=303)
async def act(request: AnyRequest, me: Me, form: SentForm, row_id: PathId, verb: PathWord) -> Response[Any]:
    """Say that a report is dealt with, or open it again."""
    if verb not in ("resolve", "reopen"):
        raise NotFound
    back = redirects.safe_path(form.text("back"), "/communities/reports")
    try:
        async with request.app.state.db.write() as session:
            entry = await reporting.one(session, me.actor, row_id)
            await reporting.resolve(session, await acting(session, me), entry, resolved=verb == "resolve")
    except NotAllowed as error:
        return flashes.with_flash(redirects.see_other(back), "bad", said(error))
    return flashes.with_flash(redirects.see_other(back), "good", _("Done."))


route_handlers = [everywhere, of_one, act]
