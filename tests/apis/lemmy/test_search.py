"""Search, and what an address means."""

from __future__ import annotations

from sqlalchemy import update

from potluck.social import post_index
from potluck.social.model import Actor, Object

from .conftest import Api
from .test_inbox import say


async def findable(api: Api, *names: str) -> None:
    """People who want their posts to be found."""
    async with api.database.write() as session:
        await session.execute(update(Actor).where(Actor.name.in_(names)).values(indexable=True))
        for name in names:
            await post_index.author_changed(session, getattr(api.cast, name).id)


async def test_every_kind_is_found_and_always_named(api: Api, gardens) -> None:
    """Posts and comments for people who are signed in; all four lists in every answer."""
    await findable(api, "alice", "bob")
    other = await api.community("kitchens")
    post = await api.link("bob", gardens, "Tomatoes in March", link="https://garden.example/a")
    comment = await say(api, "alice", "Tomatoes need light", post)
    await api.link("bob", other, "Tomatoes in soup")
    found = await api.get("/search", "eve", q="tomatoes")
    assert {view["post"]["name"] for view in found["posts"]} == {"Tomatoes in March", "Tomatoes in soup"}
    assert [view["comment"]["id"] for view in found["comments"]] == [comment.id]
    assert (found["type_"], found["communities"], found["users"]) == ("All", [], [])
    found = await api.get("/search", "eve", q="tomatoes", type_="Posts", community_id=gardens.id)
    assert [view["post"]["id"] for view in found["posts"]] == [post.id]
    assert (await api.get("/search", "eve", q="tomatoes", community_name="kitchens"))["posts"][0]["post"]["name"] == (
        "Tomatoes in soup")
    assert (await api.get("/search", "eve", q="tomatoes", creator_id=api.cast.alice.id))["posts"] == []
    assert (await api.get("/search", "eve", q="tomatoes", listing_type="Subscribed"))["posts"] == []
    found = await api.get("/search", q="https://www.garden.example/a?utm_source=x", type_="Url")
    assert [view["post"]["id"] for view in found["posts"]] == [post.id]
    assert (await api.get("/search", q="garden"))["communities"][0]["community"]["name"] == "gardens"
    assert (await api.get("/search", q="ali", type_="Users"))["users"][0]["person"]["name"] == "alice"
    assert (await api.get("/search", q="tomatoes"))["posts"] == []
    assert (await api.refused("GET", "/search", q="x", type_="Feelings"))[0] == 400
    assert (await api.refused("GET", "/search"))[1] == "invalid_body_field"


async def test_resolving(api: Api, gardens) -> None:
    """A community, a person, a post or a comment, fetched if need be; nothing else, and for nobody unknown."""
    post = await api.link("bob", gardens)
    comment = await say(api, "alice", "Yes", post)
    async with api.database.read() as session:
        known = api.federation.known
        known["gardens@potluck.test"] = await session.get_one(Actor, gardens.id)
        known["@carol@carol.example"] = await session.get_one(Actor, api.cast.carol.id)
        known["https://x.test/1"] = await session.get_one(Object, post.id)
        known["https://x.test/2"] = await session.get_one(Object, comment.id)
    assert (await api.get("/resolve_object", "eve", q="!gardens@potluck.test"))["community"]["community"]["id"] == (
        gardens.id)
    assert (await api.get("/resolve_object", "eve", q="@carol@carol.example"))["person"]["person"]["name"] == "carol"
    assert (await api.get("/resolve_object", "eve", q="https://x.test/1"))["post"]["post"]["id"] == post.id
    assert (await api.get("/resolve_object", "eve", q="https://x.test/2"))["comment"]["comment"]["id"] == comment.id
    assert await api.refused("GET", "/resolve_object", "eve", q="https://x.test/3") == (404, "couldnt_find_object")
    assert await api.refused("GET", "/resolve_object", q="https://x.test/1") == (401, "not_logged_in")


async def test_blocks(api: Api, gardens) -> None:
    """People, communities and servers, there and back; they stand in `site`."""
    cast = api.cast
    found = await api.post("/user/block", "bob", person_id=cast.eve.id, block=True)
    assert (found["blocked"], found["person_view"]["person"]["name"]) == (True, "eve")
    found = await api.post("/community/block", "bob", community_id=gardens.id, block=True)
    assert found["community_view"]["blocked"] is True
    assert await api.post("/site/block", "bob", instance_id=cast.carol.server_id, block=True) == {"blocked": True}
    mine = (await api.get("/site", "bob"))["my_user"]
    assert [entry["target"]["name"] for entry in mine["person_blocks"]] == ["eve"]
    assert [entry["community"]["name"] for entry in mine["community_blocks"]] == ["gardens"]
    assert len(mine["instance_blocks"]) == 1
    await api.post("/user/block", "bob", person_id=cast.eve.id, block=False)
    await api.post("/community/block", "bob", community_id=gardens.id, block=False)
    await api.post("/site/block", "bob", instance_id=cast.carol.server_id, block=False)
    mine = (await api.get("/site", "bob"))["my_user"]
    assert (mine["person_blocks"], mine["community_blocks"], mine["instance_blocks"]) == ([], [], [])
    assert (await api.refused("POST", "/user/block", "bob", person_id=cast.bob.id, block=True))[1] == (
        "cant_block_yourself")
    assert (await api.refused("POST", "/user/block", "bob", person_id=gardens.id, block=True))[0] == 404
    assert (await api.refused("POST", "/site/block", "bob", instance_id=1, block=True))[0] == 400
    assert (await api.refused("POST", "/site/block", "bob", instance_id=999, block=True))[0] == 404


async def test_servers_known_here(api: Api) -> None:
    """As far as they are public."""
    found = (await api.get("/federated_instances"))["federated_instances"]
    assert {"carol.example", "frank.example"} <= {entry["domain"] for entry in found["linked"]}
    assert (found["allowed"], found["blocked"]) == ([], [])
