"""The editor without a connection: a service worker for its page and files, and for no other page."""

from __future__ import annotations

import asyncio

from litestar import Response

from potluck.handlers import get
from potluck.social.errors import NotFound
from potluck.web import pages
from potluck.web.pages import STATIC


@get("/write/offline.js")
async def worker() -> Response[bytes]:
    """The script (`frontend/offline-writing.js`), at an address that stays: so browsers find newer ones."""
    path = STATIC / pages.asset("offline-writing.js").removeprefix("/static/")
    try:
        script = await asyncio.to_thread(path.read_bytes)
    except FileNotFoundError as error:
        raise NotFound from error
    return Response(script, media_type="text/javascript",
                    headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": "/write"})


route_handlers = [worker]
