"""Follower synchronisation (FEP-8fcf): both servers compare what they know of a follow, and repair what differs."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db import Database
from potluck.federation import activities
from potluck.federation.outgoing import Audience, send
from potluck.federation.urls import origin_of, same_host, same_origin
from potluck.settings import current
from potluck.social import follows
from potluck.social.model import Actor, Follow, Server

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

MAX_FOLLOWERS = 25_000
"""Accounts with more are not synchronised (as Mastodon)."""
HEADER = "Collection-Synchronization"
_CACHED = 32
_PARAMETER = re.compile(r'\s*([A-Za-z]{1,20})="([^"]{0,2100})"\s*(?:,|$)')


def digest(uris: Iterable[str]) -> str:
    """XOR of the SHA-256 of each id, as 64 hex digits; all zeros for none."""
    value = 0
    for uri in uris:
        value ^= int.from_bytes(hashlib.sha256(uri.encode()).digest(), "big")
    return f"{value:064x}"


class SyncHeaders:
    """Makes the header of followers-only deliveries: the digests for all hosts of one activity at once."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: OrderedDict[int, Mapping[str, dict[str, str]]] = OrderedDict()

    async def of(self, actor_id: int, outgoing_id: int, host: str) -> dict[str, str]:
        """The header for one host; empty for accounts with very many followers."""
        found = self._known.get(outgoing_id)
        if found is None:
            found = await self._make(actor_id)
            self._known[outgoing_id] = found
            while len(self._known) > _CACHED:
                self._known.popitem(last=False)
        return found.get(host, {})

    async def _make(self, actor_id: int) -> Mapping[str, dict[str, str]]:
        async with self._db.read() as session:
            actor = await session.get(Actor, actor_id)
            if actor is None:
                return {}
            rows = (await session.execute(
                select(Server.host, Actor.uri).join(Follow, Follow.follower_id == Actor.id)
                .join(Server, Server.id == Actor.server_id)
                .where(Follow.followed_id == actor_id, Follow.state == "accepted").limit(MAX_FOLLOWERS + 1))).all()
        if len(rows) > MAX_FOLLOWERS:
            return {}
        by_host: dict[str, list[str]] = {}
        for host, uri in rows:
            by_host.setdefault(host, []).append(uri)
        collection = activities.followers_of(actor)
        return {host: {HEADER: f'collectionId="{collection}", url="{collection}_synchronization",'
                               f' digest="{digest(uris)}"'} for host, uris in by_host.items()}


def parse(value: str) -> dict[str, str]:
    """The parameters of the header; empty when it is malformed."""
    found: dict[str, str] = {}
    position = 0
    while position < len(value):
        match = _PARAMETER.match(value, position)
        if match is None:
            return {}
        found[match[1]] = match[2]
        position = match.end()
    return found


async def differs(session: AsyncSession, value: str, signer_uri: str) -> tuple[str, dict[str, str]] | None:
    """Compare a received header with what is known here.

    Returns:
        On a difference the list to be fetched, and what its job should know. None when nothing differs, or the header
        does not fit the signer.
    """
    parameters = parse(value)
    collection, url = parameters.get("collectionId"), parameters.get("url", "")
    actor = await session.scalar(select(Actor).where(Actor.uri == signer_uri))
    if actor is None or collection is None or collection != actor.followers_uri or not same_host(url, signer_uri):
        return None
    expected = parameters.get("digest", "").lower()
    if expected == digest(await local_followers(session, actor)):
        return None
    return url, {"actor": actor.uri, "digest": expected}


async def local_followers(session: AsyncSession, followed: Actor) -> list[str]:
    """Ids of the people here who follow a remote actor."""
    return list((await session.scalars(select(Actor.uri).join(Follow, Follow.follower_id == Actor.id).where(
        Follow.followed_id == followed.id, Follow.state == "accepted", Actor.host == ""))).all())


async def slice_for(session: AsyncSession, followed: Actor, requester_uri: str) -> list[str]:
    """Ids of followers of a local actor that live where the requester does."""
    rows = await session.scalars(select(Actor.uri).join(Follow, Follow.follower_id == Actor.id).where(
        Follow.followed_id == followed.id, Follow.state == "accepted",
        Actor.uri.startswith(f"{origin_of(requester_uri)}/", autoescape=True)))
    return [uri for uri in rows.all() if same_origin(uri, requester_uri)]


async def repair(federation: Federation, actor_uri: str, expected: str, listed: list[str]) -> None:
    """Make follows agree with the list the followed actor's server gave.

    Args:
        expected: the digest that was announced; a list that does not match it is not acted upon.
        listed: ids of people here whom that server takes for followers.
    """
    ours = [uri for uri in dict.fromkeys(listed) if uri.startswith(f"{current().url}/")]
    if digest(ours) != expected.lower():
        return
    async with federation.db.write() as session:
        followed = await session.scalar(select(Actor).where(Actor.uri == actor_uri))
        if followed is None:
            return
        here = set(await local_followers(session, followed))
        wanted = {*here, *ours}
        people = {row.uri: row for row in (await session.scalars(select(Actor).where(
            Actor.uri.in_(wanted), Actor.host == ""))).all()} if wanted else {}
        for uri in here - set(ours):
            await follows.reject(session, followed, people[uri])
        for uri in set(ours) - here:
            if uri in people:
                await _undo(session, people[uri], followed)


async def _undo(session: AsyncSession, follower: Actor, followed: Actor) -> None:
    """Tell the other server that somebody it takes for a follower is none."""
    uri = f"{follower.uri}#follows/{followed.id}"
    inner = {"id": uri, "type": "Follow", "actor": follower.uri, "object": followed.uri}
    await send(session, follower, activities.undo(inner, follower), Audience(actors={followed.id}, personal=True))
