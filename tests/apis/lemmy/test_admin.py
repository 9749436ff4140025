"""What the staff does by this API, and that nobody else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from potluck import settings
from potluck.social.model import Actor, Object, User

from .conftest import Api
from .test_inbox import say


async def role(api: Api, who: str, name: str) -> None:
    """Somebody's role; calls of an older token are forgotten."""
    async with api.database.write() as session:
        (await session.get_one(User, getattr(api.cast, who).owner_id)).role = name


@pytest.mark.parametrize(("method", "path", "values"), [
    ("POST", "/admin/add", {"person_id": 1, "added": True}), ("POST", "/user/ban", {"person_id": 1, "ban": True}),
    ("GET", "/user/banned", {}), ("GET", "/admin/registration_application/list", {}),
    ("GET", "/admin/registration_application/count", {}),
    ("PUT", "/admin/registration_application/approve", {"id": 1, "approve": True}),
    ("POST", "/admin/purge/person", {"person_id": 1}), ("POST", "/admin/purge/community", {"community_id": 1}),
    ("POST", "/admin/purge/post", {"post_id": 1}), ("POST", "/admin/purge/comment", {"comment_id": 1}),
    ("PUT", "/site", {"sidebar": "x"}), ("POST", "/site", {"name": "x"}), ("POST", "/user/leave_admin", {}),
    ("POST", "/custom_emoji", {"shortcode": "cat"}), ("POST", "/custom_emoji/delete", {"id": 1}),
    ("GET", "/admin/list_all_media", {}), ("GET", "/admin/registration_application", {"person_id": 1})])
async def test_people_may_not(api: Api, method: str, path: str, values: dict[str, Any]) -> None:
    """Not without an account, and not with one."""
    assert await api.refused(method, path, **values) == (401, "not_logged_in")
    assert await api.refused(method, path, "bob", **values) == (400, "not_an_admin")


async def test_roles(api: Api) -> None:
    """Given by administrators, given back by whoever has one; the owner stays."""
    cast = api.cast
    assert await api.refused("POST", "/admin/add", "mona", person_id=cast.bob.id, added=True) == (400, "not_an_admin")
    await role(api, "mia", "owner")
    found = await api.post("/admin/add", "mia", person_id=cast.bob.id, added=True)
    assert {"bob", "mona", "mia"} <= {entry["person"]["name"] for entry in found["admins"]}
    found = await api.post("/admin/add", "mia", person_id=cast.bob.id, added=False)
    assert "bob" not in {entry["person"]["name"] for entry in found["admins"]}
    found = await api.post("/user/leave_admin", "mona")
    assert found["my_user"]["local_user_view"]["local_user"]["admin"] is False
    assert await api.refused("POST", "/user/leave_admin", "mia") == (400, "cannot_leave_admin")
    assert (await api.refused("POST", "/admin/add", "mia", person_id=cast.carol.id, added=True))[0] == 404


async def test_suspending(api: Api, gardens) -> None:
    """Here and elsewhere; an end in advance cannot be promised, so it is refused."""
    cast = api.cast
    assert await api.refused("POST", "/user/ban", "mona", person_id=cast.eve.id, ban=True, expires=4102444800) == (
        400, "not_supported")
    for person in (cast.eve, cast.carol):
        found = await api.post("/user/ban", "mona", person_id=person.id, ban=True, reason="spam", remove_data=False)
        assert (found["banned"], found["person_view"]["person"]["banned"]) == (True, True)
    assert {entry["person"]["name"] for entry in (await api.get("/user/banned", "mona"))["banned"]} == {"eve", "carol"}
    found = await api.post("/user/ban", "mona", person_id=cast.eve.id, ban=False)
    assert found["person_view"]["person"]["banned"] is False
    assert (await api.refused("POST", "/user/ban", "mona", person_id=cast.mona.id, ban=True))[0] == 400
    assert (await api.refused("POST", "/user/ban", "mona", person_id=gardens.id, ban=True))[0] == 404


async def test_newcomers_wait_for_staff(api: Api) -> None:
    """Listed with what they wrote; let in or refused, which removes the account."""
    settings.use(replace(settings.current(), sign_up="approval", confirm_email=False))
    for name in ("newbie", "other"):
        await api.post("/user/register", username=name, password="long enough a word", email=f"{name}@mail.test",
                       password_verify="long enough a word", answer=f"I am {name}")
    assert await api.get("/admin/registration_application/count", "mona") == {"registration_applications": 2}
    found = await api.get("/admin/registration_application/list", "mona", unread_only="true")
    second, first = found["registration_applications"]
    assert (first["registration_application"]["answer"], first["creator"]["name"]) == ("I am newbie", "newbie")
    assert (await api.get("/admin/registration_application", "mona", person_id=first["creator"]["id"]))[
        "registration_application"] == first
    done = await api.put("/admin/registration_application/approve", "mona", approve=True,
                         id=first["registration_application"]["id"])
    assert done["registration_application"]["admin"]["name"] == "mona"
    done = await api.put("/admin/registration_application/approve", "mona", approve=False, deny_reason="no room",
                         id=second["registration_application"]["id"])
    assert done["registration_application"]["registration_application"]["deny_reason"] == "no room"
    assert await api.get("/admin/registration_application/count", "mona") == {"registration_applications": 0}
    async with api.database.read() as session:
        assert (await session.get_one(Actor, second["creator"]["id"])).deleted_at is not None
    assert (await api.refused("PUT", "/admin/registration_application/approve", "mona", approve=True, id=9))[0] == 404


async def test_deleting_for_good(api: Api, gardens) -> None:
    """Posts, comments, people, communities; by administrators alone."""
    cast = api.cast
    post = await api.link("bob", gardens)
    comment = await say(api, "eve", "Leek", post)
    assert await api.refused("POST", "/admin/purge/post", "mona", post_id=post.id) == (400, "not_an_admin")
    await role(api, "mia", "admin")
    for path, body in (("comment", {"comment_id": comment.id}), ("post", {"post_id": post.id}),
                       ("person", {"person_id": cast.eve.id}), ("community", {"community_id": gardens.id})):
        assert await api.post(f"/admin/purge/{path}", "mia", **body, reason="law") == {"success": True}, path
        assert (await api.refused("POST", f"/admin/purge/{path}", "mia", **body))[0] == 404
    async with api.database.read() as session:
        for model, ident in ((Object, post.id), (Object, comment.id), (Actor, cast.eve.id), (Actor, gardens.id)):
            assert (await session.get_one(model, ident)).deleted_at is not None


async def test_the_site(api: Api) -> None:
    """Its texts can be changed; what stands in the configuration is named when an app tries."""
    await role(api, "mia", "admin")
    assert await api.refused("POST", "/site", "mia", name="x") == (400, "site_already_exists")
    view = (await api.get("/site"))["site_view"]
    same = {"name": view["site"]["name"], "registration_mode": view["local_site"]["registration_mode"]}
    found = await api.put("/site", "mia", **same, sidebar="All *ours*", legal_information="None", taglines=[])
    assert found["site_view"]["site"]["sidebar"] == "All *ours*"
    assert (await api.get("/site"))["site_view"]["local_site"]["legal_information"] == "None"
    answer = await api.call("PUT", "/site", "mia", json={"sidebar": "x", "enable_downvotes": False})
    assert (answer.status_code, answer.json()["error"]) == (400, "not_supported")
    assert "enable_downvotes" in answer.json()["message"]
    assert (await api.get("/site"))["site_view"]["site"]["sidebar"] == "All *ours*"


async def test_taglines(api: Api) -> None:
    """Given all at once, in their order; what stays keeps its id, what is left out of a call stays as it is."""
    await role(api, "mia", "admin")
    assert await api.refused("PUT", "/site", "bob", taglines=["Mine"]) == (400, "not_an_admin")
    found = await api.put("/site", "mia", taglines=["Mind the **leeks**", " ", "Sow in March", "Sow in March"])
    assert [line["content"] for line in found["taglines"]] == ["Mind the **leeks**", "Sow in March"]
    first = (await api.get("/site"))["taglines"]
    assert first == found["taglines"]
    await api.put("/site", "mia", sidebar="x")
    await api.put("/site", "mia", taglines=["Rest", "Mind the **leeks**"])
    assert [line["id"] for line in (await api.get("/site"))["taglines"]][1] == first[0]["id"]
    for wanted in (["x" * 1001], [str(number) for number in range(101)]):
        assert await api.refused("PUT", "/site", "mia", taglines=wanted) == (400, "invalid_body_field")
    await api.put("/site", "mia", taglines=[])
    assert (await api.get("/site"))["taglines"] == []
