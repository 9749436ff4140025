"""Telling the moderators about a person or a post."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social import act_limits, reports, site_texts, timelines, views
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor
from potluck.social.paging import Page
from potluck.social.views import ObjectView
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, SentForm
from potluck.web.auth import Viewer, acting
from potluck.web.forms import Form, choices
from potluck.web.i18n import _, _l, said
from potluck.web.presenters.people import profile_path, shown_person
from potluck.web.presenters.posts import shown_post
from potluck.web.trusted import plain_text
from potluck.web.types import AnyRequest

CATEGORIES = (
    ("spam", _l("It is spam")), ("legal", _l("It breaks the law")),
    ("violation", _l("It breaks a rule of this server")), ("other", _l("Something else")),
)


_OTHERS = 10  # further posts offered


async def _target(request: AnyRequest, me: Viewer, actor_id: int | None,
                  object_id: int | None) -> tuple[Actor, ObjectView | None]:
    async with request.app.state.db.read() as session:
        view = None
        if object_id is not None:
            view = (await views.load_objects(session, [object_id], me.actor.id)).get(object_id)
            if view is None:
                raise NotFound
        actor = view.author if view else (await views.load_actors(session, [actor_id or 0])).get(actor_id or 0)
    if actor is None or actor.deleted_at or actor.id == me.actor.id:
        raise NotFound
    return actor, view


async def _form(request: AnyRequest, me: Viewer, actor: Actor, view: ObjectView | None,
                errors: dict[str, str], *, comment: str = "") -> Response[Any]:
    async with request.app.state.db.read() as session:
        texts = await site_texts.rules(session)
        refs = await timelines.profile(session, actor.id, me.actor.id, Page(limit=_OTHERS), boosts=False)
        found = await views.load_objects(session, [ref.object_id for ref in refs], me.actor.id)
    others = [found[ref.object_id] for ref in refs if ref.object_id in found
              and (view is None or ref.object_id != view.object.id)]
    return await pages.render(
        request, "people/report.html", person=shown_person(actor), post=shown_post(view, me) if view else None,
        rules=[{"id": rule.id, "text": rule.text} for rule in texts],
        others=[{"id": item.object.id, "text": item.object.title or item.object.summary
                 or plain_text(item.object.content, 120) or _("(no text)")} for item in others],
        action=f"/posts/{view.object.id}/report" if view else f"/people/{actor.id}/report", errors=errors,
        comment=comment, host=actor.host, categories=choices(CATEGORIES),
        community=shown_person(view.group) if view and view.group else None,
        community_host=view.group.host if view and view.group else "",
        status=422 if errors else 200)


async def _send(request: AnyRequest, me: Viewer, form: Form, actor: Actor,
                view: ObjectView | None) -> Response[Any]:
    try:
        async with request.app.state.db.write() as session:
            reporter = await acting(session, me)
            await act_limits.take(session, reporter, "reports")
            await reports.create(
                session, reporter, actor,
                object_ids=[*([view.object.id] if view else ()), *form.wholes("posts")],
                comment=form.text("comment", limit=1000),
                category=form.one_of("category", tuple(value for value, _label in CATEGORIES), "other"),
                rule_ids=form.wholes("rules"), forward=form.flag("forward"))
    except Invalid as error:
        return await _form(request, me, actor, view, {error.field: said(error)},
                           comment=form.kept("comment")["comment"])
    return flashes.with_flash(redirects.see_other(profile_path(actor)), "good",
                              _("Thank you. The moderators will look at it."))


@get("/people/{actor_id:int}/report")
async def person_form(request: AnyRequest, me: Me, actor_id: PathId) -> Response[Any]:
    """Report a person."""
    actor, view = await _target(request, me, actor_id, None)
    return await _form(request, me, actor, view, {})


@post("/people/{actor_id:int}/report", status_code=303)
async def person(request: AnyRequest, me: Me, form: SentForm, actor_id: PathId) -> Response[Any]:
    """Send the report."""
    actor, view = await _target(request, me, actor_id, None)
    return await _send(request, me, form, actor, view)


@get("/posts/{object_id:int}/report")
async def post_form(request: AnyRequest, me: Me, object_id: PathId) -> Response[Any]:
    """Report a post."""
    actor, view = await _target(request, me, None, object_id)
    return await _form(request, me, actor, view, {})


@post("/posts/{object_id:int}/report", status_code=303)
async def post_(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Send the report."""
    actor, view = await _target(request, me, None, object_id)
    return await _send(request, me, form, actor, view)


route_handlers = [person_form, person, post_form, post_]
