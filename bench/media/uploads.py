"""Uploads and downloads: throughput and memory growth of the web process for a large file, and ranges a second.

    python -m bench.media.uploads [--gigabytes 2] [--connections 16] [--seconds 5]

The file is sent by tus in one request and in pieces, and as a multipart form, to a server in a process of its own; the
web process's memory is looked at all the while. It is then read whole, and in ranges over connections that stay open.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.processes import Server, running
from bench.table import show

_HEAD = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"
_READ = 1 << 20
_PIECE = 16 << 20
_RANGE = 256 << 10


@dataclass
class Watched:
    """Memory of the web process while something is done."""

    before: int = 0
    peak: int = 0
    seconds: float = 0.0

    @property
    def growth(self) -> float:
        """Growth in MiB."""
        return max(0, self.peak - self.before) / (1 << 20)


def web_process(server: Server) -> int:
    """Process id of the web process."""
    return next(pid for pid in server.pids()[1:] if b"web" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"))


def memory_of(pid: int) -> int:
    """Resident memory of a process that no file backs."""
    found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


@contextmanager
def watched(pid: int) -> Iterator[Watched]:
    """Look at the memory of a process every 20 milliseconds."""
    found, stop = Watched(memory_of(pid)), threading.Event()

    def look() -> None:
        while not stop.wait(0.02):
            found.peak = max(found.peak, memory_of(pid))

    thread = threading.Thread(target=look)
    thread.start()
    started = time.perf_counter()
    try:
        yield found
    finally:
        found.seconds = time.perf_counter() - started
        stop.set()
        thread.join()


def make_file(path: Path, size: int, mark: int) -> None:
    """A file that begins like a video and differs from every other."""
    block = os.urandom(8 << 20)
    with path.open("wb") as handle:
        handle.write(_HEAD + mark.to_bytes(8, "big"))
        while handle.tell() < size:
            handle.write(block[:size - handle.tell()])


async def pieces(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    """A part of a file as it is sent."""
    with path.open("rb") as handle:
        handle.seek(start)
        while start < end:
            piece = handle.read(min(_READ, end - start))
            start += len(piece)
            yield piece


async def by_tus(web: aiohttp.ClientSession, server: Server, path: Path, size: int, piece: int) -> None:
    """Upload by tus in requests of so many bytes."""
    async with web.post(f"{server.url}/uploads/tus", headers={"Upload-Length": str(size)}) as answer:
        assert answer.status == 201, await answer.text()
        url = answer.headers["Location"]
    for start in range(0, size, piece):
        end = min(size, start + piece)
        async with web.patch(url, data=pieces(path, start, end), headers={
                "Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream",
                "Content-Length": str(end - start)}) as answer:
            assert answer.status == 204, await answer.text()


async def by_form(web: aiohttp.ClientSession, server: Server, path: Path) -> None:
    """Upload as a multipart form."""
    form = aiohttp.FormData()
    form.add_field("file", path.open("rb"), filename="film.mp4")
    async with web.post(f"{server.url}/api/v2/media", data=form) as answer:
        assert answer.status in {200, 202}, await answer.text()


async def read_whole(web: aiohttp.ClientSession, url: str) -> int:
    """Read a file; gives its length."""
    size = 0
    async with web.get(url) as answer:
        async for piece in answer.content.iter_any():
            size += len(piece)
    return size


async def read_ranges(url: str, size: int, connections: int, seconds: float) -> int:
    """Read ranges over connections that stay open, as many as there is time for."""
    host, port = url.split("/")[2].split(":")
    path = "/" + url.split("/", 3)[3]
    deadline, done = time.perf_counter() + seconds, 0

    async def one(number: int) -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection(host, int(port))
        first = number * 7919 * 4096
        while time.perf_counter() < deadline:
            first = (first + 1_000_003 * 16) % (size - _RANGE)
            wanted = f"Range: bytes={first}-{first + _RANGE - 1}"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{wanted}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 206"), head
            await reader.readexactly(_RANGE)
            done += 1
        writer.close()

    await asyncio.gather(*(one(number) for number in range(connections)))
    return done


async def measure(server: Server, folder: Path, options: argparse.Namespace) -> list[list[object]]:
    """All rows of the table."""
    token = server.command("admin", "token", "alice").splitlines()[-1]
    size, pid, rows = int(options.gigabytes * (1 << 30)), web_process(server), list[list[object]]()
    headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    path = folder / "film"
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=None)) as web:
        await read_whole(web, f"{server.url}/")  # the process has warmed up
        for mark, (what, send) in enumerate((
                ("tus, one request", lambda: by_tus(web, server, path, size, size)),
                ("tus, pieces of 16 MiB", lambda: by_tus(web, server, path, size, _PIECE)),
                ("multipart form", lambda: by_form(web, server, path)))):
            make_file(path, size, mark)
            with watched(pid) as found:
                await send()
            rows.append([what, size / found.seconds / (1 << 20), found.growth, ""])
        url = file_of(server)
        with watched(pid) as found:
            read = await read_whole(web, url)
        rows.append(["reading the whole file", read / found.seconds / (1 << 20), found.growth, ""])
    with watched(pid) as found:
        count = await read_ranges(url, size, options.connections, options.seconds)
    rows.append([f"ranges of 256 KiB, {options.connections} connections",
                 count * _RANGE / found.seconds / (1 << 20), found.growth, count / found.seconds])
    return rows


def file_of(server: Server) -> str:
    """Address of one of the files."""
    path = next((server.data / "media").glob("[!.]*/*.mp4"))
    return f"{server.url}/media/{path.parent.name}/{path.name}"


def main() -> None:
    """Read the command line, measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="potluck-bench-") as folder, running(rate_limits="false") as server:
        server.command("admin", "create-user", "alice", "--email", "alice@example.org", "--password-stdin", "--admin",
                       stdin="correct horse battery staple\n")
        rows = asyncio.run(measure(server, Path(folder), options))
    show(f"uploads and downloads, {options.gigabytes:g} GB",
         ["what", "MiB/s", "growth of memory, MiB", "a second"], rows)


if __name__ == "__main__":
    main()
