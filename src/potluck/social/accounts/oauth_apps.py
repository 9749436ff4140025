"""Client applications: registered by anyone, known by an id and a secret."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social.accounts import secret_values
from potluck.social.errors import Invalid
from potluck.social.model import OAuthApp
from potluck.text.addresses import parts_of

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"

_MAX_NAME = 200
_MAX_URI = 2000
_MAX_URIS = 50
# What a browser would run or read from the disk instead of handing a code to an app.
_FORBIDDEN_SCHEMES = frozenset({"javascript", "data", "vbscript", "file", "blob", "about", "ftp",
                                "ws", "wss", "mailto"})


async def register(
    session: AsyncSession,
    *,
    name: str,
    redirect_uris: Sequence[str],
    scopes: Collection[str],
    website: str | None = None,
    family: str = "mastodon",
) -> tuple[OAuthApp, str]:
    """Register an application.

    Args:
        scopes: checked by the API that asks.

    Returns:
        The application and its secret, which cannot be read again.

    Raises:
        Invalid: name, redirect URI or website cannot be used.
    """
    name = name.strip()
    if not name:
        raise Invalid("client_name", "Validation failed: Application name can't be blank", "blank")
    if len(name) > _MAX_NAME:
        raise Invalid("client_name", "Validation failed: Application name is too long (maximum is %(most)s characters)",
                      "too_long", most=_MAX_NAME)
    uris = list(dict.fromkeys(uri.strip() for uri in redirect_uris if uri.strip()))
    if not uris or len(uris) > _MAX_URIS:
        raise Invalid("redirect_uris", "Validation failed: Redirect URI can't be blank", "blank")
    for uri in uris:
        check_redirect(uri)
    secret = secret_values.make()
    app = OAuthApp(
        id=ids.new(), family=family, name=name, website=web_page(website), client_id=secrets.token_urlsafe(32),
        client_secret=secret_values.digest(secret), redirect_uris=uris, scopes=" ".join(scopes), created_at=now())
    session.add(app)
    await session.flush()
    return app, secret


def check_redirect(uri: str) -> None:
    """Allowed: https anywhere, http on this machine and in private networks, private-use schemes (RFC 8252).

    Raises:
        Invalid: it is something else.
    """
    if uri == OUT_OF_BAND:
        return
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError as error:
        raise Invalid("redirect_uris", "Validation failed: Redirect URI must be an absolute URI.") from error
    scheme = parts.scheme.lower()
    clean = len(uri) <= _MAX_URI and uri.isprintable() and " " not in uri and not parts.fragment
    if not scheme or not clean or scheme in _FORBIDDEN_SCHEMES or (scheme in {"http", "https"} and not host):
        raise Invalid("redirect_uris", "Validation failed: Redirect URI must be an absolute URI.")
    if scheme == "http" and not _is_nearby(host or ""):
        raise Invalid("redirect_uris", "Validation failed: Redirect URI must be an HTTPS/SSL URI.")


def _is_nearby(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".test", ".onion", ".i2p")):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def web_page(text: str | None) -> str | None:
    """A web page, or None: what is no web address is not worth refusing an app for."""
    if not text or len(text) > _MAX_URI or parts_of(text.strip()).scheme not in {"http", "https"}:
        return None
    return text.strip()


async def remember(session: AsyncSession, client_id: str, family: str, *, name: str, website: str | None,
                   redirect_uri: str, scopes: Collection[str]) -> OAuthApp:
    """The application that is known by the address of its page (IndieAuth) and registers nowhere; as it is now.

    It has no secret: it proves who it is by PKCE and by where it can be reached.
    """
    row = await by_client_id(session, client_id)
    if row is None:
        await session.execute(insert_or_ignore(session, OAuthApp).values(
            id=ids.new(), family=family, name=name[:_MAX_NAME], client_id=client_id,
            client_secret=secret_values.digest(secret_values.make()), redirect_uris=[], scopes="", created_at=now()))
        row = (await session.scalars(select(OAuthApp).where(OAuthApp.client_id == client_id))).one()
    row.name, row.website = name[:_MAX_NAME], web_page(website)
    row.scopes = " ".join(dict.fromkeys([*row.scopes.split(), *scopes]))
    row.redirect_uris = list(dict.fromkeys([redirect_uri, *row.redirect_uris]))[:_MAX_URIS]
    await session.flush()
    return row


async def by_client_id(session: AsyncSession, client_id: str) -> OAuthApp | None:
    """The application with this client id."""
    found: OAuthApp | None = await session.scalar(select(OAuthApp).where(OAuthApp.client_id == client_id))
    return found


def secret_is_right(app: OAuthApp, secret: str) -> bool:
    """Whether an application's secret is right, in constant time."""
    return secret_values.matches(secret, app.client_secret)


def may_redirect(app: OAuthApp, uri: str) -> bool:
    """Whether a redirect URI is one of the registered ones; on loopback addresses the port is free (RFC 8252 §7.3)."""
    if any(hmac.compare_digest(uri.encode(), known.encode()) for known in app.redirect_uris):
        return True
    loose = _without_port(uri)
    return loose is not None and any(loose == _without_port(known) for known in app.redirect_uris)


def _without_port(uri: str) -> tuple[str, str, str, str] | None:
    try:
        parts = urlsplit(uri)
        if parts.scheme != "http" or parts.hostname not in {"127.0.0.1", "::1"} or parts.fragment or parts.username:
            return None
    except ValueError:
        return None
    return parts.scheme, parts.hostname, parts.path, parts.query
