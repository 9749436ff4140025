"""What holds for every answer: CORS, preflight, HEAD, date."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from litestar import Litestar, get
from litestar.response import Stream
from litestar.testing import TestClient

from potluck.apis.edge import Edge


@get("/api/v1/thing")
async def thing() -> dict[str, int]:
    return {"a": 1}


@get("/page")
async def page() -> str:
    return "x"


@get("/api/v1/endless")
async def endless() -> Stream:
    async def forever() -> AsyncIterator[bytes]:
        while True:
            yield b"x"

    return Stream(forever())


@pytest.fixture(scope="module")
def client():
    app = Litestar([thing, page, endless], openapi_config=None)
    inner = app.asgi_handler
    app.asgi_handler = Edge(inner)
    with TestClient(app) as made:
        yield made


def test_api_answers_are_readable_for_browser_apps(client: TestClient) -> None:
    """Apps of any site may read API answers, also refusals, and the headers they page by."""
    for path in ("/api/v1/thing", "/api/v1/nothing"):
        answer = client.get(path, headers={"origin": "https://elk.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "Link" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers


def test_pages_are_not_open_to_other_sites(client: TestClient) -> None:
    """Pages, which depend on cookies, carry no CORS headers."""
    assert "access-control-allow-origin" not in client.get("/page").headers


def test_preflight_passes_without_token(client: TestClient) -> None:
    """A preflight is answered for every API path with the headers asked for."""
    answer = client.options("/api/v1/statuses", headers={
        "origin": "https://elk.example", "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,idempotency-key"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-headers"] == "authorization,idempotency-key"
    assert "PATCH" in answer.headers["access-control-allow-methods"]


def test_head_is_get_without_body(client: TestClient) -> None:
    """HEAD has the headers of GET, the date among them, and no body; also for endless streams."""
    for path in ("/api/v1/thing", "/page", "/api/v1/endless"):
        answer = client.head(path)
        assert answer.status_code == 200
        assert answer.content == b""
        assert answer.headers["date"].endswith("GMT")


def test_every_answer_has_a_number(client: TestClient) -> None:
    """X-Request-Id tells answers apart."""
    assert client.get("/page").headers["x-request-id"] != client.get("/page").headers["x-request-id"]
