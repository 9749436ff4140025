"""Votes that come together are recorded together: as many statements for many as for few, and each for itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select

from potluck.db.base import now
from potluck.federation import journal, strictjson
from potluck.federation.model import Delivery, GroupActivity, Outgoing
from potluck.social import blocks
from potluck.social.communities import moderating
from potluck.social.model import Actor, CommentPlace, Community, GroupPost, Notification, Object, Reaction
from support.databases import statements

from .conftest import Wire
from .groups_cast import act, hosted
from .peers import Peer

FAR = "https://far.example"


async def voters(wire: Wire, count: int) -> list[str]:
    """People elsewhere who are known here."""
    uris = [f"{FAR}/users/voter{number}" for number in range(count)]
    async with wire.db.write() as session:
        await session.execute(insert(Actor), [
            {"id": 900_000 + number, "uri": uri, "type": "Person", "name": f"voter{number}", "host": "far.example",
             "handle": f"voter{number}@far.example", "inbox": f"{uri}/inbox", "fetched_at": now()}
            for number, uri in enumerate(uris)])
    return uris


def vote(voter: str, target: str, kind: str = "Like", number: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": f"{voter}/votes/{kind}{number}", "type": kind, "actor": voter, "object": target, **more}


async def arrive(wire: Wire, *activities: dict[str, Any]) -> int:
    """The activities lie in the journal; how many statements the engine takes to record them."""
    async with wire.db.write() as session:
        await journal.append(session, [
            journal.Received("far.example", activity["actor"], None, strictjson.dump(activity).decode())
            for activity in activities])
    with statements(wire.db) as sent:
        await wire.work()
    assert await wire.journal() == []
    return len([statement for statement in sent if statement.startswith(("INSERT", "UPDATE", "DELETE", "SAVEPOINT"))
                or "reaction" in statement])


async def counts(wire: Wire, row: Object) -> tuple[int, int]:
    """(likes, dislikes) of an object, which are those of its reactions."""
    found = await wire.object(row.uri)
    assert found is not None
    given = await wire.rows(select(Reaction.kind).where(Reaction.object_id == row.id))
    assert (found.likes_count, found.dislikes_count) == (len(given) - given.count("dislike"), given.count("dislike"))
    return found.likes_count, found.dislikes_count


async def test_many_cost_as_many_statements_as_few(wire: Wire, alice: Actor) -> None:
    """On a post and a comment of a community, and on a note; the ranks follow, and the author is told of each."""
    group = await hosted(wire, alice)
    post = await wire.say(alice, title="A broth", group_id=group.id)
    answer = await wire.say(alice, in_reply_to_id=post.id, group_id=group.id)
    note = await wire.say(alice)
    people = await voters(wire, 44)
    few, many = [await arrive(wire, *(
        vote(voter, row.uri, "Dislike" if number % 4 == 3 and row is post else "Like", row.id)
        for number, voter in enumerate(some) for row in (note, post, answer))) for some in (people[:4], people[4:])]
    assert await counts(wire, note) == (44, 0)
    assert await counts(wire, post) == (33, 11)
    assert await counts(wire, answer) == (44, 0)
    (place,), (below,) = await wire.rows(select(GroupPost)), await wire.rows(select(CommentPlace))
    assert (place.score, place.votes, below.score) == (22, 44, 44)
    assert below.hot > 0
    assert len(await wire.rows(select(Notification.id).where(Notification.type == "favourite"))) == 121
    assert many <= 2 * few  # two batches of a hundred


async def test_together_as_one_after_the_other(wire: Wire, alice: Actor) -> None:
    """Twice counts once, a change of mind counts last, an undone vote not; what is refused is refused alone."""
    group = await hosted(wire, alice)
    post = await wire.say(alice, title="A broth", group_id=group.id)
    private = await wire.say(alice, visibility="followers")
    one, two, three, blocked, banned = await voters(wire, 5)
    async with wire.db.write() as session:
        enemy, outcast = [await session.get_one(Actor, 900_000 + number) for number in (3, 4)]
        await blocks.block(session, alice, enemy)
        await moderating.ban(session, alice, group, outcast)
    first = vote(two, post.uri)
    await arrive(
        wire, vote(one, post.uri), vote(one, post.uri, number=2), first, vote(two, post.uri, "Dislike"),
        vote(three, post.uri), {"id": f"{three}/undo", "type": "Undo", "actor": three, "object": vote(three, post.uri)},
        vote(blocked, post.uri), vote(banned, post.uri), vote(one, private.uri, number=3),
        vote(three, post.uri, number=2, content="🍲"))
    assert await counts(wire, post) == (2, 1)
    assert await counts(wire, private) == (0, 0)
    given = {(row.actor_id, row.kind) for row in await wire.rows(select(Reaction))}
    assert given == {(900_000, "like"), (900_001, "dislike"), (900_002, "emoji")}


async def test_an_id_that_is_taken_spoils_no_others(wire: Wire, alice: Actor) -> None:
    """A hostile vote with the id of another is dropped; those beside it count."""
    note, other = await wire.say(alice), await wire.say(alice)
    one, two = await voters(wire, 2)
    stolen = vote(one, note.uri)
    await arrive(wire, stolen, {**vote(one, other.uri), "id": stolen["id"]}, vote(two, other.uri))
    assert await counts(wire, note) == (1, 0)
    assert await counts(wire, other) == (1, 0)
    await arrive(wire, {**vote(two, note.uri), "id": stolen["id"]}, vote(one, other.uri, number=5))
    assert await counts(wire, note) == (1, 0)
    assert await counts(wire, other) == (2, 0)


async def test_downvotes_that_a_community_does_not_take(wire: Wire, alice: Actor) -> None:
    """They clear the vote, and the upvotes beside them count."""
    group = await hosted(wire, alice)
    post = await wire.say(alice, title="A broth", group_id=group.id)
    one, two, three = await voters(wire, 3)
    async with wire.db.write() as session:
        (await session.get_one(Community, group.id)).downvotes = False
    await arrive(wire, vote(one, post.uri))
    await arrive(wire, vote(one, post.uri, "Dislike"), vote(two, post.uri, "Dislike"), vote(three, post.uri))
    assert await counts(wire, post) == (1, 0)


async def test_a_community_here_passes_each_of_them_on(wire: Wire, alice: Actor, peer: Peer, other: Peer) -> None:
    """In order, to every server with members and to the voter's own; as many statements for many as for few."""
    group = await hosted(wire, alice)
    post = await wire.say(alice, title="A broth", group_id=group.id)
    carol, dave = peer.person("carol"), other.person("dave")
    await wire.take(carol, act(carol, "Follow", group.uri, to=[group.uri]))
    await wire.learn(dave)
    async with wire.db.write() as session:
        await session.execute(delete(Delivery))
    people = await voters(wire, 20)
    cast = [vote(dave.uri, post.uri), *(vote(voter, post.uri) for voter in people[:3])]
    few = await arrive(wire, *cast)
    many = await arrive(wire, *(more := [vote(voter, post.uri) for voter in people[3:]]))
    assert many <= few
    bodies = {row.id: strictjson.parse(row.body) for row in await wire.rows(select(Outgoing))}
    queued = [(row.host, bodies[row.outgoing_id]["object"]["id"]) for row in await wire.deliveries()]
    assert [said for host, said in queued if host == peer.host] == [one["id"] for one in (*cast, *more)]
    assert [said for host, said in queued if host == other.host] == [cast[0]["id"]]
    announced = bodies[(await wire.deliveries())[0].outgoing_id]
    assert (announced["type"], announced["actor"], announced["object"]) == ("Announce", group.uri, cast[0])
    assert len(await wire.rows(select(GroupActivity).where(GroupActivity.object_id == post.id))) == 21
