"""Bringing a post to a community, and changing it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from potluck.kinds import authoring
from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.social import preferences
from potluck.social.communities import joining, roles
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor
from potluck.text.languages import languages
from potluck.web import flashes, i18n, pages, redirects
from potluck.web.actor_pages import find_actor
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import Viewer, acting, check_may_post
from potluck.web.compose import visible
from potluck.web.forms import Form
from potluck.web.i18n import _, said
from potluck.web.ports import resolver
from potluck.web.presenters.people import shown_person
from potluck.web.presenters.posts import post_path
from potluck.web.types import AnyRequest

_FIELDS = ("title", "link", "text", "language", "sensitive", "flair")


async def _group(request: AnyRequest, handle: str) -> Actor:
    async with request.app.state.db.read() as session:
        found = await find_actor(session, handle)
    if found.type != "Group":
        raise NotFound
    return found


async def _form(request: AnyRequest, me: Viewer, group: Actor, values: dict[str, str], errors: dict[str, str], *,
                action: str, heading: str) -> Response[Any]:
    async with request.app.state.db.read() as session:
        settings = await joining.settings_of(session, group)
    return await pages.render(
        request, "communities/submit.html", community=shown_person(group), rules=settings.rules, values=values,
        errors=errors, action=action, heading=heading, status=422 if errors else 200,
        flairs=[{"value": "", "label": _("None")}, *({"value": item["name"], "label": item["name"]}
                                                    for item in settings.flairs)] if settings.flairs else [],
        languages=[{"value": "", "label": _("Not said")},
                   *({"value": item.tag, "label": item.name} for item in languages(i18n.current().tag))])


@get("/{handle:str}/submit")
async def new(request: AnyRequest, me: Me, handle: PathWord) -> Response[Any]:
    """The form for a new post; `url` and `title` of the address are filled in (share links, cross-posts)."""
    check_may_post(me)
    group = await _group(request, handle)
    async with request.app.state.db.read() as session:
        await roles.check_may_post(session, me.actor, group)
    query = request.query_params
    values = {"link": query.get("url", "")[:2000], "title": query.get("title", "")[:200],
              "text": query.get("text", "")[:5000], "language": preferences.of(me.user).language or ""}
    return await _form(request, me, group, values, {}, action=f"/{handle}/submit", heading=_("New post"))


def _request(form: Form, group_id: int) -> LinkRequest:
    flair = form.text("flair", limit=100)
    return LinkRequest(group_id, form.text("title", limit=500), link=form.text("link", limit=3000),
                       text=form.text("text", limit=100_000), language=form.text("language", limit=20) or None,
                       sensitive=form.flag("sensitive"), flairs=[flair] if flair else [])


@post("/{handle:str}/submit", status_code=303)
async def submit(request: AnyRequest, me: Me, form: SentForm, handle: PathWord) -> Response[Any]:
    """Post it."""
    check_may_post(me)
    group = await _group(request, handle)
    try:
        wanted = _request(form, group.id)
        await authoring.prepare_mentions(request.app.state.db, resolver(request), wanted.text)
        async with request.app.state.db.write() as session:
            row = await links.compose(session, await acting(session, me), wanted)
    except (Invalid, NotAllowed) as error:
        field = error.field if isinstance(error, Invalid) else "title"
        return await _form(request, me, group, form.kept(*_FIELDS), {field: said(error)}, action=f"/{handle}/submit",
                           heading=_("New post"))
    return flashes.with_flash(redirects.see_other(post_path(me.actor, row.id)), "good", _("Your post is out."))


@get("/posts/{object_id:int}/revise")
async def edit(request: AnyRequest, me: Me, object_id: PathId) -> Response[Any]:
    """The form with one's own post."""
    view = await visible(request, object_id, me)
    row = view.object
    if row.author_id != me.actor.id or row.kind != "link" or view.group is None:
        raise NotFound
    values = {"title": row.title or "", "link": links.shared_by(view), "text": row.source or "",
              "language": row.language or "", "sensitive": "1" if row.sensitive else "",
              "flair": next(iter(row.extra.get("flairs", ())), "")}
    return await _form(request, me, view.group, values, {}, action=f"/posts/{object_id}/revise", heading=_("Edit post"))


@post("/posts/{object_id:int}/revise", status_code=303)
async def save(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Save the changes."""
    view = await visible(request, object_id, me)
    if view.object.author_id != me.actor.id or view.group is None:
        raise NotFound
    try:
        wanted = _request(form, view.group.id)
        await authoring.prepare_mentions(request.app.state.db, resolver(request), wanted.text)
        async with request.app.state.db.write() as session:
            await links.revise(session, await acting(session, me), object_id, wanted)
    except Invalid as error:
        return await _form(request, me, view.group, form.kept(*_FIELDS), {error.field: said(error)},
                           action=f"/posts/{object_id}/revise", heading=_("Edit post"))
    return flashes.with_flash(redirects.see_other(post_path(me.actor, object_id)), "good",
                              _("Your changes are saved."))


route_handlers = [new, submit, edit, save]
