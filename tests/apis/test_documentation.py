"""The pages for authors of apps name every endpoint there is, and none that is not."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "apps"

apis = pytest.mark.parametrize("api", ["lemmy", "mastodon", "micropub", "writefreely"])


def _handlers(api: str) -> list[Any]:
    return list(import_module(f"potluck.apis.{api}.routes").route_handlers)


def _plain(path: str) -> str:
    return path.replace(":str", "").replace(":path", "")


def _methods(handler: Any) -> list[str]:
    found = getattr(handler, "http_methods", None)
    return sorted(getattr(method, "value", method) for method in found) if found else ["WebSocket"]


@apis
def test_every_endpoint_is_documented(api: str) -> None:
    """A row for each method and path, in both directions."""
    there = {(", ".join(_methods(handler)), _plain(path)) for handler in _handlers(api) for path in handler.paths}
    page = (PAGES / f"{api}.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| ([A-Za-z, ]+) \| `(/[^`]*)` \|", page, re.MULTILINE))
    assert named == there


@apis
def test_every_endpoint_says_what_it_does(api: str) -> None:
    """The docstring of each is its description on that page."""
    assert [sorted(handler.paths) for handler in _handlers(api) if not (handler.fn.__doc__ or "").strip()] == []
