"""The door of facade hosts: what belongs to the system they stand for is answered, everything else is elsewhere."""

from __future__ import annotations

from typing import cast

from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from potluck import facades
from potluck.apis.calls import header_of
from potluck.settings import current

_PAGES = {"/c/": "/@", "/u/": "/@", "/post/": "/posts/", "/comment/": "/posts/"}
"""Pages as apps make up their addresses out of names and numbers -> ours."""


class Door:
    """ASGI application round the whole server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if current().lemmy_host and str(scope["type"]) == "http":
            request = cast("HTTPScope", scope)
            facade = facades.of_host(header_of(scope, b"host"))
            if facade is not None and not request["path"].startswith(facade.paths):
                await _elsewhere(request, send)
                return
        await self._app(scope, receive, send)


async def _elsewhere(scope: HTTPScope, send: Send) -> None:
    """Pages are on the main host; nothing but reading is passed on (a facade takes no ActivityPub)."""
    reading = scope["method"] in ("GET", "HEAD")
    path = scope["path"]
    for theirs, ours in _PAGES.items():
        if path.startswith(theirs):
            path = ours + path.removeprefix(theirs)
    raw = path.encode() if path != scope["path"] else scope.get("raw_path", path.encode())
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    headers = [(b"content-length", b"0"), (b"access-control-allow-origin", b"*")]
    if reading:
        headers.append((b"location", current().url.encode() + _quoted(raw) + query))
    await send({"type": "http.response.start", "status": 308 if reading else 404, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _quoted(path: bytes) -> bytes:
    """A path that may stand in a header, and that begins with one slash only."""
    kept = b"".join(bytes([letter]) if 32 < letter < 127 and letter not in b'"\\' else b"%%%02X" % letter
                    for letter in path)
    return b"/" + kept.lstrip(b"/")
