"""What this server does for someone in the background: files being prepared; posts that wait for their files."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck import jobs
from potluck.handlers import get, post
from potluck.social import objects, publishing
from potluck.social.errors import NotFound
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord
from potluck.web.i18n import _
from potluck.web.presenters.jobs import shown_job
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

SHOWN = 40
_EXCERPT = 120


@get("/settings/jobs")
async def index(request: AnyRequest, me: Me) -> Response[Any]:
    """One's own jobs, newest first, and the posts that wait."""
    before = request.query_params.get("before", "")
    async with request.app.state.db.read() as session:
        found = await jobs.of_owner(session, me.actor.id, SHOWN + 1,
                                    before=int(before) if before.isdecimal() and len(before) < 17 else None)
        waiting = await publishing.waiting_of(session, me.actor.id)
    posts = [{"id": row.id, "text": (row.source or row.title or "")[:_EXCERPT], "time": shown_time(row.created_at)}
             for row in waiting]
    more = f"/settings/jobs?before={found[SHOWN - 1].id}" if len(found) > SHOWN else ""
    return await pages.render(request, "settings/jobs.html", heading=_("Background work"),
                              jobs=[shown_job(job) for job in found[:SHOWN]], posts=posts, more=more)


@post("/settings/jobs/{job_id:int}/{verb:str}", status_code=303)
async def act(request: AnyRequest, me: Me, job_id: PathId, verb: PathWord) -> Response[Any]:
    """Cancel one's own job, or try it again."""
    act = {"cancel": jobs.cancel, "retry": jobs.retry}.get(verb)
    if act is None:
        raise NotFound
    async with request.app.state.db.write() as session:
        if await jobs.one(session, job_id, owner_id=me.actor.id) is None:
            raise NotFound
        done = await act(session, job_id, owner_id=me.actor.id)
    text = (_("It is being cancelled.") if verb == "cancel" else _("It will be tried again.")) if done else _(
        "It is over already.")
    return flashes.with_flash(redirects.see_other("/settings/jobs"), "good" if done else "info", text)


@post("/settings/jobs/posts/{object_id:int}/delete", status_code=303)
async def delete_post(request: AnyRequest, me: Me, object_id: PathId) -> Response[Any]:
    """Delete a post that waits for its files."""
    async with request.app.state.db.write() as session:
        row = await objects.by_id(session, object_id)
        if row is None or row.author_id != me.actor.id or row.state != publishing.PROCESSING or row.deleted_at:
            raise NotFound
        await objects.delete(session, object_id, me.actor)
    return flashes.with_flash(redirects.see_other("/settings/jobs"), "good", _("The post has been deleted."))


route_handlers = [index, act, delete_post]
