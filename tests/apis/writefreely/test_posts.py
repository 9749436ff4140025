"""Drafts and articles through WriteFreely's API: one id for both, and private stays private."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from apis.writefreely.conftest import Api
from potluck.social.blogs import making
from potluck.social.model import Actor, KeptDraft, KeptDraftVersion, Object

NOW = "2026-10-18 09:30:00"


async def test_from_draft_to_article_and_back(api: Api) -> None:
    """As the command line does it: a draft, another date, into the blog, out of it; its id stays."""
    made = await api.ask("POST", "/posts", {"title": "On bread", "body": "Flour, *water* #baking"}, status=201)
    assert made["slug"] is None
    assert (made["title"], made["body"], made["appearance"]) == ("On bread", "Flour, *water* #baking", "norm")
    assert [post["id"] for post in await api.ask("GET", "/me/posts?anonymous=1&page=0")] == [made["id"]]
    path = f"/posts/{made['id']}"
    assert (await api.ask("POST", path, {"created": NOW}))["title"] == "On bread"
    [found] = await api.ask("POST", "/collections/alice/collect", [{"id": made["id"]}])
    assert found["code"] == 200
    assert (found["post"]["id"], found["post"]["slug"]) == (made["id"], "on-bread")
    assert found["post"]["url"].endswith("/@alice/on-bread")
    assert found["post"]["tags"] == ["baking"]
    assert await api.ask("GET", "/me/posts?anonymous=1&page=0") == []
    [mine] = await api.ask("GET", "/me/posts")
    assert (mine["id"], mine["collection"]["alias"]) == (made["id"], "alice")
    read = await api.ask("GET", f"{path}?body=html", who=None)
    assert "<em>water</em>" in read["body"]
    assert (await api.ask("GET", "/collections/alice/posts/on-bread", who="bob"))["id"] == made["id"]
    changed = await api.ask("POST", path, {"body": "Flour, water, salt"})
    assert (changed["id"], changed["body"], changed["title"]) == (made["id"], "Flour, water, salt", "On bread")
    assert await api.ask("POST", "/posts/disperse", [made["id"]]) == [{"code": 200, "id": made["id"]}]
    assert (await api.ask("GET", path))["slug"] == "on-bread"
    assert await api.refused("GET", path, who="bob") == 404
    [again] = await api.ask("POST", "/collections/alice/collect", [{"id": made["id"]}])
    assert again["post"]["id"] == made["id"]


async def test_earlier_texts_of_a_draft_are_kept(api: Api) -> None:
    """What an app writes over is among the draft's earlier versions."""
    made = await api.ask("POST", "/posts", {"body": "First"}, status=201)
    await api.ask("PUT", f"/posts/{made['id']}", {"body": "Second"})
    async with api.cast.database.read() as session:
        assert [row.request["text"] for row in (await session.scalars(select(KeptDraftVersion))).all()] == ["First"]


async def test_straight_into_a_blog(api: Api) -> None:
    """With language and a date of its own; in somebody else's blog nobody writes."""
    made = await api.ask("POST", "/collections/alice/posts", {
        "title": "Brot", "body": "Mehl", "lang": "de", "created": "2024-03-02T10:00:00Z", "slug": "brot"}, status=201)
    assert (made["language"], made["created"]) == ("de", "2024-03-02T10:00:00Z")
    assert (made["slug"], made["rtl"]) == ("brot", False)
    assert await api.refused("POST", "/collections/alice/posts", {"body": "x"}, who="bob") == 403
    listed = await api.ask("GET", "/collections/alice/posts?page=1", who=None)
    assert ([post["slug"] for post in listed["posts"]], listed["alias"]) == (["brot"], "alice")
    assert (await api.ask("GET", "/collections/alice/posts?page=2", who=None))["posts"] == []


async def test_deleted(api: Api) -> None:
    """Drafts and articles, each once, and only by their writers."""
    draft = await api.ask("POST", "/posts", {"body": "A draft"}, status=201)
    article = await api.ask("POST", "/collections/alice/posts", {"body": "An article"}, status=201)
    for made in (draft, article):
        path = f"/posts/{made['id']}"
        assert await api.refused("DELETE", path, who="bob") == 404
        await api.ask("DELETE", path, status=204)
        assert await api.refused("GET", path) == 404
        assert await api.refused("DELETE", path) == 404
    async with api.cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(KeptDraft)) == 0


async def test_pinned(api: Api) -> None:
    """On top of the blog, and down again; what is not there is said for itself."""
    made = await api.ask("POST", "/collections/alice/posts", {"body": "An article"}, status=201)
    found = await api.ask("POST", "/collections/alice/pin", [{"id": made["id"], "position": 1}, {"id": "zzz"}, 17])
    assert [item["code"] for item in found] == [200, 404, 400]
    assert [item["code"] for item in await api.ask("POST", "/collections/alice/unpin", [{"id": made["id"]}])] == [200]
    [other] = await api.ask("POST", "/collections/alice/pin", [{"id": made["id"]}], who="bob")
    assert other["code"] in {403, 404}


async def test_what_cannot_be_done(api: Api) -> None:
    """Refused in the API's own shape; nothing comes of it."""
    article = await api.ask("POST", "/collections/alice/posts", {"body": "An article"}, status=201)
    for method, path, body, status in (
            ("POST", "/posts", {"body": "  "}, 400), ("POST", "/posts", {"body": "x", "lang": "klingonish!"}, 400),
            ("POST", "/posts", {"body": "x", "created": "soon"}, 400), ("POST", "/posts", {"body": {"a": 1}}, 400),
            ("POST", "/posts", {"body": "x", "created": "2999-01-01T00:00:00Z"}, 400),
            ("POST", "/collections/nobody/posts", {"body": "x"}, 404), ("POST", "/posts/disperse", {"id": "x"}, 400),
            ("POST", "/posts/disperse", [], 400), ("POST", "/posts/disperse", ["x"] * 51, 400),
            ("POST", f"/posts/{article['id']}", {"body": ""}, 400), ("POST", "/me/self", {"email": "a@b.c"}, 403),
            ("GET", "/posts/%00", None, 404), ("GET", "/posts/nothing", None, 404),
            ("GET", f"/posts/{article['id']}/secret", None, 404), ("GET", "/posts/x/y/z", None, 404)):
        assert await api.refused(method, path, body) == status, (path, body)
    assert (await api.ask("GET", f"/posts/{article['id']}/slug")) == {"slug": article["slug"]}
    async with api.cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Object).where(Object.kind == "article")) == 1


@pytest.mark.parametrize("visibility", ["private", "password"])
async def test_closed_blogs(api: Api, visibility: str) -> None:
    """Neither the blog nor its articles are there for others."""
    async with api.cast.database.write() as session:
        owner = await session.get_one(Actor, api.cast.alice.id)
        await making.create(session, owner, "secret_garden", making.Wishes(
            title="Secret", visibility=visibility, password="open sesame"))
    made = await api.ask("POST", "/collections/secret-garden/posts", {"body": "Hidden"}, status=201)
    for who in (None, "bob"):
        assert await api.refused("GET", f"/posts/{made['id']}", who=who) == 404
        assert await api.refused("GET", "/collections/secret-garden", who=who) == 404
        assert await api.refused("GET", "/collections/secret-garden/posts", who=who) == 404
        assert await api.refused("GET", f"/collections/secret-garden/posts/{made['slug']}", who=who) == 404
    assert len((await api.ask("GET", "/collections/secret-garden/posts"))["posts"]) == 1
    assert [post["id"] for post in await api.ask("GET", "/me/posts")] == [made["id"]]


async def test_markdown(api: Api) -> None:
    """Rendered for whoever asks, and harmless."""
    found = await api.ask("POST", "/markdown", {"raw_body": "*a* <script>x</script>"}, who=None)
    assert "<em>a</em>" in found["body"]
    assert "<script" not in found["body"]
    assert await api.refused("POST", "/markdown", {"raw_body": ""}, who=None) == 400
