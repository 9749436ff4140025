"""What tests of communities on the wire share: posts, comments and activities as Lemmy writes them, and the people."""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy import select

from potluck.social.communities import making, mod_log
from potluck.social.communities.making import Wishes
from potluck.social.model import Actor, GroupPost, Object
from potluck.social.paging import Page

from .conftest import PAIRS, Wire
from .peers import PUBLIC, Peer, RemotePerson, ago

_numbers = itertools.count(1)


def page(author: RemotePerson, group_uri: str, **changes: Any) -> dict[str, Any]:
    """A post as Lemmy writes it, served at its id."""
    document = {
        "id": f"{author.peer.base}/post/{next(_numbers)}", "type": "Page", "attributedTo": author.uri,
        "to": [group_uri, PUBLIC], "cc": [], "audience": group_uri, "name": "On broth", "content": "<p>slow</p>",
        "mediaType": "text/html", "attachment": [{"type": "Link", "href": "https://soup.example/broth"}],
        "sensitive": False, "language": {"identifier": "fr", "name": "Français"}, "published": ago(minutes=5)} | changes
    author.peer.serve(document)
    return document


def comment(author: RemotePerson, group_uri: str, parent: str, **changes: Any) -> dict[str, Any]:
    """A comment as Lemmy writes it, served at its id."""
    document = {
        "id": f"{author.peer.base}/comment/{next(_numbers)}", "type": "Note", "attributedTo": author.uri,
        "to": [group_uri, PUBLIC], "cc": [], "audience": group_uri, "content": "<p>hm</p>", "inReplyTo": parent,
        "published": ago(minutes=1)} | changes
    author.peer.serve(document)
    return document


def act(actor: RemotePerson, kind: str, what: Any, **changes: Any) -> dict[str, Any]:
    """An activity with an id of its own."""
    return actor.act(kind, what, str(next(_numbers)), **({"to": [PUBLIC], "cc": []} | changes))


async def subscribed(wire: Wire, reader: Actor, group: RemotePerson) -> Actor:
    """The reader is a member of a community elsewhere."""
    known = await wire.learn(group)
    await wire.follow(reader, known)
    return known


async def hosted(wire: Wire, leader: Actor, **changes: Any) -> Actor:
    """A community here."""
    wishes = Wishes(**{"title": "Stews", "languages": ["en"], **changes})
    async with wire.db.write() as session:
        return await making.create(session, leader, "stews", wishes, pairs=PAIRS[1])


async def joined(wire: Wire, group: Actor, *people: RemotePerson) -> None:
    """People of other servers become members of a community here; what they are told of it is forgotten."""
    for person in people:
        await wire.take(person, act(person, "Follow", group.uri, to=[group.uri]))
    await wire.deliver()
    for person in people:
        person.peer.received.clear()


async def inner(wire: Wire, peer: Peer, group: Actor) -> list[Any]:
    """What a community here announced to a server, in order."""
    await wire.deliver()
    return [item["object"] for item in peer.received if item["type"] == "Announce" and item["actor"] == group.uri]


async def announced(wire: Wire, peer: Peer) -> list[dict[str, Any]]:
    """What communities here told a server, in order."""
    await wire.deliver()
    return [item for item in peer.received if item["type"] == "Announce"]


async def place(wire: Wire, uri: str) -> GroupPost:
    """A post's place in its community."""
    (found,) = await wire.rows(
        select(GroupPost).join(Object, Object.id == GroupPost.object_id).where(Object.uri == uri))
    return found


async def there(wire: Wire, uri: str) -> Object:
    """The object with this id, which must be here."""
    row = await wire.object(uri)
    assert row is not None, f"{uri} is not here"
    return row


async def log_of(wire: Wire) -> list[str]:
    """What the log of moderation says, oldest first."""
    async with wire.db.read() as session:
        return [entry.action.act for entry in await mod_log.read(session, Page())][::-1]
