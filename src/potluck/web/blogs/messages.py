"""Private messages to a blog: those who look after it read and answer them at its desk, in the blog's name.

They are the blog's conversations and nobody's else: whoever looks after it takes no part under a name of their own,
so that nobody learns whose the blog is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.social import conversations, views
from potluck.social.blogs import authors
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, Conversation
from potluck.social.paging import Page
from potluck.social.visibility import DIRECT
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import Viewer, check_may_post
from potluck.web.blogs.desk import blog_for
from potluck.web.i18n import _, said
from potluck.web.paging import PAGE_SIZE, next_url, page_of
from potluck.web.presenters.people import Person, shown_person
from potluck.web.presenters.posts import shown_post
from potluck.web.presenters.times import Time, shown_time
from potluck.web.trusted import plain_text
from potluck.web.types import AnyRequest

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation of the blog: with whom, and its last message."""

    people: list[Person]
    excerpt: str
    url: str
    time: Time
    unread: bool


@get("/{handle:str}/desk/messages")
async def index(request: AnyRequest, me: Me, handle: PathWord) -> Response[Any]:
    """All private messages to a blog, the latest first."""
    async with request.app.state.db.read() as session:
        blog = await blog_for(session, me, handle, authors.EDITOR)
        found = await conversations.page(session, blog.id, page_of(request))
        last = await views.load_objects(session, [row.last_object_id for row in found], blog.id, with_marks=False)
        people = await views.load_actors(session, {item for row in found for item in row.participant_ids})
    rows = [Row([shown_person(people[item]) for item in row.participant_ids if item in people],
                plain_text(last[row.last_object_id].object.content, 160), f"/{handle}/desk/messages/{row.id}",
                shown_time(last[row.last_object_id].object.published), row.unread)
            for row in found if row.last_object_id in last]
    return await pages.render(request, "blogs/messages.html", person=shown_person(blog), rows=rows, next_url=next_url(
        request, len(found), found[-1].last_object_id if found else None, PAGE_SIZE))


async def _shown(request: AnyRequest, me: Viewer, handle: str, conversation_id: int, *, error: str = "",
                 typed: str = "") -> Response[Any]:
    async with request.app.state.db.write() as session:
        blog = await blog_for(session, me, handle, authors.EDITOR)
        row = await conversations.mark(session, blog.id, conversation_id, unread=False)
        ids = await conversations.messages(session, row, Page(limit=_SHOWN))
        found = await views.load_objects(session, ids, blog.id, with_marks=False)
        people = await views.load_actors(session, set(row.participant_ids))
    posts = [shown_post(found[item], me, unfold=True) for item in reversed(ids) if item in found]
    return await pages.render(
        request, "blogs/message.html", person=shown_person(blog), posts=posts, action=f"/{handle}/desk/messages",
        people=[shown_person(people[item]) for item in row.participant_ids if item in people], error=error,
        typed=typed, conversation_id=conversation_id, status=422 if error else 200)


@get("/{handle:str}/desk/messages/{conversation_id:int}")
async def show(request: AnyRequest, me: Me, handle: PathWord, conversation_id: PathId) -> Response[Any]:
    """One conversation of a blog, which is read then."""
    return await _shown(request, me, handle, conversation_id)


@post("/{handle:str}/desk/messages/{conversation_id:int}", status_code=303)
async def act(request: AnyRequest, me: Me, form: SentForm, handle: PathWord, conversation_id: PathId) -> Response[Any]:
    """Answer in the blog's name, or take the conversation off the list."""
    check_may_post(me)
    text = form.text("text", limit=20_000)
    try:
        async with request.app.state.db.write() as session:
            blog = await blog_for(session, me, handle, authors.EDITOR)
            row = await conversations.one(session, blog.id, conversation_id)
            if form.flag("remove"):
                await conversations.remove(session, blog.id, conversation_id)
            else:
                await _answer(session, blog, row, text)
    except (Invalid, NotAllowed) as error:
        return await _shown(request, me, handle, conversation_id, error=said(error), typed=text)
    if form.flag("remove"):
        return redirects.see_other(f"/{handle}/desk/messages")
    return flashes.with_flash(redirects.see_other(f"/{handle}/desk/messages/{conversation_id}"), "good",
                              _("Your answer is sent in the blog's name."))


async def _answer(session: AsyncSession, blog: Actor, row: Conversation, text: str) -> None:
    """A message of the blog to all who take part.

    Raises:
        Invalid: there is nothing to say, or too much.
        NotFound: nobody is there any more.
    """
    if not text.strip():
        raise Invalid("text", "Validation failed: Text can't be blank", "blank")
    people = await views.load_actors(session, set(row.participant_ids))
    named = " ".join(f"@{people[item].acct}" for item in row.participant_ids if item in people)
    if not named:
        raise NotFound
    await notes.compose(session, blog, NoteRequest(
        f"{named} {text.strip()}", visibility=DIRECT, in_reply_to_id=row.last_object_id))


route_handlers = [index, show, act]
