"""People of running servers doing what no API has a word for in the tests, straight through `potluck.social`.

The act is written into the server's own database; its engine sends it, as if a page or an app had called the same rule.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import assembly, settings
from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.settings import Settings
from potluck.social import actors, objects
from potluck.social.model import Actor, Follow, GroupPost, Object
from support.servers import Server

_NODE = 63
"""Ids of what tests write come from a node no server takes while it starts."""


@dataclass(frozen=True, slots=True)
class Insider:
    """A way into a server's database."""

    server: Server
    db: Database
    settings: Settings

    @contextlib.asynccontextmanager
    async def acting(self) -> AsyncIterator[AsyncSession]:
        """A transaction in which this server's rules are in force."""
        before, ids.node = settings._current, _NODE
        settings.use(self.settings)
        try:
            async with self.db.write() as session:
                yield session
        finally:
            settings._current = before

    async def actor(self, handle: str) -> Actor | None:
        """Somebody known to this server, by `name` or `name@host`."""
        async with self.db.read() as session:
            return await actors.by_handle(session, handle)

    async def object(self, uri: str) -> Object | None:
        """Something known to this server that is there: neither deleted nor removed nor taken back."""
        async with self.db.read() as session:
            row = await objects.by_uri(session, uri)
        there = row is not None and row.deleted_at is None and row.state == "published"
        return row if there else None

    async def place(self, uri: str) -> GroupPost | None:
        """A post's place in its community."""
        async with self.db.read() as session:
            found: GroupPost | None = await session.scalar(
                select(GroupPost).join(Object, Object.id == GroupPost.object_id).where(Object.uri == uri))
            return found

    async def follows(self, follower: str, followed: str) -> str | None:
        """The state of a follow, None when there is none."""
        one, other = await self.actor(follower), await self.actor(followed)
        if one is None or other is None:
            return None
        async with self.db.read() as session:
            found: str | None = await session.scalar(select(Follow.state).where(
                Follow.follower_id == one.id, Follow.followed_id == other.id))
            return found


@contextlib.asynccontextmanager
async def inside(server: Server) -> AsyncIterator[Insider]:
    """Open the database of a running server."""
    environ: dict[str, Any] = {**server.environ}
    before = settings._current
    made = settings.load(environ)
    settings._current = before
    assembly.install()
    db = Database(made)
    try:
        yield Insider(server, db, made)
    finally:
        await db.close()
