"""Files over HTTP: ranges, caching, and that none can run as a page of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from potluck.media.endpoints import serving
from potluck.media.endpoints.front import Front
from potluck.media.endpoints.ranges import WHOLE, Unsatisfiable, part
from potluck.media.endpoints.sending import Sender
from potluck.media.places import StorageError, Stored, new_key
from potluck.media.storage import Storage
from potluck.settings import Settings
from support.s3 import bucket_settings

DATA = bytes(range(256)) * 2000


@pytest.mark.parametrize(("header", "found"), [
    ("", WHOLE), ("bytes=0-0", (0, 1)), ("bytes=0-", (0, 100)), ("bytes=99-", (99, 100)), ("bytes=10-19", (10, 20)),
    ("bytes=90-1000", (90, 100)), ("bytes=-1", (99, 100)), ("bytes=-1000", (0, 100)), ("Bytes = 1-2", (1, 3)),
    ("bytes=0-9,10-19", (0, 20)), ("bytes=10-19, 0-9", (0, 20)), ("bytes=0-50,20-30", (0, 51)),
    ("bytes=0-1,200-300", (0, 2)), ("bytes=0-0,-1", WHOLE), ("bytes=0-1,5-6", WHOLE),
    ("bytes=", WHOLE), ("bytes=-", WHOLE), ("bytes=a-b", WHOLE), ("bytes=5-1", WHOLE), ("bytes=1-2;3", WHOLE),
    ("lines=0-1", WHOLE), ("bytes", WHOLE), ("bytes=0-0," * 40, WHOLE), ("bytes=" + "9" * 30 + "-", WHOLE),
    ("bytes=--1", WHOLE), ("bytes=+1-2", WHOLE), ("bytes=\u0661-2", WHOLE),
])
def test_parts(header: str, found: tuple[int, int] | None) -> None:
    """What can be understood is one part; everything else is answered with the whole file."""
    assert part(header, 100) == found


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=500-,600-"])
def test_no_such_part(header: str) -> None:
    """A part behind the end is refused."""
    with pytest.raises(Unsatisfiable):
        part(header, 100)


def test_parts_of_nothing() -> None:
    """An empty file has no parts."""
    with pytest.raises(Unsatisfiable):
        part("bytes=0-", 0)
    assert part("", 0) is WHOLE


async def nobody(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"elsewhere"})


async def test_a_storage_in_trouble() -> None:
    """A storage that fails is said to be temporarily away, without its insides."""
    async def answer(asked: Any, send: Any) -> None:
        raise StorageError("secret insides")

    front = Front(nobody, {"/media/": answer})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url="https://potluck.test") as web:
        found = await web.get("/media/x")
    assert (found.status_code, found.headers["retry-after"]) == (503, "30")
    assert "insides" not in found.text


def client(settings: Settings) -> httpx.AsyncClient:
    front = Front(nobody, {"/media/": serving.answerer(Sender(Storage(settings), settings))})
    return httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url="https://potluck.test")


@pytest.fixture
async def web(storage: Storage) -> AsyncIterator[httpx.AsyncClient]:
    """A browser before each kind of storage."""
    async with client(storage._settings) as opened:
        yield opened


@pytest.fixture
async def video(storage: Storage, write) -> Stored:
    return await storage.put(write(DATA), "video/mp4")


async def test_the_whole_file(web: httpx.AsyncClient, video: Stored) -> None:
    """A file comes with its type, length and name, and may be kept forever."""
    answer = await web.get(f"/media/{video.key}")
    assert (answer.status_code, answer.content) == (200, DATA)
    headers = answer.headers
    assert headers["content-type"] == "video/mp4"
    assert headers["content-length"] == str(len(DATA))
    assert headers["accept-ranges"] == "bytes"
    assert "immutable" in headers["cache-control"]
    assert headers["access-control-allow-origin"] == "*"
    assert headers["content-disposition"].startswith("inline; filename=")


async def test_ranges(web: httpx.AsyncClient, video: Stored) -> None:
    """A part is answered with 206, where it is, and just these bytes."""
    size = len(DATA)
    for header, start, end in (("bytes=0-0", 0, 1), ("bytes=1000-", 1000, size), ("bytes=-100", size - 100, size),
                               ("bytes=7-300000", 7, 300001)):
        answer = await web.get(f"/media/{video.key}", headers={"Range": header})
        assert (answer.status_code, answer.content) == (206, DATA[start:end]), header
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
        assert answer.headers["content-length"] == str(end - start)


async def test_several_parts_are_the_whole(web: httpx.AsyncClient, video: Stored) -> None:
    """Parts that do not touch are answered with the whole file."""
    answer = await web.get(f"/media/{video.key}", headers={"Range": "bytes=0-1,100-200"})
    assert (answer.status_code, answer.content) == (200, DATA)


async def test_behind_the_end(web: httpx.AsyncClient, video: Stored) -> None:
    """A part that does not exist is 416 and says how long the file is."""
    answer = await web.get(f"/media/{video.key}", headers={"Range": f"bytes={len(DATA)}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(DATA)}"


async def test_head(web: httpx.AsyncClient, video: Stored) -> None:
    """HEAD tells all and sends nothing; a Range counts only for GET."""
    answer = await web.head(f"/media/{video.key}", headers={"Range": "bytes=0-1"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(DATA))


async def test_if_range(web: httpx.AsyncClient, video: Stored) -> None:
    """A part is sent only of the same bytes that the asker has the rest of."""
    etag = (await web.head(f"/media/{video.key}")).headers["etag"]
    for condition, status in ((etag, 206), ('"other"', 200), (f"W/{etag}", 200),
                              ("Sat, 29 Oct 1994 19:43:31 GMT", 200)):
        answer = await web.get(f"/media/{video.key}", headers={"Range": "bytes=0-1", "If-Range": condition})
        assert answer.status_code == status, condition


async def test_not_modified(web: httpx.AsyncClient, video: Stored) -> None:
    """Who has the bytes is told so."""
    etag = (await web.head(f"/media/{video.key}")).headers["etag"]
    for condition in (etag, f'"x", W/{etag}', "*"):
        answer = await web.get(f"/media/{video.key}", headers={"If-None-Match": condition})
        assert (answer.status_code, answer.content) == (304, b"")
    assert (await web.get(f"/media/{video.key}", headers={"If-None-Match": '"x"'})).status_code == 200


@pytest.mark.parametrize("path", [
    "/media/", "/media/x", "/media/../secret", "/media/..%2f..%2fsecret", "/media/%2e%2e/secret",
    f"/media/aa/{'a' * 64}-{'b' * 16}.png", "/media//etc/passwd", "/media/.arriving/x", "/media/%00",
])
async def test_nothing_else_is_served(path: str, tmp_path: Path) -> None:
    """Only names of stored files are answered; the rest is 404, wherever it may point."""
    data = tmp_path / "data"
    (data / "media" / ".arriving").mkdir(parents=True)
    (data / "secret").write_text("s3cr3t")
    (data / "media" / ".arriving" / "x").write_text("half")
    async with client(Settings(data=data)) as web:
        answer = await web.get(path)
        assert answer.status_code == (404 if str(answer.url.path).startswith("/media/") else 418)
        assert b"s3cr3t" not in answer.content


async def test_no_file_is_a_page(tmp_path: Path, write) -> None:
    """A file that a browser could run is plain bytes to be saved, never sniffed, without origin or scripts."""
    settings = Settings(data=tmp_path / "data")
    storage = Storage(settings)
    async with client(settings) as web:
        for media_type in ("text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript",
                           "application/pdf"):
            stored = await storage.put(write(b"<script>alert(1)</script>" + media_type.encode()), media_type)
            headers = (await web.get(f"/media/{stored.key}")).headers
            assert headers["content-type"] in {"application/octet-stream", "application/pdf"}
            assert headers["content-disposition"].startswith("attachment")
            assert headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in headers["content-security-policy"]
            assert "default-src 'none'" in headers["content-security-policy"]


async def test_reading_only(web: httpx.AsyncClient, video: Stored) -> None:
    """Nobody changes a file here; browsers of other sites may ask what is allowed."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await web.request(method, f"/media/{video.key}")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    answer = await web.options(f"/media/{video.key}", headers={
        "Origin": "https://app.test", "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "range"})
    assert (answer.status_code, answer.headers["access-control-allow-headers"]) == (204, "range")
    assert (await web.options(f"/media/{video.key}")).headers["allow"] == "GET, HEAD, OPTIONS"


async def test_the_rest_goes_on(web: httpx.AsyncClient) -> None:
    """What is no file is answered by the application behind."""
    for path in ("/", "/media", "/mediaeval", "/@alice/media/x"):
        assert (await web.get(path)).status_code == 418


async def test_the_server_in_front_sends(tmp_path: Path, write) -> None:
    """With the setting, nginx or another server is told which file to send, and nothing else is read."""
    settings = Settings(data=tmp_path / "data")
    stored = await Storage(settings).put(write(DATA), "video/mp4")
    for word, header, value in (
            ("x-accel-redirect", "x-accel-redirect", f"/protected-media/{stored.key}"),
            ("x-sendfile", "x-sendfile", str(tmp_path / "data" / "media" / stored.key))):
        async with client(replace(settings, media_sendfile=word)) as web:
            answer = await web.get(f"/media/{stored.key}")
            assert (answer.content, answer.headers[header]) == (b"", value)
            assert answer.headers["content-type"] == "video/mp4"
            assert (await web.get("/media/" + new_key("a" * 64, "image/png"))).status_code == 404


async def test_a_public_bucket_is_read_directly(request: pytest.FixtureRequest, tmp_path: Path, write) -> None:
    """With a public address of the bucket, browsers are sent there; files still here are served here."""
    settings = bucket_settings(request, tmp_path / "data", media_url="https://cdn.test/m")
    moved = await Storage(settings).put(write(DATA), "video/mp4")
    here = await Storage(replace(settings, media_storage="local")).put(write(b"here"), "video/mp4")
    async with client(settings) as web:
        answer = await web.get(f"/media/{moved.key}")
        assert (answer.status_code, answer.headers["location"]) == (302, f"https://cdn.test/m/{moved.key}")
        assert (await web.get(f"/media/{here.key}")).content == b"here"


async def test_a_bucket_that_does_not_answer(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Trouble with the storage is an error in the shape of all others, without its insides."""
    settings = replace(bucket_settings(request, tmp_path / "data"), s3_bucket="no-such-bucket")
    async with client(settings) as web:
        answer = await web.get("/media/" + new_key("a" * 64, "image/png"))
    assert answer.status_code in {404, 503}
    assert "bucket" not in answer.json()["error"]
