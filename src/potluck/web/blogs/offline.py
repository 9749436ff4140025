"""The editor without a connection: a service worker for its page and files, and for no other page."""

from __future__ import annotations

from litestar import Response, get

from potluck.social.errors import NotFound
from potluck.web import pages
from potluck.web.pages import STATIC


@get("/write/offline.js", sync_to_thread=True)
def worker() -> Response[bytes]:
    """The script (`frontend/offline-writing.js`), at an address that stays: so browsers find newer ones."""
    path = STATIC / pages.asset("offline-writing.js").removeprefix("/static/")
    if not path.is_file():
        raise NotFound
    return Response(path.read_bytes(), media_type="text/javascript",
                    headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": "/write"})


route_handlers = [worker]
