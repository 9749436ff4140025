"""Forms with files: read as they come, written to disk, bounded, removed."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from potluck.media import multipart_form
from potluck.media.local_folder import LocalFolder
from potluck.media.multipart_form import Form, read_form
from potluck.media.quotas import TooLarge
from potluck.social.errors import Invalid


def encoded(data: dict[str, str], files: dict[str, tuple[str, bytes]]) -> tuple[str, bytes]:
    request = httpx.Request("POST", "http://test/", data=data, files=files)
    return request.headers["content-type"], request.read()


async def cut(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start:start + size]


@pytest.fixture
def folder(tmp_path: Path) -> LocalFolder:
    return LocalFolder(tmp_path / "media")


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
async def test_fields_and_files(folder: LocalFolder, size: int) -> None:
    """However the body is cut up, fields and files are what was sent; the files are gone afterwards."""
    data = os.urandom(3000)
    kind, body = encoded({"description": "A cät", "focus": "0,0"}, {
        "file": ("cat.png", data), "thumbnail": ("../../t.png", b"small")})
    async with read_form(kind, cut(body, size), folder, most=0) as form:
        assert (form.text("description"), form.text("focus"), form.text("none")) == ("A cät", "0,0", "")
        assert form.files["file"].path.read_bytes() == data
        assert (form.files["file"].name, form.files["file"].size) == ("cat.png", 3000)
        assert (form.files["thumbnail"].name, form.files["thumbnail"].size) == ("t.png", 5)
    assert folder.left_over() == []


async def test_an_empty_file_field_is_no_file(folder: LocalFolder) -> None:
    """A form whose file was not chosen sends an empty one without a name."""
    body = (b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n\r\n--x--\r\n")
    async with read_form("multipart/form-data; boundary=x", cut(body, 100), folder, most=0) as form:
        assert form.files == {}


async def test_a_moved_file_stays(folder: LocalFolder, tmp_path: Path) -> None:
    """Who takes a file over keeps it."""
    kind, body = encoded({}, {"file": ("a", b"data")})
    async with read_form(kind, cut(body, 10), folder, most=0) as form:
        form.files["file"].path.rename(tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == b"data"


@pytest.mark.parametrize(("kind", "body"), [
    ("multipart/form-data; boundary=x", b"nonsense"), ("multipart/form-data; boundary=x", b"--x\r\n"),
    ("multipart/form-data; boundary=x", b""), ("multipart/form-data", b"--x--"), ("text/plain", b"x"), ("", b""),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf'),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: attachment\r\n\r\nx\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x", b"--x\r\n" + b"X-A: b\r\n" * 1000 + b"\r\nx\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\nhalf'),
])
async def test_what_is_no_form(folder: LocalFolder, kind: str, body: bytes) -> None:
    """What cannot be read, or ends too early, is refused, and nothing of it stays."""
    with pytest.raises(Invalid):
        async with read_form(kind, cut(body, 10), folder, most=0):
            pass
    assert folder.left_over() == []


async def test_bounds(folder: LocalFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, all fields together, and their number have limits; reading ends there."""
    monkeypatch.setattr(multipart_form, "MAX_TEXT", 1000)
    read = 0

    async def endless(start: bytes) -> AsyncIterator[bytes]:
        nonlocal read
        yield start
        while read < 1 << 30:
            read += 1000
            yield b"x" * 1000

    head = b'--b\r\nContent-Disposition: form-data; name="file"'
    for start in (head + b'; filename="f"\r\n\r\n', head + b"\r\n\r\n"):
        read = 0
        with pytest.raises(TooLarge):
            async with read_form("multipart/form-data; boundary=b", endless(start), folder, most=50_000):
                pass
        assert read < 100_000
    many = b"".join(head + b"\r\n\r\nx\r\n" for _ in range(200)) + b"--b--\r\n"
    with pytest.raises(Invalid):
        async with read_form("multipart/form-data; boundary=b", cut(many, 1000), folder, most=0):
            pass
    assert folder.left_over() == []


async def test_memory_stays_flat(folder: LocalFolder) -> None:
    """A file of 64 MiB takes a few MiB of memory."""

    async def body() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        for _ in range(1024):
            yield b"x" * 65536
        yield b"\r\n--b--\r\n"

    tracemalloc.start()
    try:
        async with read_form("multipart/form-data; boundary=b", body(), folder, most=0) as form:
            assert form.files["file"].size == 64 << 20
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_last_value_counts() -> None:
    """Of several values of one name the last counts."""
    assert Form([("a", "1"), ("a", "2")]).text("a") == "2"
