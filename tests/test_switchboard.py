"""Endpoints are reached by their paths as the framework would reach them; all else is the framework's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar, Response, get

from potluck.apis.calls import Ready, answer
from potluck.switchboard import AnyRequest, Endpoint, Switchboard


def _endpoint(method: str, *paths: str, says: str, max_body: int | None = 10) -> Endpoint:
    async def handle(request: AnyRequest) -> Ready:
        body = len(await request.body()) if method == "POST" else 0
        return Ready(answer({"says": says, **request.path_params, **({"body": body} if body else {})}))

    return Endpoint(frozenset({method}), paths, handle, max_body)


async def _broken(_: AnyRequest) -> Ready:
    raise RuntimeError("nobody foresaw this")


def _refuse(_: AnyRequest, error: Exception) -> Response[bytes]:
    status = getattr(error, "status_code", 500)
    return Response(msgspec.json.encode({"error": type(error).__name__}), status_code=status,
                    headers=getattr(error, "headers", None) or {}, media_type="application/json")


ENDPOINTS = (
    _endpoint("GET", "/api/v1/things", says="list"), _endpoint("POST", "/api/v1/things", says="make"),
    _endpoint("GET", "/api/v1/things/search", says="search"), _endpoint("GET", "/api/v1/things/{id:str}", says="show"),
    _endpoint("GET", "/api/v1/things/{id:str}/parts/{part:str}", "/api/v2/parts/{part:str}", says="part"),
    _endpoint("GET", "/{handle:str}/{page:str}", says="page"),
    Endpoint(frozenset({"GET"}), ("/api/v1/broken",), _broken),
)


@get(["/api/v1/things/{name:str}/picture", "/page"])
async def picture() -> str:
    return "the framework"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server with a few endpoints and a page."""
    app = Litestar([picture], openapi_config=None, exception_handlers={Exception: _refuse})
    transport = httpx.ASGITransport(app=Switchboard(app, {_refuse: ENDPOINTS}, left=["files"]))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="https://potluck.test") as client:
        yield client


@pytest.mark.parametrize(("path", "said"), [
    ("/api/v1/things", {"says": "list"}),
    ("/api/v1/things/", {"says": "list"}),
    ("//api/v1//things", {"says": "list"}),
    ("/api/v1/things/search", {"says": "search"}),
    ("/api/v1/things/7", {"says": "show", "id": "7"}),
    ("/api/v1/things/a%20b", {"says": "show", "id": "a b"}),
    ("/api/v1/things/7/parts/8", {"says": "part", "id": "7", "part": "8"}),
    ("/api/v2/parts/8", {"says": "part", "part": "8"}),
    ("/api/v1/things/search/parts/8", {"says": "part", "id": "search", "part": "8"}),
    ("/ann/about", {"says": "page", "handle": "ann", "page": "about"}),
])
async def test_paths(http: httpx.AsyncClient, path: str, said: dict[str, Any]) -> None:
    """A name goes before a parameter unless it leads nowhere, slashes too many do not count, parameters have names."""
    assert (await http.get(f"https://potluck.test{path}")).json() == said


async def test_what_stays_with_the_framework(http: httpx.AsyncClient) -> None:
    """Its own paths, and those nobody has, also where endpoints are near."""
    assert (await http.get("/page")).text == "the framework"
    assert (await http.get("/api/v1/things/7/picture")).text == "the framework"
    for path in ("/files/a.svg", "/api", "/api/v1", "/api/v1/things/7/parts", "/api/v1/things/search/pieces/8",
                 "/nothing", "/"):
        assert (await http.get(path)).json() == {"error": "NotFoundException"}


async def test_a_wrong_method(http: httpx.AsyncClient) -> None:
    """Refused in the API's shape, with those that there are."""
    refused = await http.delete("/api/v1/things")
    assert (refused.status_code, refused.json()) == (405, {"error": "MethodNotAllowedException"})
    assert refused.headers["allow"] == "GET, OPTIONS, POST"


async def test_faults_and_large_bodies(http: httpx.AsyncClient) -> None:
    """What an endpoint did not foresee has the API's shape as well, and no body is read beyond its limit."""
    assert (await http.get("/api/v1/broken")).json() == {"error": "RuntimeError"}
    assert (await http.post("/api/v1/things", content=b"x" * 10)).json() == {"says": "make", "body": 10}
    assert (await http.post("/api/v1/things", content=b"x" * 11)).status_code == 413


def test_two_answers_for_one_call() -> None:
    """Are a mistake that is noticed at the start."""
    twice = [_endpoint("GET", "/a/{id:str}", says="one"), _endpoint("GET", "/a/{name:str}", says="two")]
    with pytest.raises(ValueError, match="two endpoints answer GET"):
        Switchboard(Litestar(openapi_config=None), {_refuse: twice})
