"""Three servers and a community: Alice's on one; Bob on two and Carol on three are members, moderators, outsiders.

Acts go through the rules inside of each server, everything else through HTTP between them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
import pytest_asyncio

from potluck.db.base import now
from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.social import follows, objects
from potluck.social.communities import joining, making, moderating, roles
from potluck.social.communities.making import Wishes
from potluck.social.errors import NotAllowed
from potluck.social.keys import make_pairs
from potluck.social.model import Actor, Object
from servers.conftest import Servers, three_servers
from support import postgres
from support.insiders import Insider, inside
from support.servers import Person, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(280)]



@dataclass(frozen=True, slots=True)
class Town:
    """The three servers from inside, their people, and Alice's community."""

    insiders: tuple[Insider, Insider, Insider]
    people: tuple[Person, Person, Person]
    name: str

    def group_at(self, number: int) -> str:
        """The community's handle on a server."""
        return self.name if number == 0 else f"{self.name}@{self.insiders[0].server.host}"

    async def them(self, number: int) -> tuple[Actor, Actor]:
        """The person and the community as a server knows them."""
        me = await self.insiders[number].actor(self.people[number].name)
        group = await self.insiders[number].actor(self.group_at(number))
        assert me is not None
        assert group is not None
        return me, group

    async def join(self, *numbers: int, state: str = "accepted") -> None:
        """People of these servers find the community by its name and subscribe."""
        for number in numbers:
            person, insider = self.people[number], self.insiders[number]
            handle = f"!{self.name}@{self.insiders[0].server.host}"
            found = await person.get(f"/api/v2/search?resolve=true&q={quote(handle, safe='')}")
            await person.post(f"/api/v1/accounts/{found['accounts'][0]['id']}/follow")
            await eventually(partial(self._follows, insider, person.name, self.group_at(number), state))

    async def _follows(self, insider: Insider, follower: str, followed: str, state: str) -> bool:
        return await insider.follows(follower, followed) == state

    async def submit(self, number: int, title: str, **more: Any) -> str:
        """Somebody posts to the community; gives the post's id."""
        me, group = await self.them(number)
        async with self.insiders[number].acting() as session:
            return (await links.compose(session, me, LinkRequest(group.id, title, **more))).uri

    async def comment(self, number: int, text: str, uri: str) -> str:
        """Somebody answers; gives the comment's id."""
        me, _ = await self.them(number)
        above = await self.sees(number, uri)
        async with self.insiders[number].acting() as session:
            return (await notes.compose(session, me, NoteRequest(text, in_reply_to_id=above.id))).uri

    async def vote(self, number: int, uri: str, direction: int) -> None:
        """Somebody votes."""
        me, _ = await self.them(number)
        row = await self.sees(number, uri)
        async with self.insiders[number].acting() as session:
            await joining.vote(session, me, row.id, direction)

    async def moderate(self, number: int, what: Callable[..., Awaitable[Any]], uri: str, *arguments: Any,
                       **more: Any) -> None:
        """Somebody moderates a post or comment."""
        me, _ = await self.them(number)
        async with self.insiders[number].acting() as session:
            row = await objects.by_uri(session, uri)
            assert row is not None
            await what(session, me, row.id, *arguments, **more)

    async def towards(self, number: int, what: Callable[..., Awaitable[Any]], whom: int, **more: Any) -> None:
        """Somebody moderates a person, or appoints them."""
        me, group = await self.them(number)
        other = await self.insiders[number].actor(self.people[whom].handle if whom != number else me.name)
        assert other is not None
        async with self.insiders[number].acting() as session:
            await what(session, me, await session.get_one(Actor, group.id), other, **more)

    async def sees(self, number: int, uri: str) -> Object:
        """Wait until something is there on a server."""
        found = await eventually(partial(self.insiders[number].object, uri))
        assert found is not None
        return found

    async def gone(self, uri: str, *numbers: int) -> None:
        """Wait until something can be seen on none of these servers."""
        for number in numbers:
            insider = self.insiders[number]

            async def look(insider: Insider = insider) -> bool:
                return await insider.object(uri) is None

            await eventually(look)

    async def agree(self, uri: str, *numbers: int, **wanted: Any) -> None:
        """Wait until a post's place has these values on these servers."""
        seen: dict[int, Any] = {}

        async def look() -> bool:
            for number in numbers:
                place = await self.insiders[number].place(uri)
                seen[number] = place and {name: getattr(place, name) for name in wanted}
            return all(seen[number] == wanted for number in numbers)

        try:
            await eventually(look)
        except AssertionError as error:
            raise AssertionError(f"wanted {wanted}, seen {seen}") from error


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers(postgres_server: postgres.Server) -> AsyncIterator[Servers]:
    """The three servers, with a cast for each test."""
    async with three_servers(postgres_server, 7) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def insiders(servers: Servers) -> AsyncIterator[tuple[Insider, Insider, Insider]]:
    """A way into each of the servers."""
    async with AsyncExitStack() as stack:
        one, two, three = [await stack.enter_async_context(inside(server))
                           for server in (servers.one, servers.two, servers.three)]
        yield one, two, three


async def town_of(servers: Servers, insiders: tuple[Insider, Insider, Insider], name: str, **wishes: Any) -> Town:
    """A new community of a new Alice."""
    people = await servers.cast()
    town = Town(insiders, people, name)
    alice = await insiders[0].actor(people[0].name)
    assert alice is not None
    async with insiders[0].acting() as session:
        await making.create(session, alice, name, Wishes(name.title(), **wishes), pairs=make_pairs())
    return town


async def test_members_post_comment_and_vote(servers: Servers, insiders) -> None:
    """All servers of members have the same posts, discussion and score, also after edits and votes taken back."""
    town = await town_of(servers, insiders, "stews")
    await town.join(1, 2)
    post = await town.submit(1, "A stew", link="https://stew.example/", text="*slow*")
    for number in (0, 2):
        row = await town.sees(number, post)
        assert (row.kind, row.title, row.extra["link"]) == ("link", "A stew", "https://stew.example/")
    first = await town.comment(2, "With beans?", post)
    answer = await town.comment(0, "With lentils", first)
    await town.sees(1, answer)
    await town.vote(2, post, 1)
    await town.vote(0, post, 1)
    await town.vote(1, first, -1)
    await town.agree(post, 0, 1, 2, score=2, votes=2, comments=2)
    await town.vote(2, post, -1)
    await town.agree(post, 0, 1, 2, score=0, votes=2)
    await town.vote(2, post, 0)
    await town.agree(post, 0, 1, 2, score=1, votes=1)
    bob, group = await town.them(1)
    async with insiders[1].acting() as session:
        row = await objects.by_uri(session, post)
        assert row is not None
        await links.revise(session, bob, row.id, LinkRequest(group.id, "A slow stew", link="https://slow.example/"))

    async def edited() -> bool:
        rows = [await insider.object(post) for insider in insiders]
        return {(row.title, row.extra["link"]) for row in rows if row} == {("A slow stew", "https://slow.example/")}

    await eventually(edited)


async def test_only_members_servers_are_told(servers: Servers, insiders) -> None:
    """Carol's server has no member: nothing comes to it, until somebody there looks; Bob hears once of each post."""
    town = await town_of(servers, insiders, "broths")
    await town.join(1)
    posts = [await town.submit(number, f"Broth of {number}") for number in (0, 1)]
    await town.agree(posts[0], 1, listed=True)
    await town.agree(posts[1], 0, listed=True)
    assert [await insiders[2].object(uri) for uri in posts] == [None, None]
    bob = await insiders[1].actor(town.people[1].name)
    assert bob is not None
    home = await town.people[1].get("/api/v1/timelines/home?limit=40")
    assert [row["uri"] for row in home].count(posts[0]) == 1
    found = await town.people[2].find(posts[1])
    assert found["account"]["acct"] == town.people[1].handle[1:]


async def test_a_burst_keeps_its_order(servers: Servers, insiders) -> None:
    """Post, comments on comments, votes and edits in one go, while a member's server is away: all of it is right."""
    town = await town_of(servers, insiders, "bakes")
    await town.join(1, 2)
    await servers.three.stop()
    post = await town.submit(1, "A bake")
    uri = post
    for number in range(4):
        uri = await town.comment(number % 2, f"word {number}", uri)
    for direction in (1, -1, 1, 0, -1):
        await town.vote(0, post, direction)
        await town.vote(1, uri, direction)
    await town.agree(post, 0, 1, score=-1, comments=4)
    await servers.three.start()
    await town.agree(post, 2, score=-1, votes=1, comments=4)
    last = await town.sees(2, uri)
    root = await insiders[2].object(post)
    assert root is not None
    assert last.thread_root_id == root.id

    async def counted() -> bool:
        row = await insiders[2].object(uri)
        return row is not None and (row.likes_count, row.dislikes_count) == (0, 1)

    await eventually(counted, seconds=150)  # what failed while it was away is tried again after a minute and more


async def test_moderation_reaches_everybody(servers: Servers, insiders) -> None:
    """Removal and return, lock, pin; an author's deletion is no removal and no moderator brings it back."""
    town = await town_of(servers, insiders, "soups")
    await town.join(1, 2)
    post, other = await town.submit(1, "A soup"), await town.submit(2, "Another soup")
    said = await town.comment(2, "Too salty", post)
    for number in (0, 1, 2):
        await town.sees(number, said)
        await town.sees(number, other)
    await town.moderate(0, moderating.remove, said, "rude")
    await town.gone(said, 0, 1, 2)
    await town.moderate(0, moderating.restore, said)
    for number in (1, 2):
        await town.sees(number, said)
    await town.moderate(0, moderating.pin, other)
    await town.moderate(0, moderating.lock, post)
    await town.agree(other, 0, 1, 2, pinned=True)
    await town.agree(post, 0, 1, 2, locked=True)
    with pytest.raises(NotAllowed):
        await town.comment(2, "One more thing", post)
    carol, _ = await town.them(2)
    async with insiders[2].acting() as session:
        row = await objects.by_uri(session, other)
        assert row is not None
        await objects.delete(session, row.id, carol)
    await town.gone(other, 0, 1, 2)
    await town.moderate(0, moderating.lock, post, locked=False)
    await town.agree(post, 0, 1, 2, locked=False, comments=1)


async def test_a_moderator_on_another_server(servers: Servers, insiders) -> None:
    """Bob looks after Alice's community from his server: what he does there holds everywhere, until he is dismissed."""
    town = await town_of(servers, insiders, "salads")
    await town.join(1, 2)
    post = await town.submit(2, "A salad")
    await town.sees(1, post)
    await town.towards(0, moderating.appoint, 1)

    async def listed(wanted: bool, number: int) -> bool:
        me, group = await town.them(number)
        bob = me if number == 1 else await insiders[number].actor(town.people[1].handle)
        if bob is None:
            return not wanted
        async with insiders[number].db.read() as session:
            return await roles.is_moderator(session, group.id, bob.id) == wanted

    await eventually(partial(listed, True, 1))
    await eventually(partial(listed, True, 2))
    await town.moderate(1, moderating.remove, post, "off topic")
    await town.gone(post, 0, 1, 2)
    await town.moderate(1, moderating.restore, post)
    await town.sees(2, post)
    await town.sees(0, post)
    await town.towards(0, moderating.dismiss, 1)
    await eventually(partial(listed, False, 1))
    with pytest.raises(NotAllowed):
        await town.moderate(1, moderating.lock, post)


async def test_bans_are_federated(servers: Servers, insiders) -> None:
    """What Carol said is gone with her ban everywhere; what she tries meanwhile stays at home; then she is back."""
    town = await town_of(servers, insiders, "dips")
    await town.join(1, 2)
    post = await town.submit(2, "A dip")
    await town.sees(1, post)
    await town.towards(0, moderating.ban, 2, reason="rude", expires_at=now() + timedelta(days=3), with_content=True)
    await town.gone(post, 0, 1, 2)

    async def banned(wanted: bool) -> bool:
        carol, group = await town.them(2)
        async with insiders[2].db.read() as session:
            return await roles.is_banned(session, group.id, carol.id) == wanted

    await eventually(partial(banned, True))
    with pytest.raises(NotAllowed):
        await town.submit(2, "Another dip")
    await town.towards(0, moderating.unban, 2)
    await eventually(partial(banned, False))
    again = await town.submit(2, "A better dip")
    await town.sees(1, again)


async def test_a_private_community(servers: Servers, insiders) -> None:
    """Members are let in one by one; nobody else gets a post, by delivery or by asking for it."""
    town = await town_of(servers, insiders, "secrets", visibility="private")
    await town.join(1, 2, state="pending")
    _, group = await town.them(0)

    async def asked() -> bool:
        return await insiders[0].follows(town.people[1].handle, town.name) == "pending"

    await eventually(asked)
    bob = await insiders[0].actor(town.people[1].handle)
    assert bob is not None
    async with insiders[0].acting() as session:
        await follows.accept(session, await session.get_one(Actor, group.id), bob)

    async def member() -> bool:
        return await insiders[1].follows(town.people[1].name, town.group_at(1)) == "accepted"

    await eventually(member)
    post = await town.submit(0, "For members")
    assert (await town.sees(1, post)).visibility == "group"
    said = await town.comment(1, "Between us", post)
    await town.sees(0, said)
    assert [await insiders[2].object(uri) for uri in (post, said)] == [None, None]
    found = await town.people[2].get(f"/api/v2/search?resolve=true&q={quote(post, safe='')}")
    assert found["statuses"] == []
    async with aiohttp.ClientSession(headers={"Accept": "application/activity+json"}) as client:
        for uri in (post, said, f"{post}/replies"):
            async with client.get(uri) as answer:
                assert answer.status == 404
        async with client.get(f"{group.uri}/outbox") as answer:
            assert (await answer.json())["orderedItems"] == []
