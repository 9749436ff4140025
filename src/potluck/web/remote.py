"""Ways between servers for people: arriving from another server's button, and going to one's own."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from litestar import Response

from potluck.handlers import get, post
from potluck.settings import current
from potluck.web import pages, redirects, security_headers
from potluck.web.asking import Guest, SentForm
from potluck.web.auth import SignInRequired
from potluck.web.finding import opened
from potluck.web.i18n import _
from potluck.web.types import AnyRequest

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{1,20}}(?::[0-9]{{1,5}})?")


@get("/authorize_interaction")
async def arrive(request: AnyRequest, viewer: Guest) -> Response[Any]:
    """Open what another server's "follow" or "reply" button names (`uri`: an address or link)."""
    if viewer is None:
        raise SignInRequired
    text = request.query_params.get("uri", "").strip()[:2000].removeprefix("acct:")
    path = await opened(request, text, viewer) if text else ""
    if path:
        return redirects.see_other(path)
    return await pages.render(request, "people/not_found.html", uri=text, status=404)


def _subject(request: AnyRequest) -> str:
    """The link to be opened elsewhere: only http(s) addresses, shown as text and carried on."""
    uri = request.query_params.get("uri", "").strip()[:2000]
    return uri if uri.startswith(("https://", "http://")) else ""


@get("/interact")
async def leave(request: AnyRequest) -> Response[Any]:
    """Ask a guest for their own server."""
    return await _leave(request, _subject(request), "", "")


async def _leave(request: AnyRequest, uri: str, address: str, error: str) -> Response[Any]:
    # The answer to this form is a redirect to another server, which `form-action 'self'` would forbid.
    request.scope["state"][security_headers.FORM_ACTION] = "'self' https:"
    return await pages.render(request, "people/interact.html", uri=uri, address=address,
                              errors={"address": error} if error else {}, status=422 if error else 200,
                              next=quote(f"/authorize_interaction?uri={quote(uri, safe='')}", safe=""))


@post("/interact", status_code=303)
async def go(request: AnyRequest, form: SentForm) -> Response[Any]:
    """Lead to the named server's page for this: always https, always its own fixed path."""
    uri = form.text("uri", limit=2000)
    address = form.text("address", limit=320)
    host = address.rpartition("@")[2].lower()
    if not uri.startswith(("https://", "http://")) or not _HOST.fullmatch(host):
        return await _leave(request, uri, address, _("Please give your full address, such as @name@example.org"))
    if host in {current().domain, current().host}:
        return redirects.see_other(f"/authorize_interaction?uri={quote(uri, safe='')}")
    return redirects.see_other(f"https://{host}/authorize_interaction?uri={quote(uri, safe='')}")


route_handlers = [arrive, leave, go]
