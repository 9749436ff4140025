"""Whose notifications a person wants, and those that wait for a decision."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from potluck.db.base import now
from potluck.social import blocks, notification_policy, notifications
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, Severance
from potluck.social.notifications import Notice
from potluck.social.paging import Page
from support.cast import CAROLS, Cast
from support.databases import statements

LONG_AGO = now() - timedelta(days=400)


async def wants(cast: Cast, reader: Actor, **rules: str) -> None:
    """A reader's policy."""
    async with cast.database.write() as session:
        await notification_policy.change_policy(session, reader.id, rules)


async def outcome(cast: Cast, reader: Actor) -> tuple[list[str], list[str]]:
    """Types of what a reader is told, and of what was set aside."""
    async with cast.database.read() as session:
        rows = await notifications.page(session, reader.id, Page(), include_filtered=True)
    return [row.type for row in rows if not row.filtered], [row.type for row in rows if row.filtered]


async def test_by_default_only_limited_strangers_are_set_aside(cast: Cast) -> None:
    """Whom one follows is told in any case."""
    await cast.say(cast.carol, mentions=[cast.bob])
    await cast.change(cast.carol, silenced_at=now())
    await cast.say(cast.carol, mentions=[cast.bob])
    assert await outcome(cast, cast.bob) == (["mention"], ["mention"])
    await cast.follow(cast.bob, cast.carol)
    await cast.say(cast.carol, mentions=[cast.bob])
    assert (await outcome(cast, cast.bob))[0] == ["mention", "mention"]


@pytest.mark.parametrize(("rule", "expected"), [
    ("for_not_following", "filter"), ("for_not_followers", "filter"), ("for_new_accounts", "filter"),
    ("for_private_mentions", "accept"), ("for_limited_accounts", "accept")])
async def test_each_rule(cast: Cast, rule: str, expected: str) -> None:
    """A new stranger's public mention, by rule."""
    await wants(cast, cast.bob, **{rule: "filter"})
    await cast.say(cast.carol, mentions=[cast.bob])
    told, aside = await outcome(cast, cast.bob)
    assert (len(told), len(aside)) == ((1, 0) if expected == "accept" else (0, 1))


async def test_old_friends_are_not_held_back(cast: Cast) -> None:
    """By no rule: followed, following for long, not new."""
    await wants(cast, cast.bob, **dict.fromkeys(notification_policy.RULES, "drop"))
    await cast.change(cast.carol, published=LONG_AGO)
    await cast.follow(cast.bob, cast.carol)
    await cast.follow(cast.carol, cast.bob, created_at=LONG_AGO)
    await cast.say(cast.carol, mentions=[cast.bob], visibility="direct")
    assert await outcome(cast, cast.bob) == (["mention"], [])


async def test_dropped_is_dropped(cast: Cast) -> None:
    """Nothing waits then."""
    await wants(cast, cast.bob, for_not_following="drop", for_new_accounts="filter")
    await cast.say(cast.carol, mentions=[cast.bob])
    assert await outcome(cast, cast.bob) == ([], [])


async def test_a_private_answer_is_no_intrusion(cast: Cast) -> None:
    """Only private mentions out of the blue are set aside."""
    await wants(cast, cast.bob, for_private_mentions="filter")
    await cast.say(cast.carol, mentions=[cast.bob], visibility="direct")
    assert await outcome(cast, cast.bob) == ([], ["mention"])
    asked = await cast.say(cast.bob, mentions=[cast.carol], visibility="direct")
    await cast.reply(cast.carol, asked, mentions=[cast.bob], visibility="direct")
    assert await outcome(cast, cast.bob) == (["mention"], ["mention"])


async def test_what_people_must_know_is_told(cast: Cast) -> None:
    """Reports, sign-ups, ends of polls and warnings are held back by no policy."""
    await wants(cast, cast.bob, **dict.fromkeys(notification_policy.RULES, "drop"))
    kinds = ["admin.report", "admin.sign_up", "poll", "update", "moderation_warning"]
    async with cast.database.write() as session:
        await notifications.notify(session, [Notice(cast.bob.id, kind, cast.carol.id) for kind in kinds])
    assert sorted((await outcome(cast, cast.bob))[0]) == sorted(kinds)


async def test_requests(cast: Cast) -> None:
    """One for each person; accepted they are told, now and later; dismissed they are gone."""
    await wants(cast, cast.bob, for_not_following="filter")
    for _ in range(2):
        latest = await cast.say(cast.carol, mentions=[cast.bob])
    await cast.say(cast.eve, mentions=[cast.bob])
    async with cast.database.write() as session:
        found = await notification_policy.requests(session, cast.bob.id, Page())
        assert [(item.row.actor_id, item.count) for item in found] == [(cast.eve.id, 1), (cast.carol.id, 2)]
        assert found[1].last_object_id == latest.id
        assert await notification_policy.summary(session, cast.bob.id) == (2, 3)
        with pytest.raises(NotFound):
            await notification_policy.request(session, cast.eve.id, found[0].row.id)
        await notification_policy.accept(session, cast.bob.id, [found[1].row.id])
        await notification_policy.dismiss(session, cast.bob.id, [found[0].row.id])
        assert await notification_policy.requests(session, cast.bob.id, Page()) == []
    await cast.say(cast.carol, mentions=[cast.bob])
    await cast.say(cast.eve, mentions=[cast.bob])
    assert await outcome(cast, cast.bob) == (["mention"] * 3, ["mention"])


async def test_whom_one_hides_asks_no_more(cast: Cast) -> None:
    """A request of someone blocked since is not shown."""
    await wants(cast, cast.bob, for_not_following="filter")
    await cast.say(cast.eve, mentions=[cast.bob])
    await cast.block(cast.bob, cast.eve)
    async with cast.database.read() as session:
        assert await notification_policy.requests(session, cast.bob.id, Page()) == []
        assert await notification_policy.summary(session, cast.bob.id) == (0, 0)


async def test_values_that_cannot_be_used(cast: Cast) -> None:
    """They are refused, and nothing changes."""
    for bad in ({"for_not_following": "maybe"}, {"for_everyone": "drop"}):
        with pytest.raises(Invalid):
            await wants(cast, cast.bob, **bad)


async def test_many_readers_cost_no_more(cast: Cast) -> None:
    """The number of statements does not depend on how many are told."""
    everyone = [cast.bob, cast.eve, cast.mia, cast.mona]
    for reader in everyone:
        await wants(cast, reader, for_not_following="filter")
    counts = []
    for readers in (everyone[:1], everyone):
        row = await cast.say(cast.carol)
        async with cast.database.write() as session:
            with statements(cast.database) as seen:
                await notifications.notify(session, [
                    Notice(reader.id, "mention", cast.carol.id, row.id) for reader in readers])
            counts.append(len(seen))
    assert counts[0] == counts[1]


async def test_ended_follows_are_told(cast: Cast) -> None:
    """Blocking a server ends follows both ways; the person is told how many."""
    await cast.follow(cast.alice, cast.carol)
    await cast.follow(cast.carol, cast.alice)
    async with cast.database.write() as session:
        await blocks.mute_domain(session, await session.get_one(Actor, cast.alice.id), CAROLS)
    async with cast.database.read() as session:
        told = (await notifications.page(session, cast.alice.id, Page()))[0]
        event = await session.get_one(Severance, told.event_id)
    assert told.type == "severed_relationships"
    assert (event.type, event.target_name, event.followers_count, event.following_count) == (
        "user_domain_block", CAROLS, 1, 1)


async def test_editing_tells_who_quoted(cast: Cast) -> None:
    """A local author is told that what they quoted was changed, with their own post."""
    quoted = await cast.say(cast.alice, "first")
    quote = await cast.say(cast.bob, "see", quote_id=quoted.id, quote_uri=quoted.uri, quote_state="accepted")
    from potluck.social import objects

    async with cast.database.write() as session:
        await objects.edit(session, quoted.id, cast.draft(cast.alice, "second", edited_at=now()), cast.alice)
    async with cast.database.read() as session:
        told = (await notifications.page(session, cast.bob.id, Page()))[0]
    assert (told.type, told.object_id, told.actor_id) == ("quoted_update", quote.id, cast.alice.id)


async def test_two_first_changes_at_once(cast: Cast) -> None:
    """Both are kept: neither finds the other in its way."""
    await asyncio.gather(wants(cast, cast.bob, for_not_following="filter"),
                         wants(cast, cast.bob, for_new_accounts="drop"))
    async with cast.database.read() as session:
        policy = await notification_policy.policy_of(session, cast.bob.id)
    assert (policy["for_not_following"], policy["for_new_accounts"]) == ("filter", "drop")
