"""Reads: home and public timeline of 40, one status, one account, a profile page, beside a bare Litestar route.

python -m bench.reads [--posts 2000] [--seconds 4] [--database sqlite|postgresql|both]
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from bench import limits
from bench.processes import Server, _wait, databases, free_port, running
from bench.seed import add_notes, make_person
from bench.table import percentile, show

_CONNECTIONS = 8
_BARE = """
import asyncio, uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar, get
@get("/readyz")
async def ready() -> dict[str, str]:
    return {"ready": "yes"}
async def main():
    await Server(Litestar([ready]), address="127.0.0.1", port=PORT, interface=Interfaces.ASGI).serve()
uvloop.run(main())
"""


@contextmanager
def bare_route() -> Iterator[Server]:
    """A Litestar application with a single route that does nothing."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", _BARE.replace("PORT", str(port))], stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}", process)
        yield Server(f"http://127.0.0.1:{port}", Path(), {}, process, 0.0)
    finally:
        process.kill()
        process.wait()


async def hammer(server: Server, url: str, seconds: float, headers: dict[str, str]) -> tuple[float, float, list[float]]:
    """Ask for `url` again and again; returns (answers per second, CPU seconds each, times)."""
    times: list[float] = []
    until = time.perf_counter() + seconds
    async with aiohttp.ClientSession(headers=headers) as client:
        await _ask(client, url)
        cpu, started = server.cpu_seconds(), time.perf_counter()

        async def asker() -> None:
            while time.perf_counter() < until:
                begun = time.perf_counter()
                await _ask(client, url)
                times.append(time.perf_counter() - begun)

        await asyncio.gather(*(asker() for _ in range(_CONNECTIONS)))
        spent = time.perf_counter() - started
        used = server.cpu_seconds() - cpu
    return len(times) / spent, used / len(times), times


async def _ask(client: aiohttp.ClientSession, url: str) -> None:
    async with client.get(url) as answer:
        body = await answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{url} answered {answer.status}: {body[:200]!r}")


async def measure(server: Server, options: argparse.Namespace) -> list[list[object]]:
    """All reads on one server, as rows of the table."""
    token = make_person(server, "alice")
    await add_notes(server, "alice", options.posts)
    signed_in = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=signed_in) as client, \
            client.get(f"{server.url}/api/v1/timelines/home?limit=1") as answer:
        status = (await answer.json())[0]
    account = status["account"]["id"]
    reads = (
        ("home timeline, 40", "/api/v1/timelines/home?limit=40", signed_in),
        ("public timeline, 40", "/api/v1/timelines/public?limit=40", {}),
        ("public timeline, 40, signed in", "/api/v1/timelines/public?limit=40", signed_in),
        ("one status", f"/api/v1/statuses/{status['id']}", {}),
        ("one account", f"/api/v1/accounts/{account}", {}),
        ("profile page", "/@alice", {}),
    )
    rows = []
    for label, path, headers in reads:
        with limits.beside() as machine:
            rate, cpu, times = await hammer(server, server.url + path, options.seconds, headers)
        server.memory()
        rows.append([label, rate, cpu * 1000, machine.sign * 1000, cpu / machine.sign,
                     percentile(times, 0.5) * 1000, percentile(times, 0.99) * 1000])
    return rows


async def run(options: argparse.Namespace) -> None:
    """Measure on each database and print the table."""
    with bare_route() as bare, limits.beside() as machine:
        rate, cpu, times = await hammer(bare, f"{bare.url}/readyz", options.seconds, {})
    rows: list[list[object]] = [["", "bare Litestar route", rate, cpu * 1000, machine.sign * 1000,
                                 cpu / machine.sign, percentile(times, 0.5) * 1000, percentile(times, 0.99) * 1000]]
    with databases(options.database) as found:
        for name, url in found:
            with running(url, rate_limits="false") as server:
                rows += [[name, *row] for row in await measure(server, options)]
    show(f"reads over {options.posts} posts",
         ["database", "read", "answers/s", "CPU ms each", "S in ms", "in S", "p50 ms", "p99 ms"], rows)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
