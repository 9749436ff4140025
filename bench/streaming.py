"""Streaming: many people listen over WebSocket, half at home, half to everyone's posts; one post reaches all.

python -m bench.streaming [--listeners 500] [--posts 20] [--database sqlite|postgresql|both]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import time

import aiohttp

from bench import limits
from bench.processes import Server, databases, running
from bench.seed import add_listeners, make_person
from bench.table import percentile, show

_CONNECTING_AT_ONCE = 20
_PATIENCE = 60.0


class Listener:
    """One socket, and when each post came through it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seen: dict[str, float] = {}

    async def listen(self) -> None:
        """Until the socket closes."""
        async for message in self.socket:
            frame = json.loads(message.data)
            if frame.get("event") == "update":
                self.seen[json.loads(frame["payload"])["id"]] = time.perf_counter()


async def connect(client: aiohttp.ClientSession, server: Server, tokens: list[str]) -> list[Listener]:
    """Open a socket for each token, a few at a time."""
    gate = asyncio.Semaphore(_CONNECTING_AT_ONCE)

    async def one(number: int, token: str) -> Listener:
        stream = "user" if number % 2 else "public"
        async with gate:
            socket = await client.ws_connect(f"{server.url}/api/v1/streaming?access_token={token}&stream={stream}")
        return Listener(socket)

    return list(await asyncio.gather(*(one(number, token) for number, token in enumerate(tokens))))


async def post(client: aiohttp.ClientSession, server: Server, token: str, number: int) -> tuple[str, float]:
    """Publish; returns the id and when the answer was there."""
    async with client.post(f"{server.url}/api/v1/statuses", headers={"Authorization": f"Bearer {token}"},
                           json={"status": f"Post number {number}, for everyone who listens."}) as answer:
        answer.raise_for_status()
        return (await answer.json())["id"], time.perf_counter()


async def measure(server: Server, options: argparse.Namespace) -> list[object]:
    """One server, as a row of the table."""
    token = make_person(server, "alice")
    tokens = await add_listeners(server, "alice", options.listeners)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        await post(client, server, token, 0)
        before = server.memory()
        begun = time.perf_counter()
        listeners = await connect(client, server, tokens)
        connecting = time.perf_counter() - begun
        tasks = [asyncio.create_task(listener.listen()) for listener in listeners]
        await post(client, server, token, 0)  # whoever listens for the first time has filters looked up
        await asyncio.sleep(2)
        each = (server.memory() - before) / len(listeners)
        cpu = server.cpu_seconds()
        with limits.beside() as machine:
            posted = []
            for number in range(options.posts):
                posted.append(await post(client, server, token, number + 1))
                await _reached(listeners, posted[-1][0])
        cpu = (server.cpu_seconds() - cpu) / options.posts
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.gather(*(listener.socket.close() for listener in listeners))
    delays = [max(0.0, listener.seen[key] - moment) for key, moment in posted for listener in listeners
              if key in listener.seen]
    missing = len(posted) * len(listeners) - len(delays)
    return [len(listeners), connecting, percentile(delays, 0.5) * 1000, percentile(delays, 0.99) * 1000, missing,
            cpu * 1000, cpu / machine.sign, each / 1024]


async def _reached(listeners: list[Listener], key: str) -> None:
    """Wait until a post is everywhere."""
    until = time.perf_counter() + _PATIENCE
    while time.perf_counter() < until and any(key not in listener.seen for listener in listeners):  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def run(options: argparse.Namespace) -> None:
    """Measure on each database and print the table."""
    rows: list[list[object]] = []
    with databases(options.database) as found:
        for name, url in found:
            with running(url, rate_limits="false") as server:
                rows.append([name, *await measure(server, options)])
    show(f"streaming, {options.posts} posts", ["database", "listeners", "s to connect", "p50 ms", "p99 ms", "lost",
                                               "CPU ms a post", "in S", "KiB a listener"], rows)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, default=500)
    parser.add_argument("--posts", type=int, default=20)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
