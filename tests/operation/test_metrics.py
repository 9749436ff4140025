"""What tells how the server is doing: to Prometheus, and to what starts it again."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from potluck import settings
from potluck.settings import Settings
from support.whole import whole_server


def _value(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} ([0-9.e+]+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def test_answers_are_counted(database_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """By method and status, whoever gave them: pages, calls, files, what nobody answers."""
    async with whole_server(database_settings, monkeypatch) as whole:
        http = whole.http
        asked = [("GET", "/api/v2/instance", 200), ("GET", "/about", 200), ("GET", "/static/icon.svg", 200),
                 ("HEAD", "/about", 200), ("GET", "/nothing", 404), ("DELETE", "/about", 405),
                 ("OPTIONS", "/about", 204), ("GET", "/.well-known/nodeinfo", 200)]
        before = (await http.get("/metrics")).text
        for method, path, status in asked:
            assert (await http.request(method, path)).status_code == status, path
        after = (await http.get("/metrics")).text
        for method, status, more in (("GET", 200, 5), ("HEAD", 200, 1), ("GET", 404, 1), ("DELETE", 405, 1),
                                     ("OPTIONS", 204, 1)):
            name = f'potluck_http_requests_total{{method="{method}",status="{status}"}}'
            assert _value(after, name) - _value(before, name) == more, name
        name = "potluck_http_request_seconds_count"
        assert _value(after, name) - _value(before, name) == len(asked) + 1
        assert _value(after, "potluck_local_objects") == 0
        assert _value(after, "potluck_inbox_waiting") == 0


async def test_who_may_read_measures(database_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token this machine alone, and nobody who came through a proxy; with one whoever knows it."""
    async with whole_server(database_settings, monkeypatch) as whole:
        http = whole.http
        assert (await http.get("/metrics")).headers["content-type"].startswith("text/plain; version=")
        assert (await http.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})).status_code == 403
        settings.use(replace(settings.current(), metrics_token="t0k3n"))
        assert (await http.get("/metrics")).status_code == 403
        assert (await http.get("/metrics", headers={"Authorization": "Bearer t0k3"})).status_code == 403
        assert (await http.get("/metrics", headers={"Authorization": "Bearer t0k3n"})).status_code == 200


async def test_health(database_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process answers, and so does the database."""
    async with whole_server(database_settings, monkeypatch) as whole:
        http = whole.http
        answers = [(await http.get(path)).text for path in ("/healthz", "/health", "/readyz")]
        assert answers == ["ok", "OK", "ready"]
