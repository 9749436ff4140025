"""What only shows when the parts of the server stand together: whose address is whose."""

from __future__ import annotations

import re

import pytest

from potluck.settings import Settings
from support.whole import whole_server


async def test_files_that_pages_name(database_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is there, with its type, to be kept long."""
    async with whole_server(database_settings, monkeypatch) as whole:
        page = (await whole.http.get("/about")).text
        named = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
        assert {"/static/icon.svg"} < named
        for path in sorted(named):
            answer = await whole.http.get(path)
            assert (answer.status_code, "max-age" in answer.headers["cache-control"]) == (200, True), path
        assert (await whole.http.get("/static/nothing.svg")).status_code == 404
        assert (await whole.http.get("/static/../settings.py")).status_code == 404


@pytest.mark.parametrize(("path", "media_type"), [
    ("/api", "text/html"), ("/api/nothing", "application/json"), ("/api/v1/nothing/at/all", "application/json"),
    ("/.well-known/nothing", "application/json"), ("/oauth/nothing", "text/html"), ("/nothing/at/all", "text/html"),
    ("/posts/nothing", "text/html"), ("/@nobody", "text/html"), ("/settings/nothing", "text/html"),
])
async def test_what_nobody_answers(
        database_settings: Settings, monkeypatch: pytest.MonkeyPatch, path: str, media_type: str) -> None:
    """Is said to apps in their shape, to people with a page."""
    async with whole_server(database_settings, monkeypatch) as whole:
        answer = await whole.http.get(path)
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (404, media_type)


async def test_other_methods_of_a_page(database_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused method names those that there are."""
    async with whole_server(database_settings, monkeypatch) as whole:
        http = whole.http
        refused = await http.delete("/about")
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, OPTIONS")
        assert "text/html" in refused.headers["content-type"]
