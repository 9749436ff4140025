"""Fan-out: one post to followers on many https hosts, over new connections; some of them slow, some dead.

    python -m bench.fanout [--hosts 500] [--slow 0.05] [--dead 0.05] [--database sqlite|postgresql|both]

Each round sends one post and waits until every healthy host has it. The first round opens all connections, the
second finds them open, the third has slow hosts (5 s) and dead ones.
"""

from __future__ import annotations

import argparse
import asyncio
import ssl
import time
from typing import Any

import aiohttp
import trustme

from bench import limits
from bench.fediverse import Fediverse, Peer
from bench.processes import Server, databases, running
from bench.seed import followed_by_peers, make_person
from bench.table import show

_SLOW_SECONDS = 5.0
_ROUNDS = (("cold", "new connections"), ("warm", "kept alive"), ("mixed", "slow and dead"))


async def post_and_wait(server: Server, token: str, peers: list[Peer], text: str) -> tuple[float, float]:
    """Publish one post; returns (seconds until all `peers` have it, CPU seconds per delivery)."""
    before = {peer.host: peer.received for peer in peers}
    cpu, started = server.cpu_seconds(), time.perf_counter()
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as client, \
            client.post(f"{server.url}/api/v1/statuses", json={"status": text}) as answer:
        answer.raise_for_status()
    deadline = time.monotonic() + 300
    while any(peer.received == before[peer.host] for peer in peers):
        if time.monotonic() > deadline:
            missing = sum(peer.received == before[peer.host] for peer in peers)
            raise RuntimeError(f"{missing} of {len(peers)} hosts did not get the post")
        server.memory()
        await asyncio.sleep(0.02)
    return time.perf_counter() - started, (server.cpu_seconds() - cpu) / len(peers)


async def measure(server: Server, fediverse: Fediverse, peers: list[Peer],
                  options: argparse.Namespace) -> dict[str, Any]:
    """All rounds on one server."""
    token = make_person(server, "alice")
    await followed_by_peers(server, fediverse, peers, "alice")
    cold = await post_and_wait(server, token, peers, "The table is set.")
    warm = await post_and_wait(server, token, peers, "Soup is ready.")
    slow = {peer.host for peer in peers[: int(len(peers) * options.slow)]}
    dead = {peer.host for peer in peers[len(slow): len(slow) + int(len(peers) * options.dead)]}
    fediverse.delay = lambda host: 60.0 if host in dead else _SLOW_SECONDS if host in slow else 0.0
    healthy = [peer for peer in peers if peer.host not in slow | dead]
    mixed = await post_and_wait(server, token, healthy, "Cake for those who are quick.")
    return {"cold": cold, "warm": warm, "mixed": mixed, "peak": server.peak_memory}


async def run(options: argparse.Namespace) -> None:
    """Measure on each database and print the table."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.num_tickets = 0  # all peers have one name: without this, one would resume the session of another
    rows = []
    with databases(options.database) as found, authority.cert_pem.tempfile() as pem:
        for name, url in found:
            fediverse = Fediverse()
            peers = await fediverse.start(options.hosts, context)
            with running(url, extra_ca=pem) as server, limits.beside() as machine:
                result = await measure(server, fediverse, peers, options)
            await fediverse.stop()
            rows += [[name, label, len(peers) / result[key][0], result[key][0], result[key][1] * 1000,
                      machine.sign * 1000, result[key][1] / machine.sign, result[key][0] / result["warm"][0],
                      result["peak"] >> 20]
                     for key, label in _ROUNDS]
    show(f"fan-out to {options.hosts} hosts",
         ["database", "round", "posts/s", "seconds", "CPU ms each", "S in ms", "in S", "time against warm",
          "peak MiB"], rows)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=500)
    parser.add_argument("--slow", type=float, default=0.05)
    parser.add_argument("--dead", type=float, default=0.05)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
