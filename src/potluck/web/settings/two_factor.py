"""Two-factor sign-in: set up with an authenticator app, recovery codes, switched off."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from litestar import Response
from markupsafe import Markup

from potluck.handlers import get, post
from potluck.social.accounts import recovery, totp
from potluck.social.errors import Invalid, NotFound
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, SentForm
from potluck.web.auth import Viewer
from potluck.web.composing import form_errors
from potluck.web.i18n import _
from potluck.web.proof import check_password
from potluck.web.types import AnyRequest

QR_PATH = "/settings/two-factor/qr.svg"


async def _page(request: AnyRequest, me: Viewer, errors: dict[str, str] | None = None) -> Response[Any]:
    enabled = me.user.totp_enabled_at is not None
    picture = Markup('<img src="{}" alt="" width="184" height="184">').format(QR_PATH)
    return await pages.render(
        request, "settings/two_factor.html", heading=_("Two-factor sign-in"), enabled=enabled,
        left=recovery.left(me.user), qr=picture, secret="" if enabled else me.user.totp_secret or "",
        errors=errors or {}, status=422 if errors else 200)


@get("/settings/two-factor")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """How it stands."""
    return await _page(request, me)


@get(QR_PATH)
async def qr_code(me: Me) -> Response[bytes]:
    """The QR code of a secret that is being set up; never of one that is in force."""
    if not me.user.totp_secret or me.user.totp_enabled_at is not None:
        raise NotFound
    import segno

    drawn = BytesIO()
    segno.make(totp.provisioning_uri(me.user, me.actor.name), error="m").save(
        drawn, kind="svg", border=2, xmldecl=False, svgns=True, omitsize=True)
    return Response(drawn.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@post("/settings/two-factor/start", status_code=303)
async def start(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Make a secret for the app."""
    try:
        await check_password(me, form.secret("password"))
    except Invalid as error:
        return await _page(request, me, form_errors(error))
    async with request.app.state.db.write() as session:
        await totp.begin(session, me.user)
    return redirects.see_other("/settings/two-factor")


async def _codes(request: AnyRequest, codes: list[str]) -> Response[Any]:
    return await pages.render(request, "settings/recovery_codes.html", heading=_("Recovery codes"), codes=codes,
                              up="/settings/two-factor", headers={"Cache-Control": "no-store"})


@post("/settings/two-factor/enable", status_code=200)
async def enable(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Switch on with the app's first code, and show the recovery codes."""
    try:
        async with request.app.state.db.write() as session:
            codes = await totp.enable(session, me.user, form.secret("code"))
    except Invalid as error:
        return await _page(request, me, form_errors(error))
    return await _codes(request, codes)


@post("/settings/two-factor/codes", status_code=200)
async def new_codes(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Make new recovery codes."""
    try:
        await check_password(me, form.secret("password"))
    except Invalid as error:
        return await _page(request, me, form_errors(error))
    if me.user.totp_enabled_at is None:
        return redirects.see_other("/settings/two-factor")
    async with request.app.state.db.write() as session:
        codes = await recovery.renew(session, me.user)
    return await _codes(request, codes)


@post("/settings/two-factor/disable", status_code=303)
async def disable(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Switch off."""
    try:
        await check_password(me, form.secret("off_password"), "off_password")
    except Invalid as error:
        return await _page(request, me, form_errors(error))
    async with request.app.state.db.write() as session:
        await totp.disable(session, me.user)
    return flashes.with_flash(redirects.see_other("/settings/two-factor"), "good",
                              _("Two-factor sign-in is switched off."))


route_handlers = [show, qr_code, start, enable, new_codes, disable]
