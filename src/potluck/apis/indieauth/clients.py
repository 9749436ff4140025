"""Apps as they describe themselves: a client id is an address, whose page says name, logo, and where one returns to.

The page is fetched by the guarded client, in a few seconds and within bounds. When it cannot be had, the app is known
by its address alone, and may only lead back to where that is.
"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import structlog

from potluck.apis.indieauth.errors import invalid
from potluck.apis.ports import AnyRequest
from potluck.federation.errors import FederationError
from potluck.federation.resolver import Federation
from potluck.media.addresses import SMALL, shown
from potluck.social.accounts import oauth_apps
from potluck.social.errors import Invalid
from potluck.social.fading import FadingCache
from potluck.text.app_page import AppPage, read_app_page

log = structlog.get_logger(__name__)

MAX_ID = 2000
_MAX_BYTES = 256 * 1024
_SECONDS = 8.0
_ACCEPT = "application/json, text/html;q=0.9, application/xhtml+xml;q=0.8"
_UNKNOWN = AppPage()
"""Stands for a page that could not be had: it is not asked for again at once, since each try may take seconds."""
_pages: FadingCache[str, AppPage] = FadingCache(500, 120.0)


@dataclass(frozen=True, slots=True)
class Client:
    """An app.

    Attributes:
        id: its address.
        name: as it calls itself, else its address.
        logo: for a page of ours, '' without one.
        website: its home page.
        described: whether its page could be read.
        redirect_uris: those it publishes.
    """

    id: str
    name: str
    logo: str = ""
    website: str = ""
    described: bool = False
    redirect_uris: tuple[str, ...] = field(default_factory=tuple)


def is_client_id(text: str) -> bool:
    """Whether a client id is an address, as those of IndieAuth are; registered ones never look so."""
    return text.startswith(("https://", "http://"))


def check_client_id(client_id: str) -> None:
    """Refuse what IndieAuth does not take as a client id.

    Raises:
        ApiError: it is that.
    """
    try:
        parts = urlsplit(client_id)
        host = parts.hostname or ""
        fine = (parts.scheme in ("http", "https") and parts.path.startswith("/") and not parts.fragment
                and "#" not in client_id and parts.username is None and parts.password is None
                and not {".", ".."} & set(parts.path.split("/")) and len(client_id) <= MAX_ID
                and client_id.isprintable() and " " not in client_id and _may_be(host) and parts.port != 0)
    except ValueError:
        fine = False
    if not fine:
        raise invalid("The app's client_id is no address that can stand for an app.")


def _may_be(host: str) -> bool:
    """A name, or this machine itself: other bare numbers are nobody."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return bool(host) and not host[-1].isdigit()


async def learn(request: AnyRequest, client_id: str) -> Client:
    """An app as its page describes it.

    Raises:
        ApiError: the client id is none.
    """
    check_client_id(client_id)
    page = _pages.get(client_id)
    if page is None:
        page = await _fetch(request.app.state.federation, client_id)
        _pages.put(client_id, page)
    if page is _UNKNOWN:
        return Client(client_id, client_id)
    return Client(client_id, page.name or client_id, logo=shown(page.logo or None, SMALL) or "", website=page.website,
                  described=True, redirect_uris=tuple(page.redirect_uris))


async def _fetch(federation: Federation, client_id: str) -> AppPage:
    try:
        if await federation.is_blocked(urlsplit(client_id).netloc.lower()):
            return _UNKNOWN
        async with asyncio.timeout(_SECONDS):
            found = await federation.client.get(client_id, accept=_ACCEPT, max_bytes=_MAX_BYTES)
        found.raise_for_status()
        return await asyncio.to_thread(read_app_page, found.body, found.content_type, client_id,
                                       ", ".join(found.headers.getall("Link", [])))
    except (FederationError, TimeoutError, ValueError) as error:
        log.info("app_not_described", client_id=client_id[:300], reason=str(error)[:200])
        return _UNKNOWN


def check_redirect(client: Client, uri: str) -> None:
    """Refuse an address that is neither on the app's own host nor published on its page, or that a browser would run.

    Raises:
        ApiError: it is that; nobody may be led there.
    """
    try:
        oauth_apps.check_redirect(uri)
    except Invalid as error:
        raise invalid(error.text.removeprefix("Validation failed: ")) from error
    # Browsers read "\\" as "/", others do not; a login before the host makes it look like another one.
    hidden = "\\" in uri or "@" in urlsplit(uri).netloc
    ours = _origin(uri) == _origin(client.id) or uri in client.redirect_uris
    if hidden or not ours or uri == oauth_apps.OUT_OF_BAND:
        raise invalid("The app wants to lead you to an address that it does not publish as its own.")


def _origin(uri: str) -> tuple[str, str, int | None]:
    parts = urlsplit(uri)
    try:
        port = parts.port
    except ValueError:
        port = -1
    return parts.scheme.lower(), parts.hostname or "", port or {"http": 80, "https": 443}.get(parts.scheme.lower())


def forget() -> None:
    """Forget every page (tests)."""
    _pages.clear()
