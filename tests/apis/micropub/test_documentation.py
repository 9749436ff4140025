"""The page for authors of apps names every endpoint there is, and none that is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from potluck.apis.micropub.routes import route_handlers

PAGE = Path(__file__).parents[3] / "docs" / "apps" / "micropub.md"


def _plain(path: str) -> str:
    return path.replace(":str", "").replace(":path", "")


def _methods(handler: Any) -> list[str]:
    found = getattr(handler, "http_methods", None)
    return sorted(getattr(method, "value", method) for method in found) if found else ["WebSocket"]


def test_every_endpoint_is_documented() -> None:
    """A row for each method and path, in both directions."""
    there = {(", ".join(_methods(handler)), _plain(path)) for handler in route_handlers for path in handler.paths}
    named = set(re.findall(r"^\| ([A-Za-z, ]+) \| `(/[^`]*)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert named == there


def test_every_endpoint_says_what_it_does() -> None:
    """The docstring of each is its description on that page."""
    assert [sorted(handler.paths) for handler in route_handlers if not (handler.fn.__doc__ or "").strip()] == []
