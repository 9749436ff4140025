"""Private conversations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social import conversations, views
from potluck.social.errors import NotFound
from potluck.web import pages, redirects
from potluck.web.asking import Me, PathId
from potluck.web.paging import PAGE_SIZE, next_url, page_of
from potluck.web.presenters.people import Person, shown_person
from potluck.web.presenters.posts import post_path
from potluck.web.presenters.times import Time, shown_time
from potluck.web.trusted import plain_text
from potluck.web.types import AnyRequest


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation: with whom, and its last message."""

    id: str
    people: list[Person]
    excerpt: str
    url: str
    time: Time
    unread: bool


@get("/conversations")
async def index(request: AnyRequest, me: Me) -> Response[Any]:
    """All private conversations, the latest first."""
    async with request.app.state.db.read() as session:
        found = await conversations.page(session, me.actor.id, page_of(request))
        last = await views.load_objects(session, [row.last_object_id for row in found], me.actor.id, with_marks=False)
        people = await views.load_actors(session, {item for row in found for item in row.participant_ids})
    rows = []
    for row in found:
        view = last.get(row.last_object_id)
        if view is None:
            continue
        excerpt = view.object.summary or plain_text(view.object.content, 160)
        rows.append(Row(str(row.id), [shown_person(people[item]) for item in row.participant_ids if item in people],
                        excerpt, f"/conversations/{row.id}", shown_time(view.object.published), row.unread))
    return await pages.render(request, "notifications/conversations.html", rows=rows, next_url=next_url(
        request, len(found), found[-1].last_object_id if found else None, PAGE_SIZE))


@get("/conversations/{conversation_id:int}")
async def show(request: AnyRequest, me: Me, conversation_id: PathId) -> Response[Any]:
    """Mark a conversation read and open it at its last message."""
    async with request.app.state.db.write() as session:
        row = await conversations.mark(session, me.actor.id, conversation_id, unread=False)
        view = (await views.load_objects(session, [row.last_object_id], me.actor.id, with_marks=False)).get(
            row.last_object_id)
    if view is None:
        raise NotFound
    return redirects.see_other(f"{post_path(view.author, view.object.id)}#post-{view.object.id}")


@post("/conversations/{conversation_id:int}/remove", status_code=303)
async def remove(request: AnyRequest, me: Me, conversation_id: PathId) -> Response[Any]:
    """Take a conversation off the list."""
    async with request.app.state.db.write() as session:
        await conversations.remove(session, me.actor.id, conversation_id)
    return redirects.see_other("/conversations")


route_handlers = [index, show, remove]
