"""Announcing to many hosts: a post in a community of ours until every host with members has both its announcements."""

from __future__ import annotations

import asyncio
import time

import aiohttp
from sqlalchemy import insert, select

from bench import limits
from bench.fediverse import Fediverse, Peer
from bench.processes import Server, running
from bench.seed import add_peers, database, make_person
from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social.communities import making
from potluck.social.communities.making import Wishes
from potluck.social.keys import make_pairs
from potluck.social.model import Actor, Follow

_COMMUNITY = "stews"
_ANNOUNCES = 2  # the Create, and the bare post for those who know no communities


async def fan_out(name: str, url: str, hosts: int) -> list[list[object]]:
    """A post by a person here, alone and announced, to `hosts` hosts: rows of the table."""
    fediverse = Fediverse()
    peers = await fediverse.start(hosts)
    rows: list[list[object]] = []
    with running(url, rate_limits="false") as server:
        token = make_person(server, "alice")
        await _community(server, fediverse, peers)
        with limits.beside() as machine:
            for label in ("first, new connections", "again, connections kept"):
                seconds, cpu = await _post(server, token, peers, label)
                sent = hosts * _ANNOUNCES
                rows.append([name, label, seconds, sent / seconds, cpu / sent * 1000, machine.sign * 1000,
                             cpu / sent / machine.sign])
    await fediverse.stop()
    return rows


async def _community(server: Server, fediverse: Fediverse, peers: list[Peer]) -> None:
    """A community that Alice leads, with a member on every peer."""
    async with database(server) as db:
        members = await add_peers(db, fediverse, peers)
        async with db.write() as session:
            alice = await session.scalar(select(Actor).where(Actor.handle == "alice"))
            if alice is None:
                raise RuntimeError("no Alice")
            group = await making.create(session, alice, _COMMUNITY, Wishes("Stews"), pairs=make_pairs())
            await session.execute(insert(Follow), [
                {"id": ids.new(), "follower_id": actor_id, "followed_id": group.id, "state": "accepted",
                 "created_at": now()} for actor_id in members])


async def _post(server: Server, token: str, peers: list[Peer], text: str) -> tuple[float, float]:
    """Post to the community; returns (seconds until all hosts have everything, CPU seconds)."""
    wanted = {peer.host: peer.received + _ANNOUNCES for peer in peers}
    cpu, started = server.cpu_seconds(), time.perf_counter()
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as client, \
            client.post(f"{server.url}/api/v1/statuses", json={"status": f"@{_COMMUNITY} {text}"}) as answer:
        answer.raise_for_status()
    deadline = time.monotonic() + 600
    while any(peer.received < wanted[peer.host] for peer in peers):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{sum(peer.received < wanted[peer.host] for peer in peers)} hosts did not get it all")
        await asyncio.sleep(0.05)
    return time.perf_counter() - started, server.cpu_seconds() - cpu
