"""E-mail address and password."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social.accounts import confirmations, passwords
from potluck.social.accounts.email import MailNotSent
from potluck.social.errors import Invalid
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, SentForm
from potluck.web.auth import Viewer
from potluck.web.composing import form_errors
from potluck.web.i18n import _
from potluck.web.proof import check_password
from potluck.web.types import AnyRequest


async def _page(request: AnyRequest, me: Viewer, values: dict[str, str] | None = None,
                errors: dict[str, str] | None = None) -> Response[Any]:
    return await pages.render(
        request, "settings/account.html", heading=_("E-mail and password"), email=me.user.email,
        confirmed=me.user.confirmed_at is not None, values=values or {}, errors=errors or {},
        status=422 if errors else 200)


@get("/settings/account")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """Both forms."""
    return await _page(request, me)


@post("/settings/account/email", status_code=303)
async def change_email(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Ask to confirm a new address."""
    try:
        await check_password(me, form.secret("email_password"), "email_password")
        async with request.app.state.db.write() as session:
            mail = await confirmations.begin_change(session, me.user, form.text("email", limit=300))
        if mail:
            await confirmations.send(mail)
    except Invalid as error:
        return await _page(request, me, form.kept("email"), form_errors(error))
    except MailNotSent:
        return await _page(request, me, form.kept("email"), {"email": _("The mail could not be sent.")})
    return flashes.with_flash(redirects.see_other("/settings/account"), "good",
                              _("Please open the link in the mail we sent to your new address."))


@post("/settings/account/password", status_code=303)
async def change_password(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Change the password; every other session ends."""
    try:
        await check_password(me, form.secret("current"), "current")
        async with request.app.state.db.write() as session:
            await passwords.replace(session, me.user, form.secret("password"), keep_session=me.session.id)
    except Invalid as error:
        return await _page(request, me, errors=form_errors(error))
    return flashes.with_flash(redirects.see_other("/settings/account"), "good", _("Your password is changed."))


route_handlers = [show, change_email, change_password]
