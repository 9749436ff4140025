"""Files of other servers: proxied under signed addresses, kept, refused, fetched again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
import pyvips
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import delete, func, select, update

from potluck import settings
from potluck.db.base import now
from potluck.db.engine import Database
from potluck.federation.addresses import AddressPolicy
from potluck.federation.fetch import Limits, SafeClient
from potluck.media import addresses
from potluck.media.endpoints.front import Front
from potluck.media.endpoints.proxy import Proxy
from potluck.media.endpoints.sending import Sender
from potluck.media.model import RemoteFile, StoredFile
from potluck.media.rejecting import Rejecting
from potluck.media.remote_cache import RemoteCache, pause_after
from potluck.media.remote_pictures import Pictures
from potluck.media.remote_source import RemoteFailure
from potluck.media.storage import Storage
from potluck.remote_files import GuardedSource
from potluck.settings import Settings
from potluck.social import domain_policies, preview_cards
from potluck.social.model import PreviewCard

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(200_000)


@dataclass
class Other:
    """Another server: what it answers, and what it was asked."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    base: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        answer = self.answers.get(request.path)
        if callable(answer):
            made: web.StreamResponse = await answer(request)
            return made
        if answer is None:
            return web.Response(status=404)
        return web.Response(body=answer, content_type="text/html")


@dataclass
class Reader:
    """Somebody who reads here, before a server with another one beyond."""

    web: httpx.AsyncClient
    other: Other
    cache: RemoteCache
    database: Database
    storage: Storage

    async def get(self, path: str, variant: str = "full", **headers: str) -> httpx.Response:
        url = addresses.shown(self.other.base + path, variant)
        assert url is not None
        return await self.web.get(url, headers=headers)

    async def rows(self) -> list[RemoteFile]:
        async with self.database.read() as session:
            return list((await session.scalars(select(RemoteFile))).all())


async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError(scope["path"])


@pytest.fixture
def database_settings(sqlite_settings: Settings) -> Settings:
    """SQLite is enough here: `test_remote_rows` looks at what is written on both databases."""
    return sqlite_settings


@pytest.fixture
async def other() -> AsyncIterator[Other]:
    made = Other()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    async with TestServer(app) as server:
        made.base = f"http://127.0.0.1:{server.port}"
        yield made


@pytest.fixture
async def reader(database: Database, other: Other) -> AsyncIterator[Reader]:
    used = settings.use(replace(database.settings, secret="s3cr3t", remote_file_limit=100_000, image_limit=50_000))
    storage = Storage(used)
    async with SafeClient(AddressPolicy([ip_network("127.0.0.0/8")]), user_agent="test",
                          limits=Limits(connect=1, read=0.5, total=2)) as client:
        source = GuardedSource(lambda: client)
        cache = RemoteCache(lambda: database, storage, source, used)
        proxy = Proxy(cache, Sender(storage, used), source, settings.current, Rejecting(lambda: database).rejects)
        front = Front(elsewhere, {"/proxy/": proxy.answerer})
        async with httpx.AsyncClient(transport=httpx.ASGITransport(front)) as opened:
            yield Reader(opened, other, cache, database, storage)


def test_which_address_is_shown() -> None:
    """Our own files have their address or the CDN's, those of others that of the proxy; nothing else is changed."""
    ours = Settings(url="https://potluck.test", secret="s3cr3t")
    cdn = replace(ours, media_url="https://cdn.test/m")
    assert addresses.shown(None, settings=ours) is None
    assert addresses.shown("/static/avatar.svg", settings=ours) == "/static/avatar.svg"
    assert addresses.shown("https://potluck.test/media/ab/x", settings=ours) == "https://potluck.test/media/ab/x"
    assert addresses.shown("https://potluck.test/media/ab/x", settings=cdn) == "https://cdn.test/m/ab/x"
    assert addresses.shown("data:image/png;base64,x", settings=ours) == "data:image/png;base64,x"
    shown = addresses.shown("https://other.test/a.png?x=1", settings=ours)
    assert shown is not None
    assert shown.startswith("https://potluck.test/proxy/full/")
    assert "other.test" not in shown
    path = shown.removeprefix("https://potluck.test")
    assert addresses.proxied(path, ours) == ("full", "https://other.test/a.png?x=1")
    assert addresses.proxied(path, replace(ours, secret="other")) is None


def test_only_what_we_signed_is_fetched() -> None:
    """A changed address, size or signature is refused: nobody can make us fetch for them."""
    ours = Settings(url="https://potluck.test", secret="s3cr3t")
    shown = addresses.shown("https://other.test/a.png", settings=ours) or ""
    path = shown.removeprefix("https://potluck.test")
    _, _, variant, mark, packed = path.split("/")
    evil = addresses._proxied("", "wrong", "full", "https://evil.test/").split("/")[-1]
    for changed in (f"/proxy/{variant}/{mark}/{evil}", f"/proxy/small/{mark}/{packed}", f"/proxy/{variant}//{packed}",
                    f"/proxy/{variant}/{'A' * 22}/{packed}", f"/proxy/{variant}/{mark}/", f"/proxy/{variant}/{mark}",
                    f"/proxy/huge/{mark}/{packed}", f"/proxy/{variant}/{mark}/!!!", "/proxy/", "/proxy/x",
                    f"/proxy/{variant}/\u00e9/{packed}", f"{path}x", f"/proxy/{variant}/{mark}/{'A' * 20_000}"):
        assert addresses.proxied(changed, ours) is None, changed


async def test_fetched_once_and_kept(reader: Reader) -> None:
    """The first reader has it fetched; later ones get it from here, typed by its bytes, never as a page."""
    reader.other.answers["/a.png"] = PNG
    for _ in range(3):
        answer = await reader.get("/a.png")
        assert (answer.status_code, answer.content) == (200, PNG)
    assert reader.other.asked == ["/a.png"]
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["access-control-allow-origin"] == "*"
    reader.cache.forget()  # another process, or later
    assert (await reader.get("/a.png", Range="bytes=0-3")).content == PNG[:4]
    assert reader.other.asked == ["/a.png"]
    (row,) = await reader.rows()
    assert (row.host, row.size, row.media_type) == (reader.other.base.removeprefix("http://"), len(PNG), "image/png")


async def test_many_at_once_are_one_request(reader: Reader) -> None:
    """However many ask at the same moment, the other server is asked once; who gives up does not stop it."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        begun.set()
        await go_on.wait()
        return web.Response(body=PNG)

    reader.other.answers["/a.png"] = slow
    asking = [asyncio.create_task(reader.get("/a.png")) for _ in range(20)]
    await begun.wait()
    asking[0].cancel()
    go_on.set()
    answers = await asyncio.gather(*asking[1:])
    assert {answer.status_code for answer in answers} == {200}
    assert reader.other.asked == ["/a.png"]


async def test_what_cannot_be_had_is_not_asked_for_again(reader: Reader) -> None:
    """A failure is remembered for a while, and afterwards tried again."""
    for _ in range(3):
        assert (await reader.get("/none.png")).status_code == 404
    assert reader.other.asked == ["/none.png"]
    reader.other.answers["/none.png"] = PNG
    async with reader.database.write() as session:
        await session.execute(update(RemoteFile).values(retry_at=now() - timedelta(seconds=1)))
    reader.cache.forget()
    assert (await reader.get("/none.png")).status_code == 200
    (row,) = await reader.rows()
    assert (row.failures, row.error) == (0, None)


def test_pauses_grow() -> None:
    """Trouble that may pass is tried again after minutes, what is gone after a day, neither later than a week."""
    passing, final = RemoteFailure("x"), RemoteFailure("x", permanent=True)
    assert [pause_after(count, passing) for count in (1, 2, 3)] == [timedelta(minutes=5 * 2 ** n) for n in range(3)]
    assert pause_after(1, final) == timedelta(days=1)
    assert pause_after(50, passing) == pause_after(50, final) == timedelta(days=7)
    assert pause_after(1, RemoteFailure("x", retry_after=3600)) == timedelta(hours=1)
    assert pause_after(1, RemoteFailure("x", retry_after=1e9)) == timedelta(days=7)


@pytest.mark.parametrize("body", [
    b"<html><script>alert(1)</script>", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', b"",
    b"%PDF-1.7 not a picture", b"MZ\x90" + bytes(5000), PNG + bytes(60_000)])
async def test_what_is_no_picture_is_not_shown(reader: Reader, body: bytes) -> None:
    """Bytes that are no picture, sound or video, or too many, are refused, whatever the other server calls them."""

    async def lying(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="image/png")

    reader.other.answers["/a.png"] = lying
    assert (await reader.get("/a.png")).status_code == 404
    assert [item async for item in reader.storage.everything("local")] == []
    assert reader.storage.local.left_over() == []


async def test_an_endless_picture(reader: Reader) -> None:
    """A stream without length and end is cut off at the limit."""
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(PNG)
        while sent < 1 << 30:
            sent += 65536
            await response.write(bytes(65536))
        return response

    reader.other.answers["/a.png"] = endless
    assert (await reader.get("/a.png")).status_code == 404
    assert sent < 64 << 20
    assert reader.storage.local.left_over() == []


async def test_trouble_on_the_way(reader: Reader) -> None:
    """A body that stalls or breaks off, redirects without end, or into a private network: no file, nothing left."""

    async def stalling(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(PNG))})
        await response.prepare(request)
        await response.write(PNG[:5000])
        await asyncio.sleep(3)
        return response

    async def breaking(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(PNG))})
        await response.prepare(request)
        await response.write(PNG[:5000])
        assert request.transport is not None
        request.transport.close()
        return response

    async def looping(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/loop"})

    async def inwards(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"})

    async def packed(_: web.Request) -> web.Response:
        return web.Response(body=PNG, headers={"Content-Encoding": "gzip"})

    for path, answer in (("/stall", stalling), ("/break", breaking), ("/loop", looping), ("/in", inwards)):
        reader.other.answers[path] = answer
        assert (await reader.get(path)).status_code == 404, path
    assert reader.other.asked.count("/loop") == 4
    assert reader.storage.local.left_over() == []
    errors = {row.url.rpartition("/")[2]: row.error for row in await reader.rows()}
    assert "BlockedAddress" in (errors["in"] or "")


async def test_addresses_that_may_not_be_reached(reader: Reader) -> None:
    """An attachment that points into a private network is never asked for."""
    for url in ("http://10.0.0.1/a.png", "http://[::1]/a.png", "https://169.254.169.254/", "http://localhost:1/x"):
        answer = await reader.web.get(addresses.shown(url) or "")
        assert answer.status_code == 404


async def test_long_videos_pass_through(reader: Reader) -> None:
    """What is too long to keep is passed through, parts too, with the type of its bytes."""

    async def film(request: web.Request) -> web.Response:
        part = request.http_range
        body = MP4[part]
        if "Range" not in request.headers:
            return web.Response(body=body, content_type="text/html")
        return web.Response(body=body, status=206, content_type="text/html", headers={
            "Content-Range": f"bytes {part.start}-{part.start + len(body) - 1}/{len(MP4)}"})

    reader.other.answers["/film"] = film
    answer = await reader.get("/film")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, MP4, "video/mp4")
    answer = await reader.get("/film", Range="bytes=100000-100009")
    assert (answer.status_code, answer.content) == (206, MP4[100_000:100_010])
    assert answer.headers["content-range"] == f"bytes 100000-100009/{len(MP4)}"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [item async for item in reader.storage.everything("local")] == []
    assert len(reader.other.asked) == 3


async def test_rejected_servers(reader: Reader) -> None:
    """Files of servers whose media are rejected, or that are suspended, are not shown, kept or not."""
    reader.other.answers["/a.png"] = PNG
    assert (await reader.get("/a.png")).status_code == 200
    for changes in ({"severity": "noop", "reject_media": True}, {"severity": "suspend"}):
        async with reader.database.write() as session:
            await domain_policies.set_policy(session, "127.0.0.1", **changes)  # type: ignore[arg-type]
        domain_policies._cache.clear()
        rejecting = Rejecting(lambda: reader.database)
        assert await rejecting.rejects(reader.other.base.removeprefix("http://"))
        assert not await rejecting.rejects("fine.test")
        assert not await rejecting.rejects("potluck.test")


async def test_linking(reader: Reader) -> None:
    """With `remote_media = link` browsers are sent to the other server, and nothing is kept."""
    settings.use(replace(settings.current(), remote_media="link"))
    answer = await reader.get("/a.png")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{reader.other.base}/a.png")
    assert (await reader.rows(), reader.other.asked) == ([], [])


async def test_what_was_lost_is_fetched_again(reader: Reader) -> None:
    """A file that vanished from the storage, or was evicted with its row, comes anew."""
    reader.other.answers["/a.png"] = PNG
    await reader.get("/a.png")
    await reader.storage.delete([item.key async for item in reader.storage.everything("local")])
    assert (await reader.get("/a.png")).status_code == 200
    assert reader.other.asked == ["/a.png"] * 2
    async with reader.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(StoredFile)) == 1


async def test_views_are_noted_in_batches(reader: Reader) -> None:
    """Looking at a file writes nothing at once, and at most once an hour at all."""
    reader.other.answers["/a.png"] = PNG
    await reader.get("/a.png")
    long_ago = now() - timedelta(days=3)
    async with reader.database.write() as session:
        await session.execute(update(RemoteFile).values(viewed_at=long_ago))
    reader.cache.forget()
    for _ in range(5):
        await reader.get("/a.png")
    assert (await reader.rows())[0].viewed_at == long_ago
    async with reader.database.write() as session:
        await reader.cache.flush_views(session)
    assert (await reader.rows())[0].viewed_at > now() - timedelta(minutes=1)
    await reader.get("/a.png")
    assert reader.cache._viewed == set()


def picture(**more: Any) -> bytes:
    """A real JPEG of 1200 by 800 with a place in its metadata."""
    image = pyvips.Image.xyz(1200, 800).extract_band(0).cast("uchar").copy(interpretation="b-w")
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd3-GPSLatitude", "51/1 30/1 0/1")
    data: bytes = image.jpegsave_buffer(**more)
    return data


async def test_pictures_are_drawn_anew(reader: Reader) -> None:
    """One fetch gives all sizes, drawn in the sandbox: what the other server sent is kept nowhere."""
    reader.cache._prepare = Pictures(settings.current).prepare
    use_limits(reader)
    reader.other.answers["/a.jpg"] = picture() + b"<script>alert(1)</script>"
    found = {}
    for variant in ("small", "full", "still"):
        answer = await reader.get("/a.jpg", variant)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
        made = pyvips.Image.new_from_buffer(answer.content, "")
        found[variant] = (made.width, made.height)
        assert b"script" not in answer.content
        assert not [name for name in made.get_fields() if "GPS" in name]
    assert found == {"full": (1200, 800), "small": (640, 427), "still": (640, 427)}
    assert reader.other.asked == ["/a.jpg"]
    assert reader.storage.local.left_over() == []


async def test_pictures_of_cards(reader: Reader) -> None:
    """Once the picture of a page was looked at, its card has a blurhash, and posts with the card are shown anew."""
    reader.cache._prepare = Pictures(settings.current).prepare
    use_limits(reader)
    reader.other.answers["/a.jpg"] = picture()
    async with reader.database.write() as session:
        session.add(PreviewCard(id=7, url="https://news.example/", image_url=f"{reader.other.base}/a.jpg",
                                state="ready"))
    assert (await reader.get("/a.jpg", "small")).status_code == 200
    async with reader.database.read() as session:
        card = await session.get_one(PreviewCard, 7)
    assert card.blurhash
    async with reader.database.write() as session:
        await preview_cards.settle(session, 7, {"image_url": "https://news.example/other.jpg"})
        assert (await session.get_one(PreviewCard, 7)).blurhash is None


async def test_pictures_that_cannot_be_drawn(reader: Reader) -> None:
    """What only begins like a picture is no picture, and is not tried again soon."""
    reader.cache._prepare = Pictures(settings.current).prepare
    use_limits(reader)
    reader.other.answers["/a.png"] = PNG
    assert (await reader.get("/a.png")).status_code == 404
    assert (await reader.get("/a.png", "small")).status_code == 404
    assert reader.other.asked == ["/a.png"]
    (row,) = await reader.rows()
    assert row.retry_at is not None
    assert row.retry_at > now() + timedelta(hours=20)


async def test_an_evicted_size_comes_again(reader: Reader) -> None:
    """When one size was evicted, the picture is fetched again; sound and video have one size for all."""
    reader.cache._prepare = Pictures(settings.current).prepare
    use_limits(reader)
    reader.other.answers["/a.jpg"] = picture()
    await reader.get("/a.jpg")
    async with reader.database.write() as session:
        await session.execute(delete(RemoteFile).where(RemoteFile.variant == "small"))
    reader.cache.forget()
    assert (await reader.get("/a.jpg", "small")).status_code == 200
    assert reader.other.asked == ["/a.jpg"] * 2
    reader.other.answers["/short.mp4"] = MP4[:5000]
    for variant in ("full", "small", "still"):
        assert (await reader.get("/short.mp4", variant)).headers["content-type"] == "video/mp4"
    assert reader.other.asked.count("/short.mp4") == 1


def use_limits(reader: Reader) -> None:
    """Limits for real pictures."""
    reader.cache._settings = replace(reader.cache._settings, image_limit=5 << 20, remote_file_limit=5 << 20)
