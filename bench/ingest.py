"""Ingest: signed Create activities at the shared inbox, until the last is visible in a home timeline through the API.

    python -m bench.ingest [--notes 3000] [--hosts 20] [--database sqlite|postgresql|both] [--unknown]

The activities are made and signed before the clock starts. Every author is followed by one local person. With
`--unknown` the server has never seen the authors: each must be fetched first (one note each); nobody follows them, so
their notes mention the local person and are awaited among the notifications.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import Any

import aiohttp

from bench import limits
from bench.fediverse import Fediverse, Peer, create_note, signed_headers
from bench.processes import Server, databases, running
from bench.seed import follow_peers, make_person
from bench.table import percentile, show

_CONNECTIONS = 32
_HOME = 200  # entries that are counted at the end; the reading is part of what is measured


async def measure(server: Server, fediverse: Fediverse, peers: list[Peer], notes: int, *, unknown: bool,
                  ) -> dict[str, Any]:
    """Send and wait; returns rate, CPU per note, answer times and memory."""
    host = server.url.partition("://")[2]
    prepared = []
    for number in range(notes):
        peer = peers[number % len(peers)]
        body = create_note(peer, number, f"{server.url}/users/alice" if unknown else "")
        prepared.append((body, signed_headers(fediverse.key, peer, host, body)))
    token = server.environ["BENCH_TOKEN"]
    server.memory()
    cpu, started = server.cpu_seconds(), time.perf_counter()
    times = await _send(server, prepared)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as client:
        await _until_visible(client, server, notes, unknown=unknown)
    seconds, used = time.perf_counter() - started, server.cpu_seconds() - cpu
    server.memory()
    return {"rate": notes / seconds, "cpu": used / notes, "p50": percentile(times, 0.5), "p99": percentile(times, 0.99),
            "peak": server.peak_memory}


async def _send(server: Server, prepared: list[tuple[bytes, dict[str, str]]]) -> list[float]:
    waiting = asyncio.Queue[tuple[bytes, dict[str, str]]]()
    for item in prepared:
        waiting.put_nowait(item)
    times: list[float] = []
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as client:
        async def sender() -> None:
            while not waiting.empty():
                body, headers = waiting.get_nowait()
                begun = time.perf_counter()
                async with client.post(f"{server.url}/inbox", data=body, headers=headers) as answer:
                    if answer.status != 202:
                        raise RuntimeError(f"the inbox answered {answer.status}: {await answer.text()}")
                times.append(time.perf_counter() - begun)

        await asyncio.gather(*(sender() for _ in range(_CONNECTIONS)))
    return times


async def _until_visible(client: aiohttp.ClientSession, server: Server, notes: int, *, unknown: bool) -> None:
    """Wait until nothing is left to process or fetch, and as many posts (notifications) as were sent can be read."""
    pages = "/api/v1/notifications" if unknown else "/api/v1/timelines/home"
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        if await _waiting(client, server) == 0:
            found = await _count(client, server.url + pages, min(notes, _HOME))
            if found < min(notes, _HOME):
                raise RuntimeError(f"only {found} of {notes} notes arrived")
            return
        server.memory()
        await asyncio.sleep(0.05)
    raise RuntimeError("the notes did not arrive in time")


async def _waiting(client: aiohttp.ClientSession, server: Server) -> int:
    async with client.get(f"{server.url}/metrics", headers={"Authorization": ""}) as answer:
        lines = (await answer.text()).splitlines()
    found = [float(line.split()[1]) for line in lines
             if line.startswith(("potluck_inbox_waiting ", "potluck_fetches_waiting "))]
    if len(found) != 2:
        raise RuntimeError("no measure of the queues")
    return int(sum(found))


async def _count(client: aiohttp.ClientSession, url: str, most: int) -> int:
    """How many entries a listing has, read page by page up to `most`."""
    found, before = 0, ""
    while found < most:
        async with client.get(f"{url}?limit=40{before}") as answer:
            answer.raise_for_status()
            entries = json.loads(await answer.read())
        if not entries:
            break
        found += len(entries)
        before = f"&max_id={entries[-1]['id']}"
    return found


async def run(arguments: argparse.Namespace) -> None:
    """Measure on each database and print the table."""
    verify = limits.measure().verify
    rows = []
    with databases(arguments.database) as found:
        for name, url in found:
            with running(url, rate_limits="false") as server:
                fediverse = Fediverse()
                count = arguments.notes if arguments.unknown else arguments.hosts
                peers = await fediverse.start(count)
                server.environ["BENCH_TOKEN"] = make_person(server, "alice")
                if not arguments.unknown:
                    await follow_peers(server, fediverse, peers, "alice")
                with limits.beside() as machine:
                    result = await measure(server, fediverse, peers, arguments.notes, unknown=arguments.unknown)
                await fediverse.stop()
            rows.append([name, result["rate"], result["cpu"] * 1000, machine.sign * 1000, result["cpu"] / machine.sign,
                         result["p50"] * 1000, result["p99"] * 1000, result["peak"] >> 20])
    show(f"ingest of {arguments.notes} notes from {len(peers)} {'unknown ' if arguments.unknown else ''}hosts"
         f" (verify {verify * 1000:.3f} ms)",
         ["database", "notes/s", "CPU ms each", "S in ms", "in S", "answer p50 ms", "p99 ms", "peak MiB"], rows)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=3000)
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--unknown", action="store_true")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
