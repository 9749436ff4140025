"""The cast of the tests: who is who, and short words for what they do.

Alice    a local person; most things are about what she says
Bob      a local person who follows Alice
Eve      a local person, a stranger to Alice
Dave     a local person whom Alice blocked
Mia      a local person whom Alice mentions
Mona     a local person, a moderator, who follows nobody
Carol    on a remote server, follows nobody
Frank    on another remote server, follows Alice
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.social import objects
from potluck.social.drafts import Draft, MentionDraft
from potluck.social.model import (
    Actor,
    Block,
    DomainMute,
    Follow,
    List,
    ListMember,
    Mute,
    Object,
    Server,
    User,
)

Row = TypeVar("Row")
CAROLS = "carol.example"
FRANKS = "frank.example"


@dataclass
class Cast:
    """Everyone, and the database they live in. Each word below is a transaction of its own."""

    database: Database
    alice: Actor
    bob: Actor
    eve: Actor
    dave: Actor
    mia: Actor
    mona: Actor
    carol: Actor
    frank: Actor

    def draft(self, author: Actor, content: str = "hello", *, mentions: Any = (),
              silent: Any = (), **changes: Any) -> Draft:
        """A note by `author`; a remote author's has an id of its own server."""
        uri = None if author.is_local else f"https://{author.host}/notes/{ids.new()}"
        values: dict[str, Any] = {"kind": "note", "type": "Note", "published": now(), "author_id": author.id,
                                  "uri": uri, "content": content} | changes
        made = Draft(**values)
        made.mentions = [MentionDraft(actor.uri, f"@{actor.acct}", actor_id=actor.id) for actor in mentions]
        made.mentions += [MentionDraft(actor.uri, silent=True, actor_id=actor.id) for actor in silent]
        return made

    async def store(self, *drafts: Draft) -> list[Object]:
        """Store drafts; gives the objects."""
        async with self.database.write() as session:
            stored = await objects.store(session, drafts)
        return [item.object for item in stored if item.object is not None]

    async def say(self, author: Actor, content: str = "hello", **changes: Any) -> Object:
        """`author` says something: a note, public unless said otherwise."""
        return (await self.store(self.draft(author, content, **changes)))[0]

    async def reply(self, author: Actor, parent: Object, content: str = "well", **changes: Any) -> Object:
        """`author` replies to `parent`."""
        about = {"in_reply_to_id": parent.id, "in_reply_to_uri": parent.uri}
        return await self.say(author, content, **(about | changes))

    async def _add(self, row: Row) -> Row:
        async with self.database.write() as session:
            session.add(row)
        return row

    async def follow(self, follower: Actor, followed: Actor, **changes: Any) -> Follow:
        """An accepted follow."""
        values: dict[str, Any] = {"state": "accepted"} | changes
        return await self._add(Follow(id=ids.new(), follower_id=follower.id, followed_id=followed.id, **values))

    async def block(self, blocker: Actor, blocked: Actor) -> Block:
        """A block."""
        return await self._add(Block(id=ids.new(), blocker_id=blocker.id, blocked_id=blocked.id))

    async def mute(self, muter: Actor, muted: Actor, **changes: Any) -> Mute:
        """A mute."""
        return await self._add(Mute(id=ids.new(), muter_id=muter.id, muted_id=muted.id, **changes))

    async def mute_server(self, actor: Actor, host: str) -> DomainMute:
        """`actor` wants nothing from a server."""
        return await self._add(DomainMute(id=ids.new(), actor_id=actor.id, host=host))

    async def list_of(self, owner: Actor, *members: Actor, **changes: Any) -> List:
        """A list with members."""
        made = await self._add(List(id=ids.new(), owner_id=owner.id, title="friends", **changes))
        for member in members:
            await self._add(ListMember(id=ids.new(), list_id=made.id, actor_id=member.id))
        return made

    async def change(self, row: Any, **changes: Any) -> None:
        """Set columns of a row (an actor becomes silenced, suspended…)."""
        async with self.database.write() as session:
            fresh = await session.get_one(type(row), row.id)
            for name, value in changes.items():
                setattr(fresh, name, value)
                setattr(row, name, value)

    async def again(self, row: Any) -> Any:
        """The row as it is in the database now."""
        async with self.database.read() as session:
            return await session.get_one(type(row), row.id)


def local_actor(name: str, **changes: Any) -> Actor:
    """A local person, not stored yet and without keys."""
    base = f"https://potluck.test/users/{name}"
    values: dict[str, Any] = {
        "type": "Person", "display_name": name.title(), "followers_uri": f"{base}/followers"} | changes
    return Actor(id=ids.new(), uri=base, name=name, host="", handle=name, inbox=f"{base}/inbox",
                 url=f"https://potluck.test/@{name}", **values)


def remote_actor(name: str, host: str, server_id: int, **changes: Any) -> Actor:
    """A person on another server, not stored yet."""
    base = f"https://{host}/users/{name}"
    values: dict[str, Any] = {
        "type": "Person", "display_name": name.title(), "followers_uri": f"{base}/followers"} | changes
    return Actor(id=ids.new(), uri=base, name=name, host=host, handle=f"{name}@{host}", server_id=server_id,
                 inbox=f"{base}/inbox", shared_inbox=f"https://{host}/inbox", url=f"https://{host}/@{name}", **values)


@pytest.fixture
async def cast(database: Database) -> Cast:
    """Everyone, with Bob and Frank following Alice and Dave blocked by her."""
    servers = {host: Server(id=ids.new(), host=host) for host in (CAROLS, FRANKS)}
    people = {name: local_actor(name) for name in ("alice", "bob", "eve", "dave", "mia", "mona")}
    people["carol"] = remote_actor("carol", CAROLS, servers[CAROLS].id)
    people["frank"] = remote_actor("frank", FRANKS, servers[FRANKS].id)
    async with database.write() as session:
        session.add_all(servers.values())
        await session.flush()
        session.add_all(people.values())
        await session.flush()
        for actor in people.values():
            if actor.is_local:
                user = User(id=ids.new(), actor_id=actor.id, email=f"{actor.name}@mail.test", password_hash="-",
                            role="moderator" if actor.name == "mona" else "user", confirmed_at=now(), approved_at=now())
                actor.owner_id = user.id
                session.add(user)
    made = Cast(database, **people)
    await made.follow(made.bob, made.alice)
    await made.follow(made.frank, made.alice)
    await made.block(made.alice, made.dave)
    return made


def ago(**span: float) -> datetime:
    """The moment so long ago: `ago(minutes=5)`."""
    return now() - timedelta(**span)
