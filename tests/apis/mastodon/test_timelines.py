"""Timelines: what is in them, paging, and who may read them."""

from __future__ import annotations

import msgspec

from potluck import settings
from potluck.social.drafts import AttachmentDraft
from potluck.social.model import Actor

from . import fields
from .conftest import Person, Server


async def test_home(server: Server, alice: Person, bob: Person, dana: Actor) -> None:
    """Home has what one's people say and boost, and one's own; with every field."""
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    remote = await server.arrives(dana, "<p>far</p>")
    said = await bob.say("near")
    boost = await bob.post(f"/api/v1/statuses/{remote.id}/reblog")
    mine = await alice.say("mine")
    home = await alice.get("/api/v1/timelines/home")
    fields.check_all(home, "SignedInStatus")
    assert [item["id"] for item in home] == [mine["id"], boost["id"], said["id"]]
    assert home[1]["reblog"]["account"]["acct"] == "dana@far.example"


async def test_home_shows_changes_at_once(server: Server, alice: Person, bob: Person) -> None:
    """What is kept rendered never outlives a change: edits, counts, marks, names, deletion."""
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    status = await bob.say("first")
    path = f"/api/v1/statuses/{status['id']}"

    async def seen() -> dict:
        return (await alice.get("/api/v1/timelines/home"))[0]

    assert (await seen())["content"] == "<p>first</p>"
    await bob.put(path, json={"status": "second"})
    assert (await seen())["content"] == "<p>second</p>"
    await alice.post(f"{path}/favourite")
    assert ((await seen())["favourited"], (await seen())["favourites_count"]) == (True, 1)
    assert (await bob.get(path))["favourited"] is False
    await bob.patch("/api/v1/accounts/update_credentials", json={"display_name": "Bobby"})
    assert (await seen())["account"]["display_name"] == "Bobby"
    await bob.delete(path)
    assert await alice.get("/api/v1/timelines/home") == []


async def test_paging_by_every_cursor(alice: Person) -> None:
    """max_id goes back, since_id takes the newest, min_id the nearest; all are newest first."""
    ids = [(await alice.say(str(number)))["id"] for number in range(6)]

    async def page(**query: object) -> list[str]:
        return [item["id"] for item in await alice.get("/api/v1/timelines/home", params=query)]

    assert await page(limit=2) == [ids[5], ids[4]]
    assert await page(limit=2, max_id=ids[4]) == [ids[3], ids[2]]
    assert await page(limit=2, since_id=ids[1]) == [ids[5], ids[4]]
    assert await page(limit=2, min_id=ids[1]) == [ids[3], ids[2]]
    assert len(await page(limit=4000)) == 6
    assert await page(max_id=1) == []
    empty = await alice.call("GET", "/api/v1/timelines/home", params={"max_id": 1})
    assert "link" not in empty.headers
    assert (await alice.call("GET", "/api/v1/timelines/home?max_id=x")).status_code == 400


async def test_public_and_local(server: Server, alice: Person, dana: Actor, picture: AttachmentDraft) -> None:
    """Everyone's public posts; local, remote and with media on wish; never unlisted ones."""
    near = await alice.say("near")
    await alice.say("unlisted", visibility="unlisted")
    far = await server.arrives(dana, "<p>far</p>", attachments=[picture])

    async def ids(query: str = "") -> list[str]:
        answer = await server.http.get(f"/api/v1/timelines/public{query}")
        fields.check_all(answer.json(), "Status")
        return [item["id"] for item in answer.json()]

    assert await ids() == [str(far.id), near["id"]]
    assert await ids("?local=true") == [near["id"]]
    assert await ids("?remote=1") == await ids("?only_media=True") == [str(far.id)]


async def test_public_timelines_for_members(server: Server, alice: Person) -> None:
    """An operator may keep the public timelines for people with an account."""
    settings.use(settings.Settings(url="https://potluck.test", data=server.db.settings.data, rate_limits=False,
                                   public_timelines="members"))
    assert (await server.http.get("/api/v1/timelines/public")).status_code == 401
    assert (await alice.call("GET", "/api/v1/timelines/public")).status_code == 200


async def test_hashtags(server: Server, alice: Person) -> None:
    """By tag in any case, with a sign before it or not; with others any, all or none."""
    both = await alice.say("#Cake #Tea")
    cake = await alice.say("#cake")

    async def ids(path: str) -> list[str]:
        return [item["id"] for item in (await server.http.get(f"/api/v1/timelines/tag/{path}")).json()]

    assert await ids("CAKE") == await ids(":cake") == await ids("%23cake") == [cake["id"], both["id"]]
    assert await ids("cake?all[]=tea") == [both["id"]]
    assert await ids("cake?none[]=TEA") == [cake["id"]]
    assert await ids("nothing?any[]=tea") == [both["id"]]


async def test_muted_people_are_not_in_public(alice: Person, bob: Person) -> None:
    """Whom one muted one does not see."""
    await bob.say("loud")
    await alice.post(f"/api/v1/accounts/{bob.id}/mute")
    assert await alice.get("/api/v1/timelines/public") == []


async def test_lists(alice: Person, bob: Person, carol: Person) -> None:
    """A list is made, filled with people one follows, read, changed, and is nobody else's."""
    made = await alice.post("/api/v1/lists", data={"title": "bakers", "replies_policy": "followed"})
    fields.check(made, "List")
    path = f"/api/v1/lists/{made['id']}"
    refused = await alice.call("POST", f"{path}/accounts", json={"account_ids": [bob.id]})
    assert refused.status_code == 404
    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    assert await alice.post(f"{path}/accounts", data={"account_ids[]": [bob.id]}) == {}
    twice = await alice.call("POST", f"{path}/accounts", json={"account_ids": [bob.id]})
    assert twice.status_code == 422
    status = await bob.say("bread")
    assert [item["id"] for item in await alice.get(f"/api/v1/timelines/list/{made['id']}")] == [status["id"]]
    fields.check_all(await alice.get(f"{path}/accounts?limit=0"), "Account")
    assert [item["id"] for item in await alice.get(f"/api/v1/accounts/{bob.id}/lists")] == [made["id"]]
    for method, where in (("GET", path), ("DELETE", path), ("GET", f"/api/v1/timelines/list/{made['id']}")):
        assert (await bob.call(method, where)).status_code == 404
    changed = await alice.put(path, json={"title": "cooks", "exclusive": True})
    assert (changed["title"], changed["exclusive"], changed["replies_policy"]) == ("cooks", True, "followed")
    assert await alice.delete(f"{path}/accounts", json={"account_ids": [bob.id]}) == {}
    assert await alice.get(f"{path}/accounts") == []
    assert await alice.delete(path) == {}
    assert await alice.get("/api/v1/lists") == []
    assert (await alice.call("POST", "/api/v1/lists", data={"title": " "})).status_code == 422
    assert (await alice.call("POST", "/api/v1/lists", data={"title": "x", "replies_policy": "y"})).status_code == 422


async def test_favourites_and_bookmarks_page_by_their_own_cursor(alice: Person) -> None:
    """The cursor of these lists is not the status's id: the latest like comes first, whatever it likes."""
    old, new = await alice.say("old"), await alice.say("new")
    for act, path in (("favourite", "/api/v1/favourites"), ("bookmark", "/api/v1/bookmarks")):
        await alice.post(f"/api/v1/statuses/{new['id']}/{act}")
        await alice.post(f"/api/v1/statuses/{old['id']}/{act}")
        page = await alice.call("GET", path, params={"limit": 1})
        assert [item["id"] for item in page.json()] == [old["id"]]
        link = page.headers["link"].split(">")[0].lstrip("<")
        assert [item["id"] for item in (await alice.call("GET", link)).json()] == [new["id"]]


async def test_kept_bytes_are_what_is_rendered_anew(server: Server, alice: Person, bob: Person) -> None:
    """A page out of the cache equals the page rendered for the first time."""
    from potluck.apis.mastodon import render

    await alice.post(f"/api/v1/accounts/{bob.id}/follow")
    first = await bob.say("a", poll={"options": ["x", "y"], "expires_in": 600})
    await bob.say("b", quoted_status_id=first["id"])
    kept = await alice.get("/api/v1/timelines/home")
    render.forget()
    assert msgspec.json.encode(await alice.get("/api/v1/timelines/home")) == msgspec.json.encode(kept)
