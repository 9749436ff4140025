"""A forgotten password: a link by mail, and the page it leads to."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social.accounts import resets
from potluck.social.accounts.mailing import send_soon
from potluck.social.errors import Invalid, NotFound
from potluck.web import auth, flashes, pages, redirects
from potluck.web.asking import PathWord, SentForm
from potluck.web.composing import form_errors
from potluck.web.i18n import _
from potluck.web.types import AnyRequest


@get("/reset")
async def ask(request: AnyRequest) -> Response[Any]:
    """The form that asks for the address."""
    return await pages.render(request, "signin/reset.html", errors={})


@post("/reset", status_code=303)
async def send(request: AnyRequest, form: SentForm) -> Response[Any]:
    """Send the link. The answer and its time are the same for an address that has no account."""
    try:
        async with request.app.state.db.write() as session:
            mail = await resets.begin(session, form.text("email", limit=300), ip=auth.client_address(request))
    except Invalid as error:
        return await pages.render(request, "signin/reset.html", errors=form_errors(error), status=422)
    if mail:
        send_soon(mail)
    return await pages.render(
        request, "signin/message.html", heading=_("Look into your mail"), links=[],
        text=_("If there is an account with this address, a link is on its way. It works for an hour."))


async def _over(request: AnyRequest) -> Response[Any]:
    return await pages.render(
        request, "signin/message.html", heading=_("This link does not work any more"), status=404,
        text=_("It was used already, or is too old."), links=[{"url": "/reset", "label": _("Ask for a new one")}])


@get("/reset/{token:str}")
async def show(request: AnyRequest, token: PathWord) -> Response[Any]:
    """The form for the new password."""
    async with request.app.state.db.read() as session:
        valid = await resets.is_valid(session, token)
    return await pages.render(request, "signin/new_password.html", token=token, errors={}) if valid \
        else await _over(request)


@post("/reset/{token:str}", status_code=303)
async def finish(request: AnyRequest, form: SentForm, token: PathWord) -> Response[Any]:
    """Set the new password."""
    try:
        async with request.app.state.db.write() as session:
            await resets.finish(session, token, form.secret("password"))
    except Invalid as error:
        return await pages.render(request, "signin/new_password.html", token=token, errors=form_errors(error),
                                  status=422)
    except NotFound:
        return await _over(request)
    return flashes.with_flash(redirects.see_other("/signin"), "good", _("Your new password is set. Please sign in."))


route_handlers = [ask, send, show, finish]
