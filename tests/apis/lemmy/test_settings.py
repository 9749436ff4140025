"""One's own settings, password, leaving, taking along; and what is done on the site alone."""

from __future__ import annotations

from sqlalchemy import select

from potluck.social.accounts import passwords, resets
from potluck.social.model import Actor, User

from .conftest import Api

OLD, NEW = "a table for everyone", "another table, then"


async def _with_password(api: Api, who: str) -> None:
    hashed = await passwords.hash_password(OLD)
    async with api.database.write() as session:
        (await session.get_one(User, getattr(api.cast, who).owner_id)).password_hash = hashed


async def test_settings_are_kept_and_told(api: Api) -> None:
    """What is absent stays; what cannot be is refused, and nothing of that call is kept."""
    saved = await api.put("/user/save_user_settings", "bob", show_nsfw=True, default_sort_type="TopDay", bio="A *cook*",
                          display_name="Bob B.", discussion_languages=[3, 1], theme=None, email="bob@mail.test",
                          show_upvotes=False)
    assert saved == {"success": True}
    await api.put("/user/save_user_settings", "bob", show_avatars=False)
    view = (await api.get("/site", "bob"))["my_user"]["local_user_view"]
    mine = view["local_user"]
    assert (mine["show_nsfw"], mine["default_sort_type"], mine["show_avatars"], mine["theme"]) == (
        True, "TopDay", False, "browser")
    assert (view["person"]["display_name"], view["local_user_vote_display_mode"]["upvotes"]) == ("Bob B.", False)
    assert (await api.get("/site", "bob"))["my_user"]["discussion_languages"] == [1, 3]
    for bad, word in (
            ({"default_sort_type": "Loud"}, "invalid_body_field"), ({"show_nsfw": "maybe"}, "invalid_body_field"),
            ({"discussion_languages": [9999]}, "language_not_allowed"),
            ({"avatar": "https://x.test/a.png"}, "invalid_url"), ({"email": "new@mail.test"}, "not_supported"),
            ({"display_name": "x" * 101}, "invalid_display_name")):
        assert await api.refused("PUT", "/user/save_user_settings", "bob", show_scores=False, **bad) == (400, word), bad
    assert (await api.get("/site", "bob"))["my_user"]["local_user_view"]["local_user"]["show_scores"] is True
    assert await api.post("/user/donation_dialog_shown", "bob") == {"success": True}


async def test_the_password(api: Api) -> None:
    """Changed with the old one, which ends every other token; forgotten, by the link of a mail."""
    await _with_password(api, "bob")
    wish = {"new_password": NEW, "new_password_verify": NEW, "old_password": OLD}
    assert await api.refused("PUT", "/user/change_password", "bob", **{**wish, "old_password": "x"}) == (
        401, "incorrect_login")
    assert await api.refused("PUT", "/user/change_password", "bob", **{**wish, "new_password_verify": "x"}) == (
        400, "passwords_do_not_match")
    short = {**wish, "new_password": "x", "new_password_verify": "x"}
    assert await api.refused("PUT", "/user/change_password", "bob", **short) == (400, "invalid_password")
    changed = await api.put("/user/change_password", "bob", **wish)
    assert await api.refused("GET", "/user/validate_auth", "bob") == (401, "not_logged_in")
    assert await api.get("/user/validate_auth", auth=changed["jwt"]) == {"success": True}
    [login] = (await api.call("GET", "/user/list_logins", params={"auth": changed["jwt"]})).json()
    assert login["user_id"] == api.cast.bob.owner_id
    assert await api.post("/user/password_reset", email="nobody@mail.test") == {"success": True}
    async with api.database.write() as session:
        user = await session.get_one(User, api.cast.bob.owner_id)
        token = (await resets.link(session, user)).rpartition("/")[2]
    assert await api.refused("POST", "/user/password_change", token="x", password=NEW, password_verify=NEW) == (
        400, "token_not_found")
    await api.post("/user/password_change", token=token, password="a third table", password_verify="a third table")
    found = await api.post("/user/login", username_or_email="bob", password="a third table")
    assert found["jwt"]
    assert await api.refused("POST", "/user/verify_email", token="x") == (400, "token_not_found")


async def test_what_is_done_on_the_site(api: Api) -> None:
    """A lost token must not be enough to take an account over."""
    for path, body in (("/user/totp/generate", {}), ("/user/totp/update", {"totp_token": "000000", "enabled": True})):
        assert await api.refused("POST", path, "bob", **body) == (400, "not_supported")


async def test_leaving(api: Api) -> None:
    """With the password; what one said goes, too."""
    await _with_password(api, "bob")
    assert await api.refused("POST", "/user/delete_account", "bob", password=OLD, delete_content=False) == (
        400, "not_supported")
    assert await api.refused("POST", "/user/delete_account", "bob", password="x", delete_content=True) == (
        401, "incorrect_login")
    await api.post("/user/delete_account", "bob", password=OLD, delete_content=True)
    async with api.database.read() as session:
        assert (await session.get_one(Actor, api.cast.bob.id)).deleted_at is not None


async def test_taking_settings_along(api: Api, gardens) -> None:
    """What one exports can be imported; what is not known here is passed over."""
    cast = api.cast
    post = await api.link("alice", gardens)
    await api.put("/user/save_user_settings", "alice", show_nsfw=True, bio="Gardens")
    await api.post("/user/block", "alice", person_id=cast.eve.id, block=True)
    kept = await api.get("/user/export_settings", "alice")
    assert (kept["followed_communities"], kept["settings"]["show_nsfw"], kept["bio"]) == (
        [gardens.uri], True, "Gardens")
    assert cast.eve.uri in kept["blocked_users"]
    wish = {**kept, "saved_posts": [post.uri, "https://x.test/9"], "blocked_instances": ["loud.example"]}
    assert await api.post("/user/import_settings", "bob", **wish) == {"success": True}
    mine = (await api.get("/site", "bob"))["my_user"]
    assert [entry["community"]["name"] for entry in mine["follows"]] == ["gardens"]
    assert cast.eve.id in {entry["target"]["id"] for entry in mine["person_blocks"]}
    found = await api.get("/user/export_settings", "bob")
    assert (found["saved_posts"], found["blocked_instances"], found["bio"]) == ([post.uri], ["loud.example"], "Gardens")
    assert (await api.refused("POST", "/user/import_settings", "bob", saved_posts=["x"] * 1001))[0] == 400
    async with api.database.read() as session:
        assert (await session.scalars(select(User.email).where(User.id == cast.bob.owner_id))).one() == "bob@mail.test"
