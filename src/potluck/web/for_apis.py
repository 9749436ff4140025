"""What the site does for the APIs (`potluck.apis.ports`): who is signed in, consent pages, safe forms."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.web import auth, csrf, pages, security_headers
from potluck.web.auth import Viewer, client_address, sign_in_path
from potluck.web.types import AnyRequest

__all__ = ["allow_form_target", "check_csrf", "client_address", "current_user", "render", "sign_in_path"]


async def current_user(request: AnyRequest) -> Viewer | None:
    """Who is signed in with this browser, None for nobody."""
    return await auth.viewer_of(request)


def allow_form_target(request: AnyRequest, target: str) -> None:
    """Let the forms of this page end at `target` (an origin or scheme), as the way back to an app does."""
    request.scope["state"][security_headers.FORM_ACTION] = f"'self' {target}"


async def render(request: AnyRequest, template: str, context: dict[str, Any]) -> Response[Any]:
    """A page of the site, with its language and safe headers."""
    await pages.before_page(request)
    response = await pages.render(request, template, **context)
    form_action = request.scope["state"].get(security_headers.FORM_ACTION, "'self'")
    response.headers.update(security_headers.headers(form_action))
    return response


async def check_csrf(request: AnyRequest) -> None:
    """Refuse a form without the right token.

    Raises:
        NotAllowed: it is missing or wrong.
    """
    await csrf.check(request)
