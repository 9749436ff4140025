"""Deleting one's account."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.social.accounts import deletion
from potluck.social.errors import Invalid
from potluck.web import cookies, flashes, pages, redirects
from potluck.web.asking import Me, SentForm
from potluck.web.auth import Viewer
from potluck.web.composing import form_errors
from potluck.web.i18n import _
from potluck.web.proof import check_password
from potluck.web.types import AnyRequest


async def _page(request: AnyRequest, me: Viewer, errors: dict[str, str]) -> Response[Any]:
    return await pages.render(request, "settings/delete.html", heading=_("Delete account"), name=me.actor.name,
                              errors=errors, status=422 if errors else 200)


@get("/settings/delete")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """What is lost, and the form that asks for name and password."""
    return await _page(request, me, {})


def _check_name(me: Viewer, typed: str) -> None:
    if typed.lower().lstrip("@") != me.actor.name:
        raise Invalid("name", "This is not your user name")


@post("/settings/delete", status_code=303)
async def delete(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Delete the account for good."""
    try:
        _check_name(me, form.text("name"))
        await check_password(me, form.secret("password"))
        async with request.app.state.db.write() as session:
            await deletion.delete_account(session, me.user)
    except Invalid as error:
        return await _page(request, me, form_errors(error))
    response = flashes.with_flash(redirects.see_other("/"), "good", _("Your account is deleted. Goodbye!"))
    cookies.drop(response, cookies.SESSION)
    return response


route_handlers = [show, delete]
