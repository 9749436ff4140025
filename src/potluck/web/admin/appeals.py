"""Appeals: what was decided, what the person says, and the answer."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social import appeals
from potluck.social.errors import NotFound
from potluck.social.model import Actor, Appeal, Strike
from potluck.web import flashes, pages, redirects
from potluck.web.admin import words
from potluck.web.admin.presenting import moderators
from potluck.web.asking import Me, PathId, PathWord
from potluck.web.i18n import _
from potluck.web.presenters.people import full_handle, shown_person
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest


@get("/admin/appeals/{appeal_id:int}")
async def show(request: AnyRequest, staff: Me, appeal_id: PathId) -> Response[Any]:
    """One appeal with the strike it is about."""
    async with request.app.state.db.read() as session:
        row = await session.get(Appeal, appeal_id)
        if row is None:
            raise NotFound
        strike = await session.get_one(Strike, row.strike_id)
        target = await session.get_one(Actor, strike.target_id)
        by = (await moderators(session, {strike.user_id or 0})).get(strike.user_id or 0, "")
    return await pages.render(
        request, "admin/appeal.html", heading=_("Appeal of %(name)s", name=full_handle(target)), up="/admin/moderation",
        appeal=row, state=appeals.state(row), strike=strike, target=shown_person(target), by=by,
        action=_(words.ACTIONS[strike.action]), time=shown_time(strike.created_at), said=shown_time(row.created_at),
        undoes=strike.action not in {"none", "delete_statuses", "delete"})


@post("/admin/appeals/{appeal_id:int}/{verb:str}", status_code=303)
async def act(request: AnyRequest, staff: Me, appeal_id: PathId, verb: PathWord) -> Response[Any]:
    """Accept or refuse."""
    if verb not in {"accept", "refuse"}:
        raise NotFound
    async with request.app.state.db.write() as session:
        row = await session.get(Appeal, appeal_id)
        if row is None:
            raise NotFound
        await appeals.decide(session, staff.user, row, accept=verb == "accept")
    return flashes.with_flash(redirects.see_other("/admin/moderation"), "good", _("Done."))


route_handlers = [show, act]
