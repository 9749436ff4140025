"""The tests that micropub.rocks publishes for servers, by their numbers, and what is around them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from potluck.social.model import Object

from .conftest import URL, App, Server, picture, refusal


@pytest.fixture
async def quill(server: Server) -> App:
    """An app that Alice let write on her profile."""
    return await server.app(server.cast.alice)


@pytest.fixture
async def oven(server: Server) -> App:
    """An app that Alice let write in her blog."""
    return await server.app(server.cast.alice, site=await server.blog(server.cast.alice, "oven"))


async def test_forms(server: Server, quill: App) -> None:
    """100, 101, 107: an entry as a form, with several categories or one."""
    url = await quill.form(content="Micropub test of creating an entry")
    assert url.startswith(f"{URL}/@alice/")
    row = await server.row(url)
    assert (row.kind, row.visibility, row.app_name) == ("note", "public", "Quill")
    assert await quill.source(url) == {
        "content": ["Micropub test of creating an entry"], "published": [row.published.isoformat()],
        "post-status": ["published"], "visibility": ["public"], "url": [url]}
    url = await quill.form(content="Two categories", category=["test1", "test2"])
    assert (await server.row(url)).source == "Two categories\n\n#test1 #test2"
    assert (await quill.source(url))["category"] == ["test1", "test2"]
    assert (await quill.source(url))["content"] == ["Two categories"]
    url = await quill.form(content="One #Here", category="test1")
    assert (await quill.source(url))["category"] == ["test1"]
    assert (await quill.query(q="category"))["categories"] == ["Here", "test1", "test2"]
    assert (await quill.query(q="category", filter="ST2"))["categories"] == ["test2"]


async def test_json(server: Server, quill: App, oven: App) -> None:
    """200, 201, 202, 204: an entry as JSON, with categories, with HTML, with an object inside that nobody knows."""
    url = await quill.json(content=["Micropub test of JSON"], category=["test1", "test2"])
    assert (await quill.source(url))["category"] == ["test1", "test2"]
    html = "<p>This post has <b>bold</b> and <i>italic</i> text.</p><script>alert(1)</script>"
    row = await server.row(await quill.json(content=[{"html": html}]))
    assert "<strong>bold</strong>" in row.content
    assert "script" not in row.content
    row = await server.row(await quill.made(data={"h": "entry", "content[html]": html}))
    assert "<strong>bold</strong>" in row.content
    url = await oven.json(content=[{"html": html}])
    article = await server.row(url)
    assert article.kind == "article"
    assert "<b>bold</b>" in article.content or "<strong>bold</strong>" in article.content
    assert "script" not in article.content
    assert (await oven.source(url))["content"] == [{"html": html}]
    checkin = {"type": ["h-card"], "properties": {"name": ["Lev's"], "url": ["https://levs.example/"]}}
    url = await quill.json(content=["Here"], checkin=[checkin], weight=[3])
    found = await quill.source(url)
    assert (found["checkin"], found["weight"]) == ([checkin], [3])


async def test_pictures_by_their_address(server: Server, quill: App, oven: App) -> None:
    """104, 203, 205, 206: photos somewhere on the web are fetched safely, with what is said of them."""
    server.page.files = {"/sunset.jpg": (picture(), "image/jpeg"), "/city.png": (picture(".png"), "image/png"),
                         "/page": (b"<p>none</p>", "text/html")}
    first, second = f"{server.page.url}sunset.jpg", f"{server.page.url}city.png"
    url = await server.prepare(quill.form(content="Nice sunset", photo=first))
    [photo] = (await quill.source(url))["photo"]
    assert photo.startswith(f"{URL}/media/")
    url = await server.prepare(quill.json(content=["Two"], photo=[
        {"value": first, "alt": "Photo of a sunset"}, second]))
    found = await quill.source(url)
    assert found["photo"][0]["alt"] == "Photo of a sunset"
    assert found["photo"][1].startswith(f"{URL}/media/")
    url = await server.prepare(oven.json(content=["In an article"], photo=[{"value": first, "alt": "A [sunset]"}]))
    assert 'alt="A [sunset]"' in (await server.row(url)).content
    for bad in (f"{server.page.url}page", f"{server.page.url}none.jpg", "http://10.0.0.1/x.jpg", "file:///etc/passwd",
                f"{URL}/media/none.jpg", "x", "http://[::1", "https://"):
        await server.prepare(quill.refused(400, "invalid_request", json={
            "type": ["h-entry"], "properties": {"content": ["x"], "photo": [bad]}}))


async def test_files_along_with_an_entry(server: Server, quill: App) -> None:
    """300, 301: photos in a multipart body; the token is in the header then."""
    files = {"photo": ("a.jpg", picture(), "image/jpeg")}
    url = await server.prepare(quill.made(data={"h": "entry", "content": "Nice", "mp-photo-alt": "A cat"}, files=files))
    [photo] = (await quill.source(url))["photo"]
    assert photo["alt"] == "A cat"
    two = [("photo[]", ("a.jpg", picture(), "image/jpeg")), ("photo[]", ("b.png", picture(".png"), "image/png"))]
    url = await server.prepare(quill.made(data={"h": "entry", "content": "Two"}, files=two))
    assert len((await quill.source(url))["photo"]) == 2
    refusal(await server.http.post("/micropub", files=files, data={"h": "entry", "access_token": quill.token}),
            401, "unauthorized")
    await quill.refused(400, "invalid_request", files=files, data={"h": "entry", "access_token": quill.token})
    await quill.refused(400, "invalid_request", files={"photo": ("a.jpg", b"none", "image/jpeg")}, data={"h": "entry"})


async def test_updates(quill: App, oven: App) -> None:
    """400-405: replacing, adding, adding anew, removing a value and a property; what is no array is refused."""
    for app, more in ((quill, {}), (oven, {"name": ["Bread"]})):
        url = await app.json(content=["First"], category=["test1"], **more)

        async def change(url: str = url, app: App = app, **what: object) -> None:
            answer = await app.send(json={"action": "update", "url": url, **what})
            assert answer.status_code == 204, answer.text

        await change(replace={"content": ["This is the updated text"]})
        assert (await app.source(url))["content"] == ["This is the updated text"]
        await change(add={"category": ["test2"]})
        assert (await app.source(url))["category"] == ["test1", "test2"]
        await change(delete={"category": ["test1"]})
        assert (await app.source(url))["category"] == ["test2"]
        await change(delete=["category"])
        found = await app.source(url)
        assert "category" not in found
        assert found["content"] == ["This is the updated text"]
        await change(add={"category": ["new"], "rating": [5]})
        found = await app.source(url)
        assert (found["category"], found["rating"]) == (["new"], [5])
        await change(replace={"content": [{"html": "<p>Now <em>HTML</em></p>"}]})
        for bad in ({"replace": "text"}, {"replace": {"content": "text"}}, {"add": ["content"]}, {"delete": "category"},
                    {"delete": [1]}, {}, {"replace": {"content": ["a", "b"]}}, {"replace": {"visibility": ["private"]}},
                    {"add": {"in-reply-to": ["https://x.example/"]}}):
            await app.refused(400, "invalid_request", json={"action": "update", "url": url, **bad})
        assert (await app.source(url))["category"] == ["new"]
        assert (await app.source(url)).get("name") == more.get("name")


async def test_deleting_and_bringing_back(server: Server, quill: App, oven: App) -> None:
    """500-503: as a form and as JSON. An article comes back at its address, a note at a new one."""
    server.page.files = {"/a.jpg": (picture(), "image/jpeg")}
    for app, kind in ((quill, "json"), (oven, "data")):
        url = await server.prepare(app.json(content=["Delete me"], category=["gone"], checkin=[{"a": 1}],
                                            photo=[f"{server.page.url}a.jpg"]))
        before = await app.source(url)
        assert (await app.send(**{kind: {"action": "delete", "url": url}})).status_code == 204
        await app.refused(400, "invalid_request", **{kind: {"action": "delete", "url": url}})
        await app.query(400, q="source", url=url)
        assert url not in str(await app.query(q="source"))
        answer = await server.prepare(app.send(**{kind: {"action": "undelete", "url": url}}))
        if app is quill:
            assert answer.status_code == 201, answer.text
            url = answer.headers["location"]
        else:
            assert answer.status_code == 204, answer.text
        assert await app.source(url) == {**before, "url": [url]}
        await app.refused(400, "invalid_request", **{kind: {"action": "undelete", "url": before["url"][0]}})


async def test_questions(quill: App, oven: App) -> None:
    """600-603: configuration, where else it could go (nowhere), all properties of a post, and some of them."""
    found = await quill.query(q="config")
    assert found["media-endpoint"] == f"{URL}/micropub/media"
    assert found["syndicate-to"] == []
    assert {kind["type"] for kind in found["post-types"]} >= {"note", "article", "photo", "reply", "like", "bookmark"}
    assert [kind["type"] for kind in (await oven.query(q="post-types"))["post-types"]] == ["article"]
    assert (await oven.query(q="config"))["destination"] == [{"uid": f"{URL}/@oven", "name": "Oven"}]
    assert await quill.query(q="syndicate-to") == {"syndicate-to": []}
    assert await quill.query(q="channel") == {"channels": []}
    url = await quill.json(content=["Test of querying"], category=["test1", "test2"])
    assert (await quill.source(url))["content"] == ["Test of querying"]
    assert await quill.query(**{"q": "source", "url": url, "properties[]": ["content", "category"]}) == {
        "properties": {"content": ["Test of querying"], "category": ["test1", "test2"]}}
    assert await quill.query(q="source", url=url, properties="content") == {
        "properties": {"content": ["Test of querying"]}}
    assert await quill.query() == {"me": f"{URL}/@alice", "scope": "create delete media undelete update"}
    for bad in ({"q": "nonsense"}, {"q": "source", "url": f"{URL}/@alice/1"}, {"q": "source", "url": "x"}):
        await quill.query(400, **bad)


async def test_the_media_endpoint(server: Server, quill: App, oven: App) -> None:
    """700-702: pictures of three kinds are sent first, and used by their address."""
    for name, data in (("a.jpg", picture()), ("a.png", picture(".png")), ("a.gif", picture(".gif"))):
        file = {"file": (name, data, "application/octet-stream")}
        photo = await server.prepare(quill.made(path="/micropub/media", files=file))
        assert photo.startswith(f"{URL}/media/")
        url = await quill.json(content=[name], photo=[{"value": photo, "alt": name}])
        assert (await quill.source(url))["photo"] == [{"value": photo, "alt": name}]
        await quill.refused(400, "invalid_request", data={"content": "once more", "photo": photo})
    photo = await server.prepare(oven.made(path="/micropub/media", files={"file": ("a.jpg", picture(), "image/jpeg")}))
    row = await server.row(await oven.json(content=[f"Bread\n\n![A loaf]({photo})"], photo=[photo]))
    assert row.content.count("<img") == 1
    pending = await quill.send("GET", f"/micropub/media/{1}")
    refusal(pending, 400, "invalid_request")
    await quill.refused(400, "invalid_request", path="/micropub/media", data={"file": "no file"})
    await quill.refused(400, "invalid_request", path="/micropub/media",
                        files={"file": ("a.txt", b"text", "text/plain")})
    reader = await server.app(server.cast.alice, scopes="update")
    await reader.refused(401, "insufficient_scope", path="/micropub/media", files=file)
    bobs = await server.app(server.cast.bob)
    await bobs.refused(400, "invalid_request", json={"type": ["h-entry"], "properties": {"photo": [photo]}})


async def test_tokens(server: Server, quill: App) -> None:
    """800-804: in the header or in the body, kept nowhere; none, unknown ones and such as may not are refused."""
    await quill.form(content="In the header")
    fields = {"h": "entry", "content": "In the body"}
    answer = await server.http.post("/micropub", data={**fields, "access_token": quill.token})
    assert answer.status_code == 201, answer.text
    assert "access_token" not in await quill.source(answer.headers["location"])
    assert quill.token not in str((await server.row(answer.headers["location"])).extra)
    for path in ("/micropub", "/micropub/media"):
        refusal(await server.http.post(path, data=fields), 401, "unauthorized")
        refusal(await server.http.post(path, data={**fields, "access_token": "guessed"}), 401, "unauthorized")
        refusal(await server.http.get(f"{path}?access_token={quill.token}" if path == "/micropub" else "/micropub"),
                401, "unauthorized")
    await quill.refused(400, "invalid_request", data={**fields, "access_token": quill.token})
    for scopes in ("profile", "update delete undelete media"):
        app = await server.app(server.cast.alice, scopes=scopes)
        await app.refused(401, "insufficient_scope", data=fields)
    async with server.cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Object)) == 2


async def test_what_cannot_be_read(server: Server, quill: App) -> None:
    """Each is a fault of the caller, in Micropub's shape, and leaves nothing."""
    for body in (b"", b"{", b"[1]", b'{"type": "h-entry"}', b'{"type": ["h-entry"], "properties": 1}', b"\xff",
                 b'{"type": ["h-event"], "properties": {}}', b'{"type": ["h-entry"], "properties": {"content": [{}]}}',
                 b'{"type": ["h-entry"], "properties": {"content": ["a", "b"]}}', b"[" * 10_000,
                 b'{"type": ["h-entry"], "properties": {"content": ["x"], "a": [1e400]}}',
                 b'{"type": ["h-entry"], "properties": {"content": ["x"], "a": [' + b"9" * 5000 + b"]}}",
                 b'{"type": ["h-entry"], "properties": {"content": ["x"], "a": [' + b"[" * 50 + b"]" * 50 + b"]}}",
                 b'{"type": ["h-entry"], "properties": {"content": ["\\ud800"]}}',
                 b'{"action": "fly", "url": "x"}', b'{"action": "update"}', b'{"action": "delete", "url": {"a": 1}}',
                 b'{"type": ["h-entry"], "properties": {"content": ["x"], "photo": [1]}}',
                 b'{"type": ["h-entry"], "properties": {"content": ["x"], "photo": [{"alt": 1}]}}'):
        answer = await quill.send(content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), (body, answer.text)
    for fields in ({"h": "event", "name": "x"}, {"h": "entry"}, {"h": "entry", "content": " "},
                   {"content": "x", "published": "soon"}, {"content": "x", "published": "2999-01-01T00:00:00Z"},
                   {"content": "x", "visibility": "secret"}, {"content": "x", "post-status": "lost"},
                   {"content": "x", "mp-language": "no language"}, {"name": "x" * 400, "content": "x"}):
        await quill.refused(400, "invalid_request", data=fields)
    await quill.refused(413, "invalid_request", data={"content": "x", "other": "y" * 70_000})
    for bad in ("a\x00b", {"a\x00b": ["\x00"]}):
        url = await quill.json(content=["a\x00b"], category=["c\x00d"], **{"x\x00y": [bad]})
        found = await quill.source(url)
        assert (found["content"], found["category"]) == (["ab"], ["cd"])
        assert "\\u0000" not in str(found["xy"])
        assert (await quill.send(data={"action": "delete", "url": url})).status_code == 204
    for method, path in (("PUT", "/micropub"), ("GET", "/micropub/none")):
        assert (await quill.send(method, path)).json()["error"] == "invalid_request"
    async with server.cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Object).where(Object.deleted_at.is_(None))) == 0
