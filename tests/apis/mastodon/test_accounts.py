"""Accounts: reading them, standing towards them, one's own profile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from potluck.social import profiles, standing
from potluck.social.model import Actor

from . import fields
from .conftest import Person, Server


async def test_an_account_has_every_field(server: Server, alice: Person, dana: Actor) -> None:
    """Local and remote accounts answer with every documented field, also signed out."""
    for actor in (alice.actor, dana):
        answer = await server.http.get(f"/api/v1/accounts/{actor.id}")
        fields.check(answer.json(), "Account")
    assert (await alice.get(f"/api/v1/accounts/{dana.id}"))["acct"] == "dana@far.example"
    assert (await alice.get(f"/api/v1/accounts/{alice.id}"))["acct"] == "alice"
    assert (await alice.get(f"/api/v1/accounts/{alice.id}"))["created_at"].endswith("T00:00:00.000Z")


async def test_looking_at_someone_elsewhere_asks_for_their_numbers(server: Server, alice: Person, dana: Actor) -> None:
    """Once a day, when somebody with an account here looks, and they are in good standing."""

    async def asked() -> datetime | None:
        async with server.db.read() as session:
            return (await session.get_one(Actor, dana.id)).counted_at

    await server.http.get(f"/api/v1/accounts/{dana.id}")
    assert await asked() is None
    await alice.get(f"/api/v1/accounts/{dana.id}")
    first = await asked()
    assert first is not None
    await alice.get(f"/api/v1/accounts/{dana.id}")
    assert await asked() == first
    async with server.db.write() as session:
        (await session.get_one(Actor, dana.id)).counted_at = first - timedelta(days=2)
    await alice.get(f"/api/v1/accounts/{dana.id}")
    again = await asked()
    assert again is not None
    assert again >= first
    async with server.db.write() as session:
        row = await session.get_one(Actor, dana.id)
        row.counted_at, row.suspended_at = None, first
    await alice.get(f"/api/v1/accounts/{dana.id}")
    assert await asked() is None
    await alice.get(f"/api/v1/accounts/{alice.id}")


async def test_moved_and_suspended_accounts(server: Server, alice: Person, bob: Person, dana: Actor) -> None:
    """A moved account names its new one; a suspended one says nothing of itself."""
    async with server.db.write() as session:
        await standing.suspend(session, dana)
        row = await session.get_one(Actor, bob.actor.id)
        row.moved_to_id, row.moved_to_uri = alice.actor.id, alice.actor.uri
    gone = await alice.get(f"/api/v1/accounts/{dana.id}")
    fields.check(gone, "Account")
    assert (gone["suspended"], gone["display_name"], gone["note"]) == (True, "", "")
    assert (await alice.get(f"/api/v1/accounts/{bob.id}"))["moved"]["acct"] == "alice"


async def test_several_accounts(alice: Person, bob: Person) -> None:
    """Several at once in any order; unknown ones are left out."""
    found = await alice.get("/api/v1/accounts", params={"id[]": [bob.id, "77", alice.id]})
    fields.check_all(found, "Account")
    assert [item["id"] for item in found] == [bob.id, alice.id]


@pytest.mark.parametrize("acct", ["alice", "@alice", "Alice@potluck.test", "dana@far.example", "@Dana@FAR.example"])
async def test_lookup(server: Server, alice: Person, dana: Actor, acct: str) -> None:
    """Handles in every spelling, without asking other servers."""
    answer = await server.http.get("/api/v1/accounts/lookup", params={"acct": acct})
    assert answer.json()["acct"] in ("alice", "dana@far.example")
    assert server.federation.asked == []
    unknown = await server.http.get("/api/v1/accounts/lookup", params={"acct": "nobody@far.example"})
    assert unknown.status_code == 404


async def test_account_search(server: Server, alice: Person, bob: Person, dana: Actor) -> None:
    """By part of the name; with `resolve` an address is asked for elsewhere."""
    assert [item["acct"] for item in await alice.get("/api/v1/accounts/search?q=bo")] == ["bob"]
    server.federation.known["@dana@far.example"] = dana
    found = await alice.get("/api/v1/accounts/search", params={"q": "@dana@far.example", "resolve": "true"})
    assert [item["acct"] for item in found] == ["dana@far.example"]
    assert (await server.http.get("/api/v1/accounts/search?q=bo")).status_code == 401


async def test_following(alice: Person, bob: Person, carol: Person) -> None:
    """Open accounts are followed at once, locked ones ask; both sides see it in the relationship."""
    done = await alice.post(f"/api/v1/accounts/{bob.id}/follow", data={"reblogs": "false", "notify": "1",
                                                                       "languages[]": ["en", "de"]})
    fields.check(done, "Relationship")
    assert (done["following"], done["showing_reblogs"], done["notifying"], done["languages"]) == (
        True, False, True, ["en", "de"])
    changed = await alice.post(f"/api/v1/accounts/{bob.id}/follow", json={"reblogs": True})
    assert (changed["showing_reblogs"], changed["notifying"]) == (True, True)
    asked = await alice.post(f"/api/v1/accounts/{carol.id}/follow")
    assert (asked["following"], asked["requested"]) == (False, True)
    assert [item["acct"] for item in await carol.get("/api/v1/follow_requests")] == ["alice"]
    assert (await carol.get("/api/v1/accounts/verify_credentials"))["source"]["follow_requests_count"] == 1
    let = await carol.post(f"/api/v1/follow_requests/{alice.id}/authorize")
    assert let["followed_by"] is True
    both = await alice.get("/api/v1/accounts/relationships", params={"id[]": [carol.id, bob.id, "5"]})
    fields.check_all(both, "Relationship")
    assert [(item["id"], item["following"]) for item in both] == [(carol.id, True), (bob.id, True)]
    assert [item["acct"] for item in await bob.get(f"/api/v1/accounts/{bob.id}/followers")] == ["alice"]
    assert (await alice.get(f"/api/v1/accounts/{alice.id}"))["following_count"] == 2
    assert (await alice.post(f"/api/v1/accounts/{bob.id}/unfollow"))["following"] is False
    assert (await carol.post(f"/api/v1/accounts/{alice.id}/remove_from_followers"))["followed_by"] is False


async def test_a_request_may_be_refused(alice: Person, carol: Person) -> None:
    """A refused request is gone for both."""
    await alice.post(f"/api/v1/accounts/{carol.id}/follow")
    assert (await carol.post(f"/api/v1/follow_requests/{alice.id}/reject"))["requested_by"] is False
    assert await carol.get("/api/v1/follow_requests") == []
    relation = (await alice.get(f"/api/v1/accounts/relationships?id={carol.id}"))[0]
    assert relation["requested"] is False


async def test_blocking(server: Server, alice: Person, bob: Person) -> None:
    """A block severs, hides one's statuses from the blocked, and can be lifted."""
    await bob.post(f"/api/v1/accounts/{alice.id}/follow")
    status = await alice.say("hello")
    done = await alice.post(f"/api/v1/accounts/{bob.id}/block")
    assert (done["blocking"], done["followed_by"]) == (True, False)
    assert (await bob.call("GET", f"/api/v1/statuses/{status['id']}")).status_code == 404
    assert (await bob.call("POST", f"/api/v1/accounts/{alice.id}/follow")).status_code == 403
    fields.check_all(await alice.get("/api/v1/blocks"), "Account")
    assert [item["acct"] for item in await alice.get("/api/v1/blocks")] == ["bob"]
    assert (await alice.post(f"/api/v1/accounts/{bob.id}/unblock"))["blocking"] is False


async def test_muting(alice: Person, bob: Person) -> None:
    """A mute may last for a time and spare notifications."""
    done = await alice.post(f"/api/v1/accounts/{bob.id}/mute", data={"notifications": "False", "duration": "3600"})
    assert (done["muting"], done["muting_notifications"]) == (True, False)
    assert done["muting_expires_at"]
    muted = await alice.get("/api/v1/mutes")
    fields.check_all(muted, "MutedAccount")
    assert muted[0]["mute_expires_at"]
    again = await alice.post(f"/api/v1/accounts/{bob.id}/mute", data={"duration": "0"})
    assert (again["muting_notifications"], again["muting_expires_at"]) == (True, None)
    assert (await alice.post(f"/api/v1/accounts/{bob.id}/unmute"))["muting"] is False


async def test_notes_and_endorsements(alice: Person, bob: Person) -> None:
    """A private note is kept and cleared; an endorsed account shows on the profile."""
    assert (await alice.post(f"/api/v1/accounts/{bob.id}/note", json={"comment": "baker"}))["note"] == "baker"
    assert (await alice.post(f"/api/v1/accounts/{bob.id}/note", json={"comment": ""}))["note"] == ""
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    assert (await alice.post(f"/api/v1/accounts/{bob.id}/endorse"))["endorsed"] is True
    for path in ("/api/v1/endorsements", f"/api/v1/accounts/{alice.id}/endorsements"):
        assert [item["acct"] for item in await alice.get(path)] == ["bob"]
    assert (await alice.post(f"/api/v1/accounts/{bob.id}/unpin"))["endorsed"] is False


async def test_blocking_servers(alice: Person) -> None:
    """A server can be blocked and unblocked, with the parameter in query, form or JSON."""
    await alice.post("/api/v1/domain_blocks", data={"domain": "Bad.Example"})
    assert await alice.get("/api/v1/domain_blocks") == ["bad.example"]
    await alice.delete("/api/v1/domain_blocks", json={"domain": "bad.example"})
    assert await alice.get("/api/v1/domain_blocks") == []
    assert (await alice.call("POST", "/api/v1/domain_blocks")).status_code == 400


async def test_familiar_followers(alice: Person, bob: Person, carol: Person) -> None:
    """Whom one follows among an account's followers; the ids may come as JSON with GET."""
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    await bob.post(f"/api/v1/accounts/{carol.id}/follow")
    await carol.post(f"/api/v1/follow_requests/{bob.id}/authorize")
    found = await alice.get("/api/v1/accounts/familiar_followers", json={"id": [carol.id]})
    fields.check_all(found, "FamiliarFollowers")
    assert [item["acct"] for item in found[0]["accounts"]] == ["bob"]


async def test_hidden_followers(server: Server, alice: Person, bob: Person) -> None:
    """Who hides their lists shows them to nobody else."""
    await bob.post(f"/api/v1/accounts/{alice.id}/follow")
    async with server.db.write() as session:
        await profiles.update_profile(session, alice.actor, hide_collections=True)
    assert await bob.get(f"/api/v1/accounts/{alice.id}/followers") == []
    assert len(await alice.get(f"/api/v1/accounts/{alice.id}/followers")) == 1


async def test_an_accounts_statuses(alice: Person, bob: Person) -> None:
    """Replies, boosts, tags, pins and media narrow the list; paging follows the Link header."""
    first = await alice.say("one #cake")
    other = await bob.say("bob's")
    reply = await alice.say("@bob yes", in_reply_to_id=other["id"])
    boost = await alice.post(f"/api/v1/statuses/{other['id']}/reblog")
    await alice.post(f"/api/v1/statuses/{first['id']}/pin")
    path = f"/api/v1/accounts/{alice.id}/statuses"

    async def ids(query: str = "") -> list[str]:
        return [item["id"] for item in await bob.get(path + query)]

    assert await ids() == [boost["id"], reply["id"], first["id"]]
    assert await ids("?exclude_replies=1") == [boost["id"], first["id"]]
    assert await ids("?exclude_reblogs=true") == [reply["id"], first["id"]]
    assert await ids("?pinned=true") == await ids("?tagged=Cake") == [first["id"]]
    assert await ids("?only_media=1") == []
    page = await bob.call("GET", path, params={"limit": 2, "exclude_replies": "false"})
    links = {item.split('rel="')[1][:-1]: item.split(">")[0].lstrip(" <") for item in page.headers["link"].split(",")}
    query = parse_qs(urlsplit(links["next"]).query)
    assert query == {"limit": ["2"], "exclude_replies": ["false"], "max_id": [reply["id"]]}
    assert links["next"].startswith(f"https://potluck.test{path}?")
    following = await bob.call("GET", links["next"])
    assert [item["id"] for item in following.json()] == [first["id"]]
    assert 'rel="next"' not in following.headers["link"]


async def test_ones_own_account(server: Server, alice: Person) -> None:
    """CredentialAccount with source and role."""
    me = await alice.get("/api/v1/accounts/verify_credentials")
    fields.check(me, "CredentialAccount")
    assert me["role"]["permissions"] == "0"
    boss = await server.person("boss", role="admin")
    me = await boss.get("/api/v1/accounts/verify_credentials")
    assert (me["role"]["name"], me["role"]["highlighted"]) == ("Administrator", True)


@pytest.mark.parametrize("send", [
    {"data": {"display_name": "Alice B", "note": "I bake #cakes", "locked": "true", "bot": "1",
              "fields_attributes[0][name]": "Site", "fields_attributes[0][value]": "https://alice.example",
              "source[privacy]": "private", "source[sensitive]": "1", "source[language]": "de"}},
    {"json": {"display_name": "Alice B", "note": "I bake #cakes", "locked": True, "bot": True,
              "fields_attributes": [{"name": "Site", "value": "https://alice.example"}],
              "source": {"privacy": "private", "sensitive": True, "language": "de"}}},
    {"files": {"display_name": (None, "Alice B"), "note": (None, "I bake #cakes"), "locked": (None, "on"),
               "bot": (None, "true"), "fields_attributes[0][name]": (None, "Site"),
               "fields_attributes[0][value]": (None, "https://alice.example"), "source[privacy]": (None, "private"),
               "source[sensitive]": (None, "true"), "source[language]": (None, "de")}}])
async def test_changing_the_profile(alice: Person, send: dict[str, Any]) -> None:
    """Form, JSON and multipart change the same; what is absent stays."""
    me = await alice.patch("/api/v1/accounts/update_credentials", **send)
    fields.check(me, "CredentialAccount")
    assert (me["display_name"], me["locked"], me["bot"]) == ("Alice B", True, True)
    assert "cakes" in me["note"]
    assert me["source"]["note"] == "I bake #cakes"
    assert me["source"]["fields"][0]["value"] == "https://alice.example"
    assert 'href="https://alice.example"' in me["fields"][0]["value"]
    assert (me["source"]["privacy"], me["source"]["sensitive"], me["source"]["language"]) == ("private", True, "de")
    again = await alice.patch("/api/v1/accounts/update_credentials", json={"bot": False})
    assert (again["bot"], again["locked"], again["display_name"]) == (False, True, "Alice B")
    status = await alice.say("as I prefer")
    assert (status["visibility"], status["sensitive"], status["language"]) == ("private", True, "de")
    preferences = await alice.get("/api/v1/preferences")
    fields.check(preferences, "Preferences")
    assert preferences["posting:default:visibility"] == "private"


@pytest.mark.parametrize("bad", [
    {"json": {"display_name": "x" * 500}}, {"json": {"source": {"privacy": "secret"}}},
    {"json": {"locked": "perhaps"}}, {"files": {"avatar": ("a.png", b"x", "image/png")}}])
async def test_what_a_profile_cannot_be(alice: Person, bad: dict[str, Any]) -> None:
    """Unusable values are 422, pictures that are none among them."""
    answer = await alice.call("PATCH", "/api/v1/accounts/update_credentials", **bad)
    assert answer.status_code == 422
    fields.check(answer.json(), "Error")


async def test_lists_of_tags(alice: Person) -> None:
    """Featured tags are shown, counted and taken away."""
    await alice.say("#Cake")
    made = await alice.post("/api/v1/featured_tags", data={"name": "#Cake"})
    fields.check(made, "FeaturedTag")
    assert (made["name"], made["statuses_count"]) == ("cake", "1")
    for path in ("/api/v1/featured_tags", f"/api/v1/accounts/{alice.id}/featured_tags"):
        fields.check_all(await alice.get(path), "FeaturedTag")
    assert await alice.delete(f"/api/v1/featured_tags/{made['id']}") == {}
    assert await alice.get("/api/v1/featured_tags") == []
    fields.check_all(await alice.get("/api/v1/featured_tags/suggestions"), "Tag")
