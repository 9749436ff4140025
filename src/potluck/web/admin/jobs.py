"""Background work of everybody: what runs, what failed and why, with another try."""

from __future__ import annotations

from typing import Any

from litestar import Response
from sqlalchemy import select

from potluck import jobs
from potluck.handlers import get, post
from potluck.social import audit
from potluck.social.errors import NotFound
from potluck.social.model import Actor
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord
from potluck.web.i18n import _
from potluck.web.presenters.jobs import HEADINGS, shown_job
from potluck.web.types import AnyRequest

SHOWN = 50


@get("/admin/jobs")
async def index(request: AnyRequest, staff: Me) -> Response[Any]:
    """Jobs in a state, or all; newest first."""
    state, before = request.query_params.get("state", ""), request.query_params.get("before", "")
    if state not in HEADINGS:
        state = ""
    async with request.app.state.db.read() as session:
        counts = await jobs.counts(session)
        found = await jobs.listed(session, state or None, SHOWN + 1,
                                  before=int(before) if before.isdecimal() and len(before) < 17 else None)
        owners = dict((await session.execute(select(Actor.id, Actor.name).where(
            Actor.id.in_({job.owner_id for job in found if job.owner_id})))).all())
    tabs = [{"url": "/admin/jobs", "label": _("All"), "count": None, "current": not state}] + [
        {"url": f"/admin/jobs?state={name}", "label": _(label), "count": counts.get(name, 0), "current": state == name}
        for name, label in HEADINGS.items()]
    more = f"/admin/jobs?{f'state={state}&' if state else ''}before={found[SHOWN - 1].id}" if len(found) > SHOWN else ""
    return await pages.render(
        request, "admin/jobs.html", heading=_("Background work"), up="/admin", entries=tabs, more=more,
        jobs=[{"job": shown_job(job), "owner": owners.get(job.owner_id or 0, "")} for job in found[:SHOWN]])


@post("/admin/jobs/{job_id:int}/{verb:str}", status_code=303)
async def act(request: AnyRequest, staff: Me, job_id: PathId, verb: PathWord) -> Response[Any]:
    """Cancel a job, or try it again."""
    act = {"cancel": jobs.cancel, "retry": jobs.retry}.get(verb)
    async with request.app.state.db.write() as session:
        if act is None or await jobs.one(session, job_id) is None:
            raise NotFound
        done = await act(session, job_id)
        await audit.record(session, staff.user.id, f"job_{verb}", str(job_id))
    return flashes.with_flash(redirects.see_other("/admin/jobs"), "good" if done else "info",
                              _("Done.") if done else _("It is over already."))


route_handlers = [index, act]
