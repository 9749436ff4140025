"""One's follows and followers to tidy up: sorted by activity, many at once."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Response

from potluck.handlers import get, post
from potluck.social import follow_lists
from potluck.social.follow_lists import Row, Wanted
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, SentForm
from potluck.web.auth import acting
from potluck.web.feeds import Lens
from potluck.web.forms import choices, query_whole
from potluck.web.i18n import _, _l, ngettext
from potluck.web.presenters.people import shown_person
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

SHOWN = 50
ORDERS = {"newest": _l("Latest first"), "oldest": _l("Oldest first"), "active": _l("Most recently active first"),
          "dormant": _l("Longest silent first"), "name": _l("By name")}
SIDES = {"following": _l("Following"), "followers": _l("Followers")}
WHICH = {"all": _l("All"), "mutual": _l("Mutual"), "one_way": _l("Only one way"),
         "dormant": _l("Silent for half a year"), "moved": _l("Moved away")}


@get("/settings/follows")
async def index(request: AnyRequest, me: Me) -> Response[Any]:
    """A part of the list; `side`: following or followers."""
    params = request.query_params
    side = "followers" if params.get("side") == "followers" else "following"
    which = params.get("which", "all") if params.get("which") in WHICH else "all"
    order = params.get("order", "newest") if params.get("order") in ORDERS else "newest"
    offset = query_whole(request, "offset") or 0
    async with request.app.state.db.read() as session:
        rows = await follow_lists.listed(session, me.actor.id, Wanted(side == "followers", which, order, offset, SHOWN))
    kept = {"side": side, "which": which, "order": order}
    more = f"/settings/follows?{urlencode({**kept, 'offset': offset + SHOWN})}" if len(rows) > SHOWN else ""
    chips = [Lens(f"/settings/follows?{urlencode({**kept, 'which': name})}", _(label), "", name == which)
             for name, label in WHICH.items()]
    tabs = [{"url": f"/settings/follows?{urlencode({**kept, 'side': name})}", "label": _(label), "count": None,
             "current": name == side} for name, label in SIDES.items()]
    return await pages.render(
        request, "settings/follows.html", heading=_("Tidy up follows"), rows=[_row(row) for row in rows[:SHOWN]],
        chips=chips, tabs=tabs, side=side, which=which, order=order, next_url=more,
        orders=choices(ORDERS))


def _row(row: Row) -> dict[str, Any]:
    last = row.actor.last_post_at
    return {"person": shown_person(row.actor), "since": shown_time(row.since), "mutual": row.mutual,
            "last": shown_time(last) if last else None, "moved": row.actor.moved_to_uri is not None}


@post("/settings/follows", status_code=303)
async def end(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Unfollow those chosen, or remove them from the followers."""
    followers = form.text("side") == "followers"
    async with request.app.state.db.write() as session:
        number = await follow_lists.end(session, await acting(session, me), form.wholes("people"), followers=followers)
    if followers:
        text = ngettext("%(count)s person was removed from your followers.",
                        "%(count)s people were removed from your followers.", number)
    else:
        text = ngettext("You follow %(count)s person less.", "You follow %(count)s people less.", number)
    back = redirects.see_other(redirects.safe_path(form.text("back", limit=2000), "/settings/follows"))
    return flashes.with_flash(back, "good", text % {"count": number})


route_handlers = [index, end]
