"""Archives of posts: hostile ones are refused, honest ones come along quietly and once."""

import gzip
import io
import json
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from potluck import assembly, jobs
from potluck.jobs import JobEngine
from potluck.social.live import Waker
from potluck.social.model import Actor, Bookmark, FeedEntry, Media, Notification, Object, Reaction
from potluck.transfer import archive_in, archive_posts, archives, ports
from potluck.transfer.archives import NoArchive
from support.cast import Cast
from transfer.test_lists import FakeFinder

OLD = "https://old.example/users/alice"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


def png() -> bytes:
    """A red picture of 8 by 8."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\xff\0\0" * 8 for _ in range(8))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def create(number: int, content: str, *, to: Any = PUBLIC, cc: Any = (), **more: Any) -> dict[str, Any]:
    """An entry of Mastodon's outbox.json."""
    note = {"id": f"{OLD}/statuses/{number}", "type": "Note", "published": f"2019-05-{number:02}T10:00:00Z",
            "attributedTo": OLD, "to": [to], "cc": list(cc), "content": f"<p>{content}</p>",
            "summary": None, "sensitive": False, "tag": [], "attachment": []} | more
    return {"id": f"{note['id']}/activity", "type": "Create", "actor": OLD, "published": note["published"],
            "to": note["to"], "cc": note["cc"], "object": note}


def outbox() -> list[Any]:
    return [
        create(1, "first", cc=[f"{OLD}/followers"]),
        create(2, "answer to myself", to=f"{OLD}/followers", inReplyTo=f"{OLD}/statuses/1"),
        create(3, "quiet", to=f"{OLD}/followers", cc=[PUBLIC]),
        create(4, "secret", to="https://else.example/users/bob"),
        create(5, "a picture <script>alert(1)</script>", attachment=[
            {"type": "Document", "mediaType": "image/png", "name": "red", "focalPoint": [0.5, -0.5],
             "url": "/media_attachments/files/000/001/original/red.png"},
            {"type": "Document", "mediaType": "image/png", "url": "/media_attachments/files/gone.png"}]),
        create(6, "which?", type="Question", oneOf=[
            {"type": "Note", "name": "tea", "replies": {"type": "Collection", "totalItems": 3}},
            {"type": "Note", "name": "coffee <b>", "replies": {"type": "Collection", "totalItems": 1}}],
            endTime="2019-05-07T10:00:00Z"),
        {"id": f"{OLD}/a/7", "type": "Announce", "actor": OLD, "object": "https://else.example/1"},
        {"type": "Create", "object": {"type": "Strange"}}, 7, None,
    ]


def documents(**more: Any) -> dict[str, bytes]:
    """The files of Mastodon's archive."""
    actor = {"id": OLD, "type": "Person", "preferredUsername": "alice", "name": "Alice of Old",
             "summary": "<p>I bake</p>", "followers": f"{OLD}/followers",
             "attachment": [{"type": "PropertyValue", "name": "Bread", "value": "<b>rye</b>"}]}
    collection = {"@context": "https://www.w3.org/ns/activitystreams", "type": "OrderedCollection"}
    return {
        "actor.json": json.dumps(actor).encode(),
        "outbox.json": json.dumps(collection | {"orderedItems": outbox()}).encode(),
        "likes.json": json.dumps(collection | {"orderedItems": ["https://frank.example/liked"]}).encode(),
        "bookmarks.json": json.dumps(collection | {"orderedItems": ["https://frank.example/kept", 5]}).encode(),
        "media_attachments/files/000/001/original/red.png": png(),
    } | more


def packed(path: Path, files: dict[str, bytes], form: str = "zip") -> Path:
    """An archive in one of the forms."""
    if form == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            for name, data in files.items():
                made.writestr(name, data)
        return path
    with tarfile.open(path, "w:gz" if form == "tar.gz" else "w") as made:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            made.addfile(entry, io.BytesIO(data))
    return path


# ---- unpacking --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz"])
def test_unpacking(tmp_path: Path, form: str) -> None:
    """Each form unpacks to the same; names that climb, links and folders lead nowhere."""
    files = {"outbox.json": b"{}", "../../evil": b"x", "/etc/passwd": b"y", "a\\b": b"z"}
    source = packed(tmp_path / "a", files, form)
    made = archives.unpack(source, tmp_path / "out")
    assert set(made.files) == {"outbox.json", "../../evil", "etc/passwd", "a/b"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "000000", "000001", "000002", "000003", "index.json"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "out"]
    assert archives.opened(tmp_path / "out").files == made.files
    found = made.document("outbox.json")
    assert found is not None
    assert found.read_bytes() == b"{}"
    assert made.document("actor.json") is None


def test_links_in_a_tar(tmp_path: Path) -> None:
    """They are passed over."""
    with tarfile.open(tmp_path / "a", "w") as made:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
            entry = tarfile.TarInfo(f"outbox.json{kind!r}")
            entry.type, entry.linkname = kind, "/etc/passwd"
            made.addfile(entry)
    assert archives.unpack(tmp_path / "a", tmp_path / "out").files == {}


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_bombs(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to more than the bounds is refused on the way, whatever it says of itself."""
    monkeypatch.setattr(archives, "MAX_TOTAL", 1 << 20)
    source = packed(tmp_path / "a", {"x": b"\0" * (3 << 20)}, form)
    assert source.stat().st_size < 10_000
    with pytest.raises(NoArchive):
        archives.unpack(source, tmp_path / "out")
    monkeypatch.setattr(archives, "MAX_ENTRIES", 2)
    with pytest.raises(NoArchive):
        archives.unpack(packed(tmp_path / "b", dict.fromkeys("abcd", b""), form), tmp_path / "out2")


def test_headers_too_large_to_be_true(tmp_path: Path) -> None:
    """A tar header that claims gigabytes is not read into memory."""
    entry = tarfile.TarInfo("pax")
    entry.type, entry.size = tarfile.XHDTYPE, 3 << 30
    with gzip.open(tmp_path / "a", "wb") as made:
        made.write(entry.tobuf(tarfile.GNU_FORMAT) + b"\0" * 4096)
    with pytest.raises(NoArchive):
        archives.unpack(tmp_path / "a", tmp_path / "out")


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\3\4 broken", b"\x1f\x8b broken", b"PK\5\6" + b"\xff" * 18])
def test_no_archive(tmp_path: Path, data: bytes) -> None:
    """What is none is refused in words."""
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(NoArchive):
        archives.unpack(tmp_path / "a", tmp_path / "out")


# ---- taking over ------------------------------------------------------------------------------------------------


@pytest.fixture
async def finder(cast: Cast) -> AsyncIterator[FakeFinder]:
    """Two posts of Frank's can be found."""
    assembly.install()
    made = FakeFinder(posts={f"https://frank.example/{name}": await cast.say(cast.frank, name)
                             for name in ("liked", "kept")})
    ports.plug(made)
    yield made
    ports.plug(ports.Nobody())


async def run(cast: Cast, name: str, *args: Any) -> jobs.Progress:
    """Do a job of Alice's."""
    async with cast.database.write() as session:
        job_id = await jobs.enqueue(session, name, *args, owner_id=cast.alice.id,
                                    key=archive_in.key_of(cast.alice.id))
    engine = JobEngine(cast.database, Waker(cast.database))
    await engine.drain()
    async with cast.database.read() as session:
        found = await jobs.one(session, job_id)
    assert found is not None
    return found


def give(cast: Cast, files: dict[str, bytes], form: str = "zip") -> None:
    """Put an archive of Alice's where it is looked for."""
    folder = archive_in.folder_of(cast.alice.id)
    archives.remove(folder)
    folder.mkdir(parents=True)
    packed(folder / "archive", files, form)


async def test_looking_through(cast: Cast, finder: FakeFinder) -> None:
    """One sees what is there and what cannot come, before anything does."""
    give(cast, documents(), "tar.gz")
    assert (await run(cast, archive_in.LOOK)).state == "done"
    found = archive_in.summary_of(cast.alice.id)
    assert found is not None
    assert (found.posts, found.public, found.unlisted, found.followers) == (5, 3, 1, 1)
    assert (found.boosts, found.private, found.other, found.polls) == (1, 1, 1, 1)
    assert (found.files, found.missing_files, found.likes, found.bookmarks) == (1, 1, 1, 1)
    assert (found.oldest, found.newest, found.name) == ("2019-05-01", "2019-05-06", "alice")
    async with cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Object).where(
            Object.author_id == cast.alice.id)) == 0


async def test_bringing_along(cast: Cast, finder: FakeFinder) -> None:
    """Posts come with dates, audience, threads and files, reach no home, notify nobody, and come once."""
    give(cast, documents())
    await run(cast, archive_in.LOOK)
    job = await run(cast, archive_in.TAKE, True, True, True)
    assert job.state == "done", job
    assert job.message_data == {"posts": 5, "files": 1, "likes": 1, "bookmarks": 1}
    async with cast.database.read() as session:
        rows = (await session.scalars(select(Object).where(Object.author_id == cast.alice.id).order_by(
            Object.id))).all()
        assert [(row.visibility, f"{row.published:%d}") for row in rows] == [
            ("public", "01"), ("followers", "02"), ("unlisted", "03"), ("public", "05"), ("public", "06")]
        assert all(row.uri.startswith("https://potluck.test/") and row.local for row in rows)
        assert (rows[1].in_reply_to_id, rows[1].thread_root_id) == (rows[0].id, rows[0].id)
        assert "script" not in rows[3].content
        assert "<li>coffee &lt;b&gt;</li>" in rows[4].content
        assert (await session.scalars(select(FeedEntry.object_id).where(
            FeedEntry.object_id.in_([row.id for row in rows])))).all() == []
        assert (await session.scalars(select(Notification))).all() == []
        media = (await session.scalars(select(Media).where(Media.owner_id == cast.alice.id))).one()
        assert (media.object_id, media.description, media.focus_x) == (rows[3].id, "red", 0.5)
        alice = await session.get_one(Actor, cast.alice.id)
        assert (alice.display_name, alice.posts_count) == ("Alice of Old", 4)
        assert "rye" in alice.fields[0]["value"]
        assert (await session.scalars(select(Reaction.object_id))).all() == [
            finder.posts["https://frank.example/liked"].id]
        assert (await session.scalars(select(Bookmark.object_id))).all() == [
            finder.posts["https://frank.example/kept"].id]
    assert not archive_in.folder_of(cast.alice.id).exists()
    give(cast, documents())
    await run(cast, archive_in.LOOK)
    assert (await run(cast, archive_in.TAKE, True, False, False)).message_data["posts"] == 0
    async with cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Media).where(
            Media.owner_id == cast.alice.id)) == 1


@pytest.mark.parametrize("files", [
    {}, {"outbox.json": b"{"}, {"outbox.json": b"[" * 100_000}, {"outbox.json": b'{"orderedItems": 5}'}])
async def test_archives_without_posts(cast: Cast, finder: FakeFinder, files: dict[str, bytes]) -> None:
    """Their owner reads why nothing comes, and nothing of them stays."""
    give(cast, files)
    job = await run(cast, archive_in.LOOK)
    assert job.state == "failed"
    assert "archive" in job.message
    assert not archive_in.folder_of(cast.alice.id).exists()


def test_a_collection_is_read_piece_by_piece(tmp_path: Path) -> None:
    """Objects and addresses come one by one; numbers are passed over, and a great many of them take no memory."""
    file = tmp_path / "outbox.json"
    last = b'{"type": "Create", "x": ["in"]}, "https://a.example/1"'
    file.write_bytes(b'{"orderedItems": [' + b"1," * 200_000 + last + b"]}")
    tracemalloc.start()
    assert list(archive_posts.entries(file)) == [{"type": "Create", "x": ["in"]}, "https://a.example/1"]
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_collection_that_ends_in_the_middle(tmp_path: Path) -> None:
    """What is cut off is told, instead of a part being taken for all of it."""
    file = tmp_path / "outbox.json"
    file.write_bytes(b'{"orderedItems": [{"type": "Create"}, {"type": "Cre')
    found = archive_posts.entries(file)
    assert next(found) == {"type": "Create"}
    with pytest.raises(NoArchive):
        next(found)
