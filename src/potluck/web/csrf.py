"""Keeps other sites from sending our forms: every unsafe request carries a token bound to the browser's cookie.

The cookie holds a random value; the token is a keyed hash of it and of the session cookie, sent as field `_csrf` or
header `X-CSRF-Token`. Requests that the browser itself marks as coming from another site are refused outright.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

from litestar import Response
from markupsafe import Markup

from potluck.handlers import Handler
from potluck.social.errors import NotAllowed
from potluck.web import cookies
from potluck.web.i18n import _l
from potluck.web.types import AnyRequest

FIELD = "_csrf"
READS_ITSELF = "reads_form_itself"
HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FRESH = "csrf_fresh"


class CsrfRefused(NotAllowed):
    """The token is missing or wrong: usually a page that stayed open too long, or cookies are off."""

    def __init__(self) -> None:
        super().__init__(_l("This page was open for too long, or your browser blocks cookies. Go back, reload the page"
                            " and try again."))


def cookie_value(request: AnyRequest) -> str:
    """The browser's random value; a new one (set by `keep`) if it has none yet."""
    value = cookies.read(request, cookies.CSRF)
    if len(value) >= 32:
        return value
    fresh: str = request.scope["state"].setdefault(_FRESH, secrets.token_urlsafe(32))
    return fresh


def token(request: AnyRequest) -> str:
    """The token for forms of this page."""
    message = f"{cookie_value(request)}|{cookies.read(request, cookies.SESSION)}"
    return hmac.new(cookies.secret_key(), b"csrf " + message.encode(), hashlib.sha256).hexdigest()


def field(request: AnyRequest) -> Markup:
    """The hidden field for forms of this page."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token(request))


def keep(request: AnyRequest, response: Response[Any]) -> None:
    """Set the cookie if this request made a new value."""
    fresh = request.scope["state"].get(_FRESH)
    if fresh:
        cookies.put(response, cookies.CSRF, fresh, max_age=365 * 86400)


async def check(request: AnyRequest) -> None:
    """Refuse an unsafe request without the right token.

    Raises:
        CsrfRefused: the token is missing or wrong, or the browser says that another site sent the request.
    """
    _refuse_cross_site(request)
    _compare(request, request.headers.get(HEADER) or (await request.form()).get(FIELD, ""))


async def check_header(request: AnyRequest) -> None:
    """`check` for requests whose body is a file: the token must be in the header, the body is not touched.

    Raises:
        CsrfRefused: as for `check`.
    """
    _refuse_cross_site(request)
    _compare(request, request.headers.get(HEADER, ""))


def check_token(request: AnyRequest, sent: str) -> None:
    """The rest of `check`, for handlers that read a large form themselves (`opt=(READS_ITSELF,)`).

    Raises:
        CsrfRefused: the token is missing or wrong.
    """
    _compare(request, sent)


def _refuse_cross_site(request: AnyRequest) -> None:
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise CsrfRefused


def _compare(request: AnyRequest, sent: Any) -> None:
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), token(request).encode()):
        raise CsrfRefused


async def guard(request: AnyRequest, handler: Handler) -> None:
    """Guard of every page: `check` for whatever is not safe by its method."""
    if request.method in SAFE_METHODS:
        return
    if READS_ITSELF in handler.opt:  # a large body; the handler calls `check_token` before it acts
        _refuse_cross_site(request)
    else:
        await check(request)
