"""Conversation containers (FEP-171b), as Hubzilla, Streams and Forte send them: read, and never trusted blindly."""

from __future__ import annotations

from typing import Any

from potluck.federation.items import object_of

from .conftest import Wire
from .groups_cast import act, place, subscribed, there
from .peers import PUBLIC, Peer, RemotePerson, ago


def conversation(owner: RemotePerson) -> dict[str, Any]:
    """The target of an Add, as the owner of a conversation writes it."""
    return {"type": "OrderedCollection", "id": f"{owner.peer.base}/conversation/1", "attributedTo": owner.uri}


def hubzilla_note(author: RemotePerson, number: int, owner: RemotePerson, **changes: Any) -> dict[str, Any]:
    """A post in a conversation: the forum is mentioned, `context` and `target` name the conversation."""
    return author.note(number, f"<p>word {number}</p>", published=ago(minutes=3), **({
        "context": conversation(owner)["id"], "target": conversation(owner), "to": [PUBLIC, owner.uri], "cc": [],
        "tag": [{"type": "Mention", "href": owner.uri, "name": "!soups"}]} | changes))


def add(owner: RemotePerson, what: Any) -> dict[str, Any]:
    """The owner adds something to the conversation."""
    return act(owner, "Add", what, target=conversation(owner))


async def test_a_forums_conversation_is_read(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """Posts, answers and votes of people elsewhere, as a forum adds them; what it takes out is gone."""
    forum = peer.community()
    known = await subscribed(wire, alice, forum)
    carol, dave = peer.person("carol"), other.person("dave")
    await wire.learn(dave)
    post = hubzilla_note(carol, 1, forum)
    said = hubzilla_note(dave, 2, forum, inReplyTo=post["id"])
    await wire.take(forum, add(forum, carol.create(post)), add(forum, dave.create(said | {"content": "<p>forged</p>"})),
                    add(forum, act(dave, "Like", post["id"])))
    row, answer = await there(wire, post["id"]), await there(wire, said["id"])
    assert (row.group_id, answer.group_id, answer.content) == (known.id, known.id, "<p>word 2</p>")
    assert ((await place(wire, post["id"])).comments, row.likes_count) == (1, 1)
    assert await wire.home(alice) == [row.id]
    await wire.take(forum, act(forum, "Remove", dave.create(said), target=conversation(forum)))
    assert (await there(wire, said["id"])).state == "removed"
    await wire.take(forum, act(forum, "Remove", post["id"], target=conversation(forum)))
    assert (await there(wire, post["id"])).state == "removed"


async def test_a_persons_conversation_vouches_for_nothing(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """An answer is fetched where it lives; a vote without proof counts for nothing, and nothing is taken down."""
    owner, dave = peer.person("erin"), other.person("dave")
    await wire.follow(alice, await wire.learn(owner))
    await wire.learn(dave)
    post = hubzilla_note(owner, 1, owner)
    said = hubzilla_note(dave, 2, owner, inReplyTo=post["id"])
    served = act(dave, "Like", post["id"])
    other.serve(served)
    await wire.take(owner, owner.create(post), add(owner, dave.create(said | {"content": "<p>forged</p>"})),
                    add(owner, act(dave, "Dislike", post["id"])), add(owner, said), add(owner, served),
                    act(owner, "Remove", said["id"], target=conversation(owner)))
    row, answer = await there(wire, post["id"]), await there(wire, said["id"])
    assert (answer.content, answer.state) == ("<p>word 2</p>", "published")
    assert (row.likes_count, row.dislikes_count) == (1, 0)


async def test_nobody_adds_to_the_conversation_of_another(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """A collection that is attributed to somebody else says nothing, nor does anything malformed."""
    forum = peer.community()
    await subscribed(wire, alice, forum)
    mallory, carol = other.person("mallory"), peer.person("carol")
    post = hubzilla_note(carol, 1, forum)
    created = carol.create(post)
    forged = act(mallory, "Add", created, target=conversation(forum))
    targets: list[Any] = [[], {"type": "OrderedCollection", "attributedTo": [[]]}, conversation(mallory) | {"id": 5}]
    shapes = [act(mallory, "Add", what, target=target) for what in ([], [5], "x", {"type": "Create"}, created)
              for target in targets]
    await wire.take(mallory, forged, *shapes)
    assert await wire.object(post["id"]) is None
    assert [item for item in await wire.journal() if item.parked_at] == []


def test_items_of_a_conversation_name_what_was_said() -> None:
    """A container lists Adds; of those that say something the thing counts."""
    create = {"type": "Create", "object": {"type": "Note", "id": "https://a.example/1"}}
    assert object_of({"type": "Add", "object": create}) == "https://a.example/1"
    assert object_of({"type": "Add", "object": {"type": "Like", "id": "https://a.example/2"}}) is None
