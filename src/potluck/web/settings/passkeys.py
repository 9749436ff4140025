"""Passkeys: list, add, remove."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response

from potluck.handlers import get, post
from potluck.social.accounts import passkeys
from potluck.social.errors import SocialError
from potluck.web import cookies, flashes, pages, redirects
from potluck.web.asking import Me, PathId
from potluck.web.i18n import _
from potluck.web.presenters.times import shown_time
from potluck.web.signin import challenge_of, json_answer, json_error, passkey_answer
from potluck.web.types import AnyRequest

_PURPOSE = "passkey-register"


@get("/settings/passkeys")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """All of them."""
    async with request.app.state.db.read() as session:
        rows = await passkeys.all_of(session, me.user.id)
    shown = [{"id": row.id, "name": row.name, "created": shown_time(row.created_at),
              "used": shown_time(row.last_used_at) if row.last_used_at else None} for row in rows]
    return await pages.render(request, "settings/passkeys.html", heading=_("Passkeys"), passkeys=shown)


@post("/settings/passkeys/options", status_code=200)
async def options(request: AnyRequest, me: Me) -> Response[Any]:
    """First half of adding one."""
    try:
        async with request.app.state.db.read() as session:
            wanted, challenge = await passkeys.begin_registration(session, me.user)
    except SocialError as error:
        return json_error(error)
    return json_answer(wanted, challenge, _PURPOSE)


@post("/settings/passkeys/register", status_code=200)
async def register(request: AnyRequest, me: Me) -> Response[Any]:
    """Second half: keep it."""
    try:
        answer = await passkey_answer(request)
        async with request.app.state.db.write() as session:
            await passkeys.finish_registration(session, me.user, bytes(answer.credential).decode(),
                                               challenge_of(request, _PURPOSE), answer.name)
    except SocialError as error:
        return json_error(error)
    response: Response[Any] = Response(msgspec.json.encode({"redirect": "/settings/passkeys"}),
                                       media_type="application/json")
    cookies.drop(response, cookies.PENDING)
    return flashes.with_flash(response, "good", _("The passkey is added."))


@post("/settings/passkeys/{passkey_id:int}/remove", status_code=303)
async def remove(request: AnyRequest, me: Me, passkey_id: PathId) -> Response[Any]:
    """Remove one."""
    async with request.app.state.db.write() as session:
        await passkeys.remove(session, me.user.id, passkey_id)
    return flashes.with_flash(redirects.see_other("/settings/passkeys"), "good", _("The passkey is removed."))


route_handlers = [show, options, register, remove]
