"""Filters: made and changed in both forms, and applied wherever statuses are read."""

from __future__ import annotations

from typing import Any

from potluck.social.model import Actor

from . import fields
from .conftest import Person, Server
from .test_streaming import events, socket

EVERYWHERE = ["home", "notifications", "public", "thread", "account"]


async def make(person: Person, *words: str, action: str = "warn", context: list[str] | None = None) -> Any:
    """A filter with words."""
    found = await person.post("/api/v2/filters", json={
        "title": "cats", "context": context or EVERYWHERE, "filter_action": action,
        "keywords_attributes": [{"keyword": word, "whole_word": True} for word in words]})
    fields.check(found, "Filter")
    return found


async def test_making_and_changing(alice: Person, bob: Person) -> None:
    """With keywords in the same call, as JSON and as a form; each part has calls of its own."""
    made = await make(alice, "cat", "dog")
    path = f"/api/v2/filters/{made['id']}"
    cat, dog = made["keywords"]
    changed = await alice.put(path, data={
        "title": "animals", "context[]": ["home", "public"], "expires_in": "3600",
        "keywords_attributes[][id]": [dog["id"]], "keywords_attributes[][_destroy]": ["true"]})
    fields.check(changed, "Filter")
    assert (changed["title"], changed["context"], changed["keywords"]) == ("animals", ["home", "public"], [cat])
    assert changed["expires_at"] is not None
    assert (await alice.put(path, json={"expires_in": None}))["expires_at"] is None
    bird = await alice.post(f"{path}/keywords", json={"keyword": "bird", "whole_word": False})
    fields.check(bird, "FilterKeyword")
    assert await alice.get(f"{path}/keywords") == [cat, bird]
    word = f"/api/v2/filters/keywords/{bird['id']}"
    assert (await alice.put(word, json={"keyword": "birds"})) == {**bird, "keyword": "birds"}
    assert (await alice.get(word))["keyword"] == "birds"
    assert await alice.delete(word) == {}
    status = await bob.say("look")
    named = await alice.post(f"{path}/statuses", json={"status_id": status["id"]})
    fields.check(named, "FilterStatus")
    assert await alice.get(f"{path}/statuses") == [named]
    assert await alice.get(f"/api/v2/filters/statuses/{named['id']}") == named
    assert (await bob.call("DELETE", f"/api/v2/filters/statuses/{named['id']}")).status_code == 404
    assert (await bob.call("GET", path)).status_code == 404
    fields.check_all(await alice.get("/api/v2/filters"), "Filter")
    assert await alice.delete(f"/api/v2/filters/statuses/{named['id']}") == {}
    assert await alice.delete(path) == {}
    assert await alice.get("/api/v2/filters") == []
    refused = await alice.call("POST", "/api/v2/filters", json={"title": "x", "context": ["nowhere"]})
    assert refused.status_code == 422
    fields.check(refused.json(), "Error")


async def test_the_old_form(alice: Person) -> None:
    """One filter for each keyword; `irreversible` is hiding; what others share is not changed by old apps."""
    made = await alice.post("/api/v1/filters", data={"phrase": "cat", "context[]": ["home"], "irreversible": "true",
                                                     "whole_word": "true"})
    fields.check(made, "OldFilter")
    assert (await alice.get("/api/v2/filters"))[0]["filter_action"] == "hide"
    changed = await alice.put(f"/api/v1/filters/{made['id']}", json={"phrase": "cats", "context": ["public"]})
    assert (changed["phrase"], changed["context"]) == ("cats", ["public"])
    both = await make(alice, "a", "b")
    found = await alice.get("/api/v1/filters")
    fields.check_all(found, "OldFilter")
    assert [item["phrase"] for item in found] == ["cats", "a", "b"]
    refused = await alice.call("PUT", f"/api/v1/filters/{found[1]['id']}", json={"context": ["home"]})
    assert refused.status_code == 422
    assert (await alice.get(f"/api/v1/filters/{found[1]['id']}")) == found[1]
    assert await alice.delete(f"/api/v1/filters/{found[1]['id']}") == {}
    assert [word["keyword"] for word in (await alice.get(f"/api/v2/filters/{both['id']}"))["keywords"]] == ["b"]
    assert await alice.delete(f"/api/v1/filters/{made['id']}") == {}
    assert (await alice.call("GET", f"/api/v1/filters/{made['id']}")).status_code == 404


async def test_statuses_say_what_caught_them(alice: Person, bob: Person, dana: Actor, server: Server) -> None:
    """`filtered` is on each status for who filters, on boosts of it too, and on nobody else's answer."""
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    made = await make(alice, "cat")
    status = await bob.say("A Cat appears")
    far = await server.arrives(dana, "<p>another cat</p>")
    await bob.post(f"/api/v1/statuses/{far.id}/reblog")
    home = await alice.get("/api/v1/timelines/home")
    fields.check_all(home, "SignedInStatus")
    result = home[1]["filtered"][0]
    fields.check(result, "FilterResult")
    assert (result["filter"]["id"], result["keyword_matches"]) == (made["id"], ["cat"])
    assert home[0]["filtered"] == home[0]["reblog"]["filtered"] == [result]
    assert (await bob.get(f"/api/v1/statuses/{status['id']}"))["filtered"] == []
    assert "filtered" not in (await server.http.get(f"/api/v1/statuses/{status['id']}")).json()
    mine = await alice.say("my cat")
    assert (await alice.get(f"/api/v1/statuses/{mine['id']}"))["filtered"] == []


async def test_hidden_ones_are_gone_where_they_are_hidden(server: Server, alice: Person, bob: Person) -> None:
    """From home, public, hashtag, profile, thread and notifications; by its address it can still be read."""
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    root = await bob.say("@alice root")
    cat = await bob.say("@alice cat #pets", in_reply_to_id=root["id"])
    top = await bob.say("top cat #pets")
    made = await make(alice, "cat", action="hide")
    paths = ("timelines/home", "timelines/public", "timelines/tag/pets", f"accounts/{bob.id}/statuses")
    for path in paths:
        found = {item["id"] for item in await alice.get(f"/api/v1/{path}")}
        assert not found & {cat["id"], top["id"]}, path
    assert (await alice.get(f"/api/v1/statuses/{root['id']}/context"))["descendants"] == []
    assert [item["status"]["id"] for item in await alice.get("/api/v1/notifications")] == [root["id"]]
    assert len((await alice.get("/api/v2/notifications"))["notification_groups"]) == 1
    assert (await alice.get(f"/api/v1/statuses/{cat['id']}"))["filtered"][0]["filter"]["filter_action"] == "hide"
    await alice.put(f"/api/v2/filters/{made['id']}", json={"context": ["account"]})
    assert [item["id"] for item in await alice.get("/api/v1/timelines/tag/pets")] == [top["id"], cat["id"]]
    assert len(await alice.get("/api/v1/notifications")) == 2


async def test_streams_are_filtered_too(server: Server, alice: Person, bob: Person) -> None:
    """What is hidden is not streamed, what is caught says so, and apps hear that filters changed."""
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    async with events(server, alice, "user") as stream:
        await make(alice, "cat", action="hide", context=["home", "notifications"])
        body = (await stream.connection.next())["body"]
        assert body == b"event: filters_changed\ndata: undefined\n\n"
        await make(alice, "dog")
        await stream.connection.next()
        await bob.say("@alice cat")
        dog = await bob.say("dog")
        name, payload = await stream.next()
        assert (name, payload["id"], payload["filtered"][0]["keyword_matches"]) == ("update", dog["id"], ["dog"])
    async with socket(server, f"access_token={alice.token}&stream=user") as (ws, _):
        await make(alice, "bird")
        assert await ws.next() == {"stream": ["user"], "event": "filters_changed"}
