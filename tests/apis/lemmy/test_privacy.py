"""What is not for somebody's eyes shows in no answer: every call that reads is asked for it, as everyone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from potluck.apis.lemmy.routes import route_handlers
from potluck.kinds.note.actions import NoteRequest, compose
from potluck.social import follows
from potluck.social.model import Actor, Object
from potluck.social.reactions import bookmark, react
from support.cast import Cast

from .conftest import Api

pytestmark = pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)  # rules in SQL: tests/social

SECRET = "rhubarbsecret"
_SKIPPED = {"/user/get_captcha", "/user/validate_auth", "/image_proxy", "/user/export_settings", "/user/list_logins"}


async def _comment(api: Api, who: str, parent: Object, text: str) -> Object:
    async with api.database.write() as session:
        author = await session.get_one(Actor, getattr(api.cast, who).id)
        return await compose(session, author, NoteRequest(text, content_type="text/markdown", in_reply_to_id=parent.id))


async def _member(api: Api, who: str, community: Actor) -> None:
    async with api.database.write() as session:
        me = await session.get_one(Actor, getattr(api.cast, who).id)
        group = await session.get_one(Actor, community.id)
        row = await follows.follow(session, me, group)
        if row.state != "accepted":
            await follows.accept(session, group, me)


def _queries(made: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """For each call that reads: what a curious app would send."""
    post, comment, community, author = (made[name] for name in ("post", "comment", "community", "author"))
    listings = [{"type_": kind} for kind in ("All", "Local", "Subscribed", "ModeratorView")]
    return {
        "/post/list": [*listings, {"community_id": community}, {"community_name": made["name"]},
                       *({f"{mark}_only": True} for mark in ("saved", "liked", "disliked")),
                       *({"sort": sort} for sort in ("New", "Old", "TopAll", "MostComments", "Controversial"))],
        "/post": [{"id": post}, {"comment_id": comment}, {"id": comment}],
        "/comment/list": [*listings, {"post_id": post, "max_depth": 8}, {"parent_id": comment, "max_depth": 8},
                          {"community_id": community}, {"post_id": post}, {"sort": "New"}, {"saved_only": True},
                          {"liked_only": True}],
        "/comment": [{"id": comment}, {"id": post}],
        "/user": [{"person_id": author}, {"username": made["author_name"], "community_id": community},
                  {"username": made["author_name"], "saved_only": True}],
        "/community": [{"id": community}, {"name": made["name"]}],
        "/community/list": listings,
        "/post/like/list": [{"post_id": post}], "/comment/like/list": [{"comment_id": comment}],
        "/search": [{"q": SECRET}, {"q": SECRET, "type_": "Posts"}, {"q": SECRET, "community_id": community},
                    {"q": "", "creator_id": author}],
        "/resolve_object": [{"q": made["post_uri"]}, {"q": made["comment_uri"]}],
        "/modlog": [{}, {"community_id": community}],
        "/post/site_metadata": [],
    }


def _reads() -> list[str]:
    """Every call that reads."""
    return sorted(path.removeprefix("/api/v3") for handler in route_handlers for path in handler.paths
                  if "GET" in {str(getattr(method, "value", method)) for method in handler.http_methods}
                  and path.startswith("/api/v3/"))


async def _everything(api: Api, who: str | None, made: dict[str, Any]) -> list[str]:
    """Calls whose answer to somebody holds the secret."""
    wanted = _queries(made)
    told = []
    for path in _reads():
        if path in _SKIPPED:
            continue
        for query in wanted.get(path, [{}]):
            answer = await api.call("GET", path, who, params=query)
            assert answer.status_code < 500, f"{path} {query}: {answer.text}"
            if SECRET in answer.text.lower().replace(f'"q":"{SECRET}"', ""):
                told.append(f"{path} {json.dumps(query)}")
    return told


async def _scene(api: Api, community: Actor, author: str, **more: Any) -> dict[str, Any]:
    """A post and a comment with the secret, liked and saved by Mia."""
    post = await api.link(author, community, f"The {SECRET} post", text=f"Text {SECRET}", **more)
    comment = await _comment(api, author, post, f"Comment {SECRET}")
    person = getattr(api.cast, author)
    return {"post": post.id, "comment": comment.id, "community": community.id, "name": community.name,
            "author": person.id, "author_name": person.name, "post_uri": post.uri, "comment_uri": comment.uri}


async def test_private_communities_are_for_members(api: Api) -> None:
    """Members see everything; strangers and nobody at all see nothing, not even how much there is."""
    kitchen = await api.community("kitchen", visibility="private", title="Kitchen")
    await _member(api, "mia", kitchen)
    made = await _scene(api, kitchen, "mia")
    assert {call.split()[0] for call in await _everything(api, "mia", made)} >= {
        "/post", "/post/list", "/comment", "/comment/list", "/user", "/search"}
    for who in (None, "eve", "dave"):
        assert await _everything(api, who, made) == [], who
        found = await api.call("GET", "/community", who, params={"name": "kitchen"})
        counts = found.json()["community_view"]["counts"]
        assert (counts["posts"], counts["comments"]) == (0, 0)
        person = (await api.get("/user", who, username="mia"))["person_view"]["counts"]
        assert person["post_count"] == 0


async def test_local_communities_are_for_people_of_this_server(api: Api) -> None:
    """Who is not signed in does not learn that there is one."""
    club = await api.community("club", visibility="local", title=f"The {SECRET} club")
    made = await _scene(api, club, "mia")
    assert await _everything(api, "eve", made)
    assert await _everything(api, None, made) == []
    assert await api.refused("GET", "/community", name="club") == (404, "couldnt_find_community")


@pytest.mark.parametrize("way", ["she blocks", "she is blocked"])
async def test_blocks_hide_both_ways(api: Api, cast: Cast, gardens: Actor, way: str) -> None:
    """Whom one blocks, or by whom one is blocked, is met in no listing, discussion or search."""
    made = await _scene(api, gardens, "mia")
    async with api.database.write() as session:  # Eve liked and kept it before
        eve = await session.get_one(Actor, cast.eve.id)
        await react(session, eve, made["post"])
        await bookmark(session, eve, made["comment"])
    await (cast.block(cast.eve, cast.mia) if way == "she blocks" else cast.block(cast.mia, cast.eve))
    told = {call.split()[0] for call in await _everything(api, "eve", made)}
    direct = {"/post", "/comment", "/user", "/resolve_object"}  # what she asks for by its own number or address
    marked = {"/post/list", "/comment/list"} if way == "she blocks" else set()  # what she kept herself
    assert told <= (direct | marked if way == "she blocks" else set())
    for path in ("/post/list", "/comment/list"):
        assert SECRET not in (await api.call("GET", path, "eve", params={"type_": "All", "sort": "New"})).text
    assert SECRET not in (await api.call("GET", "/search", "eve", params={"q": SECRET})).text.replace(
        f'"q":"{SECRET}"', "")


async def test_other_audiences_never_come_in(api: Api, cast: Cast, gardens: Actor) -> None:
    """Followers-only and direct answers in a community's discussion are for those they were meant for."""
    made = await _scene(api, gardens, "mia")
    post = await cast.again(await _object(api, made["post"]))
    for visibility in ("followers", "direct"):
        hidden = await cast.reply(cast.alice, post, f"whisper {visibility}", visibility=visibility,
                                  group_id=gardens.id)
        for who in (None, "eve"):
            answer = await api.call("GET", "/comment/list", who, params={"post_id": post.id, "max_depth": 8})
            assert "whisper" not in answer.text
            assert "whisper" not in (await api.call("GET", "/comment/list", who, params={"type_": "All"})).text
            assert await api.refused("GET", "/comment", who, id=hidden.id) == (404, "couldnt_find_comment")
            assert (await api.get("/post", who, id=post.id))["post_view"]["counts"]["comments"] == 1


async def _object(api: Api, object_id: int) -> Object:
    async with api.database.read() as session:
        return await session.get_one(Object, object_id)


async def test_nothing_can_be_done_with_what_one_may_not_see(api: Api) -> None:
    """Voting, saving, commenting, hiding: as if it were not there."""
    kitchen = await api.community("kitchen", visibility="private", title="Kitchen")
    await _member(api, "mia", kitchen)
    made = await _scene(api, kitchen, "mia")
    post, comment = made["post"], made["comment"]
    for method, path, body, word in (
        ("POST", "/post/like", {"post_id": post, "score": 1}, "post"),
        ("PUT", "/post/save", {"post_id": post, "save": True}, "post"),
        ("POST", "/comment", {"post_id": post, "content": "hm"}, "post"),
        ("POST", "/comment/like", {"comment_id": comment, "score": 1}, "comment"),
        ("PUT", "/comment/save", {"comment_id": comment, "save": True}, "comment"),
        ("PUT", "/post", {"post_id": post, "name": "Mine now"}, "post"),
        ("POST", "/post/delete", {"post_id": post, "deleted": True}, "post"),
        ("PUT", "/comment", {"comment_id": comment, "content": "x"}, "comment"),
        ("POST", "/comment/delete", {"comment_id": comment, "deleted": True}, "comment"),
        ("POST", "/post/report", {"post_id": post, "reason": "x"}, "post"),
        ("POST", "/comment/report", {"comment_id": comment, "reason": "x"}, "comment"),
        ("POST", "/post/lock", {"post_id": post, "locked": True}, "post"),
        ("POST", "/post/remove", {"post_id": post, "removed": True}, "post"),
    ):
        assert await api.refused(method, path, "eve", **body) == (404, f"couldnt_find_{word}"), path
