"""Desktop editors over XML-RPC, by Python's own client of that protocol."""

from __future__ import annotations

import re
import xmlrpc.client
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Request, Response
from sqlalchemy import func, select

from potluck import settings
from potluck.apis.metaweblog import xml
from potluck.apis.metaweblog.endpoint import methods
from potluck.apis.ports import Ports
from potluck.db.base import now
from potluck.social.accounts import app_passwords
from potluck.social.blogs import making
from potluck.social.model import Actor, KeptDraft, Object, User
from support import applications
from support.cast import Cast

URL = "https://potluck.test"


@dataclass
class Editor:
    """Alice's editor."""

    http: httpx.AsyncClient
    cast: Cast
    password: str

    async def call(self, name: str, *values: Any) -> Any:
        """What a method answers; raises `xmlrpc.client.Fault`."""
        body = xmlrpc.client.dumps(values, name, allow_none=True)
        return await self.raw(body.encode())

    async def raw(self, body: bytes) -> Any:
        """What these bytes are answered with."""
        found = await self.http.post("/xmlrpc", content=body, headers={"Content-Type": "text/xml"})
        assert found.status_code == 200
        assert found.headers["content-type"].startswith("text/xml")
        return xmlrpc.client.loads(found.content, use_builtin_types=True)[0][0]

    async def fault(self, name: str, *values: Any) -> int:
        """The number of a refusal."""
        with pytest.raises(xmlrpc.client.Fault) as refused:
            await self.call(name, *values)
        return refused.value.faultCode


async def _nobody(_: Request[Any, Any, Any]) -> None:
    return None


async def _page(_: Request[Any, Any, Any], template: str, context: dict[str, Any]) -> Response[Any]:
    raise AssertionError(template)


@pytest.fixture
async def editor(cast: Cast) -> AsyncIterator[Editor]:
    """The calls, on each database in turn."""
    before = settings.current()
    configured = settings.use(replace(before, secret="s" * 32, rate_limits=False))
    async with cast.database.write() as session:
        user = await session.get_one(User, cast.alice.owner_id)
        password = await app_passwords.create(session, user, "editor", "metaweblog")
    async with AsyncExitStack() as stack:
        app = applications.client_apis(settings=configured, db=cast.database, api_ports=Ports(
            _nobody, _page, lambda _: "/signin", _nobody, lambda *_: None, lambda _: "127.0.0.1"))
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        yield Editor(await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=URL)), cast,
                     password)
    settings.use(before)


async def test_an_editors_day(editor: Editor) -> None:
    """Blogs are found, a draft is made, changed, published under the same id, changed again, taken back, deleted."""
    me = ("alice", editor.password)
    [profile] = await editor.call("blogger.getUsersBlogs", "key", *me)
    assert profile["url"] == f"{URL}/@alice/"
    blog = profile["blogid"]
    post = await editor.call("metaWeblog.newPost", blog, *me, {
        "title": "On bread", "description": "<p>Flour</p>", "mt_keywords": "bread, baking"}, False)
    found = await editor.call("metaWeblog.getPost", post, *me)
    assert (found["title"], found["description"], found["post_status"]) == ("On bread", "<p>Flour</p>", "draft")
    assert found["categories"] == ["bread", "baking"]
    assert await editor.call("metaWeblog.editPost", post, *me, {
        "title": "On bread", "description": "<p>Flour, <em>water</em></p>", "wp_slug": "bread"}, True) is True
    found = await editor.call("metaWeblog.getPost", post, *me)
    assert (found["postid"], found["post_status"], found["link"]) == (post, "publish", f"{URL}/@alice/bread")
    named = [item["categoryName"] for item in await editor.call("mt.getPostCategories", post, *me)]
    assert named == ["bread", "baking"]
    assert {item["categoryName"] for item in await editor.call("metaWeblog.getCategories", blog, *me)} == {
        "bread", "baking"}
    assert [item["postid"] for item in await editor.call("metaWeblog.getRecentPosts", blog, *me, 5)] == [post]
    await editor.call("metaWeblog.editPost", post, *me, {"post_status": "draft"}, True)
    assert (await editor.call("metaWeblog.getPost", post, *me))["post_status"] == "draft"
    assert await editor.call("blogger.deletePost", "key", post, *me, True) is True
    assert await editor.fault("metaWeblog.getPost", post, *me) == 404


async def test_dates_and_markdown(editor: Editor) -> None:
    """An older date is kept; one ahead is refused; Markdown stays Markdown."""
    me, old = ("alice", editor.password), datetime(2024, 3, 2, 10)
    struct = {"title": "Old", "description": "*a*", "mt_text_more": "and more", "mt_convert_breaks": "markdown",
              "date_created_gmt": old}
    post = await editor.call("metaWeblog.newPost", "1", *me, struct, True)
    found = await editor.call("metaWeblog.getPost", post, *me)
    assert (found["dateCreated"], found["description"].strip(), found["mt_text_more"]) == (old, "*a*", "and more")
    assert found["mt_convert_breaks"] == "markdown"
    async with editor.cast.database.read() as session:
        row = await session.scalar(select(Object).where(Object.kind == "article"))
    assert row is not None
    assert "<em>a</em>" in row.content
    late = (now() + timedelta(days=2)).replace(tzinfo=None, microsecond=0)
    assert await editor.fault("metaWeblog.newPost", "1", *me, {**struct, "date_created_gmt": late}, True) == 400


async def test_blogs_of_others(editor: Editor) -> None:
    """One's own blog is written in; those of others, and their posts, are not."""
    async with editor.cast.database.write() as session:
        mine = await making.create(session, await session.get_one(Actor, editor.cast.alice.id), "oven",
                                   making.Wishes(title="Oven", visibility="private"))
        bobs = await making.create(session, await session.get_one(Actor, editor.cast.bob.id), "cellar",
                                   making.Wishes(title="Cellar"))
        user = await session.get_one(User, editor.cast.bob.owner_id)
        bob = await app_passwords.create(session, user, "editor", "metaweblog")
    me = ("alice", editor.password)
    post = await editor.call("metaWeblog.newPost", str(mine.id), *me, {"description": "warm"}, True)
    assert [row["postid"] for row in await editor.call("metaWeblog.getRecentPosts", str(mine.id), *me, 5)] == [post]
    assert await editor.call("metaWeblog.getRecentPosts", "1", *me, 5) == []
    assert await editor.fault("metaWeblog.newPost", str(bobs.id), *me, {"description": "x"}, True) == 403
    for name, values in (("metaWeblog.getPost", (post, "bob", bob)),
                         ("metaWeblog.editPost", (post, "bob", bob, {"title": "x"}, True)),
                         ("blogger.deletePost", ("key", post, "bob", bob, True))):
        assert await editor.fault(name, *values) == 404


async def test_who_is_not_let_in(editor: Editor) -> None:
    """A wrong password, an unknown name, a password of the wrong type, none at all."""
    for login in (("alice", "wrong"), ("nobody", editor.password), ("bob", editor.password), ("alice", 17)):
        assert await editor.fault("metaWeblog.getRecentPosts", "1", *login, 5) == 403
    assert await editor.fault("metaWeblog.getRecentPosts", "1") == 400


HOSTILE = (
    b"", b"<", b"<methodCall></methodCall>", b"<methodCall><methodName>x</methodName>",
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><methodCall><methodName>&b;</methodName></methodCall>',
    b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><methodCall/>',
    b"<methodCall><methodName>system.listMethods</methodName><params>" + b"<param><value><array><data>" * 200,
    b"<methodCall><methodName>mt.x</methodName><params><param><value><int>x</int></value></param></params></methodCall>",
    b"\xff\xfe\x00", b"<methodCall><methodName>no.such</methodName></methodCall>",
)


async def test_hostile_calls(editor: Editor) -> None:
    """Each is a fault of the caller, never of ours, and leaves nothing."""
    for body in HOSTILE:
        with pytest.raises(xmlrpc.client.Fault) as refused:
            await editor.raw(body)
        assert refused.value.faultCode in {400, -32601}, body
    me = ("alice", editor.password)
    for values in (("1", *me, "text", True), ("1", *me, {"title": 1}, True), ("1", *me, {"description": " "}, True),
                   ("1", *me, {"description": "x", "mt_keywords": "no!"}, True)):
        assert await editor.fault("metaWeblog.newPost", *values) == 400
    assert await editor.fault("metaWeblog.newMediaObject", "1", *me, {"name": "a", "bits": b"no picture"}) == 400
    assert await editor.fault("metaWeblog.getPost", "zzz", *me) == 404
    async with editor.cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(KeptDraft)) == 0
        assert await session.scalar(select(func.count()).select_from(Object).where(Object.kind == "article")) == 0


async def test_discovery(editor: Editor) -> None:
    """Editors find the calls by a document, and ask which methods there are."""
    found = await editor.http.get("/rsd.xml")
    assert found.headers["content-type"].startswith("application/rsd+xml")
    assert f'apiLink="{URL}/xmlrpc"' in found.text
    assert await editor.call("system.listMethods") == sorted(methods)
    assert await editor.call("mt.supportedTextFilters") == [{"key": "markdown", "label": "Markdown"}]


def test_values_travel() -> None:
    """Bytes, times and structs arrive as they were sent."""
    sent = ({"bits": xmlrpc.client.Binary(b"\x00\xff"), "when": datetime(2026, 1, 2, 3, 4, 5)}, [1, True, "ü"])
    found = xml.read(xmlrpc.client.dumps(sent, "a.b").encode())
    assert found.method == "a.b"
    assert found.params == ({"bits": b"\x00\xff", "when": datetime(2026, 1, 2, 3, 4, 5)}, [1, True, "ü"])


def test_every_method_is_documented() -> None:
    """The page for authors of apps names every method there is, and none that is not."""
    page = (Path(__file__).parents[3] / "docs" / "apps" / "metaweblog.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(\w+\.\w+)`", page.partition("Methods: ")[2])) == set(methods)
