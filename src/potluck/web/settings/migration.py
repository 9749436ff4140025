"""Moving: aliases for coming here, and moving away with one's followers."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social import actors, moving, views
from potluck.social.errors import Invalid
from potluck.social.model import Actor
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, SentForm
from potluck.web.auth import Viewer, acting
from potluck.web.composing import form_errors
from potluck.web.i18n import _
from potluck.web.ports import ports, resolver
from potluck.web.presenters.people import profile_path, shown_person
from potluck.web.proof import check_password
from potluck.web.types import AnyRequest


async def _page(request: AnyRequest, me: Viewer, values: dict[str, str] | None = None,
                errors: dict[str, str] | None = None) -> Response[Any]:
    target = me.actor.moved_to_id
    async with request.app.state.db.read() as session:
        moved_to = (await views.load_actors(session, [target])).get(target) if target else None
    return await pages.render(
        request, "settings/migration.html", heading=_("Moving"), aliases=me.actor.also_known_as, values=values or {},
        errors=errors or {}, moved_to=shown_person(moved_to) if moved_to else None, status=422 if errors else 200)


@get("/settings/migration")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """Aliases and the form for moving."""
    return await _page(request, me)


async def _other(request: AnyRequest, me: Viewer, field: str, address: str) -> Actor:
    """The account an address names, read anew from its server.

    Raises:
        Invalid: there is none.
    """
    found = await resolver(request).resolve(address, me.actor) if address else None
    if not isinstance(found, Actor):
        raise Invalid(field, "No account was found by this address")
    try:
        fresh = None if found.is_local else await resolver(request).actor_by_uri(found.uri, refresh=True)
    except ports(request).unreachable as error:
        raise Invalid(field, "The server of that account does not answer") from error
    return fresh or found


@post("/settings/migration/aliases", status_code=303)
async def add_alias(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Say that another account is one's own too."""
    try:
        other = await _other(request, me, "alias", form.text("alias", limit=2000))
        async with request.app.state.db.write() as session:
            await actors.add_alias(session, await acting(session, me), other.uri)
    except Invalid as error:
        return await _page(request, me, form.kept("alias"), form_errors(error))
    return flashes.with_flash(redirects.see_other("/settings/migration"), "good",
                              _("Now start the move on your old server."))


@post("/settings/migration/aliases/remove", status_code=303)
async def remove_alias(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Take an alias back."""
    async with request.app.state.db.write() as session:
        await actors.remove_alias(session, await acting(session, me), form.text("uri", limit=2000))
    return redirects.see_other("/settings/migration")


@post("/settings/migration/move", status_code=303)
async def move(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Move away, and ask the followers to come along; or only point to the new account."""
    try:
        await check_password(me, form.secret("password"))
        other = await _other(request, me, "target", form.text("target", limit=2000))
        async with request.app.state.db.write() as session:
            target = await session.get_one(Actor, other.id)
            act = moving.redirect if form.flag("redirect") else moving.mark_moved
            await act(session, await acting(session, me), target)
    except Invalid as error:
        return await _page(request, me, form.kept("target"), form_errors(error))
    return flashes.with_flash(
        redirects.see_other(profile_path(me.actor)), "good", _("Your profile points to your new account.")
        if form.flag("redirect") else _("Your followers are being asked to follow your new account."))


@post("/settings/migration/back", status_code=303)
async def back(request: AnyRequest, me: Me) -> Response[Any]:
    """Use the account again; whoever moved along stays where they are."""
    async with request.app.state.db.write() as session:
        await moving.undo_redirect(session, await acting(session, me))
    return flashes.with_flash(redirects.see_other("/settings/migration"), "good",
                              _("Your account is in use again."))


route_handlers = [show, add_alias, remove_alias, move, back]
