"""The hottest calls are answered without the web framework: the same answers as with it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .conftest import Person, Server

# Hardly an app sends a body with a GET, but such a call goes through the framework.
_LONG_WAY: dict[str, Any] = {"content": b"{}", "headers": {"Content-Type": "application/json"}}


def _told(answer: httpx.Response) -> tuple[int, bytes, set[str]]:
    changing = {"x-request-id", "date"}
    return answer.status_code, answer.content, {f"{name}: {value.partition(' ')[0]}" for name, value
                                                in answer.headers.items() if name not in changing
                                                and not name.startswith("x-ratelimit")}


@pytest.mark.parametrize("path", [
    "/api/v1/statuses/{status}", "/api/v1/accounts/{account}", "/api/v1/timelines/public?limit=1",
    "/api/v1/statuses/1", "/api/v1/accounts/1", "/api/v1/timelines/home", "/api/v1/statuses/99999999999999999999999"])
async def test_both_ways_answer_the_same(server: Server, alice: Person, path: str) -> None:
    """Status, body and headers do not depend on the way a call takes; with a token and without."""
    status = await alice.say("Soup is ready")
    path = path.format(status=status["id"], account=alice.id)
    for headers in ({}, {"Authorization": f"Bearer {alice.token}"}, {"Authorization": "Bearer wrong"}):
        short = await server.http.request("GET", path, headers=headers)
        options = {**_LONG_WAY, "headers": {**_LONG_WAY["headers"], **headers}}
        assert _told(short) == _told(await server.http.request("GET", path, **options))


async def test_other_methods_and_spellings_are_for_the_framework(server: Server, alice: Person) -> None:
    """HEAD has no body, a slash at the end is no other path, and what cannot be done with a status is refused."""
    status = await alice.say("Soup is ready")
    path = f"/api/v1/statuses/{status['id']}"
    head = await server.http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert (await server.http.get(f"{path}/")).json()["id"] == status["id"]
    assert (await server.http.post(path)).status_code == 405
    assert (await server.http.get("/api/v1/statuses/soup")).status_code == 404
