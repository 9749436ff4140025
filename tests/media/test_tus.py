"""Resumable uploads by tus: the protocol, and what strangers may try with it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.jobs import JobRow
from potluck.media.endpoints import tus
from potluck.media.endpoints.front import Front
from potluck.media.endpoints.tus import Tus
from potluck.media.endpoints.wire import Asked, Refusal
from potluck.media.model import MediaVariant, Upload
from potluck.media.resumable import Uploads
from potluck.media.storage import storage_of
from potluck.settings import Settings, use
from potluck.social.model import Actor, Media
from support.cast import Cast

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}
FILES = "https://potluck.test/uploads/tus"


def meta(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


@dataclass
class Desk:
    """The endpoint, and somebody before it."""

    database: Database
    uploads: Uploads
    web: httpx.AsyncClient
    people: dict[str, Actor]

    def headers(self, who: str, **more: str) -> dict[str, str]:
        return {**TUS, "X-Who": who, **{key.replace("_", "-"): value for key, value in more.items()}}

    async def begin(self, who: str = "alice", length: int = len(PNG), **details: str) -> str:
        answer = await self.web.post(FILES, headers=self.headers(
            who, Upload_Length=str(length), Upload_Metadata=meta(**details)))
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    async def patch(self, url: str, offset: int, data: Any, who: str = "alice", **more: str) -> httpx.Response:
        return await self.web.patch(url, content=data, headers={
            **PIECE, **self.headers(who, Upload_Offset=str(offset), **more)})

    async def offset(self, url: str, who: str = "alice") -> int:
        answer = await self.web.head(url, headers=self.headers(who))
        assert answer.status_code == 200
        return int(answer.headers["upload-offset"])

    def left(self) -> list[str]:
        return sorted(path.name for path in self.uploads.folder.iterdir()) if self.uploads.folder.exists() else []


async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"elsewhere"})


@pytest.fixture
async def desk(cast: Cast, database: Database, processing: None) -> AsyncIterator[Desk]:
    people = {name: getattr(cast, name) for name in ("alice", "bob")}
    uploads = Uploads(storage_of(database.settings), database.settings)

    async def who(asked: Asked) -> Actor:
        found = people.get(asked.header("x-who"))
        if found is None:
            raise Refusal(401, "Please sign in first")
        return found

    endpoint = Tus(lambda: database, uploads, database.settings, who)
    front = Front(elsewhere, {tus.PATH: endpoint.answerer})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(front)) as web:
        yield Desk(database, uploads, web, people)


@pytest.fixture
def database_settings(sqlite_settings: Settings) -> Settings:
    """Most of the protocol is the same on every database: SQLite is enough here."""
    return sqlite_settings


async def test_what_the_server_can(desk: Desk) -> None:
    """OPTIONS tells version, extensions and the largest size, to anybody."""
    answer = await desk.web.options(FILES)
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-max-size"] == str(8 << 30)
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation", "creation-with-upload", "checksum", "termination", "expiration"}
    assert "sha1" in answer.headers["tus-checksum-algorithm"].split(",")


async def test_a_file_in_pieces(desk: Desk) -> None:
    """A file that comes in pieces becomes an attachment with what was said of it, and is to be processed."""
    url = await desk.begin(filename="cat.png", description="A cat", focus="0.5,-0.25")
    for start in range(0, len(PNG), 3000):
        assert await desk.offset(url) == start
        answer = await desk.patch(url, start, PNG[start:start + 3000])
        assert answer.status_code == 204
        assert answer.headers["upload-offset"] == str(min(start + 3000, len(PNG)))
    media_id = int(answer.headers["upload-media-id"])
    async with desk.database.read() as session:
        media = await session.get_one(Media, media_id)
        assert (media.owner_id, media.state, media.type, media.description) == (
            desk.people["alice"].id, "processing", "image", "A cat")
        assert (media.focus_x, media.focus_y, media.meta["file_name"]) == (0.5, -0.25, "cat.png")
        original = (await session.scalars(select(MediaVariant).where(MediaVariant.media_id == media_id))).one()
        assert (original.name, original.size, original.media_type) == ("original", len(PNG), "image/png")
        job = (await session.scalars(select(JobRow))).one()
        assert (job.name, job.args, job.owner_id) == ("process_media", [media_id], desk.people["alice"].id)
    assert desk.left() == []


async def test_asking_again_after_the_end(desk: Desk) -> None:
    """Who missed the last answer learns the attachment by HEAD; nothing is made twice."""
    url = await desk.begin()
    made = (await desk.patch(url, 0, PNG)).headers["upload-media-id"]
    for _ in range(2):
        answer = await desk.web.head(url, headers=desk.headers("alice"))
        assert (answer.headers["upload-media-id"], answer.headers["upload-offset"]) == (made, str(len(PNG)))
    assert (await desk.patch(url, len(PNG), b"")).headers["upload-media-id"] == made
    async with desk.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Media)) == 1


async def test_a_crash_between_the_last_byte_and_the_attachment(desk: Desk) -> None:
    """All bytes were there, the attachment was not yet made: asking how it stands makes it."""
    url = await desk.begin()
    (desk.uploads.folder / url.rpartition("/")[2]).write_bytes(PNG)
    answer = await desk.web.head(url, headers=desk.headers("alice"))
    assert answer.headers["upload-media-id"]


async def test_creation_with_upload(desk: Desk) -> None:
    """The first piece, or all of it, may come with the request that begins the upload."""
    answer = await desk.web.post(FILES, content=PNG, headers={
        **PIECE, **desk.headers("alice", Upload_Length=str(len(PNG)))})
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(PNG)))
    assert answer.headers["upload-media-id"]
    answer = await desk.web.post(FILES, content=PNG[:10], headers={
        **PIECE, **desk.headers("alice", Upload_Length=str(len(PNG)))})
    assert answer.headers["upload-offset"] == "10"
    assert await desk.offset(answer.headers["location"]) == 10


async def test_checksums(desk: Desk) -> None:
    """A piece with a wrong checksum leaves no byte; with the right one it is taken."""
    url = await desk.begin()
    for algorithm in ("sha1", "sha256", "md5"):
        digest = base64.b64encode(hashlib.new(algorithm, b"other").digest()).decode()
        answer = await desk.patch(url, 0, PNG[:100], Upload_Checksum=f"{algorithm} {digest}")
        assert (answer.status_code, await desk.offset(url)) == (460, 0)
    digest = base64.b64encode(hashlib.sha256(PNG[:100]).digest()).decode()
    assert (await desk.patch(url, 0, PNG[:100], Upload_Checksum=f"sha256 {digest}")).status_code == 204
    assert await desk.offset(url) == 100
    for nonsense in ("crc32 AAAA", "sha1", "sha1 !!!", "x"):
        assert (await desk.patch(url, 100, PNG[100:], Upload_Checksum=nonsense)).status_code == 400
    assert len(desk.left()) == 1


async def test_termination(desk: Desk) -> None:
    """A cancelled upload is gone, with its bytes and the room it reserved."""
    url = await desk.begin()
    await desk.patch(url, 0, PNG[:100])
    assert (await desk.web.delete(url, headers=desk.headers("alice"))).status_code == 204
    assert (await desk.web.head(url, headers=desk.headers("alice"))).status_code == 404
    assert (await desk.web.delete(url, headers=desk.headers("alice"))).status_code == 404
    assert desk.left() == []


async def test_expiration(desk: Desk) -> None:
    """An upload says until when it can be gone on with; afterwards it is gone."""
    url = await desk.begin()
    assert "GMT" in (await desk.web.head(url, headers=desk.headers("alice"))).headers["upload-expires"]
    async with desk.database.write() as session:
        await session.execute(update(Upload).values(expires_at=now() - timedelta(seconds=1)))
    assert (await desk.web.head(url, headers=desk.headers("alice"))).status_code == 410
    assert (await desk.patch(url, 0, PNG)).status_code == 410


async def test_it_lives_while_it_goes_on(desk: Desk) -> None:
    """A piece gives an old upload new time."""
    url = await desk.begin()
    async with desk.database.write() as session:
        await session.execute(update(Upload).values(expires_at=now() + timedelta(minutes=1)))
    await desk.patch(url, 0, PNG[:10])
    async with desk.database.read() as session:
        assert (await session.scalars(select(Upload.expires_at))).one() > now() + timedelta(hours=20)


async def test_wrong_offsets(desk: Desk) -> None:
    """A piece is taken only where the upload stands; otherwise it is told where."""
    url = await desk.begin()
    await desk.patch(url, 0, PNG[:100])
    for offset in (0, 50, 101, len(PNG), 1 << 50):
        answer = await desk.patch(url, offset, b"xxxx")
        assert (answer.status_code, answer.headers["upload-offset"]) == (409, "100")
    for nonsense in ("-1", "1.5", "", "abc", "9" * 40, "0x10", "\u0661"):
        headers = {**PIECE, **desk.headers("alice"), "Upload-Offset": nonsense.encode()}
        assert (await desk.web.patch(url, content=b"x", headers=headers)).status_code == 400
    assert await desk.offset(url) == 100


async def test_wrong_lengths(desk: Desk) -> None:
    """A length must be a whole number that the server takes; it must be said at the start."""
    for length, status in (("0", 422), ("-1", 400), ("", 400), ("1e9", 400), (str(9 << 30), 413), ("9" * 30, 400)):
        answer = await desk.web.post(FILES, headers=desk.headers("alice", Upload_Length=length))
        assert (answer.status_code, "error" in answer.json()) == (status, True), length
    answer = await desk.web.post(FILES, headers=desk.headers("alice", Upload_Defer_Length="1"))
    assert answer.status_code == 400


async def test_more_than_announced(desk: Desk) -> None:
    """What goes beyond the announced length is refused, and nothing of that piece stays; an endless one ends there."""
    url = await desk.begin(length=1000)
    assert (await desk.patch(url, 0, PNG[:1001])).status_code == 413
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 100
            yield PNG[:100]
            assert sent < 10_000, "the server goes on reading"

    assert (await desk.patch(url, 0, endless())).status_code == 413
    assert await desk.offset(url) == 0


async def test_other_peoples_uploads(desk: Desk) -> None:
    """Nobody learns of, goes on with, or cancels the upload of somebody else; without signing in nothing is done."""
    url = await desk.begin("alice")
    for who, status in (("bob", 404), ("nobody", 401)):
        assert (await desk.web.head(url, headers=desk.headers(who))).status_code == status
        assert (await desk.patch(url, 0, PNG, who)).status_code == status
        assert (await desk.web.delete(url, headers=desk.headers(who))).status_code == status
    answer = await desk.web.post(FILES, headers=desk.headers("nobody", Upload_Length="10"))
    assert answer.status_code == 401
    assert await desk.offset(url) == 0


@pytest.mark.parametrize("name", ["../../potluck.sqlite3", "..%2f..%2fsecret", "x", "a" * 31 + "/", "%00" * 32,
                                  "a" * 31 + ".", "\u0661" * 32, "a" * 32 + "/../b"])
async def test_strange_names(desk: Desk, name: str) -> None:
    """A name that is none of ours names nothing, wherever it may point."""
    for method in ("HEAD", "PATCH", "DELETE"):
        answer = await desk.web.request(method, f"{FILES}/{name}", headers={**PIECE, **desk.headers("alice"),
                                                                          "Upload-Offset": "0"})
        assert answer.status_code == 404
    assert desk.left() == []


async def test_two_at_once(desk: Desk) -> None:
    """Of two requests for one upload the newer wins; the older stops, and what it brought counts where it fits."""
    url = await desk.begin()
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield PNG[:100]
        started.set()
        await go_on.wait()
        yield PNG[100:200]

    older = asyncio.create_task(desk.patch(url, 0, slowly()))
    await started.wait()
    asking = asyncio.create_task(desk.offset(url))
    await asyncio.sleep(0.05)
    go_on.set()  # this transport, unlike a server, cannot leave a body unread
    offset = await asking
    assert offset in {100, 200}
    assert (await older).headers["upload-offset"] == str(offset)
    assert (await desk.patch(url, offset, PNG[offset:])).status_code == 204
    async with desk.database.read() as session:
        assert (await session.scalars(select(MediaVariant.size))).one() == len(PNG)


async def test_many_at_once_make_one_file(desk: Desk) -> None:
    """Ten requests with the same piece: one is taken, the others are told where the upload stands."""
    url = await desk.begin()
    answers = await asyncio.gather(*(desk.patch(url, 0, PNG[:1000]) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [204] + [409] * 9
    assert await desk.offset(url) == 1000


async def test_strange_metadata(desk: Desk) -> None:
    """Metadata that is too long, too much or no base64 is refused; unknown keys are harmless."""
    for text in (meta(filename="x" * 20_000), meta(**{f"key{number}": "" for number in range(30)}), "filename !!!",
                 "filename /////w=="):
        answer = await desk.web.post(FILES, headers=desk.headers(
            "alice", Upload_Length="10", Upload_Metadata=text))
        assert answer.status_code == 400, text[:40]
    for details in ({"focus": "x"}, {"focus": "2,0"}, {"description": "x" * 10_001}, {"purpose": "world domination"}):
        answer = await desk.web.post(FILES, headers=desk.headers(
            "alice", Upload_Length="10", Upload_Metadata=meta(**details)))
        assert answer.status_code in {400, 422}, details
    url = await desk.begin(filename="../../../etc/passwd\x00", colour="blue", is_confidential="")
    assert (await desk.patch(url, 0, PNG)).status_code == 204
    async with desk.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Upload)) == 1


async def test_the_protocol_is_held(desk: Desk) -> None:
    """Another version, a missing type, another method: each has its status."""
    url = await desk.begin()
    assert (await desk.web.head(url, headers={"X-Who": "alice"})).status_code == 412
    assert (await desk.web.head(url, headers={"X-Who": "alice", "Tus-Resumable": "0.2"})).status_code == 412
    answer = await desk.web.patch(url, content=b"x", headers=desk.headers("alice", Upload_Offset="0"))
    assert answer.status_code == 415
    assert (await desk.web.get(url, headers=desk.headers("alice"))).status_code == 405
    assert (await desk.web.put(FILES, headers=desk.headers("alice"))).status_code == 405
    answer = await desk.web.post(url, content=PNG, headers={
        **PIECE, **desk.headers("alice", Upload_Offset="0", X_HTTP_Method_Override="PATCH")})
    assert answer.status_code == 204


async def test_every_refusal_says_the_version(desk: Desk) -> None:
    """The protocol wants it in each answer, whoever it was that refused: the endpoint, the uploads, the sign-in."""
    url = await desk.begin()
    refused = [
        (404, await desk.web.head(f"{FILES}/{'x' * 32}", headers=desk.headers("alice"))),
        (401, await desk.web.head(url, headers=desk.headers("nobody"))),
        (404, await desk.web.head(url, headers=desk.headers("bob"))),
        (409, await desk.patch(url, 5, PNG)),
        (413, await desk.web.post(FILES, headers=desk.headers("alice", Upload_Length=str(1 << 50)))),
    ]
    for status, answer in refused:
        assert (answer.status_code, answer.headers.get("tus-resumable")) == (status, "1.0.0"), answer.text


async def test_files_that_are_not_taken(desk: Desk) -> None:
    """A file of no known type is refused by its bytes, whatever its name says, and nothing of it stays."""
    page = b"<!DOCTYPE html><script>alert(1)</script>" * 10
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    for data in (page, svg, bytes(500), b"MZ" + bytes(500)):
        url = await desk.begin(length=len(data), filename="cat.png", filetype="image/png")
        answer = await desk.patch(url, 0, data)
        assert answer.status_code == 422, data[:10]
        assert "uploaded here" in answer.json()["error"]
        assert (await desk.web.head(url, headers=desk.headers("alice"))).status_code == 404
    assert desk.left() == []
    async with desk.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Media)) == 0


async def test_limits_by_type(desk: Desk, database: Database) -> None:
    """A picture that is larger than pictures may be is refused once its type is known."""
    use(replace(database.settings, image_limit=1000))
    url = await desk.begin()
    answer = await desk.patch(url, 0, PNG)
    assert (answer.status_code, "at most 1000 bytes" in answer.json()["error"]) == (413, True)
    assert desk.left() == []


async def test_the_quota(desk: Desk, database: Database) -> None:
    """What is announced counts at once, so that nobody can begin more than there is room for."""
    use(replace(database.settings, quota=len(PNG) + 100))
    url = await desk.begin()
    answer = await desk.web.post(FILES, headers=desk.headers("alice", Upload_Length="200"))
    assert (answer.status_code, "Delete some" in answer.json()["error"]) == (422, True)
    assert (await desk.patch(url, 0, PNG)).status_code == 204  # its own reservation does not stand in its way
    assert (await desk.web.post(FILES, headers=desk.headers("bob", Upload_Length="200"))).status_code == 201


async def test_not_too_many_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody fills the disk with uploads that are never finished."""
    monkeypatch.setattr("potluck.media.resumable.MAX_UNFINISHED", 3)
    for _ in range(3):
        await desk.begin(length=10)
    answer = await desk.web.post(FILES, headers=desk.headers("alice", Upload_Length="10"))
    assert answer.status_code == 409
    assert (await desk.web.post(FILES, headers=desk.headers("bob", Upload_Length="10"))).status_code == 201
