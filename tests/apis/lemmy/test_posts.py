"""Communities, posts and comments as Lemmy's apps use them. Every answer is held against Lemmy's own types."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from potluck.social.drafts import AttachmentDraft
from potluck.social.model import Actor, Community
from support.databases import statements

from .conftest import Api

KEPT = "oauth_token"
"""What is asked only now and then."""


async def test_daily_life(api: Api) -> None:
    """Make a community, subscribe, post, comment, vote, save, edit, delete and put back."""
    made = await api.post("/community", "alice", name="gardens", title="Gardens", description="Green **things**",
                          nsfw=False, posting_restricted_to_mods=False, icon=None)
    view = made["community_view"]
    assert (view["community"]["name"], view["subscribed"]) == ("gardens", "Subscribed")
    assert view["community"]["description"] == "Green **things**"
    community = view["community"]["id"]
    assert (await api.post("/community/follow", "bob", community_id=community, follow=True)
            )["community_view"]["subscribed"] == "Subscribed"
    shown = await api.get("/community", "bob", name="gardens")
    assert [entry["moderator"]["name"] for entry in shown["moderators"]] == ["alice"]
    assert shown["community_view"]["counts"]["subscribers"] == 2

    posted = (await api.post("/post", "bob", name="Tomatoes in March", community_id=community, body="How *soon*?",
                             url="https://seeds.example/tomato", nsfw=False, language_id=37))["post_view"]
    post = posted["post"]
    assert (post["name"], post["body"], post["url"]) == (
        "Tomatoes in March", "How *soon*?", "https://seeds.example/tomato")
    assert (post["language_id"], posted["read"], posted["counts"]["score"]) == (37, True, 0)
    first = (await api.post("/comment", "alice", post_id=post["id"], content="Very **soon**"))["comment_view"]
    second = (await api.post("/comment", "bob", post_id=post["id"], parent_id=first["comment"]["id"],
                             content="Thanks"))["comment_view"]
    assert first["comment"]["path"] == f"0.{first['comment']['id']}"
    assert second["comment"]["path"] == f"{first['comment']['path']}.{second['comment']['id']}"
    assert (first["creator_is_moderator"], second["creator_is_moderator"]) == (True, False)

    for score, counted in ((1, (1, 1, 0)), (-1, (-1, 0, 1)), (0, (0, 0, 0)), (1, (1, 1, 0))):
        voted = (await api.post("/post/like", "alice", post_id=post["id"], score=score))["post_view"]
        assert tuple(voted["counts"][name] for name in ("score", "upvotes", "downvotes")) == counted
        assert voted.get("my_vote", 0) == score
    assert (await api.post("/comment/like", "bob", comment_id=first["comment"]["id"], score=1)
            )["comment_view"]["my_vote"] == 1
    assert await api.refused("POST", "/post/like", "bob", post_id=post["id"], score=2) == (400, "invalid_body_field")

    tree = (await api.get("/comment/list", "alice", post_id=post["id"], max_depth=8, sort="Hot"))["comments"]
    assert [entry["comment"]["id"] for entry in tree] == [first["comment"]["id"], second["comment"]["id"]]
    assert [entry["counts"]["child_count"] for entry in tree] == [1, 0]
    below = (await api.get("/comment/list", post_id=post["id"], parent_id=first["comment"]["id"], max_depth=1)
             )["comments"]
    assert [(entry["comment"]["content"], entry["counts"]["child_count"]) for entry in below] == [
        ("Very **soon**", 1), ("Thanks", 0)]

    for who, kind in (("bob", "Subscribed"), ("alice", "ModeratorView"), ("eve", "Local")):
        for sort, order in (("New", -1), ("Old", 1), ("Hot", -1)):
            listed = (await api.get("/comment/list", who, type_=kind, sort=sort))["comments"]
            expected = [first["comment"]["id"], second["comment"]["id"]][::order]
            shown = [entry["comment"]["id"] for entry in listed]
            assert shown == expected or (sort == "Hot" and set(shown) == set(expected)), (kind, sort)
    assert (await api.get("/comment/list", "eve", type_="Subscribed"))["comments"] == []

    assert (await api.put("/post/save", "alice", post_id=post["id"], save=True))["post_view"]["saved"] is True
    assert (await api.put("/comment/save", "alice", comment_id=first["comment"]["id"], save=True)
            )["comment_view"]["saved"] is True
    assert _ids(await api.get("/post/list", "alice", saved_only=True)) == [post["id"]]
    assert _ids(await api.get("/post/list", "alice", liked_only=True)) == [post["id"]]
    assert len((await api.get("/comment/list", "alice", saved_only=True))["comments"]) == 1
    mine = await api.get("/user", "alice", username="alice", saved_only=True)
    assert _ids(mine) == [post["id"]]

    edited = (await api.put("/post", "bob", post_id=post["id"], name="Tomatoes in April"))["post_view"]["post"]
    assert (edited["name"], edited["body"], edited["url"], "updated" in edited) == (
        "Tomatoes in April", "How *soon*?", "https://seeds.example/tomato", True)
    assert (await api.put("/comment", "bob", comment_id=second["comment"]["id"], content="Many thanks")
            )["comment_view"]["comment"]["content"] == "Many thanks"
    assert await api.refused("PUT", "/post", "alice", post_id=post["id"], name="Mine") == (400, "no_post_edit_allowed")

    gone = (await api.post("/comment/delete", "alice", comment_id=first["comment"]["id"], deleted=True))
    assert (gone["comment_view"]["comment"]["deleted"], gone["comment_view"]["comment"]["content"]) == (True, "")
    tree = (await api.get("/comment/list", "bob", post_id=post["id"], max_depth=8))["comments"]
    assert [(entry["comment"]["deleted"], entry["comment"]["content"]) for entry in tree] == [
        (True, ""), (False, "Many thanks")]
    assert tree[0]["creator"]["name"] == "deleted"
    back = await api.post("/comment/delete", "alice", comment_id=first["comment"]["id"], deleted=False)
    assert back["comment_view"]["comment"]["content"] == "Very **soon**"
    assert (await api.post("/post/delete", "bob", post_id=post["id"], deleted=True))["post_view"]["post"]["deleted"]
    assert _ids(await api.get("/post/list", "alice")) == []
    assert await api.refused("GET", "/post", "alice", id=post["id"]) == (404, "couldnt_find_post")
    back = await api.post("/post/delete", "bob", post_id=post["id"], deleted=False)
    assert back["post_view"]["post"]["deleted"] is False

    person = await api.get("/user", username="bob")
    assert _ids(person) == [post["id"]]
    assert len(person["comments"]) == 1
    assert person["person_view"]["counts"] == {"person_id": api.cast.bob.id, "post_count": 1, "comment_count": 1}
    site = await api.get("/site", "alice")
    assert [entry["community"]["name"] for entry in site["my_user"]["follows"]] == ["gardens"]
    assert [entry["community"]["name"] for entry in site["my_user"]["moderates"]] == ["gardens"]
    assert [entry["person"]["name"] for entry in site["admins"]] == ["mona"]

    assert await api.refused("POST", "/community/delete", "bob", community_id=community, deleted=True) == (
        400, "not_top_mod")
    closed = await api.post("/community/delete", "alice", community_id=community, deleted=True)
    assert closed["community_view"]["community"]["deleted"] is True
    assert await api.refused("GET", "/community", "bob", name="gardens") == (404, "couldnt_find_community")
    assert _ids(await api.get("/post/list", "alice")) == []
    await api.post("/community/delete", "alice", community_id=community, deleted=False)
    assert _ids(await api.get("/post/list")) == [post["id"]]


def _ids(found: dict[str, list[dict[str, dict[str, int]]]]) -> list[int]:
    return [view["post"]["id"] for view in found["posts"]]


async def test_listings_have_orders_pages_and_filters(api: Api, gardens: Actor) -> None:
    """By cursor and by number, in every order, without what was read or hidden, of one community or of all."""
    made = [(await api.link("bob", gardens, f"Bed number {number}")).id for number in range(5)]
    await api.post("/post/like", "alice", post_id=made[1], score=1)
    await api.post("/post/mark_as_read", "eve", post_ids=[made[0], made[1]], read=True)
    await api.post("/post/hide", "eve", post_ids=[made[2]], hide=True)
    page = await api.get("/post/list", sort="New", limit=2)
    assert _ids(page) == made[4:2:-1]
    following = await api.get("/post/list", sort="New", limit=2, page_cursor=page["next_page"])
    assert _ids(following) == made[2:0:-1]
    last = await api.get("/post/list", sort="New", limit=2, page_cursor=following["next_page"])
    assert (_ids(last), "next_page" in last) == (made[:1], False)
    assert _ids(await api.get("/post/list", sort="New", limit=2, page=2)) == made[2:0:-1]
    assert _ids(await api.get("/post/list", sort="TopAll", limit=1)) == [made[1]]
    for sort in ("Active", "Hot", "Scaled", "Controversial", "Old", "MostComments", "NewComments", "TopHour",
                 "TopSixHour", "TopTwelveHour", "TopDay", "TopWeek", "TopMonth", "TopThreeMonths", "TopSixMonths",
                 "TopNineMonths", "TopYear"):
        assert len(_ids(await api.get("/post/list", sort=sort))) == 5, sort
    assert _ids(await api.get("/post/list", "eve", sort="New", show_read=False)) == [made[4], made[3]]
    assert _ids(await api.get("/post/list", "eve", sort="New", show_hidden=True)) == made[::-1]
    assert _ids(await api.get("/post/list", "eve", type_="Subscribed")) == []
    assert _ids(await api.get("/post/list", "alice", type_="ModeratorView", sort="Old")) == made
    assert len(_ids(await api.get("/post/list", community_name="gardens@potluck.test"))) == 5
    for wrong in ({"sort": "Best"}, {"type_": "Some"}, {"limit": 0}, {"limit": 51}, {"page": 0}, {"page_cursor": "x"}):
        assert (await api.refused("GET", "/post/list", **wrong))[0] == 400, wrong
    assert await api.refused("GET", "/post/list", saved_only=True) == (401, "not_logged_in")
    listed = await api.get("/community/list", type_="All", sort="TopAll", limit=5)
    assert [view["community"]["name"] for view in listed["communities"]] == ["gardens"]


async def test_posts_of_every_kind_are_shown(api: Api, gardens: Actor) -> None:
    """A picture is its own address; a note has its first line as title; HTML becomes Markdown."""
    picture = await api.link("bob", gardens, "A bed", link="https://far.example/bed.jpg", alt_text="Beans in rows")
    about = {"group_id": gardens.id, "kind": "note"}
    [note] = await api.cast.store(api.cast.draft(api.cast.carol, "<p>Frost <em>tonight</em></p><p>Cover up</p>",
                                                 **about, attachments=[AttachmentDraft(
                                                     "image", "https://carol.example/ice.png", width=20, height=10)]))
    found = {view["post"]["id"]: view for view in (await api.get("/post/list"))["posts"]}
    shown = found[picture.id]["post"]
    assert shown["url"].startswith("https://potluck.test/proxy/full/")
    assert shown["url"].endswith(".jpg")
    assert (shown["alt_text"], "body" in shown) == ("Beans in rows", False)
    again = await api.put("/post", "bob", post_id=picture.id, name="A bean bed", url=shown["url"])
    assert (again["post_view"]["post"]["url"], again["post_view"]["post"]["alt_text"]) == (
        shown["url"], "Beans in rows")
    other = found[note.id]
    assert (other["post"]["name"], other["post"]["body"]) == ("Frost tonight", "Frost *tonight*\n\nCover up")
    assert (other["image_details"]["width"], other["creator"]["local"]) == (20, False)
    assert other["community"]["local"] is True


async def test_who_may_know_of_votes(api: Api, gardens: Actor) -> None:
    """Moderators of the community and who looks after the server; nobody else."""
    made = await api.link("bob", gardens)
    await api.post("/post/like", "eve", post_id=made.id, score=-1)
    for who in ("alice", "mona"):
        found = (await api.get("/post/like/list", who, post_id=made.id))["post_likes"]
        assert [(vote["creator"]["name"], vote["score"]) for vote in found] == [("eve", -1)]
    assert await api.refused("GET", "/post/like/list", "bob", post_id=made.id) == (400, "not_a_mod_or_admin")


async def test_rules_of_communities_hold(api: Api, gardens: Actor) -> None:
    """Where only moderators post, nobody else does; votes down where they are taken; titles have a length."""
    await api.put("/community", "alice", community_id=gardens.id, posting_restricted_to_mods=True, title="Beds",
                  description="")
    assert await api.refused("POST", "/post", "bob", name="A title", community_id=gardens.id) == (
        400, "only_mods_can_post_in_community")
    assert await api.refused("PUT", "/community", "bob", community_id=gardens.id, title="Mine") == (
        400, "not_a_moderator")
    assert await api.refused("POST", "/post", "alice", name="A", community_id=gardens.id) == (
        400, "invalid_post_title")
    assert await api.refused("POST", "/post", "alice", name="A title", community_id=1) == (
        404, "couldnt_find_community")
    assert await api.refused("POST", "/post", "alice", name="A title", community_id=gardens.id, url="ftp://x") == (
        400, "invalid_url")
    assert await api.refused("POST", "/post", name="A title", community_id=gardens.id) == (401, "not_logged_in")
    made = (await api.post("/post", "alice", name="A title", community_id=gardens.id, url="", body=None))["post_view"]
    assert await api.refused("POST", "/comment", "bob", post_id=made["post"]["id"], content=" ") == (
        400, "invalid_body_field")
    assert await api.refused("POST", "/comment", "bob", post_id=made["post"]["id"], parent_id=made["post"]["id"],
                             content="x") == (404, "couldnt_find_comment")


@pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)
async def test_a_page_costs_the_same_whatever_is_on_it(api: Api, gardens: Actor) -> None:
    """The number of queries of a listing, a discussion and a person does not grow with what there is."""

    async def costs() -> list[int]:
        found = []
        for path, query in (("/post/list", {"limit": 50}), ("/comment/list", {"post_id": top.id, "max_depth": 9}),
                            ("/comment/list", {"type_": "All"}), ("/user", {"username": "bob"}),
                            ("/community/list", {"type_": "All"})):
            with statements(api.database) as sent:
                await api.get(path, "eve", **query)
            found.append(sum("SELECT" in line and KEPT not in line for line in sent))
        return found

    top = await api.link("bob", gardens, "Bed number 1")
    await api.link("bob", await api.community("sheds"), "Shed number 1")
    said = await api.post("/comment", "bob", post_id=top.id, content="one")
    await api.post("/post/like", "eve", post_id=top.id, score=1)
    await costs()
    before = await costs()
    parent = said["comment_view"]["comment"]["id"]
    for number in range(2, 8):
        await api.link("bob" if number % 2 else "mia", await api.community(f"beds{number}"), f"Bed number {number}")
        made = await api.post("/comment", "bob" if number % 2 else "alice", post_id=top.id, parent_id=parent,
                              content=f"number {number}")
        parent = made["comment_view"]["comment"]["id"]
    after = await costs()
    assert all(now <= then for now, then in zip(after, before, strict=True)), (before, after)


async def test_an_unknown_community_is_fetched_for_someone_with_a_token(api: Api) -> None:
    """For nobody else."""
    assert await api.refused("GET", "/community", name="moss@carol.example") == (404, "couldnt_find_community")
    assert api.federation.asked == []
    assert await api.refused("GET", "/community", "bob", name="!moss@carol.example") == (404, "couldnt_find_community")
    assert api.federation.asked == ["moss@carol.example"]


async def test_active_people_of_a_community(api: Api, gardens: Actor) -> None:
    """They are told as they were counted; of a community for members strangers hear no number."""
    async with api.database.write() as session:
        await session.execute(update(Community).values(active_day=1, active_week=2, active_month=3, active_half_year=4))
    wanted = {"users_active_day": 1, "users_active_week": 2, "users_active_month": 3, "users_active_half_year": 4}
    counts = (await api.get("/community", id=gardens.id))["community_view"]["counts"]
    assert {name: counts[name] for name in wanted} == wanted
    async with api.database.write() as session:
        await session.execute(update(Community).values(visibility="private"))
        await session.execute(update(Actor).where(Actor.id == gardens.id).values(locked=True))
    counts = (await api.get("/community", "bob", id=gardens.id))["community_view"]["counts"]
    assert {name: counts[name] for name in wanted} == dict.fromkeys(wanted, 0)
