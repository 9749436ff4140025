"""The first-run wizard behind the one-time set-up link: the administrator, and what this server is called."""

from __future__ import annotations

import os
from typing import Any

import structlog
from litestar import Response

from potluck import settings
from potluck.handlers import get, post
from potluck.settings import SITE_SETTINGS, SettingsError
from potluck.social.accounts import invites, sessions, signup
from potluck.social.errors import Invalid, NotFound
from potluck.web import auth, flashes, i18n, pages, redirects
from potluck.web.asking import PathWord, SentForm
from potluck.web.i18n import _, _l
from potluck.web.signup import renamed_errors
from potluck.web.types import AnyRequest

log = structlog.get_logger(__name__)

MODES = (
    ("closed", _l("Nobody"), _l("You make accounts for others yourself.")),
    ("invite", _l("People with an invitation"), ""),
    ("approval", _l("Anyone, after I have looked"), _l("They say why they want to join.")),
    ("open", _l("Anyone"), _l("Keep an eye on it: open servers attract spam.")),
)


def _fixed() -> list[str]:
    """Settings of the wizard that the operator decided in the environment."""
    return [f"POTLUCK_{name.upper()}" for name in SITE_SETTINGS if f"POTLUCK_{name.upper()}" in os.environ]


async def _page(request: AnyRequest, code: str, values: dict[str, str],
                errors: dict[str, str]) -> Response[Any]:
    modes = [{"value": value, "label": _(label), "hint": _(hint) if hint else ""} for value, label, hint in MODES]
    return await pages.render(
        request, "signin/setup.html", code=code, values=values, errors=errors, domain=settings.current().domain,
        sign_up_modes=modes, fixed=_fixed(), status=422 if errors else 200)


@get("/setup/{code:str}")
async def show(request: AnyRequest, code: PathWord) -> Response[Any]:
    """The wizard, as long as the link was not used."""
    async with request.app.state.db.read() as session:
        if await invites.find(session, code, role="admin") is None:
            raise NotFound
    present = settings.current()
    return await _page(request, code, {name: getattr(present, name) for name in SITE_SETTINGS}, {})


@post("/setup/{code:str}", status_code=303)
async def finish(request: AnyRequest, form: SentForm, code: PathWord) -> Response[Any]:
    """Make the administrator, keep what the server is called, sign in."""
    wanted = {"title": form.text("title", limit=200) or "Potluck", "description": form.text("description"),
              "sign_up": form.one_of("sign_up", tuple(value for value, _label, _hint in MODES), "closed")}
    try:
        prepared = await signup.prepare(signup.Request(
            name=form.text("name"), email=form.text("email"), password=form.secret("password"),
            locale=i18n.current().tag), ask_for_mail_hosts=False)
        async with request.app.state.db.write() as session:
            account = await signup.create_first_admin(session, prepared, code)
            secret = await sessions.start(session, account.user, ip=auth.client_address(request),
                                          user_agent=request.headers.get("user-agent", ""))
    except Invalid as error:
        return await _page(request, code, {**form.kept("name", "email"), **wanted}, renamed_errors(error))
    response = flashes.with_flash(redirects.see_other("/settings/profile"), "good", _keep(wanted))
    auth.start_session(response, secret)
    return response


def _keep(wanted: dict[str, str]) -> str:
    free = {name: value for name, value in wanted.items() if f"POTLUCK_{name.upper()}" not in os.environ}
    try:
        settings.save_site(settings.current(), free)
    except (OSError, SettingsError) as error:
        log.warning("site_settings_not_saved", error=str(error))
        return _("Welcome! Your server is ready, but its name could not be saved; please set POTLUCK_TITLE.")
    return _("Welcome! Your server is ready. Tell people who you are:")


route_handlers = [show, finish]
