"""Queue health: what the inbox could not process and what could not be delivered, with another try."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social import audit
from potluck.social.errors import NotFound
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathWord, SentForm
from potluck.web.i18n import _
from potluck.web.ports import ports
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

SHOWN = 50


@get("/admin/queues")
async def index(request: AnyRequest, staff: Me) -> Response[Any]:
    """Counts, parked items and hosts with trouble."""
    queues = ports(request).queues
    async with request.app.state.db.read() as session:
        state = await queues.state(session)
        parked = await queues.parked(session, SHOWN)
        backlog = await queues.backlog(session, SHOWN)
    return await pages.render(
        request, "admin/queues.html", heading=_("Queues"), up="/admin", state=state,
        oldest=shown_time(state.inbox_oldest) if state.inbox_oldest else None,
        parked=[{"item": item, "time": shown_time(item.received_at)} for item in parked],
        backlog=[{"host": row, "next": shown_time(row.next_at) if row.next_at else None} for row in backlog])


@post("/admin/queues/{verb:str}", status_code=303)
async def act(request: AnyRequest, staff: Me, form: SentForm, verb: PathWord) -> Response[Any]:
    """Try a parked item, all of them or a host again, or drop an item."""
    queues = ports(request).queues
    item, host = form.whole("item"), form.text("host", limit=253)
    async with request.app.state.db.write() as session:
        if verb == "retry" and item:
            await queues.retry_item(session, item)
        elif verb == "retry-all":
            await queues.retry_item(session, None)
        elif verb == "drop" and item:
            await queues.drop_item(session, item)
        elif verb == "retry-host" and host:
            await queues.retry_host(session, host)
        else:
            raise NotFound
        await audit.record(session, staff.user.id, f"queue_{verb.replace('-', '_')}", host or str(item or ""))
    return flashes.with_flash(redirects.see_other("/admin/queues"), "good", _("Done."))


route_handlers = [index, act]
