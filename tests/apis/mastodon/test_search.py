"""Search, hashtags, trends, reports."""

from __future__ import annotations

import pytest

from potluck.social.model import Actor

from . import fields
from .conftest import Person, Server


async def test_search_finds_accounts_tags_and_statuses(alice: Person, bob: Person) -> None:
    """All three kinds at once, or one of them."""
    mine = await alice.say("my bobsled #bobsleigh")
    found = await alice.get("/api/v2/search?q=bobsl")
    fields.check(found, "Search")
    assert [tag["name"] for tag in found["hashtags"]] == ["bobsleigh"]
    found = await alice.get("/api/v2/search?q=bobsled&type=statuses")
    assert [item["id"] for item in found["statuses"]] == [mine["id"]]
    assert found["accounts"] == found["hashtags"] == []
    assert [item["acct"] for item in (await alice.get("/api/v2/search?q=bob&type=accounts"))["accounts"]] == ["bob"]


async def test_an_address_is_resolved_and_answered_alone(server: Server, alice: Person, dana: Actor) -> None:
    """A pasted address or handle gives exactly what it means, fetched if need be."""
    row = await server.arrives(dana, "<p>there</p>")
    server.federation.known = {row.url: row, "@dana@far.example": dana}
    found = await alice.get("/api/v2/search", params={"q": row.url, "resolve": "true"})
    fields.check(found, "Search")
    assert [item["id"] for item in found["statuses"]] == [str(row.id)]
    found = await alice.get("/api/v2/search", params={"q": "@dana@far.example", "resolve": 1, "type": "accounts"})
    assert [item["acct"] for item in found["accounts"]] == ["dana@far.example"]


async def test_what_signed_out_people_may_search(server: Server, alice: Person) -> None:
    """Accounts and tags, but neither resolving nor paging nor statuses."""
    await alice.say("public words #words")
    answer = (await server.http.get("/api/v2/search?q=words")).json()
    fields.check(answer, "Search")
    assert answer["statuses"] == []
    assert answer["hashtags"]
    for more in ("resolve=true", "offset=20&type=accounts"):
        assert (await server.http.get(f"/api/v2/search?q=a&{more}")).status_code == 401
    assert (await alice.call("GET", "/api/v2/search")).status_code == 400
    assert (await alice.call("GET", "/api/v2/search?q=x&type=cakes")).status_code == 400


async def test_private_statuses_are_not_found_by_others(alice: Person, bob: Person) -> None:
    """Search shows nobody what they may not see."""
    await alice.say("secretword", visibility="private")
    assert (await bob.get("/api/v2/search?q=secretword"))["statuses"] == []
    assert len((await alice.get("/api/v2/search?q=secretword"))["statuses"]) == 1


async def test_tags_are_followed(alice: Person, bob: Person) -> None:
    """A followed tag's public posts come into home; one that nobody used can be followed too."""
    tag = await alice.post("/api/v1/tags/Cake/follow")
    fields.check(tag, "Tag")
    assert (tag["name"], tag["following"], len(tag["history"])) == ("cake", True, 7)
    status = await bob.say("#cake!")
    assert [item["id"] for item in await alice.get("/api/v1/timelines/home")] == [status["id"]]
    fields.check_all(await alice.get("/api/v1/followed_tags"), "Tag")
    shown = await bob.get("/api/v1/tags/%23CAKE")
    assert (shown["following"], shown["history"][0]["uses"]) == (False, "1")
    assert (await alice.post("/api/v1/tags/cake/unfollow"))["following"] is False
    assert (await alice.post("/api/v1/tags/cake/feature"))["featuring"] is True
    assert (await alice.post("/api/v1/tags/cake/unfeature"))["featuring"] is False


async def test_a_tag_without_token(server: Server, alice: Person) -> None:
    """Signed out there are no marks."""
    tag = (await server.http.get("/api/v1/tags/unused")).json()
    fields.check(tag, "Tag")
    assert "following" not in tag
    assert (await server.http.get("/api/v1/tags/---")).status_code == 404


async def test_reports(alice: Person, bob: Person) -> None:
    """A report names account and statuses; nonsense is refused."""
    status = await bob.say("rude")
    report = await alice.post("/api/v1/reports", data={
        "account_id": bob.id, "status_ids[]": [status["id"]], "comment": "rude", "category": "spam",
        "forward": "false"})
    fields.check(report, "Report")
    assert report["target_account"]["acct"] == "bob"
    assert report["status_ids"] == [status["id"]]


@pytest.mark.parametrize(("bad", "status"), [({}, 400), ({"account_id": "7"}, 404),
                                             ({"account_id": "1", "category": "x"}, 422),
                                             ({"account_id": "1", "comment": "x" * 1001}, 422)])
async def test_bad_reports(alice: Person, bad: dict[str, str], status: int) -> None:
    """Missing, unknown and unusable values are told apart."""
    assert (await alice.call("POST", "/api/v1/reports", json=bad)).status_code == status
