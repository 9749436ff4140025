"""Reading a blog by mail: giving an address, confirming it, leaving."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social.accounts import mailing
from potluck.social.accounts.rate_limits import Limiter, address_key
from potluck.social.blogs import making, subscribing
from potluck.social.errors import Invalid, NotFound
from potluck.web import csrf, flashes, i18n, pages, redirects
from potluck.web.actor_pages import find_actor
from potluck.web.asking import PathWord, SentForm
from potluck.web.auth import client_address
from potluck.web.i18n import _, said
from potluck.web.presenters.people import profile_path
from potluck.web.types import AnyRequest

_asked = Limiter(burst=5, seconds_each=600)  # letters that one address has sent to others


@post("/{handle:str}/letters", status_code=303)
async def subscribe(request: AnyRequest, form: SentForm, handle: PathWord) -> Response[Any]:
    """Somebody gives an address; the answer is the same whether it is known or not."""
    _asked.take(address_key(client_address(request)))
    try:
        async with request.app.state.db.write() as session:
            actor = await find_actor(session, handle)
            if not making.is_blog(actor):
                raise NotFound
            mail = await subscribing.subscribe(session, actor, form.text("email", limit=300), i18n.current().tag)
            if mail is not None:
                mailing.send_after_commit(session, mail)
    except Invalid as error:
        return flashes.with_flash(redirects.see_other(f"/{handle}"), "bad", said(error))
    return flashes.with_flash(redirects.see_other(profile_path(actor)), "good", _(
        "We sent you a letter. Open the link in it, and new articles will come by mail."))


async def _ask(request: AnyRequest, token: str, *, leave: bool) -> Response[Any]:
    """A page with a button: mail programs open links by themselves, and must change nothing."""
    async with request.app.state.db.read() as session:
        _row, blog = await subscribing.by_token(session, token)
    name = blog.display_name or blog.name
    heading = _("No more letters") if leave else _("Articles by mail")
    question = _("Shall no more articles of “%(name)s” come by mail?", name=name) if leave else _(
        "Shall new articles of “%(name)s” come by mail?", name=name)
    return await pages.render(
        request, "confirm.html", heading=heading, question=question, detail="", fields={},
        action=f"/letters/{token}/leave" if leave else f"/letters/{token}",
        yes=_("No more letters") if leave else _("Yes, please"), cancel=profile_path(blog))


@get("/letters/{token:str}")
async def ask_confirm(request: AnyRequest, token: PathWord) -> Response[Any]:
    """Ask whether the letters are wanted."""
    return await _ask(request, token, leave=False)


@post("/letters/{token:str}", status_code=303)
async def confirm(request: AnyRequest, token: PathWord) -> Response[Any]:
    """They are."""
    async with request.app.state.db.write() as session:
        blog = await subscribing.confirm(session, token)
    return flashes.with_flash(redirects.see_other(profile_path(blog)), "good", _("New articles will come by mail."))


@get("/letters/{token:str}/leave")
async def ask_leave(request: AnyRequest, token: PathWord) -> Response[Any]:
    """Ask whether they shall end."""
    return await _ask(request, token, leave=True)


@post("/letters/{token:str}/leave", status_code=303, opt=(csrf.READS_ITSELF,))
async def leave(request: AnyRequest, token: PathWord) -> Response[Any]:
    """They end. Mail programs send this by themselves (RFC 8058), without our token: the address is the secret."""
    async with request.app.state.db.write() as session:
        blog = await subscribing.leave(session, token)
    return flashes.with_flash(redirects.see_other(profile_path(blog)), "good", _("No more letters will come."))


route_handlers = [subscribe, ask_confirm, confirm, ask_leave, leave]
