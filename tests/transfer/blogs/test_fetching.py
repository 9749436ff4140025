"""Feeds and pictures are fetched from their servers, bounded, and never from the inside of the network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from potluck.federation.addresses import AddressPolicy
from potluck.federation.fetch import SafeClient
from potluck.jobs import Progress
from potluck.media import quotas
from potluck.social.model import Actor, Media
from potluck.transfer.blogs import fetching, looking
from potluck.transfer.blogs.spool import opened
from support.cast import Cast
from transfer.blogs.moving import articles, blog, drafts, enqueue, take, work
from transfer.test_archives import png

FEED = """<rss version="2.0"><channel><title>Far</title><link>{base}/</link>
<item><title>Pictures</title><guid>1</guid><link>{base}/a/pictures</link>
<pubDate>Tue, 02 Jun 2020 10:00:00 GMT</pubDate>
<description><![CDATA[<p><a href="/p/red.png"><img src="/p/red.png" alt="red" srcset="/p/x.png 2x" width="9"></a>
<img src="../p/red.png?again" alt=""><img src="/p/gone.png"><img src="/p/page.png"><img src="/p/inside.png">
<img src="/p/endless.png"><img src="data:image/png;base64,AAAA"> <a href="other">more</a></p>]]></description>
<enclosure url="{base}/p/cover.png" type="image/png"/></item></channel></rss>"""


@dataclass
class Far:
    """Another server, and how often each address was asked for."""

    base: str
    asked: list[str]


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    """A blog elsewhere, which this process may reach although it is on this machine."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        base = f"http://127.0.0.1:{request.url.port}"
        if request.path == "/":
            return web.Response(text='<html><head><link rel="alternate" type="application/rss+xml" href="/feed">',
                                content_type="text/html")
        if request.path == "/feed":
            return web.Response(text=FEED.format(base=base), content_type="application/rss+xml")
        if request.path in ("/p/red.png", "/p/cover.png"):
            return web.Response(body=png(), content_type="image/png")
        if request.path == "/p/inside.png":
            raise web.HTTPFound("http://10.0.0.1/secret.png")
        if request.path == "/p/endless.png":
            return await _endless(request)
        if request.path == "/p/page.png":
            return web.Response(text="<script>alert(1)</script>", content_type="image/png")
        raise web.HTTPNotFound

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server, SafeClient(
            AddressPolicy([ip_network("127.0.0.0/8")]), user_agent="test") as client:
        fetching.plug(client)
        yield Far(f"http://127.0.0.1:{server.port}", asked)
        fetching.plug(None)


async def _endless(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    try:
        while True:
            await answer.write(bytes(1 << 16))
    except (ConnectionResetError, ConnectionError):
        return answer


async def look_at(cast: Cast, person: Actor, target: Actor, url: str) -> Progress:
    """Have the feed at an address looked through."""
    folder = looking.folder_of(person.id, target.id)
    folder.mkdir(parents=True, exist_ok=True)
    return await work(cast, await enqueue(cast, looking.LOOK, person, target, "", url))


async def test_a_feed_with_pictures(cast: Cast, far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page leads to its feed; pictures become ours, each fetched once; what cannot be had stays where it is."""
    monkeypatch.setattr(quotas, "limit_for", lambda *_: 1 << 20)
    crumbs = await blog(cast, cast.alice)
    assert (await look_at(cast, cast.alice, crumbs, f"{far.base}/")).state == "done"
    job = await take(cast, cast.alice, crumbs, pictures=True)
    assert job.message_data["articles"] == 1, job
    row = (await articles(cast, crumbs))["pictures"][0]
    async with cast.database.read() as session:
        media = (await session.scalars(select(Media).where(Media.object_id == row.id).order_by(Media.position))).all()
    assert [(item.owner_id, item.state) for item in media] == [(crumbs.id, "ready")] * 3
    assert row.extra["cover_id"] == media[0].id
    source = row.source or ""
    assert f'<img src="{media[1].url}" alt="red">' in source
    assert f'href="{media[1].url}"' in source
    for name in ("gone", "page", "inside", "endless"):
        assert f'src="{far.base}/p/{name}.png"' in source
    assert f'href="{far.base}/a/other"' in source
    assert far.asked.count("/p/red.png") == 2  # two addresses
    with opened(looking.spool_of(cast.alice.id, crumbs.id)) as spool:
        told = {problem.name.rpartition("/")[2]: problem.message for _, problem in spool.problems(0, 50)}
    assert told == {
        "gone.png": "The other server does not hand it out.", "page.png": "This is no picture that is taken here.",
        "inside.png": "The other server cannot be reached, or its address may not be.",
        "endless.png": "What came is larger than is taken."}
    assert (await take(cast, cast.alice, crumbs, pictures=True)).message_data["here"] == 1
    assert far.asked.count("/p/red.png") == 2


async def test_no_room(cast: Cast, far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the person's room is used up pictures stay where they are, and the article comes."""
    monkeypatch.setattr(quotas, "allowed", lambda *_: 1)
    monkeypatch.setattr(quotas, "limit_for", lambda *_: 1 << 20)
    assert (await look_at(cast, cast.alice, cast.alice, f"{far.base}/feed")).state == "done"
    job = await take(cast, cast.alice, cast.alice, pictures=True, drafts=True)
    assert job.message_data["drafts"] == 1
    text = (await drafts(cast, cast.alice))["Pictures"].request["text"]
    assert f'src="{far.base}/p/red.png"' in text
    assert f'src="{far.base}/p/cover.png"' in text


@pytest.mark.parametrize(("path", "words"), [
    ("/nothing", "does not hand it out"), ("/p/red.png", "no feed at this address"),
    ("/p/inside.png", "cannot be reached, or its address")])
async def test_no_feed(cast: Cast, far: Far, path: str, words: str) -> None:
    """Its owner reads why, and nothing stays."""
    job = await look_at(cast, cast.alice, cast.alice, far.base + path)
    assert (job.state, words in job.message) == ("failed", True), job
    assert not looking.folder_of(cast.alice.id, cast.alice.id).exists()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://10.0.0.1/feed", "https://[::1]/", "https://localhost/f",
                                 "https://169.254.169.254/latest", "file:///etc/passwd", "https://a b/", "https://"])
async def test_addresses_inside(tmp_path_factory: pytest.TempPathFactory, url: str) -> None:
    """None of them is asked for anything."""
    async with SafeClient(AddressPolicy(()), user_agent="test") as client:
        fetching.plug(client)
        try:
            with pytest.raises(fetching.NotFetched):
                await fetching.fetch_feed(url, tmp_path_factory.mktemp("x") / "feed")
        finally:
            fetching.plug(None)


async def test_servers_that_are_blocked(cast: Cast, far: Far) -> None:
    """Nothing is fetched from them."""
    async def is_blocked(host: str) -> bool:
        return host == "127.0.0.1"

    fetching.plug(fetching._client[0], is_blocked)
    job = await look_at(cast, cast.alice, cast.alice, f"{far.base}/feed")
    assert (job.state, far.asked) == ("failed", [])
