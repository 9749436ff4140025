"""Moderators decide what trends, and what may be done with a hashtag."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from potluck import settings
from potluck.settings import current
from potluck.social import preview_cards

from .conftest import ALL_SCOPES, Person, Server
from .fields import check, check_all
from .test_trends import fetched, refreshed

ADMIN = "/api/v1/admin/trends"
PUBLIC = "/api/v1/trends"


async def _moderator(server: Server) -> Person:
    return await server.person("mona", scopes=[*ALL_SCOPES, "admin:read", "admin:write"], role="moderator")


async def _everything_trends(server: Server, alice: Person, bob: Person) -> Person:
    """A hashtag, a page and a post that two people care for."""
    preview_cards.install()
    found = await server.person("found", discoverable=True)
    said = await found.say("liked")
    for person in (alice, bob):
        await person.say("#soup https://www.news.example/soup")
        await person.post(f"/api/v1/statuses/{said['id']}/favourite")
    await fetched(server)
    await refreshed(server)
    return found


async def test_what_moderators_let_trend(server: Server, alice: Person, bob: Person) -> None:
    """What is rejected trends no more, what nobody looked at does, unless the operator wants all looked at first."""
    mona = await _moderator(server)
    await _everything_trends(server, alice, bob)

    async def public(kind: str) -> list[Any]:
        return list((await server.http.get(f"{PUBLIC}/{kind}")).json())

    for kind, entity in (("tags", "AdminTag"), ("links", "AdminTrendsLink"), ("statuses", "AdminTrendsStatus")):
        shown = await mona.get(f"{ADMIN}/{kind}")
        check_all(shown, entity)
        assert len(await public(kind)) == len(shown) == 1
        assert shown[0]["requires_review"]
        path = f"{ADMIN}/{kind}/{shown[0]['id']}"
        check(await mona.post(f"{path}/reject"), entity)
        assert await public(kind) == []
        assert len(await mona.get(f"{ADMIN}/{kind}")) == 1
        settings.use(replace(current(), trends_need_review=True))
        assert not (await mona.post(f"{path}/approve"))["requires_review"]
        assert len(await public(kind)) == 1
        settings.use(replace(current(), trends_need_review=False))
        assert (await mona.call("POST", f"{ADMIN}/{kind}/1/approve")).status_code == 404


async def test_sites(server: Server, alice: Person, bob: Person) -> None:
    """A page goes by the verdict about its site, unless it has one of its own."""
    mona = await _moderator(server)
    await _everything_trends(server, alice, bob)
    site = (await mona.get(f"{ADMIN}/links/publishers"))[0]
    check(site, "AdminPublisher")
    assert (site["domain"], site["trendable"], site["requires_review"]) == ("news.example", True, True)
    path = f"{ADMIN}/links/publishers/{site['id']}"
    check(await mona.post(f"{path}/reject"), "AdminPublisher")
    assert (await server.http.get(f"{PUBLIC}/links")).json() == []
    page = (await mona.get(f"{ADMIN}/links"))[0]
    await mona.post(f"{ADMIN}/links/{page['id']}/approve")
    assert len((await server.http.get(f"{PUBLIC}/links")).json()) == 1
    settings.use(replace(current(), trends_need_review=True))
    assert (await mona.post(f"{path}/approve"))["trendable"]
    assert (await mona.call("POST", f"{ADMIN}/links/publishers/1/approve")).status_code == 404


async def test_hashtags(server: Server, alice: Person) -> None:
    """One may be kept out of search and of posts; its spelling is changed, but not into another word."""
    mona = await (server.person("mike", scopes=[*ALL_SCOPES, "admin:read", "admin:write"], role="moderator"))
    await alice.say("#cakeday")
    row = next(item for item in await mona.get("/api/v1/admin/tags") if item["name"] == "cakeday")
    check(row, "AdminTag")
    path = f"/api/v1/admin/tags/{row['id']}"
    changed = await mona.put(path, json={"display_name": "CakeDay", "listable": False, "usable": False,
                                         "trendable": True})
    check(changed, "AdminTag")
    assert (changed["listable"], changed["usable"], changed["trendable"], changed["requires_review"]) == (
        False, False, True, False)
    assert await mona.get(path) == changed
    assert (await alice.get("/api/v2/search?q=cakeda&type=hashtags"))["hashtags"] == []
    found = await alice.get("/api/v2/search?q=cakeday&type=hashtags&exclude_unreviewed=1")
    assert [item["name"] for item in found["hashtags"]] == ["cakeday"]
    refused = await alice.call("POST", "/api/v1/statuses", json={"status": "again #CakeDay"})
    assert (refused.status_code, refused.json()["error"]) == (
        422, "Validation failed: The hashtag #cakeday may not be used here")
    assert (await mona.call("PUT", path, json={"display_name": "pie"})).status_code == 422
    assert (await mona.call("PUT", "/api/v1/admin/tags/1", json={})).status_code == 404
    await mona.put(path, json={"usable": True})
    await alice.say("again #cakeday")
