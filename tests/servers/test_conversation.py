"""Three servers talk: following, posting, replying, boosting, liking, editing, deleting, voting, quoting."""

from __future__ import annotations

import asyncio
import re

import pytest

from servers.conftest import Servers
from support.servers import Person, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(280)]


async def test_a_post_reaches_followers_elsewhere(servers: Servers) -> None:
    """What Alice says is in Bob's home on another server, as she wrote it, and she learns who follows."""
    alice, bob, _ = await servers.cast()
    await bob.follow(alice)
    assert (await alice.notified("follow", bob))["account"]["acct"] == bob.handle[1:]
    said = await alice.say("Soup is ready for #potluck, <b>everyone</b>!", spoiler_text="food", language="en")
    seen = await bob.will_see("Soup is ready")
    assert seen["uri"] == said["uri"]
    assert seen["spoiler_text"] == "food"
    assert seen["sensitive"]
    assert seen["language"] == "en"
    assert "&lt;b&gt;" in seen["content"]
    assert [tag["name"] for tag in seen["tags"]] == ["potluck"]
    assert seen["account"]["acct"] == alice.handle[1:]


async def test_a_reply_travels_over_three_servers(servers: Servers) -> None:
    """Carol answers Bob's answer to Alice; each server has the whole conversation in order."""
    alice, bob, carol = await servers.cast()
    await bob.follow(alice)
    await carol.follow(bob)
    await carol.follow(alice)
    root = await alice.say("Who brings bread?")
    at_two = await bob.will_see("Who brings bread")
    await bob.say(f"{alice.handle} I do", in_reply_to_id=at_two["id"])
    assert "I do" in (await alice.notified("mention", bob))["status"]["content"]
    at_three = await carol.will_see("I do")
    await carol.say(f"{alice.handle} {bob.handle} And I butter", in_reply_to_id=at_three["id"])

    async def whole() -> bool:
        found = await alice.get(f"/api/v1/statuses/{root['id']}/context")
        return ["I do" in row["content"] or "butter" in row["content"] for row in found["descendants"]] == [True, True]

    await eventually(whole)
    assert "butter" in (await bob.notified("mention", carol))["status"]["content"]


async def test_likes_and_boosts_are_given_and_taken_back(servers: Servers) -> None:
    """A like and a boost from elsewhere are counted and notified, a boost reaches third servers, undo removes both."""
    alice, bob, carol = await servers.cast()
    await bob.follow(alice)
    await carol.follow(bob)
    said = await alice.say("Plum cake recipe")
    at_two = await bob.will_see("Plum cake")
    await bob.post(f"/api/v1/statuses/{at_two['id']}/favourite")
    await bob.post(f"/api/v1/statuses/{at_two['id']}/reblog")
    await alice.notified("favourite", bob)
    await alice.notified("reblog", bob)
    boosted = await carol.will_see("Plum cake")
    assert boosted["reblog"]["uri"] == said["uri"]
    assert boosted["account"]["acct"] == bob.handle[1:]
    await bob.post(f"/api/v1/statuses/{at_two['id']}/unfavourite")
    await bob.post(f"/api/v1/statuses/{at_two['id']}/unreblog")

    async def taken_back() -> bool:
        now = await alice.get(f"/api/v1/statuses/{said['id']}")
        return (now["favourites_count"], now["reblogs_count"]) == (0, 0) and not await carol.sees("Plum cake")

    await eventually(taken_back)


async def test_an_edit_is_seen_with_its_history(servers: Servers) -> None:
    """An edited post is replaced elsewhere, the earlier version kept."""
    alice, bob, _ = await servers.cast()
    await bob.follow(alice)
    said = await alice.say("Dinner at six")
    at_two = await bob.will_see("Dinner at six")
    await alice.call("PUT", f"/api/v1/statuses/{said['id']}", status="Dinner at seven")
    await bob.will_see("Dinner at seven")
    history = await bob.get(f"/api/v1/statuses/{at_two['id']}/history")
    assert ["six" in row["content"] for row in history] == [True, False]


async def test_a_deleted_post_is_gone_everywhere(servers: Servers) -> None:
    """A deleted post leaves homes and answers 404 in apps, 410 on the wire."""
    alice, bob, _ = await servers.cast()
    await bob.follow(alice)
    said = await alice.say("This was a mistake")
    at_two = await bob.will_see("This was a mistake")
    await alice.call("DELETE", f"/api/v1/statuses/{said['id']}")

    async def gone() -> bool:
        return not await bob.sees("This was a mistake")

    await eventually(gone)
    await bob.get(f"/api/v1/statuses/{at_two['id']}", expect=404)


async def test_private_posts_go_only_where_they_may(servers: Servers) -> None:
    """Followers-only posts reach followers, direct ones who is named; strangers get neither, by search or by id."""
    alice, bob, carol = await servers.cast()
    await bob.follow(alice)
    private = await alice.say("Only for guests", visibility="private")
    direct = await alice.say(f"{carol.handle} the key is under the mat", visibility="direct")
    await bob.will_see("Only for guests")
    assert "under the mat" in (await carol.notified("mention", alice))["status"]["content"]
    assert not await bob.sees("under the mat")
    assert not await carol.sees("Only for guests")
    for stranger, uri in ((carol, private["uri"]), (bob, direct["uri"])):
        found = await stranger.get(f"/api/v2/search?resolve=true&q={uri}")
        assert found["statuses"] == []


async def test_a_locked_account_is_asked_first(servers: Servers) -> None:
    """A follow of a locked account waits for its answer; a refusal removes the request."""
    alice, bob, carol = await servers.cast()
    await alice.call("PATCH", "/api/v1/accounts/update_credentials", locked=True)
    for person in (bob, carol):
        account = await person.find(alice)
        assert (await person.post(f"/api/v1/accounts/{account['id']}/follow"))["requested"]

    async def both_asked() -> list[str]:
        asking = await alice.get("/api/v1/follow_requests")
        return [row["id"] for row in asking] if len(asking) == 2 else []

    await eventually(both_asked)
    asking = {row["username"]: row["id"] for row in await alice.get("/api/v1/follow_requests")}
    await alice.post(f"/api/v1/follow_requests/{asking[bob.name]}/authorize")
    await alice.post(f"/api/v1/follow_requests/{asking[carol.name]}/reject")
    at_two, at_three = await bob.find(alice), await carol.find(alice)

    async def answered() -> bool:
        mine = (await bob.get(f"/api/v1/accounts/relationships?id[]={at_two['id']}"))[0]
        hers = (await carol.get(f"/api/v1/accounts/relationships?id[]={at_three['id']}"))[0]
        return bool(mine["following"] and not hers["requested"] and not hers["following"])

    await eventually(answered)


async def test_a_block_ends_everything_between_two(servers: Servers) -> None:
    """After Alice blocks Bob he follows her no more, and her posts do not come to him."""
    alice, bob, _ = await servers.cast()
    account = await bob.follow(alice)
    blocked = await alice.find(bob)
    await alice.post(f"/api/v1/accounts/{blocked['id']}/block")

    async def severed() -> bool:
        found = (await bob.get(f"/api/v1/accounts/relationships?id[]={account['id']}"))[0]
        return not found["following"]

    await eventually(severed)
    await alice.say("Bob is not invited")
    await asyncio.sleep(2)
    assert not await bob.sees("Bob is not invited")


async def test_votes_are_counted_at_home(servers: Servers) -> None:
    """A vote from elsewhere counts once, and the tallies come back."""
    alice, bob, _ = await servers.cast()
    await bob.follow(alice)
    said = await alice.say("Sweet or salty?", poll={"options": ["sweet", "salty"], "expires_in": 3600})
    at_two = await bob.will_see("Sweet or salty")
    await bob.post(f"/api/v1/polls/{at_two['poll']['id']}/votes", choices=[1])

    async def counted() -> bool:
        poll = (await alice.get(f"/api/v1/statuses/{said['id']}"))["poll"]
        return [row["votes_count"] for row in poll["options"]] == [0, 1] and poll["voters_count"] == 1

    await eventually(counted)
    again = await bob.call("POST", f"/api/v1/polls/{at_two['poll']['id']}/votes", choices=[0], expect=422)
    assert "already voted" in again["error"]


async def test_a_quote_is_approved_and_shown(servers: Servers) -> None:
    """Bob quotes Alice: her server stamps it (FEP-044f), and both show the quote as accepted."""
    alice, bob, _ = await servers.cast()
    await bob.follow(alice)
    await alice.follow(bob)
    said = await alice.say("A table needs legs")
    at_two = await bob.will_see("A table needs legs")
    mine = await bob.say("True words", quoted_status_id=at_two["id"])

    async def accepted() -> bool:
        found = await bob.get(f"/api/v1/statuses/{mine['id']}")
        return bool(found["quote"] and found["quote"]["state"] == "accepted")

    await eventually(accepted)
    seen = await alice.will_see("True words")

    async def shown() -> bool:
        found = await alice.get(f"/api/v1/statuses/{seen['id']}")
        return bool(found["quote"] and (found["quote"].get("quoted_status") or {}).get("id") == said["id"])

    await eventually(shown)


async def test_a_quote_is_revoked_everywhere(servers: Servers) -> None:
    """Alice takes her post out of Bob's quote: on his server, and on Carol's, it is no longer shown."""
    alice, bob, carol = await servers.cast()
    await bob.follow(alice)
    await carol.follow(bob)
    said = await alice.say("Not for quoting after all")
    at_two = await bob.will_see("Not for quoting")
    quoting = await bob.say("Look what Alice says", quoted_status_id=at_two["id"])

    async def state(person: Person, status: str) -> str:
        return str((await person.get(f"/api/v1/statuses/{status}"))["quote"]["state"])

    async def accepted() -> bool:
        return await state(bob, quoting["id"]) == "accepted"

    await eventually(accepted)
    at_three = await carol.will_see("Look what Alice says")

    async def seen_by_carol() -> bool:
        return await state(carol, at_three["id"]) == "accepted"

    await eventually(seen_by_carol)

    async def listed() -> str | None:
        rows = await alice.get(f"/api/v1/statuses/{said['id']}/quotes")
        return rows[0]["id"] if rows else None

    await alice.post(f"/api/v1/statuses/{said['id']}/quotes/{await eventually(listed)}/revoke")

    async def revoked() -> bool:
        return [await state(bob, quoting["id"]), await state(carol, at_three["id"])] == ["revoked", "revoked"]

    await eventually(revoked)


async def test_a_pinned_post_is_pinned_elsewhere(servers: Servers) -> None:
    """A pin shows on the profile as other servers have it."""
    alice, bob, _ = await servers.cast()
    account = await bob.follow(alice)
    said = await alice.say("House rules: bring a spoon")
    await bob.will_see("House rules")
    await alice.post(f"/api/v1/statuses/{said['id']}/pin")

    async def pinned() -> bool:
        rows = await bob.get(f"/api/v1/accounts/{account['id']}/statuses?pinned=true")
        return [row["uri"] for row in rows] == [said["uri"]]

    await eventually(pinned)


async def test_a_profile_change_is_told(servers: Servers) -> None:
    """A new display name and bio are seen by followers elsewhere."""
    alice, bob, _ = await servers.cast()
    account = await bob.follow(alice)
    await alice.call("PATCH", "/api/v1/accounts/update_credentials", display_name="Alice of the kitchen",
                     note="I cook.")

    async def renamed() -> bool:
        found = await bob.get(f"/api/v1/accounts/{account['id']}")
        return found["display_name"] == "Alice of the kitchen" and "I cook" in found["note"]

    await eventually(renamed)


async def test_an_old_conversation_is_fetched_when_opened(servers: Servers) -> None:
    """Carol opens a post whose thread her server never saw: replies are fetched from where they are, and she is told
    when they are there."""
    alice, bob, carol = await servers.cast()
    await bob.follow(alice)
    said = await alice.say("A question nobody told Carol of")
    at_two = await bob.will_see("nobody told Carol")
    await bob.say(f"{alice.handle} and an answer", in_reply_to_id=at_two["id"])
    await alice.notified("mention", bob)
    found = await carol.find(said["uri"])
    path = f"/api/v1/statuses/{found['id']}/context"
    refresh = re.match(r'id="(\d+)"', (await carol.headers(path))["Mastodon-Async-Refresh"])
    assert refresh

    async def finished() -> bool:
        state = (await carol.get(f"/api/v1_alpha/async_refreshes/{refresh[1]}"))["async_refresh"]
        return bool(state["status"] == "finished" and state["result_count"] == 1)

    await eventually(finished)
    assert ["and an answer" in row["content"] for row in (await carol.get(path))["descendants"]] == [True]
    assert "Mastodon-Async-Refresh" not in await carol.headers(path)


async def test_whom_one_follows_has_a_past(servers: Servers) -> None:
    """After a follow the profile shows what was said before; home and notifications stay as they were."""
    alice, bob, _ = await servers.cast()
    for number in range(3):
        await alice.say(f"Before you came, {number}")
    account = await bob.follow(alice)

    async def filled() -> bool:
        rows = await bob.get(f"/api/v1/accounts/{account['id']}/statuses")
        return ["Before you came" in row["content"] for row in rows] == [True] * 3

    await eventually(filled)
    assert await bob.sees("Before you came") is None
