"""Resumable uploads to a real server: by the client people use, through crashes, by a page of the site."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
import pyvips
from aiohttp import web
from aiohttp.test_utils import TestServer

from potluck.media import addresses
from potluck.settings import Settings
from support.clients import python_client
from support.servers import PASSWORD, Person, Server, eventually
from support.stage import Stage

TUS = {"Tus-Resumable": "1.0.0"}
DRIVER = Path(__file__).with_name("drivers") / "tuspy_upload.py"
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"
SIZE = 24 << 20


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 24 MiB that begins like a video."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    path.write_bytes(MP4 + os.urandom(SIZE - len(MP4)))
    return path


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as made:
        yield made


@pytest.fixture(scope="module")
def server(stage: Stage) -> Server:
    return stage.server()


@pytest.fixture(scope="module")
def alice(stage: Stage, server: Server) -> Person:
    return stage.run(server.person("alice"))


def tuspy(server: Server, alice: Person, film: Path, *, chunk: int = 5 << 20, stop: int = 0,
          resume: str = "") -> tuple[str, int]:
    done = subprocess.run([python_client("tuspy") / "python", DRIVER, f"{server.url}/uploads/tus", alice.token, film,
                           str(chunk), str(stop), resume], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    url, offset = done.stdout.split()
    return url, int(offset)


async def head(url: str, alice: Person) -> dict[str, str]:
    async with aiohttp.ClientSession() as web, web.head(url, headers={
            **TUS, "Authorization": f"Bearer {alice.token}"}) as answer:
        assert answer.status == 200, answer.status
        return {key.lower(): value for key, value in answer.headers.items()}


def stored(server: Server, film: Path) -> list[Path]:
    """Files in the storage with the film's bytes."""
    digest = hashlib.sha256(film.read_bytes()).hexdigest()
    return list((server.data / "media" / digest[:2]).glob(f"{digest}-*.mp4"))


def test_tuspy_uploads_in_pieces_with_checksums(stage: Stage, server: Server, alice: Person, film: Path) -> None:
    """tuspy breaks off and goes on; the file arrives whole and becomes an attachment."""
    url, offset = tuspy(server, alice, film, stop=10 << 20)
    assert offset == 10 << 20
    assert int(stage.run(head(url, alice))["upload-offset"]) == offset
    assert tuspy(server, alice, film, resume=url) == (url, SIZE)
    answer = stage.run(head(url, alice))
    assert answer["upload-media-id"].isdigit()
    assert len(stored(server, film)) == 1


def test_kill_in_the_middle(stage: Stage, server: Server, alice: Person, film: Path, tmp_path: Path) -> None:
    """After `kill -9` in mid-request the upload stands at what reached the disk, and goes on from there."""
    other = tmp_path / "other.mp4"
    other.write_bytes(MP4 + os.urandom(SIZE - len(MP4)))
    url = stage.run(_begin(server, alice, SIZE))
    stage.run(_broken_by_kill(server, alice, url, other.read_bytes()))
    offset = int(stage.run(head(url, alice))["upload-offset"])
    assert (8 << 20) - (1 << 20) <= offset <= 8 << 20
    assert tuspy(server, alice, other, resume=url) == (url, SIZE)
    assert stage.run(head(url, alice))["upload-media-id"].isdigit()
    assert len(stored(server, other)) == 1
    assert list((server.data / "media" / ".uploads").iterdir()) == []


async def _begin(server: Server, alice: Person, size: int) -> str:
    async with aiohttp.ClientSession() as web, web.post(f"{server.url}/uploads/tus", headers={
            **TUS, "Authorization": f"Bearer {alice.token}", "Upload-Length": str(size)}) as answer:
        assert answer.status == 201, await answer.text()
        return answer.headers["Location"]


async def _broken_by_kill(server: Server, alice: Person, url: str, data: bytes) -> None:
    """Send a third of the file, kill the web process, and wait until there is a new one."""
    sent = asyncio.Event()

    async def body():
        yield data[:8 << 20]
        sent.set()
        await asyncio.sleep(60)

    async def patch() -> None:
        async with aiohttp.ClientSession() as web:
            await web.patch(url, data=body(), headers={
                **TUS, "Authorization": f"Bearer {alice.token}", "Upload-Offset": "0",
                "Content-Type": "application/offset+octet-stream"})

    patching = asyncio.create_task(patch())
    await sent.wait()
    file = server.data / "media" / ".uploads" / url.rpartition("/")[2]

    async def arrived() -> bool:
        return file.stat().st_size >= (8 << 20) - (1 << 20)

    await eventually(arrived)
    await server.kill("web")
    with pytest.raises(aiohttp.ClientError):
        await patching
    await server.answers()


def test_nothing_is_left_over(stage: Stage, server: Server) -> None:
    """After all that, every file is whole, and none lies about without a row."""
    assert "files are good" in stage.run(server.command("media", "check", "--digests"))
    assert stage.run(server.command("media", "collect")) == "0 files are removed"
    assert list((server.data / "media" / ".uploads").iterdir()) == []
    assert list((server.data / "media" / ".arriving").iterdir()) == []


def test_leaving_in_the_middle(stage: Stage, server: Server, film: Path) -> None:
    """Who stops reading a long file is let go, and the server answers as before."""
    (path,) = stored(server, film)
    url = f"{server.url}/media/{path.parent.name}/{path.name}"

    async def leave() -> None:
        for header in ({}, {"Range": f"bytes=1-{SIZE - 1}"}):
            for _ in range(5):
                async with aiohttp.ClientSession() as web, web.get(url, headers=header) as answer:
                    await answer.content.readexactly(1000)
                    answer.close()
        async with aiohttp.ClientSession() as web, web.get(url, headers={"Range": "bytes=0-3"}) as answer:
            assert await answer.read() == MP4[:4]

    stage.run(leave())


def test_a_picture_of_another_server(stage: Stage, server: Server) -> None:
    """A real server fetches a picture, draws it in the sandbox, and serves it; it tells the other one nothing."""
    asked = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(dict(request.headers))
        image = pyvips.Image.xyz(900, 600).extract_band(0).cast("uchar").copy(interpretation="b-w")
        return web.Response(body=image.pngsave_buffer(), content_type="text/plain")

    async def read() -> None:
        app = web.Application()
        app.router.add_get("/p", handle)
        async with TestServer(app) as peer:
            used = Settings(url=server.url, secret=(server.data / "secret").read_text())
            shown = addresses.shown(f"http://127.0.0.1:{peer.port}/p", "small", used)
            assert shown is not None
            for _ in range(2):
                async with aiohttp.ClientSession() as browser, browser.get(shown, headers={
                        "Cookie": "secret=1", "Referer": "https://potluck.test/@alice"}) as answer:
                    assert (answer.status, answer.content_type) == (200, "image/webp"), await answer.text()
                    made = pyvips.Image.new_from_buffer(await answer.read(), "")
                    assert (made.width, made.height) == (640, 427)

    stage.run(read())
    assert len(asked) == 1
    assert not {"Cookie", "Referer", "X-Forwarded-For"} & asked[0].keys()


def test_ranges_of_a_real_server(stage: Stage, server: Server, film: Path) -> None:
    """The server itself answers whole files and parts of them, to the byte."""
    (path,) = stored(server, film)
    url = f"{server.url}/media/{path.parent.name}/{path.name}"
    data = film.read_bytes()

    async def read() -> None:
        async with aiohttp.ClientSession() as web:
            async with web.get(url) as answer:
                assert (answer.status, await answer.read() == data) == (200, True)
            for first, last in ((0, 0), (5, 100_000), (1 << 20, SIZE - 1)):
                async with web.get(url, headers={"Range": f"bytes={first}-{last}"}) as answer:
                    assert (answer.status, await answer.read() == data[first:last + 1]) == (206, True)
            async with web.head(url) as answer:
                assert answer.headers["Content-Length"] == str(SIZE)

    stage.run(read())


def test_who_may_upload(stage: Stage, server: Server, alice: Person) -> None:
    """A wrong token, or one without the scope, does not; nor does a browser without signing in."""

    async def ask(token: str | None) -> int:
        headers = {**TUS, "Upload-Length": "10", **({"Authorization": f"Bearer {token}"} if token else {})}
        async with aiohttp.ClientSession() as web, web.post(f"{server.url}/uploads/tus", headers=headers) as answer:
            assert "error" in await answer.json()
            return answer.status

    assert stage.run(ask(None)) == stage.run(ask("wrong")) == 401
    reading = stage.run(server.command("admin", "token", "alice", "--scopes", "read")).splitlines()[-1]
    assert stage.run(ask(reading)) == 403


def test_a_page_uploads_with_its_token(stage: Stage, server: Server, alice: Person) -> None:
    """Someone signed in to the site uploads with the page's token; without it, or from another site, nothing."""

    async def sign_in(web: aiohttp.ClientSession) -> str:
        async with web.get(f"{server.url}/signin") as answer:
            token = re.search(r'name="_csrf" value="([^"]+)"', await answer.text())
        assert token
        async with web.post(f"{server.url}/signin", data={
                "_csrf": token[1], "login": "alice", "password": PASSWORD}) as answer:
            page = await answer.text()
        found = re.search(r'name="_csrf" value="([^"]+)"', page)
        assert found
        return found[1]

    async def upload() -> list[int]:
        jar = aiohttp.CookieJar(unsafe=True)
        found = []
        async with aiohttp.ClientSession(cookie_jar=jar) as web:
            token = await sign_in(web)
            for more in ({"X-CSRF-Token": token}, {}, {"X-CSRF-Token": "wrong"},
                         {"X-CSRF-Token": token, "Sec-Fetch-Site": "cross-site"}):
                async with web.post(f"{server.url}/uploads/tus", headers={
                        **TUS, "Upload-Length": "10", **more}) as answer:
                    found.append(answer.status)
        return found

    assert stage.run(upload()) == [201, 403, 403, 403]


