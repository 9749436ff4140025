"""Private messages of software that knows no threads: one conversation between two people, whoever began it."""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy import select

from potluck.kinds.note import messages as letters
from potluck.social import conversations, messages
from potluck.social.communities import inbox
from potluck.social.model import Actor, Object
from potluck.social.paging import Page

from .conftest import Wire
from .peers import Peer, RemotePerson, ago

_numbers = itertools.count(1)


def chat(author: RemotePerson, to: str, text: str) -> dict[str, Any]:
    """A message as Lemmy 0.19 sends it."""
    uri = f"{author.peer.base}/private_message/{next(_numbers)}"
    document = {"id": uri, "type": "ChatMessage", "attributedTo": author.uri, "to": [to], "content": f"<p>{text}</p>",
                "mediaType": "text/html", "source": {"content": text, "mediaType": "text/markdown"},
                "published": ago(minutes=1)}
    return author.act("Create", document, f"create/{next(_numbers)}", to=[to])


async def test_messages_from_lemmy_are_one_conversation(wire: Wire, peer: Peer) -> None:
    """And ours between them; each is unread until it is read."""
    alice = await wire.local("alice")
    carol = peer.person("carol")
    await wire.learn(carol)
    await wire.take(carol, chat(carol, alice.uri, "Soup?"))
    async with wire.db.write() as session:
        known = (await session.scalars(select(Actor).where(Actor.uri == carol.uri))).one()
        await letters.send(session, await session.get_one(Actor, alice.id), known, "At *eight*")
    await wire.take(carol, chat(carol, alice.uri, "Good"))
    async with wire.db.read() as session:
        assert len(await conversations.page(session, alice.id, Page())) == 1
        rows = await messages.page(session, alice.id, other_id=known.id)
        assert len(rows) == 3
        assert (await inbox.unread(session, alice.id)).messages == 2
        newest = (await session.scalars(select(Object).order_by(Object.id.desc()).limit(1))).one()
        assert newest.in_reply_to_id == rows[1].id
