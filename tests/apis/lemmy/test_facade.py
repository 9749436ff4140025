"""The host under which this server says that it is Lemmy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from potluck.apis.facade import Door
from potluck.settings import Settings, current, use
from support import applications

FACADE = "lemmy.potluck.test"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The door, and behind it what tells of the server; the database is not asked."""
    before = current()
    use(Settings(url="https://potluck.test", data=tmp_path, lemmy_host=FACADE))
    app = Door(applications.wire_side())
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="https://potluck.test") as made:
        yield made
    use(before)


async def test_node_info_names_lemmy_there_and_potluck_here(client: httpx.AsyncClient) -> None:
    """The first link of the well-known document is of the host that was asked."""
    there = (await client.get(f"https://{FACADE}/.well-known/nodeinfo")).json()["links"]
    assert there[0] == {"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
                        "href": f"https://{FACADE}/nodeinfo/2.0.json"}
    here = (await client.get("/.well-known/nodeinfo")).json()["links"]
    assert here[0]["href"] == "https://potluck.test/nodeinfo/2.0"


@pytest.mark.parametrize(("asked", "led"), [
    ("/", "/"), ("/c/gardens@far.example?sort=New", "/@gardens@far.example?sort=New"), ("/u/alice", "/@alice"),
    ("/post/12", "/posts/12"), ("/users/alice", "/users/alice"), ("//evil.example/x", "/evil.example/x"),
    ("/.well-known/webfinger?resource=acct:a@b.example", "/.well-known/webfinger?resource=acct:a@b.example")])
async def test_pages_and_actors_are_on_the_main_host(client: httpx.AsyncClient, asked: str, led: str) -> None:
    """Who asks for them there is led to the main host, and never to another."""
    answer = await client.get(f"https://{FACADE}{asked}")
    assert (answer.status_code, answer.headers["location"]) == (308, f"https://potluck.test{led}")


async def test_no_inbox_there(client: httpx.AsyncClient) -> None:
    """A facade takes no ActivityPub."""
    assert (await client.post(f"https://{FACADE}/inbox", content=b"{}")).status_code == 404
    assert (await client.get(f"https://{FACADE}/api/v1/instance")).status_code == 308
