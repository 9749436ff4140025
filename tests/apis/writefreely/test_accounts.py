"""Signing in to WriteFreely's API, and blogs."""

from __future__ import annotations

from apis.writefreely.conftest import Api


async def test_signing_in_and_out(api: Api) -> None:
    """With name and app password; the token says who it is until it is ended."""
    password = await api.app_password("alice")
    found = await api.ask("POST", "/auth/login", {"alias": "alice", "pass": password}, who=None)
    assert found["user"]["username"] == "alice"
    token = found["access_token"]
    for header in (f"Token {token}", token, f"Bearer {token}"):
        answer = await api.http.get("/api/me", headers={"Authorization": header})
        assert answer.json()["data"]["username"] == "alice"
    verbose = await api.ask("POST", "/auth/login?verbose=true", {"alias": "Alice", "pass": password}, who=None)
    assert [item["alias"] for item in verbose["collections"]] == ["alice"]
    gone = await api.http.delete("/api/auth/me", headers={"Authorization": f"Token {token}"})
    assert (gone.status_code, gone.content) == (204, b"")
    answer = await api.http.get("/api/me", headers={"Authorization": f"Token {token}"})
    assert answer.status_code == 401


async def test_who_is_not_let_in(api: Api) -> None:
    """A wrong password, an unknown name, the account's own password, nothing, the token of another API."""
    password = await api.app_password("alice")
    for body in ({"alias": "alice", "pass": "wrong"}, {"alias": "nobody", "pass": password},
                 {"alias": "bob", "pass": password}):
        assert await api.refused("POST", "/auth/login", body, who=None) == 401
    assert await api.refused("POST", "/auth/login", {"alias": "alice"}, who=None) == 400
    assert await api.refused("GET", "/me", who=None) == 401
    answer = await api.http.get("/api/me", headers={"Authorization": f"Token {await api.token('alice', 'mastodon')}"})
    assert answer.status_code == 401


async def test_a_blog(api: Api) -> None:
    """Made, changed, listed, and deleted: its articles are drafts then."""
    made = await api.ask("POST", "/collections", {"alias": "long-table", "title": "The long table"}, status=201)
    assert (made["alias"], made["title"], made["public"]) == ("long-table", "The long table", True)
    assert await api.refused("POST", "/collections", {"alias": "long-table"}) == 409
    assert await api.refused("POST", "/collections", {"alias": "x"}) == 400
    changed = await api.ask("POST", "/collections/long-table", {
        "description": "Soups", "public": 0, "style_sheet": "h1 { color: green }", "mathjax": True, "email_subs": False,
        "format": {"String": "novel", "Valid": True}})
    assert (changed["description"], changed["public"], changed["title"]) == ("Soups", False, "The long table")
    assert await api.refused("POST", "/collections/long-table", {"public": 9}) == 400
    assert await api.refused("POST", "/collections/long-table", {"title": "Mine"}, who="bob") == 403
    assert await api.refused("POST", "/collections/alice", {"title": "Me"}) == 403
    assert [item["alias"] for item in await api.ask("GET", "/me/collections")] == ["alice", "long-table"]
    post = await api.ask("POST", "/collections/long-table/posts", {"title": "Soup", "body": "Hot"}, status=201)
    assert (await api.ask("GET", "/collections/long-table", who=None))["total_posts"] == 1
    assert await api.refused("DELETE", "/collections/long-table", who="bob") == 403
    assert await api.refused("DELETE", "/collections/alice") == 403
    await api.ask("DELETE", "/collections/long-table", status=204)
    assert await api.refused("GET", "/collections/long-table", who=None) == 404
    assert [item["id"] for item in await api.ask("GET", "/me/posts?anonymous=1")] == [post["id"]]
