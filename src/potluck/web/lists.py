"""Lists of people: make, change, fill, read."""

from __future__ import annotations

from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.social import lists, search, timelines, views
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import List
from potluck.social.paging import Page
from potluck.web import feeds, flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import Viewer, acting
from potluck.web.i18n import _, said
from potluck.web.paging import page_of
from potluck.web.presenters.people import shown_person
from potluck.web.types import AnyRequest

REPLIES = ("followed", "list", "none")


async def _own(session: AsyncSession, me: Viewer, list_id: int) -> List:
    return await lists.one(session, me.actor.id, list_id)


@get("/lists")
async def index(request: AnyRequest, me: Me) -> Response[Any]:
    """All lists, and the form for a new one."""
    return await _index(request, me, {}, "")


async def _index(request: AnyRequest, me: Viewer, errors: dict[str, str], title: str) -> Response[Any]:
    async with request.app.state.db.read() as session:
        found = await lists.of_owner(session, me.actor.id)
    return await pages.render(request, "lists/index.html", lists=found, errors=errors, title=title,
                              status=422 if errors else 200)


@post("/lists", status_code=303)
async def create(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Make a list."""
    try:
        async with request.app.state.db.write() as session:
            made = await lists.create(session, await acting(session, me), form.text("title", limit=100))
    except Invalid as error:
        return await _index(request, me, {error.field: said(error)}, form.kept("title")["title"])
    return redirects.see_other(f"/lists/{made.id}/edit")


@get("/lists/{list_id:int}")
async def show(request: AnyRequest, me: Me, list_id: PathId) -> Response[Any]:
    """The posts of a list's people."""
    async with request.app.state.db.read() as session:
        row = await _own(session, me, list_id)
        refs = await timelines.list_(session, row.id, page_of(request))
        feed = await feeds.load(session, request, refs, me, context="home")
    return await pages.render(
        request, "timelines/plain.html", feed=feed, heading=row.title, note=_("List"), live=f"list:{row.id}",
        symbol="list", empty=_("Nothing here yet"), empty_text=_("Add people you follow to this list."),
        back="/lists", manage=f"/lists/{row.id}/edit")


@get("/lists/{list_id:int}/edit")
async def edit(request: AnyRequest, me: Me, list_id: PathId) -> Response[Any]:
    """Change a list and who is on it; `q` finds people one follows."""
    return await _edit(request, me, list_id, {})


async def _edit(request: AnyRequest, me: Viewer, list_id: int, errors: dict[str, str]) -> Response[Any]:
    words = request.query_params.get("q", "").strip()[:100]
    async with request.app.state.db.read() as session:
        found_list = await _own(session, me, list_id)
        members = [row.actor for row in await lists.members(session, found_list.id, Page(limit=500))]
        found = await search.accounts(session, words, viewer_id=me.actor.id, limit=20, following=True) if words else []
    known = {actor.id for actor in members}
    return await pages.render(
        request, "lists/edit.html", row=found_list, members=[shown_person(actor) for actor in members], words=words,
        found=[shown_person(actor) for actor in found if actor.id not in known], errors=errors,
        status=422 if errors else 200)


@post("/lists/{list_id:int}/edit", status_code=303)
async def save(request: AnyRequest, me: Me, form: SentForm, list_id: PathId) -> Response[Any]:
    """Save a list's name and rules."""
    try:
        async with request.app.state.db.write() as session:
            row = await _own(session, me, list_id)
            await lists.change(session, row, title=form.text("title", limit=100),
                               replies_policy=form.one_of("replies_policy", REPLIES, "list"),
                               exclusive=form.flag("exclusive"))
    except Invalid as error:
        return await _edit(request, me, list_id, {error.field: said(error)})
    return flashes.with_flash(redirects.see_other(f"/lists/{list_id}"), "good", _("The list is saved."))


@post("/lists/{list_id:int}/{verb:str}", status_code=303)
async def change(request: AnyRequest, me: Me, form: SentForm, list_id: PathId, verb: PathWord) -> Response[Any]:
    """Add or remove someone."""
    async with request.app.state.db.write() as session:
        row = await _own(session, me, list_id)
        person = form.whole("person") or 0
        if person not in await views.load_actors(session, [person]) or verb not in {"add", "remove"}:
            raise NotFound
        await (lists.add_members if verb == "add" else lists.remove_members)(session, row, [person])
    return redirects.see_other(f"/lists/{list_id}/edit")


@get("/lists/{list_id:int}/delete")
async def ask_delete(request: AnyRequest, me: Me, list_id: PathId) -> Response[Any]:
    """Ask before deleting."""
    async with request.app.state.db.read() as session:
        row = await _own(session, me, list_id)
    return await pages.render(
        request, "confirm.html", heading=_("Delete list"), question=_("Delete the list “%(name)s”?", name=row.title),
        detail=_("You keep following the people on it."), action=f"/lists/{list_id}/delete", yes=_("Delete"),
        cancel=f"/lists/{list_id}/edit", fields={})


@post("/lists/{list_id:int}/delete", status_code=303)
async def delete(request: AnyRequest, me: Me, list_id: PathId) -> Response[Any]:
    """Delete a list."""
    async with request.app.state.db.write() as session:
        await lists.delete(session, await _own(session, me, list_id))
    return flashes.with_flash(redirects.see_other("/lists"), "good", _("The list is deleted."))


route_handlers = [index, create, show, edit, save, change, ask_delete, delete]
