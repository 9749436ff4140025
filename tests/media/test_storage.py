"""The storage: names, durability, ranges, in a folder and in a bucket alike."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import obstore
import pytest

from potluck.media import places
from potluck.media.local_folder import ARRIVING
from potluck.media.places import NoSuchFile, StorageError
from potluck.media.storage import Storage
from potluck.settings import Settings
from support.s3 import bucket_settings

DATA = bytes(range(256)) * 4096
PNG = b"\x89PNG\r\n\x1a\n" + DATA


async def read(storage: Storage, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in storage.read(key, start, end)])


async def test_what_is_put_is_read(storage: Storage, write) -> None:
    """Bytes come back as they were, with their digest and size."""
    path = write(PNG)
    stored = await storage.put(path, "image/png")
    assert stored.digest == hashlib.sha256(PNG).hexdigest()
    assert stored.size == len(PNG) == await storage.size(stored.key)
    assert await read(storage, stored.key) == PNG == path.read_bytes()
    assert await storage.digest(stored.key) == stored.digest == places.digest_of_key(stored.key)


async def test_a_moved_file_is_gone(storage: Storage, write) -> None:
    """With `move` the file is not left behind."""
    path = write(PNG)
    stored = await storage.put(path, "image/png", move=True)
    assert not path.exists()
    assert await read(storage, stored.key) == PNG


async def test_ranges(storage: Storage, write) -> None:
    """Any part of a file can be read, from the first byte to the last; an empty one is empty."""
    stored = await storage.put(write(DATA), "video/mp4")
    for start, end in ((0, 1), (5, 300_000), (len(DATA) - 1, len(DATA)), (10, None), (7, 7)):
        assert await read(storage, stored.key, start, end) == DATA[start:end]


async def test_fetching_to_a_file(storage: Storage, write, tmp_path: Path) -> None:
    """A stored file can be written to a path, for those who need one."""
    stored = await storage.put(write(DATA), "video/mp4")
    await storage.fetch_to(stored.key, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == DATA


async def test_deleting(storage: Storage, write) -> None:
    """Deleted files are gone; deleting what is not there is no error."""
    kept, gone = await storage.put(write(b"kept"), "image/png"), await storage.put(write(b"gone"), "image/png")
    await storage.delete([gone.key, places.new_key("0" * 64, "image/png")])
    await storage.delete([gone.key])
    assert await storage.size(gone.key) is None
    with pytest.raises(NoSuchFile):
        await read(storage, gone.key)
    assert await read(storage, kept.key) == b"kept"
    assert [item.key async for item in storage.everything(storage.place)] == [kept.key]


async def test_small_things_from_memory(storage: Storage) -> None:
    """A playlist needs no file of the caller, and none is left behind."""
    stored = await storage.put_bytes(b"#EXTM3U\n", "application/vnd.apple.mpegurl")
    assert stored.key.endswith(".m3u8")
    assert await read(storage, stored.key) == b"#EXTM3U\n"
    assert storage.local.left_over() == []


async def test_names_never_come_back(storage: Storage, write) -> None:
    """Equal bytes put again get another name: a name that was deleted cannot be deleted from under somebody."""
    first, second = [await storage.put(write(DATA), "image/png") for _ in range(2)]
    assert first.digest == second.digest
    assert first.key != second.key


@pytest.mark.parametrize("name", [
    "", "x", "../../secret", "..", "/etc/passwd", "ab/../../secret", ".arriving/abc", "ab/" + "a" * 64 + ".png",
    "aa/" + "b" * 64 + "-" + "a" * 16 + ".png", "aa/" + "a" * 64 + "-" + "a" * 16 + ".png/../x",
    "aa/" + "a" * 64 + "-" + "a" * 16 + ".png\x00", "aa/" + "a" * 64 + "-" + "a" * 16 + ".png\n",
    "AA/" + "A" * 64 + "-" + "a" * 16 + ".png", "aa\\" + "a" * 64 + "-" + "a" * 16 + ".png",
])
async def test_only_our_own_names_are_looked_up(name: str, tmp_path: Path) -> None:
    """What is no name of ours never reaches the file system, wherever it may point."""
    (tmp_path / "secret").write_text("s3cr3t")
    storage = Storage(Settings(data=tmp_path))
    assert not places.is_key(name)
    with pytest.raises(NoSuchFile):
        await read(storage, name)
    await storage.delete([name])
    assert (tmp_path / "secret").exists()


async def test_unknown_types_are_plain_bytes(tmp_path: Path, write) -> None:
    """A type that could run in a browser is not kept: the file is bytes to be saved."""
    storage = Storage(Settings(data=tmp_path / "data"))
    for media_type in ("text/html", "image/svg+xml", "application/javascript", "nonsense"):
        stored = await storage.put(write(b"<script>"), media_type)
        assert (stored.media_type, stored.key.rpartition(".")[2]) == ("application/octet-stream", "bin")


async def test_relative_names(tmp_path: Path, write) -> None:
    """A playlist names its parts so that a browser finds them below any base address."""
    near, far = "aa/" + "a" * 64 + "-" + "a" * 16 + ".m3u8", "bb/" + "b" * 64 + "-" + "b" * 16 + ".mp4"
    assert places.relative(far, near) == f"../{far}"
    assert places.relative(near, near) == near[3:]


async def test_a_full_disk_leaves_nothing(tmp_path: Path, write, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be made durable has no name, and no half of it stays."""
    storage = Storage(Settings(data=tmp_path / "data"))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space"):
        await storage.put(write(DATA), "image/png")
    assert [item async for item in storage.everything("local")] == []
    assert storage.local.left_over() == []


async def test_bytes_are_durable_before_their_name(tmp_path: Path, write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is synced before it is renamed, the folder after: no name can stand for bytes that were lost."""
    storage, done = Storage(Settings(data=tmp_path / "data")), []
    sync, rename = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append(str(Path(f"/proc/self/fd/{handle}").readlink())),
                                                     sync(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda self, target: (done.append("renamed"), rename(self, target))[1])
    stored = await storage.put(write(DATA), "image/png")
    at = done.index("renamed")
    assert f"/{ARRIVING}/" in done[at - 2] or f"/{ARRIVING}/" in done[at - 1]
    assert done[at + 1:] == [str(storage.local.path(stored.key).parent)]


async def test_addresses_stay_when_files_move(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """An address names the file, not the place: rows and documents hold it for good."""
    key = places.new_key("a" * 64, "image/webp")
    local = Storage(Settings(url="https://potluck.test", data=tmp_path))
    bucket = Storage(Settings(url="https://potluck.test", data=tmp_path, media_storage="s3", s3_bucket="b"))
    assert local.url(key) == bucket.url(key) == f"https://potluck.test/media/{key}"
    assert local.key_of(local.url(key)) == local.key_of(f"/media/{key}") == key
    for other in (None, "", "https://other.test/media/" + key, "https://potluck.test/media/../secret"):
        assert local.key_of(other) is None


async def test_a_bucket_says_what_browsers_must_know(request: pytest.FixtureRequest, tmp_path: Path, write) -> None:
    """Files in a bucket carry type and caching, and what is not to be shown is to be saved."""
    storage = Storage(bucket_settings(request, tmp_path / "data"))
    shown, saved = await storage.put(write(PNG), "image/png"), await storage.put(write(b"<html>"), "text/html")
    found = {}
    for stored in (shown, saved):
        url = obstore.sign(storage.bucket._store, "GET", f"potluck/media/{stored.key}", timedelta(minutes=1))
        async with aiohttp.ClientSession() as client, client.get(url) as answer:
            found[stored.key] = dict(answer.headers)
    assert found[shown.key]["Content-Type"] == "image/png"
    assert found[shown.key]["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Content-Disposition" not in found[shown.key]
    assert found[saved.key]["Content-Type"] == "application/octet-stream"
    assert found[saved.key]["Content-Disposition"] == "attachment"


async def test_large_files_go_in_parts(request: pytest.FixtureRequest, tmp_path: Path, write) -> None:
    """A file of more than one part arrives whole in a bucket."""
    storage = Storage(bucket_settings(request, tmp_path / "data"))
    data = os.urandom(20 << 20)
    stored = await storage.put(write(data), "video/mp4")
    assert await storage.size(stored.key) == len(data)
    assert await storage.digest(stored.key) == hashlib.sha256(data).hexdigest()


async def test_an_absent_bucket_is_said(tmp_path: Path, write) -> None:
    """A bucket that is not named, or does not answer, is an error that says so."""
    with pytest.raises(StorageError, match="s3_bucket is empty"):
        await Storage(Settings(data=tmp_path, media_storage="s3")).put(write(DATA), "image/png")


async def test_files_stay_readable_while_they_move(request: pytest.FixtureRequest, tmp_path: Path, write) -> None:
    """With a bucket in force, files that are still in the folder are read from there, and the other way round."""
    settings = bucket_settings(request, tmp_path / "data")
    bucket, local = Storage(settings), Storage(replace(settings, media_storage="local"))
    old, new = await local.put(write(b"old"), "image/png"), await bucket.put(write(b"new"), "image/png")
    assert (old.place, new.place) == ("local", "s3")
    for storage in (bucket, local):
        assert await read(storage, old.key) == b"old"
        assert await read(storage, new.key) == b"new"
