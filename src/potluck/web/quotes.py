"""Quotes of a post: who quotes it, who may, and taking one's post out of a quote."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social import quoting, timelines
from potluck.web import feeds, flashes, pages, redirects
from potluck.web.asking import Guest, Me, PathId, SentForm
from potluck.web.auth import acting
from potluck.web.compose import visible
from potluck.web.i18n import _
from potluck.web.paging import page_of
from potluck.web.presenters.posts import shown_post
from potluck.web.settings.preferences import QUOTE_POLICIES
from potluck.web.types import AnyRequest


@get("/posts/{object_id:int}/quotes")
async def index(request: AnyRequest, viewer: Guest, object_id: PathId) -> Response[Any]:
    """Posts that quote a post; its author can take it out of each, and say who may quote it."""
    view = await visible(request, object_id, viewer)
    viewer_id = viewer.actor.id if viewer else None
    async with request.app.state.db.read() as session:
        refs = await timelines.quotes_of(session, object_id, viewer_id, page_of(request))
        feed = await feeds.load(session, request, refs, viewer)
    return await pages.render(
        request, "threads/quotes.html", post=shown_post(view, viewer), feed=feed, act=f"/posts/{object_id}",
        own=view.author.id == viewer_id, policy=view.object.quote_policy,
        policies=[(value, _(label)) for value, label in QUOTE_POLICIES])


@post("/posts/{object_id:int}/quotes/{quoting_id:int}/revoke", status_code=303)
async def revoke(request: AnyRequest, me: Me, object_id: PathId, quoting_id: PathId) -> Response[Any]:
    """Take one's post out of a quote, for good."""
    async with request.app.state.db.write() as session:
        await quoting.revoke(session, await acting(session, me), object_id, quoting_id)
    return flashes.with_flash(redirects.see_other(f"/posts/{object_id}/quotes"), "good",
                              _("Your post is no longer shown there."))


@post("/posts/{object_id:int}/quote-policy", status_code=303)
async def policy(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Change who may quote one's post from now on."""
    async with request.app.state.db.write() as session:
        await quoting.set_policy(session, await acting(session, me), object_id, form.text("quote_policy"))
    return flashes.with_flash(redirects.see_other(f"/posts/{object_id}/quotes"), "good", _("Your changes are saved."))


route_handlers = [index, revoke, policy]
