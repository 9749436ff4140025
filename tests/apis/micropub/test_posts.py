"""What becomes of entries: notes, articles, drafts, replies, likes, boosts, bookmarks; who may do what with which."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from potluck.apis.micropub import files
from potluck.kinds.article.drafts import from_words
from potluck.social import removed_posts
from potluck.social.blogs import authors
from potluck.social.model import (
    Actor,
    Announce,
    Bookmark,
    KeptDraft,
    Media,
    Mention,
    Object,
    Reaction,
    RemovedPost,
)
from support.cast import Cast, ago
from support.databases import statements

from .conftest import URL, App, Server, picture


async def rows(cast: Cast, model: Any) -> int:
    """How many rows there are."""
    async with cast.database.read() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def test_what_becomes_an_article(server: Server) -> None:
    """An entry with a name, or longer than a note may be; in a blog every entry. A slug, summary and date are kept."""
    alice, oven = server.cast.alice, await server.blog(server.cast.alice, "oven")
    profile, blog = await server.app(alice), await server.app(alice, site=oven)
    url = await profile.form(name="On bread", content="Flour, *water*", summary="Bread", category=["good bread", "C++"],
                             mp_slug="bread", published="2024-03-02T10:00:00+01:00", mp_language="en")
    assert url == f"{URL}/@alice/bread"
    row = await server.row(url)
    assert (row.kind, row.title, row.language, row.published.isoformat()) == (
        "article", "On bread", "en", "2024-03-02T09:00:00+00:00")
    assert "<em>water</em>" in row.content
    found = await profile.source(url)
    assert (found["name"], found["summary"], found["category"], found["mp-slug"], found["content"]) == (
        ["On bread"], ["Bread"], ["goodbread", "C"], ["bread"], ["Flour, *water*"])
    assert (await server.row(await profile.form(content="long " * 2000))).kind == "article"
    assert (await server.row(await profile.json(content=[{"html": f"<p>{'long ' * 2000}</p>"}]))).kind == "article"
    assert (await server.row(await profile.form(content="short"))).kind == "note"
    row = await server.row(await blog.form(content="short", bookmark_of="https://bread.example/?a=1&b"))
    assert (row.kind, row.author_id) == ("article", oven.id)
    assert 'href="https://bread.example/?a=1&amp;b"' in row.content
    answer = await profile.send(json={"action": "update", "url": url, "replace": {"mp-slug": ["loaf"]}})
    assert (answer.status_code, answer.headers["location"]) == (201, f"{URL}/@alice/loaf")


async def test_audience(server: Server) -> None:
    """Public, unlisted, private (followers); never more than may read the blog, and replies never more than before."""
    alice = server.cast.alice
    profile = await server.app(alice)
    closed = await server.app(alice, site=await server.blog(alice, "cellar", visibility="private"))
    for word, ours in (("public", "public"), ("unlisted", "unlisted"), ("private", "followers")):
        for name in ({}, {"name": "Named"}):
            url = await profile.form(content="x", visibility=word, **name)
            assert (await server.row(url)).visibility == ours
            assert (await profile.source(url))["visibility"] == [word]
    assert (await server.row(await closed.form(content="x", visibility="public"))).visibility == "followers"
    secret = await server.cast.say(server.cast.bob, "for Alice", visibility="direct", mentions=[alice])
    server.federation.known[secret.uri] = secret
    row = await server.row(await profile.form(content="I see", in_reply_to=secret.uri))
    assert row.visibility == "direct"
    listed = await profile.query(q="source", limit=50)
    assert "I see" not in str(listed)
    await profile.query(400, q="source", url=row.url)
    await profile.refused(400, "invalid_request", json={"action": "delete", "url": row.url})


async def test_replies(server: Server) -> None:
    """A reply names whom it answers, so that they learn of it, and comes back without that."""
    alice, bob = server.cast.alice, server.cast.bob
    app, post = await server.app(alice), await server.cast.say(bob, "What do you think?")
    server.federation.known[post.uri] = post
    url = await app.form(content="Good", in_reply_to=post.uri, name="Re:")
    row = await server.row(url)
    assert (row.in_reply_to_id, row.source) == (post.id, "@bob Re:\n\nGood")
    async with server.cast.database.read() as session:
        assert await session.scalar(select(Mention.actor_id).where(Mention.object_id == row.id)) == bob.id
    found = await app.source(url)
    assert (found["content"], found["in-reply-to"]) == (["Re:\n\nGood"], [post.uri])
    await app.send(json={"action": "update", "url": url, "replace": {"content": ["Better"]}})
    assert (await server.row(url)).source == "@bob Better"
    assert (await server.row(await app.form(content="@bob yes", in_reply_to=post.uri))).source == "@bob yes"
    await app.refused(400, "invalid_request", data={"content": "x", "in-reply-to": "https://nowhere.example/"})
    hidden = await server.cast.say(bob, "not for Alice", visibility="direct")
    server.federation.known[hidden.uri] = hidden
    await app.refused(400, "invalid_request", data={"content": "x", "in-reply-to": hidden.uri})


async def test_likes_boosts_and_bookmarks(server: Server) -> None:
    """Each is done, taken back and done again by its address; pages that are no posts are bookmarked in a note."""
    app, post = await server.app(server.cast.alice), await server.cast.say(server.cast.bob, "Likeable")
    server.federation.known[post.uri] = post
    for prop, model in (("like-of", Reaction), ("repost-of", Announce), ("bookmark-of", Bookmark)):
        url = await app.made(data={prop: post.uri})
        assert url.startswith(f"{URL}/")
        assert await rows(server.cast, model) == 1
        assert (await app.source(url))[prop] == [post.uri]
        await app.refused(400, "invalid_request", json={"action": "update", "url": url, "delete": [prop]})
        assert (await app.send(data={"action": "delete", "url": url})).status_code == 204
        assert await rows(server.cast, model) == 0
        assert (await app.send(data={"action": "undelete", "url": url})).status_code == 204
        assert await rows(server.cast, model) == 1
    row = await server.row(await app.form(bookmark_of="https://bread.example/", name="Bread", content="Worth reading"))
    assert row.source == "Bread\n\nWorth reading\n\nhttps://bread.example/"
    quote = await server.row(await app.form(repost_of=post.uri, content="Look"))
    assert (quote.quote_id, quote.source) == (post.id, "Look")
    await app.refused(400, "invalid_request", data={"like-of": "https://nowhere.example/"})
    await app.refused(400, "invalid_request", data={"like-of": post.uri, "post-status": "draft"})
    blog = await server.app(server.cast.alice, site=await server.blog(server.cast.alice, "oven"))
    for prop in ("like-of", "repost-of", "in-reply-to"):
        await blog.refused(400, "invalid_request", data={prop: post.uri, "content": "x"} if prop == "in-reply-to"
                           else {prop: post.uri})


async def test_drafts(server: Server) -> None:
    """A draft is found, changed, published and taken back by its address; it is seen by nobody else."""
    alice = server.cast.alice
    for site, fields in ((alice, {}), (alice, {"name": "Named"}), (await server.blog(alice, "oven"), {})):
        app = await server.app(alice, site=site)
        url = await app.form(content="Begun", category=["bread"], post_status="draft", note="kept", **fields)
        assert url.startswith((f"{URL}/write/", f"{URL}/drafts/"))
        found = await app.source(url)
        assert (found["content"], found["category"], found["post-status"], found["note"]) == (
            ["Begun"], ["bread"], ["draft"], ["kept"])
        assert [item["properties"]["url"] for item in (await app.query(
            **{"q": "source", "post-status": "draft"}))["items"]] == [[url]]
        assert (await app.query(q="source"))["items"] == []
        change = {"action": "update", "url": url, "replace": {"content": ["Gone on"]}}
        assert (await app.send(json=change)).status_code == 204
        assert (await app.source(url))["content"] == ["Gone on"]
        answer = await app.send(json={"action": "update", "url": url, "replace": {"post-status": ["published"]}})
        assert answer.status_code == 201, answer.text
        there = answer.headers["location"]
        found = await app.source(there)
        assert (found["content"], found["category"], found["note"]) == (["Gone on"], ["bread"], ["kept"])
        await app.query(400, q="source", url=url)
        back = {"action": "update", "url": there, "replace": {"post-status": ["draft"]}}
        if (await server.row(there)).kind == "article":
            assert (await app.send(json=back)).headers["location"] == url
            there = url
        else:
            await app.refused(400, "invalid_request", json=back)
        assert (await app.send(json={"action": "delete", "url": there})).status_code == 204
        assert (await app.query(q="source"))["items"] == []
    assert await rows(server.cast, KeptDraft) == 0


async def test_a_draft_that_becomes_something_else(server: Server) -> None:
    """A note that is given a name is an article, and the draft of the note is gone."""
    app = await server.app(server.cast.alice)
    url = await app.form(content="Begun", post_status="draft")
    answer = await app.send(json={"action": "update", "url": url, "add": {"name": ["Named"]}})
    assert answer.status_code == 201
    async with server.cast.database.read() as session:
        [row] = (await session.scalars(select(KeptDraft))).all()
    assert (row.kind, from_words(row.request).title) == ("article", "Named")
    answer = await app.send(json={"action": "update", "url": answer.headers["location"], "delete": ["name"],
                                  "replace": {"post-status": ["published"]}})
    assert (await server.row(answer.headers["location"])).kind == "note"
    assert await rows(server.cast, KeptDraft) == 0


async def test_an_app_that_may_only_draft(server: Server) -> None:
    """Everything it makes is a draft; it publishes, changes and deletes nothing that is out."""
    alice = server.cast.alice
    app, full = await server.app(alice, scopes="draft"), await server.app(alice)
    url = await app.form(content="Begun", name="Named", post_status="published")
    assert url.startswith(f"{URL}/write/")
    change = {"action": "update", "url": url}
    assert (await app.send(json={**change, "replace": {"content": ["On"]}})).status_code == 204
    await app.refused(401, "insufficient_scope", json={**change, "replace": {"post-status": ["published"]}})
    out = await full.form(content="Out")
    await app.refused(401, "insufficient_scope", json={**change, "url": out, "replace": {"content": ["x"]}})
    await app.refused(401, "insufficient_scope", data={"action": "delete", "url": out})
    await app.refused(401, "insufficient_scope", data={"action": "undelete", "url": out})
    assert (await app.send(data={"action": "delete", "url": url})).status_code == 204
    for scopes, data in (("create", {"action": "update"}), ("update", {"action": "delete"}),
                         ("delete", {"action": "undelete"})):
        other = await server.app(alice, scopes=scopes)
        body = {**data, "url": out, **({"replace": {"content": ["x"]}} if data["action"] == "update" else {})}
        await other.refused(401, "insufficient_scope", json=body)


async def test_a_token_is_for_one_site(server: Server) -> None:
    """What belongs to another site or person is not there for it: not to be read, changed, deleted or brought back."""
    alice, bob = server.cast.alice, server.cast.bob
    oven, attic = await server.blog(alice, "oven", domain="oven.example"), await server.blog(alice, "attic")
    apps = [await server.app(alice), await server.app(alice, site=oven), await server.app(alice, site=attic),
            await server.app(bob)]
    made = [(app, await app.form(name="Post", content="x"), await app.form(name="Draft", content="y",
                                                                           post_status="draft")) for app in apps]
    for app, url, draft in made:
        for other in (item for item in apps if item is not app):
            for address in (url, draft):
                await other.query(400, q="source", url=address)
                for action in ("update", "delete", "undelete"):
                    await other.refused(400, "invalid_request", json={
                        "action": action, "url": address, "replace": {"content": ["z"]}})
        assert len((await app.query(q="source"))["items"]) == 1
        assert len((await app.query(**{"q": "source", "post-status": "draft"}))["items"]) == 1
    assert (await apps[1].source("https://oven.example/post"))["content"] == ["x"]
    assert (await apps[1].send(data={"action": "delete", "url": "https://oven.example/post"})).status_code == 204
    assert (await apps[1].send(data={"action": "undelete", "url": f"{URL}/@oven/post"})).status_code == 204


async def test_teams(server: Server) -> None:
    """Authors look after their own articles, editors after all; who writes there no more is refused."""
    alice, bob, eve = server.cast.alice, server.cast.bob, server.cast.eve
    oven = await server.blog(alice, "oven")
    await server.let_write(oven, bob)
    await server.let_write(oven, eve, "editor")
    apps = {actor.name: await server.app(actor, site=oven) for actor in (alice, bob, eve)}
    url = await apps["alice"].form(name="Alice's", content="x")
    mine = await apps["bob"].form(name="Bob's", content="x")
    change = {"action": "update", "url": url, "replace": {"content": ["z"]}}
    await apps["bob"].refused(400, "invalid_request", json=change)
    assert (await apps["eve"].send(json=change)).status_code == 204
    seen = {name: len((await app.query(q="source"))["items"]) for name, app in apps.items()}
    assert seen == {"alice": 2, "bob": 1, "eve": 2}
    async with server.cast.database.write() as session:
        await authors.part(session, await session.get_one(Actor, alice.id), await session.get_one(Actor, oven.id),
                           await session.get_one(Actor, bob.id))
    for call in ({"data": {"content": "x"}}, {"json": {**change, "url": mine}}):
        await apps["bob"].refused(403, "forbidden", **call)
    await apps["bob"].query(403, q="source")


async def test_pages_of_posts(server: Server) -> None:
    """A list of posts goes on with `after` or `offset`; costs as many questions for many posts as for few."""
    app, answered = await server.app(server.cast.alice), await server.cast.say(server.cast.bob, "What do you think?")
    server.federation.known[answered.uri] = answered

    async def cost(**params: str) -> int:
        with statements(server.cast.database) as sent:
            await app.query(q="source", **params)
        return sum("SELECT" in text for text in sent)

    async def write(number: int) -> list[str]:
        fields = {"content": f"Number {number}", "in_reply_to": answered.uri}
        await app.form(**fields, post_status="draft")
        await app.form(**fields, name="Named", post_status="draft")
        return [await app.form(**fields), await app.form(name=f"Article {number}", content="x")]

    urls = await write(0)
    few = [await cost(), await cost(**{"post-status": "draft"})]
    for number in range(1, 4):
        urls += await write(number)
    assert [await cost(), await cost(**{"post-status": "draft"})] == few
    first = await app.query(q="source", limit=2)
    second = await app.query(q="source", limit=2, after=first["paging"]["after"])
    assert [item["properties"]["url"][0] for item in [*first["items"], *second["items"]]] == urls[:3:-1]
    assert (await app.query(q="source", limit=2, offset=2))["items"] == second["items"]
    assert "paging" not in await app.query(q="source", limit=50)
    found = await app.query(**{"q": "source", "limit": 1, "properties[]": "content"})
    assert found["items"][0]["properties"] == {"content": ["x"]}
    reader = await server.app(server.cast.alice, scopes="profile media")
    assert (await reader.query(q="config"))["syndicate-to"] == []
    await reader.query(401, q="source")


async def test_files_that_take_longer(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry whose file is not ready waits for it (202), and so does a file of the media endpoint; both come out."""
    monkeypatch.setattr(files, "WAIT_SECONDS", 0.0)
    app, file = await server.app(server.cast.alice), ("a.jpg", picture(), "image/jpeg")
    first = await app.made(202, data={"content": "x"}, files={"photo": file})
    pending = await app.made(202, path="/micropub/media", files={"file": file})
    assert pending.startswith(f"{URL}/micropub/media/")
    path = pending.removeprefix(URL)
    assert (await app.send("GET", path)).status_code == 202
    second = await app.json(202, content=["y"], photo=[{"value": pending, "alt": "A cat"}])
    await server.prepare(asyncio.sleep(0.1))
    ready = await app.send("GET", path)
    assert (ready.status_code, ready.headers["location"].startswith(f"{URL}/media/")) == (201, True)
    for url in (first, second):
        assert (await server.row(url)).state == "published"
        assert len((await app.source(url))["photo"]) == 1
    bobs = await server.app(server.cast.bob)
    assert (await bobs.send("GET", path)).status_code == 400


async def test_what_is_deleted_goes_for_good(server: Server) -> None:
    """Thirty days later its words are forgotten, and its files are let go."""
    app = await server.app(server.cast.alice)
    url = await server.prepare(app.made(data={"content": "x"}, files={"photo": ("a.jpg", picture(), "image/jpeg")}))
    await app.send(data={"action": "delete", "url": url})
    async with server.cast.database.write() as session:
        row = (await session.scalars(select(RemovedPost))).one()
        assert (await session.get_one(Media, row.media_ids[0])).loose_since is None
        await removed_posts.expire(session)
        row.created_at = ago(days=31)
    await app.refused(400, "invalid_request", data={"action": "undelete", "url": url})
    async with server.cast.database.write() as session:
        await removed_posts.expire(session)
        assert await session.scalar(select(func.count()).select_from(RemovedPost)) == 0
        assert (await session.get_one(Media, row.media_ids[0])).loose_since is not None
    assert (await server.row(url)).deleted_at is not None


async def test_hostile_texts(server: Server) -> None:
    """HTML, Markdown, names and descriptions are made harmless by the house's rules."""
    app, blog = await server.app(server.cast.alice), await server.app(
        server.cast.alice, site=await server.blog(server.cast.alice, "oven"))
    bad = '<img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a><svg onload=alert(1)><style>*{}</style>'
    for client in (app, blog):
        for content in (bad, {"html": bad}, {"markdown": bad}):
            row = await server.row(await client.json(content=[content], name=[bad], summary=[bad]))
            assert "onerror=" not in row.content.replace("onerror=alert(1)&gt;", "")
            assert "<svg" not in row.content
            assert 'href="javascript' not in row.content
    assert isinstance(app, App)
    assert await rows(server.cast, Object) == 6
