"""Signing up, and confirming the e-mail address."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.settings import current
from potluck.social import gatekeeping, terms
from potluck.social.accounts import confirmations, invites, signup
from potluck.social.accounts.email import Mail
from potluck.social.accounts.mailing import send_soon
from potluck.social.errors import Invalid, NotFound
from potluck.web import auth, flashes, i18n, pages, redirects
from potluck.web.asking import Guest, Me, PathWord, SentForm
from potluck.web.composing import form_errors
from potluck.web.forms import Form
from potluck.web.i18n import _
from potluck.web.types import AnyRequest

_FIELDS = {"username": "name", "agreement": "agree", "invite": "code"}


def renamed_errors(error: Invalid) -> dict[str, str]:
    """What is wrong with a sign-up, under the names its form has."""
    return {_FIELDS.get(field, field): text for field, text in form_errors(error).items()}


async def _mode(request: AnyRequest, code: str) -> str:
    """How this visitor may sign up: open, approval, invite (a valid invitation is at hand), or closed."""
    mode = current().sign_up
    if mode == "closed":
        return mode
    if code:
        async with request.app.state.db.read() as session:
            if await invites.find(session, code):
                return "invite"
    return "closed" if mode == "invite" else mode


async def _form(request: AnyRequest, code: str, values: dict[str, str],
                errors: dict[str, str]) -> Response[Any]:
    mode = await _mode(request, code)
    if mode == "closed":
        text = _("New accounts need an invitation.") if current().sign_up == "invite" \
            else _("New accounts are not open at the moment.")
        return await pages.render(request, "signin/message.html", heading=_("Create account"), text=text,
                                  links=[{"url": "/about", "label": _("About this server")}], status=403)
    async with request.app.state.db.read() as session:
        has_terms = await terms.exist(session)
    return await pages.render(
        request, "signin/signup.html", mode=mode, code=code, values=values, errors=errors, terms=has_terms,
        domain=current().domain, status=422 if errors else 200)


@get("/signup")
async def show(request: AnyRequest, viewer: Guest) -> Response[Any]:
    """The form; `code` is an invitation."""
    if viewer:
        return redirects.see_other("/home")
    return await _form(request, request.query_params.get("code", "")[:100], {}, {})


@get("/invite/{code:str}")
async def invitation(code: PathWord) -> Response[Any]:
    """The link of an invitation."""
    safe = code.isascii() and code.replace("-", "").replace("_", "").isalnum()
    return redirects.see_other(f"/signup?code={code}" if safe else "/signup")


@post("/signup", status_code=303)
async def create(request: AnyRequest, form: SentForm) -> Response[Any]:
    """Make the account and send the mail that confirms the address."""
    code = form.text("code", limit=100)
    try:
        mail = await _create(request, form, code)
    except Invalid as error:
        return await _form(request, code, form.kept("name", "email", "reason"), renamed_errors(error))
    send_soon(mail)
    return await _welcome(request)


async def _create(request: AnyRequest, form: Form, code: str) -> Mail:
    """Make the account; for an address that has one already, the mail that says so to its owner.

    Raises:
        Invalid: a field cannot be used.
    """
    prepared = await signup.prepare(signup.Request(
        name=form.text("name"), email=form.text("email"), password=form.secret("password"),
        reason=form.text("reason", limit=5000), invite=code, locale=i18n.current().tag, agreed=form.flag("agree"),
        ip=auth.client_address(request)))
    # Counted only when everything fits: mistyping a name should not use up the tries.
    signup.count_attempt(auth.client_address(request))
    try:
        async with request.app.state.db.write() as session:
            account = await signup.create(session, prepared)
            return await confirmations.begin(session, account.user)
    except gatekeeping.Blocked:
        async with request.app.state.db.write() as session:
            await gatekeeping.count_refusal(session, prepared.email)
        raise
    except signup.AddressTaken:
        if not current().confirm_email:
            raise
        return confirmations.taken(prepared.email, i18n.current().tag)


async def _welcome(request: AnyRequest) -> Response[Any]:
    """The same page whether the account is new or the address had one already."""
    if current().confirm_email:
        text = _("We have sent you a mail. Open the link in it, then sign in.")
    else:
        text = _("Your account is ready. Please sign in.")
    if current().sign_up == "approval":
        text += " " + _("The moderators will look at your sign-up soon.")
    return await pages.render(request, "signin/message.html", heading=_("Welcome!"), text=text,
                              links=[{"url": "/signin", "label": _("Sign in")}])


@get("/confirm/{token:str}")
async def ask_confirm(request: AnyRequest, token: PathWord) -> Response[Any]:
    """The link in the mail: a page with a button, so that mail scanners which open links do not confirm."""
    return await pages.render(request, "signin/confirm_email.html", heading=_("Confirm your address"),
                              text=_("One press and your e-mail address is confirmed."), action=f"/confirm/{token}")


@post("/confirm/{token:str}", status_code=303)
async def confirm(request: AnyRequest, token: PathWord) -> Response[Any]:
    """Confirm an address (of a new account, or a changed one)."""
    try:
        async with request.app.state.db.write() as session:
            await confirmations.confirm(session, token)
    except (Invalid, NotFound):
        return await pages.render(
            request, "signin/message.html", heading=_("This link does not work any more"), status=404,
            text=_("It was used already, or is too old. You can have a new one sent from the settings."),
            links=[{"url": "/settings/account", "label": _("To the settings")}])
    return flashes.with_flash(redirects.see_other("/"), "good", _("Your e-mail address is confirmed."))


@post("/confirm", status_code=303)
async def send_again(request: AnyRequest, me: Me) -> Response[Any]:
    """Send the mail once more."""
    async with request.app.state.db.write() as session:
        mail = await confirmations.begin(session, me.user)
    send_soon(mail)
    return flashes.with_flash(redirects.see_other("/settings/account"), "good", _("The mail is on its way."))


route_handlers = [show, invitation, create, ask_confirm, confirm, send_again]
