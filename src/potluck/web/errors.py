"""What people see when something is refused or fails: a page in words, never a stack trace."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from litestar import Response
from litestar.exceptions import HTTPException, MethodNotAllowedException
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR

from potluck.social.errors import SocialError, TooMany
from potluck.web import auth, pages, redirects, security_headers
from potluck.web.i18n import _, _l, said
from potluck.web.types import AnyRequest

log = structlog.get_logger(__name__)

_HEADINGS = {
    400: _l("That request cannot be understood"),
    401: _l("Please sign in"),
    403: _l("This is not allowed"),
    404: _l("Nothing here"),
    405: _l("That does not work here"),
    409: _l("That has changed meanwhile"),
    410: _l("This is gone"),
    413: _l("That is too large"),
    422: _l("Something does not fit"),
    429: _l("Too many attempts"),
    500: _l("Something broke on our side"),
    503: _l("Just a moment"),
}
_DETAILS = {
    400: _l("The address or form was not complete."),
    401: _l("This page is for people with an account here."),
    403: _l("You may not see or do this."),
    404: _l("There is no such page, or it is not for you to see."),
    405: _l("This address does not accept that kind of request."),
    410: _l("It was deleted by its author."),
    413: _l("What you sent is larger than this server accepts."),
    422: _l("Please check what you entered."),
    429: _l("Please wait a while and try again."),
    500: _l("It has been noted. Please try again; if it stays, tell the administrators the number below."),
    503: _l("The server is busy or being updated. Please try again soon."),
}

_WORDS = (
    _l("This action is not allowed"), _l("Too many requests"), _l("The name or password is wrong"),
    _l("This address is in use"), _l("This address cannot be used here"),
    _l("Files of this type cannot be uploaded here"),
)
"""What errors say that bring their text along, marked here for translation, since their rooms know no language."""


def error_page(request: AnyRequest, status: int, error: SocialError | None = None, *, request_id: str = "",
               headers: Mapping[str, str] | None = None) -> Response[Any]:
    """The page for a refusal or failure; what `error` says replaces the usual explanation."""
    known = status if status in _HEADINGS else (500 if status >= 500 else 400)
    pages.choose_language(request, auth.known_viewer(request))
    detail = said(error) if error and error.text else _(_DETAILS.get(known, _DETAILS[400]))
    return pages.page(
        request, "error.html", status=status, headers=headers,
        heading=_(_HEADINGS[known]), detail=detail, request_id=request_id)


def social_error(request: AnyRequest, error: SocialError) -> Response[Any]:
    """A rule refused the act."""
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else None
    return error_page(request, error.status, None if error.status == 404 else error, headers=headers)


def http_error(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """The framework refused the request."""
    if error.status_code >= 500:
        return unexpected_error(request, error)
    allowed = error.headers if isinstance(error, MethodNotAllowedException) else None
    return error_page(request, error.status_code, headers=allowed)


def sign_in_required(request: AnyRequest, _error: auth.SignInRequired) -> Response[Any]:
    """Lead to the sign-in page and back."""
    response: Response[Any] = redirects.see_other(auth.sign_in_path(request))
    if redirects.is_htmx(request):
        response.headers["HX-Redirect"] = auth.sign_in_path(request)
    return response


def suspended_here(_request: AnyRequest, _error: auth.SuspendedHere) -> Response[Any]:
    """Lead to the page that says why."""
    return redirects.see_other("/strikes")


def unexpected_error(request: AnyRequest, error: Exception) -> Response[Any]:
    """A fault of ours: logged under a number that the page shows."""
    number = secrets.token_hex(6)
    log.error("page_failed", request_id=number, path=request.scope["path"], method=request.method, exc_info=error)
    return error_page(request, HTTP_500_INTERNAL_SERVER_ERROR, request_id=number)


_ANSWERS: dict[type[Exception], Callable[[AnyRequest, Any], Response[Any]]] = {
    SocialError: social_error,
    HTTPException: http_error,
    auth.SignInRequired: sign_in_required,
    auth.SuspendedHere: suspended_here,
    Exception: unexpected_error,
}


def error_response(request: AnyRequest, error: Exception) -> Response[Any]:
    """The page for what was raised where a page was made, or where nobody answers."""
    answer = next(_ANSWERS[kind] for kind in type(error).__mro__ if kind in _ANSWERS)
    made = answer(request, error)
    made.headers.update(security_headers.headers())
    return made
