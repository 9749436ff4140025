"""Ingest: signed Create activities at the shared inbox, until the last is visible in a home timeline through the API.

    python -m bench.ingest [--notes 3000] [--hosts 20] [--database sqlite|postgresql|both] [--unknown]

The activities are made and signed before the clock starts. Every author is followed by one local person. With
`--unknown` the server has never seen the authors: each must be fetched first (one note each).
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


async def measure(server: Server, fediverse: Fediverse, peers: list[Peer], notes: int) -> dict[str, Any]:
    """Send and wait; returns rate, CPU per note, answer times and memory."""
    host = server.url.partition("://")[2]
    prepared = []
    for number in range(notes):
        peer = peers[number % len(peers)]
        body = create_note(peer, number)
        prepared.append((body, signed_headers(fediverse.key, peer, host, body)))
    token = server.environ["BENCH_TOKEN"]
    server.memory()
    cpu, started = server.cpu_seconds(), time.perf_counter()
    times = await _send(server, prepared)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as client:
        await _until_visible(client, server, notes)
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


async def _until_visible(client: aiohttp.ClientSession, server: Server, notes: int) -> None:
    """Wait until as many posts as were sent (or a full home, which keeps the newest thousand) can be read."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        async with client.get(f"{server.url}/api/v1/accounts/verify_credentials") as answer:
            await answer.read()
        if await _waiting(client, server) == 0 and await _newest_visible(client, server, notes):
            return
        server.memory()
        await asyncio.sleep(0.05)
    raise RuntimeError("the notes did not arrive in time")


async def _waiting(client: aiohttp.ClientSession, server: Server) -> int:
    async with client.get(f"{server.url}/metrics", headers={"Authorization": ""}) as answer:
        for line in (await answer.text()).splitlines():
            if line.startswith("potluck_inbox_waiting "):
                return int(float(line.split()[1]))
    raise RuntimeError("no measure of the inbox")


async def _newest_visible(client: aiohttp.ClientSession, server: Server, notes: int) -> bool:
    async with client.get(f"{server.url}/api/v1/timelines/home?limit=40") as answer:
        statuses = json.loads(await answer.read())
    return len(statuses) >= min(40, notes)


async def run(arguments: argparse.Namespace) -> None:
    """Measure on each database and print the table."""
    machine = limits.measure()
    rows = []
    with databases(arguments.database) as found:
        for name, url in found:
            with running(url) as server:
                fediverse = Fediverse()
                count = arguments.notes if arguments.unknown else arguments.hosts
                peers = await fediverse.start(count)
                server.environ["BENCH_TOKEN"] = make_person(server, "alice")
                await follow_peers(server, fediverse, peers, "alice", known=not arguments.unknown)
                result = await measure(server, fediverse, peers, arguments.notes)
                await fediverse.stop()
            rows.append([name, result["rate"], result["cpu"] * 1000, result["cpu"] / machine.sign,
                         result["p50"] * 1000, result["p99"] * 1000, result["peak"] >> 20])
    show(f"ingest of {arguments.notes} notes from {arguments.hosts} hosts"
         f" (S = {machine.sign * 1000:.3f} ms, verify {machine.verify * 1000:.3f} ms)",
         ["database", "notes/s", "CPU ms each", "in S", "answer p50 ms", "p99 ms", "peak MiB"], rows)


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
