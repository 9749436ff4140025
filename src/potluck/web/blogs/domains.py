"""Blogs under a domain of their own: what is asked of that host is answered by the blog's pages.

Nobody is signed in there (cookies belong to one host), and whatever is not the blog's leads to the site itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import quote

from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from potluck import facades
from potluck.db.engine import Database
from potluck.settings import Settings
from potluck.social.blogs import making
from potluck.social.fading import FadingCache
from potluck.text.names import normalise_host

_SECONDS = 30.0
_MOST = 2000
_SHARED = ("/static/", "/favicon.ico")
_FEEDS = {"/": "", "/feed": ".rss", "/feed/": ".rss", "/rss": ".rss", "/rss.xml": ".rss", "/feed.xml": ".rss",
          "/atom": ".atom", "/atom.xml": ".atom"}


class OwnDomains:
    """ASGI application round the whole server.

    Args:
        app: what answers.
        db: the database, once there is one.
        settings: the server's.
    """

    def __init__(self, app: ASGIApp, db: Callable[[], Database], settings: Callable[[], Settings]) -> None:
        self._app, self._db, self._settings = app, db, settings
        self._names: FadingCache[str, str] = FadingCache(_MOST, _SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if str(scope["type"]) != "http":
            await self._app(scope, receive, send)
            return
        http = cast("HTTPScope", scope)
        name = await self._blog_at(http)
        path = path_of(name, http["path"]) if name else http["path"]
        if path is None:
            query = http["query_string"].decode("latin-1")
            await _lead(send, f"{self._settings().url}{quote(http['path'])}{f'?{query}' if query else ''}")
            return
        if name:
            scope = cast("Scope", {**http, "path": path, "raw_path": quote(path).encode()})
        await self._app(scope, receive, send)

    async def _blog_at(self, scope: HTTPScope) -> str:
        """The name of the blog whose host is asked, '' for the site itself."""
        host = _host_of(scope)
        settings = self._settings()
        if not host or host in (settings.host.lower(), settings.domain.lower()) or facades.of_host(host):
            return ""
        known = self._names.get(host)
        if known is None:
            domain = (normalise_host(host) or "").partition(":")[0]
            async with self._db().read() as session:
                found = await making.by_domain(session, domain) if domain else None
            known = found.name if found else ""
            self._names.put(host, known)
        return known


def _host_of(scope: HTTPScope) -> str:
    for key, value in scope["headers"]:
        if key == b"host":
            return value.decode("latin-1").lower()
    return ""


def path_of(name: str, path: str) -> str | None:
    """The path on this site of what a blog's own host is asked for; None for what is not the blog's."""
    own = f"/@{name}"
    if path.startswith((*_SHARED, f"{own}/", f"{own}.")) or path == own:
        return path
    if path in _FEEDS:
        return own + _FEEDS[path]
    parts = path.strip("/").split("/")
    if len(parts) == 2 and parts[0] == "tagged":
        return f"{own}/tagged/{parts[1]}"
    blogs = len(parts) == 1 and not parts[0].startswith(("@", ".")) and parts[0] not in SITE
    return f"{own}/{parts[0]}" if blogs else None


SITE = frozenset({
    "home", "local", "federated", "explore", "communities", "read", "blogs", "write", "search", "settings", "signin",
    "signup", "signout", "about", "privacy", "notifications", "compose", "drafts", "interact", "authorize_interaction",
    "users", "objects", "inbox", "actor", "api", "oauth", "micropub", "manifest.webmanifest", "robots.txt", "healthz",
    "readyz", "metrics", "events", "admin", "files", "lists", "bookmarks", "favourites", "conversations", "tags",
    "design", "nodeinfo",
})
"""First parts of the site's own addresses: an article of such a name is reached on the site only."""


async def _lead(send: Send, target: str) -> None:
    start: Any = {"type": "http.response.start", "status": 302, "headers": [
        (b"location", target.encode("ascii", "ignore")), (b"content-length", b"0")]}
    body: Any = {"type": "http.response.body", "body": b"", "more_body": False}
    await send(start)
    await send(body)
