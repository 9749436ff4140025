"""Reports, what moderators do, and the log everybody can read."""

from __future__ import annotations

from typing import Any

import pytest

from potluck.apis.lemmy.modlog import ARRAYS
from potluck.social.communities import claims, moderating
from potluck.social.model import Actor, Object

from .conftest import Api
from .test_inbox import say


async def test_reports_reach_moderators_alone(api: Api, gardens) -> None:
    """With the thing as it was, and who said it; resolved they wait no longer."""
    post = await api.link("bob", gardens, text="*fine*")
    comment = await say(api, "bob", "Leek!", post)
    made = await api.post("/post/report", "eve", post_id=post.id, reason="spam")
    view = made["post_report_view"]
    assert (view["post_report"]["original_post_name"], view["post_report"]["reason"], view["creator"]["name"],
            view["post_creator"]["name"], view["community"]["name"]) == (
        "Tomatoes in March", "spam", "eve", "bob", "gardens")
    made = await api.post("/comment/report", "eve", comment_id=comment.id, reason="rude")
    assert made["comment_report_view"]["comment_report"]["original_comment_text"] == "Leek!"
    assert await api.get("/user/report_count", "alice") == {"post_reports": 1, "comment_reports": 1}
    assert (await api.get("/user/report_count", "mona", community_id=gardens.id))["post_reports"] == 1
    for who in ("bob", "eve"):
        assert (await api.get("/post/report/list", who))["post_reports"] == []
        assert await api.refused("PUT", "/post/report/resolve", who, resolved=True,
                                 report_id=view["post_report"]["id"]) == (404, "couldnt_find_report")
    [found] = (await api.get("/comment/report/list", "alice", unresolved_only="true"))["comment_reports"]
    done = await api.put("/comment/report/resolve", "alice", report_id=found["comment_report"]["id"], resolved=True)
    assert done["comment_report_view"]["resolver"]["name"] == "alice"
    assert (await api.get("/comment/report/list", "alice", unresolved_only="true"))["comment_reports"] == []
    [found] = (await api.get("/post/report/list", "mona"))["post_reports"]
    await api.put("/post/report/resolve", "mona", report_id=found["post_report"]["id"], resolved=True)
    assert await api.get("/user/report_count", "alice") == {"post_reports": 0, "comment_reports": 0}


@pytest.mark.parametrize(("path", "body", "word"), [
    ("/post/report", {"post_id": 5, "reason": "x"}, "couldnt_find_post"),
    ("/comment/report", {"comment_id": 5, "reason": "x"}, "couldnt_find_comment"),
    ("/post/report", {"post_id": 5, "reason": " "}, "report_reason_required"),
    ("/post/report", {"reason": "x"}, "invalid_body_field"),
    ("/post/remove", {"post_id": 5, "removed": True}, "couldnt_find_post"),
    ("/community/ban_user", {"community_id": 5, "person_id": 5, "ban": True}, "couldnt_find_community"),
    ("/community/ban_user", {"community_id": 5, "person_id": 5, "ban": True, "expires": -1}, "invalid_unix_time"),
    ("/community/mod", {"community_id": "x", "person_id": 5, "added": True}, "couldnt_find_community")])
async def test_bad_input(api: Api, path: str, body: dict[str, Any], word: str) -> None:
    """A word that apps know, and nothing written."""
    assert (await api.refused("POST", path, "bob", **body))[1] == word


async def test_moderators_act_on_posts_and_comments(api: Api, gardens) -> None:
    """Removed things stay visible to them; nobody else may."""
    post = await api.link("bob", gardens)
    comment = await say(api, "bob", "Leek!", post)
    for path, body in (("/post/remove", {"post_id": post.id, "removed": True}),
                       ("/post/lock", {"post_id": post.id, "locked": True}),
                       ("/post/feature", {"post_id": post.id, "featured": True, "feature_type": "Community"}),
                       ("/comment/remove", {"comment_id": comment.id, "removed": True})):
        assert await api.refused("POST", path, "bob", **body) == (400, "not_a_moderator"), path
    view = (await api.post("/post/lock", "alice", post_id=post.id, locked=True))["post_view"]
    assert view["post"]["locked"] is True
    view = (await api.post("/post/feature", "alice", post_id=post.id, featured=True, feature_type="Community"))[
        "post_view"]
    assert view["post"]["featured_community"] is True
    assert (await api.refused("POST", "/post/feature", "alice", post_id=post.id, featured=True, feature_type="Local")
            )[0] == 400
    view = (await api.post("/post/feature", "mona", post_id=post.id, featured=True, feature_type="Local"))["post_view"]
    assert view["post"]["featured_local"] is True
    view = (await api.post("/comment/remove", "alice", comment_id=comment.id, removed=True, reason="rude"))[
        "comment_view"]
    assert view["comment"]["removed"] is True
    view = (await api.post("/post/remove", "alice", post_id=post.id, removed=True, reason="spam"))["post_view"]
    assert (view["post"]["removed"], view["post"]["name"]) == (True, "Tomatoes in March")
    view = (await api.post("/post/remove", "alice", post_id=post.id, removed=False))["post_view"]
    assert view["post"]["removed"] is False
    own = await say(api, "alice", "Calm down", post)
    view = (await api.post("/comment/distinguish", "alice", comment_id=own.id, distinguished=True))["comment_view"]
    assert view["comment"]["distinguished"] is True


async def test_people_in_a_community(api: Api, gardens) -> None:
    """Ban and unban, appoint and dismiss, hand over; taken down by staff."""
    cast = api.cast
    found = await api.post("/community/ban_user", "alice", community_id=gardens.id, person_id=cast.eve.id, ban=True,
                           reason="spam", expires=4102444800)
    assert (found["banned"], found["person_view"]["person"]["name"]) == (True, "eve")
    assert (await api.refused("POST", "/community/mod", "alice", community_id=gardens.id, person_id=cast.eve.id,
                              added=True))[0] == 400
    await api.post("/community/ban_user", "alice", community_id=gardens.id, person_id=cast.eve.id, ban=False)
    found = await api.post("/community/mod", "alice", community_id=gardens.id, person_id=cast.bob.id, added=True)
    assert [entry["moderator"]["name"] for entry in found["moderators"]] == ["alice", "bob"]
    assert (await api.refused("POST", "/community/ban_user", "bob", community_id=gardens.id, person_id=cast.alice.id,
                              ban=True)) == (400, "not_higher_mod")
    assert (await api.refused("POST", "/community/transfer", "bob", community_id=gardens.id,
                              person_id=cast.bob.id))[0] == 400
    found = await api.post("/community/transfer", "alice", community_id=gardens.id, person_id=cast.bob.id)
    assert found["moderators"][0]["moderator"]["name"] == "bob"
    assert (await api.refused("POST", "/community/remove", "bob", community_id=gardens.id, removed=True))[0] == 400
    found = await api.post("/community/remove", "mona", community_id=gardens.id, removed=True, reason="empty")
    assert found["community_view"]["community"]["removed"] is True
    assert (await api.refused("PUT", "/community/hide", "mona", community_id=gardens.id, hidden=True)) == (
        400, "not_supported")


async def test_the_log_is_public_but_tells_nothing_that_was_removed(api: Api, gardens) -> None:
    """All fifteen lists are there; what was removed is named, its words are not."""
    cast = api.cast
    post = await api.link("bob", gardens, "A secret of mine", text="and its text")
    comment = await say(api, "bob", "A secret, too", post)
    await api.post("/comment/remove", "alice", comment_id=comment.id, removed=True, reason="rude")
    await api.post("/post/lock", "alice", post_id=post.id, locked=True)
    await api.post("/post/feature", "alice", post_id=post.id, featured=True, feature_type="Community")
    await api.post("/community/mod", "alice", community_id=gardens.id, person_id=cast.mia.id, added=True)
    await api.post("/community/ban_user", "alice", community_id=gardens.id, person_id=cast.bob.id, ban=True,
                   reason="rude", expires=4102444800)
    found = await api.get("/modlog")
    assert set(found) == set(ARRAYS)
    assert found["locked_posts"][0]["post"]["name"] == "A secret of mine"
    assert found["removed_comments"][0]["comment"]["content"] == ""
    assert found["banned_from_community"][0]["mod_ban_from_community"]["reason"] == "rude"
    assert found["added_to_community"][0]["modded_person"]["name"] == "mia"
    await api.post("/post/remove", "alice", post_id=post.id, removed=True, reason="spam")
    found = await api.get("/modlog", community_id=gardens.id, type_="ModRemovePost")
    [entry] = found["removed_posts"]
    assert (entry["mod_remove_post"]["reason"], entry["moderator"]["name"], entry["post"]["creator_id"]) == (
        "spam", "alice", cast.bob.id)
    assert "secret" not in str(await api.get("/modlog"))
    assert len((await api.get("/modlog", other_person_id=cast.mia.id))["added_to_community"]) == 1
    assert (await api.get("/modlog", mod_person_id=cast.bob.id)) == {name: [] for name in ARRAYS}
    assert (await api.get("/modlog", type_="ModBan")) == {name: [] for name in ARRAYS}


async def test_nothing_of_a_private_community_shows(api: Api) -> None:
    """Neither in the log nor in search, nor by naming its posts; staff sees what was reported, and no more."""
    shelf = await api.community("shelf", visibility="private")
    post = await api.link("alice", shelf, "The secret shelf")
    comment = await say(api, "alice", "The secret jar", post)
    async with api.database.write() as session:
        await moderating.lock(session, await session.get_one(Actor, api.cast.alice.id), post.id)
    for who in (None, "bob", "mona"):
        assert await api.refused("GET", "/modlog", who, community_id=shelf.id) == (404, "couldnt_find_community")
        assert "secret" not in str(await api.get("/modlog", who))
        assert "secret" not in str(await api.get("/search", who, q="secret"))
    for who in ("bob", "mona"):
        for path, body in (("/post/lock", {"post_id": post.id, "locked": False}),
                           ("/post/report", {"post_id": post.id, "reason": "x"})):
            assert await api.refused("POST", path, who, **body) == (404, "couldnt_find_post"), (who, path)
    assert len((await api.get("/modlog", "alice", community_id=shelf.id))["locked_posts"]) == 1
    async with api.database.write() as session:
        from potluck.social import follows

        bob, group = await session.get_one(Actor, api.cast.bob.id), await session.get_one(Actor, shelf.id)
        await follows.follow(session, bob, group)
        await follows.accept(session, group, bob)
    await api.post("/comment/report", "bob", comment_id=comment.id, reason="odd")
    [view] = (await api.get("/comment/report/list", "mona"))["comment_reports"]
    assert (view["comment"]["content"], view["post"]["name"]) == ("The secret jar", "…")


async def test_a_report_tells_its_maker_nothing_of_the_post_above(api: Api, gardens) -> None:
    """Who reports a comment below a post that was removed, or taken back, does not read the post by that."""
    for act, body in (("/post/remove", {"removed": True, "reason": "spam"}), ("/post/delete", {"deleted": True})):
        post = await api.link("bob", gardens, "A secret of mine", text="and its text")
        comment = await say(api, "bob", "Leek!", post)
        await api.post(act, "bob" if "deleted" in body else "alice", post_id=post.id, **body)
        made = await api.post("/comment/report", "eve", comment_id=comment.id, reason="rude")
        assert "secret" not in str(made)
        assert "its text" not in str(made)


async def test_what_nobody_brought_leaves_the_community_and_stays(api: Api, gardens) -> None:
    """Moderators take it off the listing; the answer and the log show it in the community's place."""
    row = await api.cast.say(api.cast.carol, "<p>nothing green</p>")
    below = await api.cast.reply(api.cast.frank, row)
    async with api.database.write() as session:
        await claims.claim(session, await session.get_one(Object, row.id), await session.get_one(Actor, gardens.id))
    gone = await api.post("/comment/remove", "alice", comment_id=below.id, removed=True, reason="rude")
    assert gone["comment_view"]["comment"]["removed"] is True
    assert (await api.get("/comment/list", post_id=row.id))["comments"] == []
    gone = await api.post("/post/remove", "alice", post_id=row.id, removed=True, reason="off topic")
    assert (gone["post_view"]["post"]["removed"], gone["post_view"]["community"]["name"]) == (True, "gardens")
    assert (await api.get("/post/list", community_id=gardens.id))["posts"] == []
    assert await api.refused("POST", "/post/remove", "alice", post_id=row.id, removed=True) == (
        404, "couldnt_find_post")
    log = await api.get("/modlog", community_id=gardens.id)
    assert [entry["post"]["community_id"] for entry in log["removed_posts"]] == [gardens.id]
    async with api.database.read() as session:
        assert [(await session.get_one(Object, item.id)).state for item in (row, below)] == ["published"] * 2
