"""What must survive: a server that is away, processes killed in mid-work, secure mode, moves, deleted accounts."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import aiohttp
import pytest

from potluck.db.engine import SQLITE_FILE
from potluck.social import domain_policies
from servers.conftest import Servers
from support.servers import PASSWORD, eventually, server

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(280)]


async def test_posts_wait_for_a_server_that_is_away(servers: Servers) -> None:
    """What is said while a server is down arrives when it is back, in order, once; others do not wait."""
    alice, bob, carol = await servers.cast()
    await bob.follow(alice)
    await carol.follow(alice)
    await servers.two.stop()
    for number in range(3):
        await alice.say(f"Course number {number}")
    await carol.will_see("Course number 2")
    await servers.two.start()
    await bob.will_see("Course number 2")
    courses = [row["content"] for row in await bob.get("/api/v1/timelines/home") if "Course number" in row["content"]]
    assert [text[-5] for text in courses] == ["2", "1", "0"]


async def test_what_was_given_up_is_caught_up(servers: Servers) -> None:
    """Alice's server gave up on Carol's while it was away: back again, that one reads the outbox, in past order."""
    alice, _, carol = await servers.cast()
    await carol.follow(alice)
    await servers.three.stop()
    for number in range(2):
        await alice.say(f"Lost plate {number}")
    await alice.say(f"{carol.handle} lost word")
    await servers.one.stop()
    with closing(sqlite3.connect(servers.one.data / SQLITE_FILE)) as database, database:
        assert database.execute("DELETE FROM delivery").rowcount >= 3
    with closing(sqlite3.connect(servers.three.data / SQLITE_FILE)) as database, database:
        database.execute("UPDATE pulse SET beat_at = beat_at - 3600000000")
        database.execute("UPDATE server SET software = 'gotosocial'")
    await servers.one.start()
    await servers.three.start()
    await carol.will_see("Lost plate 0")
    await carol.notified("mention", alice)
    rows = [row["content"] for row in await carol.get("/api/v1/timelines/home") if "Lost plate" in row["content"]]
    assert [text[-5] for text in rows] == ["1", "0"]
    notices = [row for row in await carol.get("/api/v1/notifications") if row["type"] == "mention"]
    assert len(notices) == 1


async def test_killed_processes_lose_and_double_nothing(servers: Servers) -> None:
    """With web and engine of both servers killed again and again, all of forty posts arrive exactly once."""
    alice, bob, _ = await servers.cast()
    await bob.follow(alice)

    async def kill_now_and_then() -> None:
        for _ in range(2):
            for place, role in ((servers.two, "engine"), (servers.one, "engine"), (servers.two, "web")):
                await asyncio.sleep(0.7)
                await place.kill(role)

    killing = asyncio.create_task(kill_now_and_then())
    for number in range(40):
        await alice.say(f"Plate {number:02}.")
        await asyncio.sleep(0.05)
    await killing
    await servers.two.answers()

    async def all_there() -> bool:
        try:
            rows = await bob.get("/api/v1/timelines/home?limit=80")
        except aiohttp.ClientError:
            return False
        plates = sorted(row["content"] for row in rows if "Plate" in row["content"])
        assert len(plates) == len(set(plates)), "a post arrived twice"
        return len(plates) == 40

    await eventually(all_there, seconds=90)


async def test_an_acknowledged_post_survives_the_power_going(servers: Servers) -> None:
    """After `kill -9` of everything right behind the answer, the post is there and still goes out."""
    alice, bob, _ = await servers.cast()
    await bob.follow(alice)
    said = await alice.say("Written at the last moment")
    await servers.one.kill_all()
    await servers.one.start()
    assert "last moment" in (await alice.get(f"/api/v1/statuses/{said['id']}"))["content"]
    await bob.will_see("last moment")


async def test_secure_mode_answers_only_signed_requests() -> None:
    """A server in secure mode refuses unsigned fetches, and federates with others all the same."""
    async with server(secure_mode="true") as strict, server(secure_mode="true") as other:
        alice, bob = await strict.person("alice"), await other.person("bob")
        said = await alice.say("Behind a curtain")
        async with aiohttp.ClientSession(headers={"Accept": "application/activity+json"}) as client:
            async with client.get(said["uri"]) as answer:
                assert answer.status == 401
            async with client.get(f"{strict.url}/actor") as answer:
                assert answer.status == 200
        await bob.follow(alice)
        await alice.say("For those who sign")
        await bob.will_see("For those who sign")


async def test_followers_move_along(servers: Servers) -> None:
    """Alice moves to another server: Carol's follow goes with her."""
    alice, bob, carol = await servers.cast()
    await carol.follow(alice)
    await servers.two.command("admin", "alias", bob.name, alice.handle)
    await servers.one.command("admin", "move", alice.name, bob.handle)
    new = await carol.find(bob)

    async def moved() -> bool:
        found = (await carol.get(f"/api/v1/accounts/relationships?id[]={new['id']}"))[0]
        return bool(found["following"])

    await eventually(moved)
    old = await carol.find(alice)
    assert old["moved"]["acct"] == bob.handle[1:]


async def test_a_deleted_account_is_gone_elsewhere(servers: Servers) -> None:
    """An account that is deleted disappears from other servers with all it said; its address answers 410."""
    alice, bob, _ = await servers.cast()
    account = await bob.follow(alice)
    await alice.say("I will not stay")
    await bob.will_see("I will not stay")
    await servers.one.command("admin", "delete-user", alice.name, "--yes")

    async def gone() -> bool:
        return not await bob.sees("I will not stay")

    await eventually(gone)
    async with aiohttp.ClientSession(headers={"Accept": "application/activity+json"}) as client, \
            client.get(f"{servers.one.url}/users/{alice.name}") as answer:
        assert answer.status == 410
    await bob.get(f"/api/v1/accounts/{account['id']}", expect=404)


async def test_a_suspended_server_is_not_heard(servers: Servers) -> None:
    """With a suspended domain nothing comes in, neither by push nor by search."""
    alice, bob, _ = await servers.cast()
    async with server() as careful:
        dora = await careful.person("dora", admin=True)
        await careful.command("admin", "domain", "suspend", servers.one.host)
        await asyncio.sleep(domain_policies.SECONDS + 2)  # other processes go by the policies of before for so long
        found = await dora.get(f"/api/v2/search?resolve=true&q={alice.handle}")
        assert found["accounts"] == []
        await dora.follow(bob)


async def test_a_reply_is_forwarded_to_followers_of_the_thread(servers: Servers) -> None:
    """Carol follows only Alice; Bob's reply to Alice reaches Carol's server by Alice's (inbox forwarding)."""
    alice, bob, carol = await servers.cast()
    await bob.follow(alice)
    await carol.follow(alice)
    said = await alice.say("Is anyone there?")
    at_two = await bob.will_see("Is anyone there")
    at_three = await carol.will_see("Is anyone there")
    await bob.say(f"{alice.handle} Here I am", in_reply_to_id=at_two["id"])
    await alice.notified("mention", bob)
    assert said["id"]

    async def forwarded() -> bool:
        context = await carol.get(f"/api/v1/statuses/{at_three['id']}/context")
        return any("Here I am" in row["content"] for row in context["descendants"])

    await eventually(forwarded)


async def test_the_password_is_needed_to_sign_in(servers: Servers) -> None:
    """The sign-in page refuses a wrong password and takes the right one."""
    alice, _, _ = await servers.cast()
    for password, path in (("wrong", "/signin"), (PASSWORD, "/home")):
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
            async with client.get(f"{servers.one.url}/signin") as answer:
                page = await answer.text()
            token = page.split('name="_csrf" value="')[1].split('"')[0]
            form = {"_csrf": token, "login": alice.name, "password": password}
            async with client.post(f"{servers.one.url}/signin", data=form) as answer:
                assert answer.url.path == path
