"""What moderators decided about one's own account, and the way to say that it is a mistake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social import appeals, strikes, views
from potluck.social.errors import Invalid
from potluck.social.model import Appeal, Strike
from potluck.web import flashes, pages, redirects
from potluck.web.admin.words import DONE
from potluck.web.asking import Me, PathId, SentForm
from potluck.web.auth import Viewer, acting
from potluck.web.i18n import _, _l, said
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.posts import shown_post
from potluck.web.presenters.times import Time, shown_time
from potluck.web.types import AnyRequest

SHOWN = 40
STATES = {"pending": _l("You have appealed; the moderators will look at it."),
          "approved": _l("Your appeal was accepted: this is taken back."),
          "rejected": _l("Your appeal was looked at. The decision stands.")}


@dataclass(frozen=True, slots=True)
class Row:
    """A strike as its person sees it."""

    id: int
    label: str
    text: str
    time: Time
    state: str
    may_appeal: bool


def _row(strike: Strike, appeal: Appeal | None) -> Row:
    state = _(STATES[appeals.state(appeal)]) if appeal else _("taken back") if strike.overruled_at else ""
    return Row(strike.id, _(DONE.get(strike.action, strike.action)), strike.text, shown_time(strike.created_at), state,
               appeal is None and appeals.is_open_to_appeal(strike))


@get("/strikes")
async def index(request: AnyRequest, me: Me) -> Response[Any]:
    """All of them, newest first."""
    async with request.app.state.db.read() as session:
        rows = await strikes.of(session, me.actor.id, page_of(request, SHOWN))
        found = await appeals.of_strikes(session, [row.id for row in rows])
    return await pages.render(
        request, "settings/strikes.html", heading=_("Decisions of the moderators"),
        rows=[_row(row, found.get(row.id)) for row in rows], suspended=me.actor.suspended_at is not None,
        next_url=next_url(request, len(rows), rows[-1].id if rows else None, SHOWN))


@get("/strikes/{strike_id:int}")
async def show(request: AnyRequest, me: Me, strike_id: PathId) -> Response[Any]:
    """One of them, with the posts it is about and the form for an appeal."""
    return await _show(request, me, strike_id, {}, "")


async def _show(request: AnyRequest, me: Viewer, strike_id: int, errors: dict[str, str], text: str) -> Response[Any]:
    async with request.app.state.db.read() as session:
        strike = await strikes.one(session, me.actor.id, strike_id)
        appeal = (await appeals.of_strikes(session, [strike.id])).get(strike.id)
        posts = await views.load_for_moderation(session, strike.object_ids)  # their own
    return await pages.render(
        request, "settings/strike.html", heading=_("Decision of the moderators"), up="/strikes",
        row=_row(strike, appeal), appeal=appeal.text if appeal else "", errors=errors, text=text,
        posts=[shown_post(view, me) for view in posts.values()], gone=len(strike.object_ids) - len(posts),
        status=422 if errors else 200)


@post("/strikes/{strike_id:int}/appeal", status_code=303)
async def appeal(request: AnyRequest, me: Me, form: SentForm, strike_id: PathId) -> Response[Any]:
    """Say that it is a mistake."""
    try:
        async with request.app.state.db.write() as session:
            strike = await strikes.one(session, me.actor.id, strike_id)
            await appeals.make(session, await acting(session, me), strike, form.text("text", limit=5000))
    except Invalid as error:
        return await _show(request, me, strike_id, {error.field: said(error)}, form.kept("text")["text"])
    return flashes.with_flash(redirects.see_other(f"/strikes/{strike_id}"), "good",
                              _("The moderators will look at it."))


route_handlers = [index, show, appeal]
