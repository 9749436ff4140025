"""Files of one's own to take away: whole, or the part that a broken download still wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from litestar import Response
from litestar.response import Stream

from potluck.media.endpoints import ranges
from potluck.web.types import AnyRequest

_PIECE = 1 << 20


def answer(request: AnyRequest, path: Path, size: int, name: str, media_type: str) -> Response[Any]:
    """A file under a name that is safe in a header."""
    try:
        span = ranges.part(request.headers.get("range", ""), size)
    except ranges.Unsatisfiable:
        return Response(b"", status_code=416, headers={"Content-Range": f"bytes */{size}"})
    first, behind = span or (0, size)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(behind - first),
               "Accept-Ranges": "bytes", "Cache-Control": "no-store"}
    if span:
        headers["Content-Range"] = f"bytes {first}-{behind - 1}/{size}"
    return Stream(_pieces(path, first, behind - first), status_code=206 if span else 200, media_type=media_type,
                  headers=headers)


async def _pieces(path: Path, first: int, left: int) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as handle:
        handle.seek(first)
        while left > 0 and (piece := await asyncio.to_thread(handle.read, min(_PIECE, left))):
            left -= len(piece)
            yield piece
