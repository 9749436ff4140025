"""Connections of listeners that vanished are noticed by probes of TCP."""

from __future__ import annotations

import asyncio
import socket

from potluck.processes import keeping_alive
from potluck.tasks import beside


async def test_accepted_connections_are_probed() -> None:
    """Once the port is listened on, connections from then on are probed after half a minute of silence."""
    accepted: asyncio.Queue[socket.socket] = asyncio.Queue()

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accepted.put(writer.get_extra_info("socket"))
        await writer.drain()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, beside(keeping_alive.have_probed(port)):
        for _ in range(50):
            if server.sockets[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE):
                break
            await asyncio.sleep(0.02)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        ours = await accepted.get()
        assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == keeping_alive.SILENCE_SECONDS
        writer.close()


def test_nobody_listens() -> None:
    """A port that this process does not listen on is left alone."""
    assert not keeping_alive.probe(1)
