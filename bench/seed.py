"""Fills a running server for a measurement: people through the command line, masses straight into the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from bench.fediverse import Fediverse, Peer
from bench.processes import Server
from potluck import assembly, settings
from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.social import objects
from potluck.social.accounts import secret_values
from potluck.social.drafts import Draft
from potluck.social.model import Actor, ActorKey, Follow, OAuthToken, User
from potluck.social.model import Server as RemoteServer

_NODE = 63


def make_person(server: Server, name: str) -> str:
    """Create an account; returns a token for the API."""
    server.command("admin", "create-user", name, "--email", f"{name}@example.org", "--password-stdin",
                   stdin="correct horse battery staple\n")
    return server.command("admin", "token", name).splitlines()[-1].strip()


@asynccontextmanager
async def database(server: Server) -> AsyncIterator[Database]:
    """The server's database, opened beside it."""
    opened = Database(settings.use(settings.load(server.environ)))
    ids.node = _NODE
    assembly.install()
    try:
        yield opened
    finally:
        await opened.close()


async def add_peers(db: Database, fediverse: Fediverse, peers: Sequence[Peer]) -> list[int]:
    """Make the peers' actors known, keys included; returns their ids."""
    moment = now()
    servers = {peer.base: ids.new() for peer in peers}
    actors = {peer.base: ids.new() for peer in peers}
    async with db.write() as session:
        await session.execute(insert(RemoteServer), [
            {"id": servers[peer.base], "host": peer.host, "created_at": moment, "nodeinfo_at": moment,
             "last_seen_at": moment} for peer in peers])
        await session.execute(insert(Actor), [_actor(peer, actors[peer.base], servers[peer.base]) for peer in peers])
        await session.execute(insert(ActorKey), [
            {"id": ids.new(), "actor_id": actors[peer.base], "uri": f"{peer.actor}#main-key", "algorithm": "rsa",
             "public_key": fediverse.public_pem, "created_at": moment} for peer in peers])
    return list(actors.values())


def _actor(peer: Peer, actor_id: int, server_id: int) -> dict[str, Any]:
    moment = now()
    return {
        "id": actor_id, "uri": peer.actor, "type": "Person", "name": "author", "host": peer.host,
        "handle": f"author@{peer.host}", "server_id": server_id, "display_name": "Author",
        "url": f"{peer.base}/@author", "inbox": f"{peer.base}/inbox", "shared_inbox": f"{peer.base}/inbox",
        "outbox": f"{peer.actor}/outbox", "followers_uri": f"{peer.actor}/followers", "fetched_at": moment,
    }


async def follow_peers(server: Server, fediverse: Fediverse, peers: Sequence[Peer], name: str) -> None:
    """Make the peers' actors known and have a local person follow every one."""
    async with database(server) as db:
        actor_ids = await add_peers(db, fediverse, peers)
        async with db.write() as session:
            person = await session.scalar(select(Actor.id).where(Actor.handle == name))
            await session.execute(insert(Follow), [
                {"id": ids.new(), "follower_id": person, "followed_id": actor_id, "state": "accepted",
                 "created_at": now()} for actor_id in actor_ids])


async def followed_by_peers(server: Server, fediverse: Fediverse, peers: Sequence[Peer], name: str) -> None:
    """Have every peer's actor follow a local person."""
    async with database(server) as db:
        actor_ids = await add_peers(db, fediverse, peers)
        async with db.write() as session:
            person = await session.scalar(select(Actor.id).where(Actor.handle == name))
            await session.execute(insert(Follow), [
                {"id": ids.new(), "follower_id": actor_id, "followed_id": person, "state": "accepted",
                 "created_at": now()} for actor_id in actor_ids])


async def add_notes(server: Server, author: str, count: int) -> None:
    """Store `count` public notes of a local person, a minute apart, without telling anyone elsewhere."""
    async with database(server) as db:
        async with db.read() as session:
            author_id = await session.scalar(select(Actor.id).where(Actor.handle == author))
        oldest = now() - timedelta(minutes=count)
        for first in range(0, count, 500):
            async with db.write() as session:
                await objects.store(session, [_note(author_id, oldest + timedelta(minutes=number), number)
                                              for number in range(first, min(first + 500, count))])


def _note(author_id: int | None, published: Any, number: int) -> Draft:
    return Draft(kind="note", type="Note", author_id=author_id, published=published, hashtags=["potluck"],
                 content=f"<p>Note number {number}, long enough to look like what people write in the evening.</p>")


async def add_listeners(server: Server, followed: str, count: int) -> list[str]:
    """Make `count` local people who follow someone, straight in the database; returns a token of each."""
    made = [(ids.new(), ids.new(), f"listener{number:05}", secret_values.make()) for number in range(count)]
    moment = now()
    async with database(server) as db, db.write() as session:
        followed_id = await session.scalar(select(Actor.id).where(Actor.handle == followed))
        base = settings.current().url
        await session.execute(insert(Actor), [
            {"id": actor_id, "uri": f"{base}/users/{name}", "type": "Person", "name": name, "host": "", "handle": name,
             "owner_id": user_id, "inbox": f"{base}/users/{name}/inbox", "created_at": moment}
            for actor_id, user_id, name, _ in made])
        await session.execute(insert(User), [
            {"id": user_id, "actor_id": actor_id, "email": f"{name}@example.org", "password_hash": "",
             "confirmed_at": moment, "approved_at": moment, "created_at": moment}
            for actor_id, user_id, name, _ in made])
        await session.execute(insert(OAuthToken), [
            {"id": ids.new(), "token_hash": secret_values.digest(secret), "user_id": user_id, "scopes": "read",
             "created_at": moment} for _, user_id, _, secret in made])
        await session.execute(insert(Follow), [
            {"id": ids.new(), "follower_id": actor_id, "followed_id": followed_id, "state": "accepted",
             "created_at": moment} for actor_id, _, _, _ in made])
    return [secret for _, _, _, secret in made]
