"""One-time messages shown on the page after a redirect, kept in a signed cookie."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response

from potluck.web import cookies
from potluck.web.types import AnyRequest

_PURPOSE = "flash"


def with_flash(response: Response[Any], kind: str, text: str) -> Response[Any]:
    """Have the next page show `text`; kind: good, info, warn, bad."""
    payload = msgspec.json.encode([kind, text[:600]])
    cookies.put(response, cookies.FLASH, cookies.sign(_PURPOSE, payload), max_age=60)
    return response


def take(request: AnyRequest) -> list[dict[str, str]]:
    """The message that waits, for `flash_list`."""
    raw = cookies.read(request, cookies.FLASH)
    payload = cookies.verify(_PURPOSE, raw) if raw else None
    if payload is None:
        return []
    kind, text = msgspec.json.decode(payload, type=tuple[str, str])
    return [{"kind": kind, "text": text}]
