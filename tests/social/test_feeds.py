"""Feeds: what comes into homes and lists, by the rules people know from Mastodon."""

from collections.abc import Iterable

import pytest
from sqlalchemy import func, select

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.social import feeds, objects, reactions, timelines
from potluck.social.model import Actor, FeedEntry, Hashtag, HashtagFollow, List, Object
from potluck.social.paging import Page
from support.cast import Cast, ago


async def _home(cast: Cast, reader: Actor, *, kinds: Iterable[str] | None = None) -> list[str]:
    """What stands in someone's home, oldest first; a boost as `boost of …`."""
    async with cast.database.read() as session:
        refs = await timelines.home(session, reader.id, Page(limit=80), kinds=None if kinds is None else set(kinds))
        return await _words(session, refs)


async def _list(cast: Cast, wanted: List) -> list[str]:
    async with cast.database.read() as session:
        return await _words(session, await timelines.list_(session, wanted.id, Page(limit=80)))


async def _words(session: object, refs: list[timelines.EntryRef]) -> list[str]:
    found = await objects.by_ids(session, [ref.object_id for ref in refs])
    return [("boost of " if ref.announce_id else "") + found[ref.object_id].content for ref in reversed(refs)]


async def _boost(cast: Cast, booster: Actor, row: Object, visibility: str = "public") -> None:
    async with cast.database.write() as session:
        await reactions.announce(session, booster, row.id, visibility, uri=f"https://x.example/{ids.new()}")


async def _follow_tag(cast: Cast, reader: Actor, name: str) -> None:
    async with cast.database.write() as session:
        tag_id = await session.scalar(select(Hashtag.id).where(Hashtag.name == name))
        if tag_id is None:
            tag_id = ids.new()
            session.add(Hashtag(id=tag_id, name=name, display=name))
            await session.flush()
        session.add(HashtagFollow(id=ids.new(), actor_id=reader.id, hashtag_id=tag_id))


async def test_followers_and_the_author(cast: Cast) -> None:
    """A post comes into the homes of local followers and of its author, and into no other."""
    await cast.say(cast.alice, "soup")
    assert await _home(cast, cast.alice) == await _home(cast, cast.bob) == ["soup"]
    assert await _home(cast, cast.eve) == []
    async with cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(FeedEntry)) == 2


async def test_remote_readers_have_no_feeds(cast: Cast) -> None:
    """Nothing is written for followers on other servers: their server does that."""
    await cast.say(cast.alice)
    assert await _home(cast, cast.frank) == []


async def test_replies_need_both_followed(cast: Cast) -> None:
    """A reply comes to who follows both sides, or is answered; answers to oneself come too."""
    carols = await cast.say(cast.carol, "question")
    bobs = await cast.say(cast.bob, "mine")
    await cast.reply(cast.alice, carols, "to a stranger")
    await cast.reply(cast.alice, bobs, "to you")
    await cast.reply(cast.alice, await cast.say(cast.alice, "thread"), "thread goes on")
    assert await _home(cast, cast.bob) == ["mine", "to you", "thread", "thread goes on"]
    await cast.follow(cast.bob, cast.carol)
    await cast.reply(cast.alice, carols, "to a friend")
    assert (await _home(cast, cast.bob))[-1] == "to a friend"


async def test_replies_to_the_unknown_stay_out(cast: Cast) -> None:
    """A reply to something that is not here answers nobody the reader follows."""
    await cast.say(cast.alice, in_reply_to_uri="https://far.example/1")
    assert await _home(cast, cast.bob) == []


async def test_replies_to_the_muted_stay_out(cast: Cast) -> None:
    """A reply to someone whom the reader follows but muted stays out."""
    await cast.follow(cast.bob, cast.carol)
    await cast.mute(cast.bob, cast.carol)
    await cast.reply(cast.alice, await cast.say(cast.carol))
    assert await _home(cast, cast.bob) == []


async def test_a_boost_comes_once(cast: Cast) -> None:
    """What the reader has had already, as a post or a boost, does not come again."""
    await cast.follow(cast.bob, cast.carol)
    post = await cast.say(cast.eve, "pie")
    await _boost(cast, cast.alice, post)
    await _boost(cast, cast.carol, post)
    own = await cast.say(cast.carol, "cake")
    await _boost(cast, cast.alice, own)
    assert await _home(cast, cast.bob) == ["boost of pie", "cake"]


async def test_a_boost_of_ones_own_post_does_not_come(cast: Cast) -> None:
    """A reader's own post is not shown to them as a boost."""
    await _boost(cast, cast.alice, await cast.say(cast.bob, "mine"))
    assert await _home(cast, cast.bob) == ["mine"]


async def test_own_boosts_stand_in_ones_own_home(cast: Cast) -> None:
    """Who boosts sees the boost at home."""
    await _boost(cast, cast.alice, await cast.say(cast.carol, "pie"))
    assert await _home(cast, cast.alice) == ["boost of pie"]


async def test_boosts_can_be_left_out(cast: Cast) -> None:
    """A follow without boosts brings posts only, in home and in lists."""
    await cast.follow(cast.eve, cast.alice, show_boosts=False)
    friends = await cast.list_of(cast.eve, cast.alice)
    await _boost(cast, cast.alice, await cast.say(cast.carol, "pie"))
    await cast.say(cast.alice, "soup")
    assert await _home(cast, cast.eve) == await _list(cast, friends) == ["soup"]


async def test_boosts_addressed_to_nobody_stay_out(cast: Cast) -> None:
    """A boost without Public and without followers is read as direct, as Mastodon reads it."""
    await _boost(cast, cast.alice, await cast.say(cast.carol), "direct")
    assert await _home(cast, cast.bob) == []


@pytest.mark.parametrize("side", ["muted", "blocked", "blocked by", "server"])
async def test_boosts_of_hidden_authors_stay_out(cast: Cast, side: str) -> None:
    """A boost brings nothing by those whom the reader muted or blocked, or who blocked them."""
    match side:
        case "muted":
            await cast.mute(cast.bob, cast.carol)
        case "blocked":
            await cast.block(cast.bob, cast.carol)
        case "blocked by":
            await cast.block(cast.carol, cast.bob)
        case _:
            await cast.mute_server(cast.bob, cast.carol.host)
    await _boost(cast, cast.alice, await cast.say(cast.carol, "pie"))
    assert await _home(cast, cast.bob) == []


async def test_hidden_authors_stay_out(cast: Cast) -> None:
    """Posts of those who are muted, blocked or on a hidden server stay out although they are followed."""
    for reader, hide in ((cast.bob, cast.mute), (cast.eve, cast.block)):
        await cast.follow(reader, cast.carol)
        await hide(reader, cast.carol)
    await cast.follow(cast.mia, cast.carol)
    await cast.mute_server(cast.mia, cast.carol.host)
    await cast.follow(cast.mona, cast.carol)
    await cast.say(cast.carol, "pie")
    assert [await _home(cast, reader) for reader in (cast.bob, cast.eve, cast.mia, cast.mona)] == [[], [], [], ["pie"]]


async def test_languages(cast: Cast) -> None:
    """A follow may be limited to languages; regions belong to their language, unknown ones come through."""
    await cast.follow(cast.eve, cast.carol, languages=["de", "gsw"])
    for language in ("de", "en", "de-AT", "gsw-CH", "d", None, "den"):
        await cast.say(cast.carol, str(language), language=language)
    assert await _home(cast, cast.eve) == ["de", "de-AT", "gsw-CH", "None"]


async def test_languages_of_boosts(cast: Cast) -> None:
    """The limit holds for what is boosted, too."""
    await cast.follow(cast.eve, cast.alice, languages=["de"])
    for language in ("de", "en"):
        await _boost(cast, cast.alice, await cast.say(cast.carol, language, language=language))
    assert await _home(cast, cast.eve) == ["boost of de"]


async def test_direct_messages(cast: Cast) -> None:
    """A direct message comes into the homes of its author and of mentioned followers only."""
    await cast.say(cast.alice, "psst", visibility="direct", mentions=[cast.bob, cast.eve])
    assert await _home(cast, cast.alice) == await _home(cast, cast.bob) == ["psst"]
    assert await _home(cast, cast.eve) == []


async def test_hashtag_follows(cast: Cast) -> None:
    """Public posts with a followed hashtag come home once, whoever wrote them; nothing else with it does."""
    for name in ("soup", "pie"):
        await _follow_tag(cast, cast.eve, name)
    await cast.say(cast.carol, "both", hashtags=["Soup", "pie"])
    await cast.say(cast.carol, "quiet", hashtags=["soup"], visibility="unlisted")
    await cast.say(cast.carol, "other", hashtags=["cake"])
    assert await _home(cast, cast.eve) == ["both"]


async def test_hashtag_follows_keep_hidden_people_out(cast: Cast) -> None:
    """A followed hashtag brings nothing by muted, blocked or limited people, nor by those on an exclusive list."""
    await _follow_tag(cast, cast.eve, "soup")
    await cast.mute(cast.eve, cast.carol)
    await cast.block(cast.frank, cast.eve)
    await cast.change(cast.bob, silenced_at=now())
    await cast.follow(cast.eve, cast.mia)
    await cast.list_of(cast.eve, cast.mia, exclusive=True)
    for author in (cast.carol, cast.frank, cast.bob, cast.mia):
        await cast.say(author, hashtags=["soup"])
    assert await _home(cast, cast.eve) == []


async def test_exclusive_lists(cast: Cast) -> None:
    """Who is on an exclusive list is read there and no longer at home, boosts included."""
    best = await cast.list_of(cast.bob, cast.alice, exclusive=True)
    await cast.say(cast.alice, "soup")
    await _boost(cast, cast.alice, await cast.say(cast.carol, "pie"))
    assert await _home(cast, cast.bob) == []
    assert await _list(cast, best) == ["soup", "boost of pie"]


@pytest.mark.parametrize(("policy", "expected"), [
    ("none", ["thread", "goes on"]),
    ("list", ["to the owner", "to a member", "thread", "goes on"]),
    ("followed", ["to the owner", "to a followed", "thread", "goes on"]),
])
async def test_replies_on_lists(cast: Cast, policy: str, expected: list[str]) -> None:
    """A list shows replies to nobody, to its members, or to all whom its owner follows; always to the owner."""
    await cast.follow(cast.eve, cast.alice)
    await cast.follow(cast.eve, cast.frank)
    made = await cast.list_of(cast.eve, cast.alice, cast.mia, replies_policy=policy)
    for author, word in ((cast.eve, "to the owner"), (cast.mia, "to a member"), (cast.frank, "to a followed"),
                         (cast.bob, "to a stranger")):
        await cast.reply(cast.alice, await cast.say(author, "?"), word)
    await cast.reply(cast.alice, await cast.say(cast.alice, "thread"), "goes on")
    assert await _list(cast, made) == expected


async def test_lists_need_a_follow(cast: Cast) -> None:
    """Someone on a list whom its owner does not follow any more brings nothing."""
    made = await cast.list_of(cast.eve, cast.alice)
    await cast.say(cast.alice)
    assert await _list(cast, made) == []


async def test_lists_keep_hidden_people_out(cast: Cast) -> None:
    """Mutes and blocks hold on lists, too."""
    made = await cast.list_of(cast.bob, cast.alice)
    await cast.mute(cast.bob, cast.alice)
    await cast.say(cast.alice)
    assert await _list(cast, made) == []


async def test_lenses(cast: Cast, database: Database) -> None:
    """Home can be read through the kinds of things that a reader wants."""
    await cast.say(cast.alice, "note")
    await cast.say(cast.alice, "other", kind="unknown", type="Recipe")
    assert await _home(cast, cast.bob, kinds=["unknown"]) == ["other"]
    assert await _home(cast, cast.bob, kinds=["note"]) == ["note"]
    assert await _home(cast, cast.bob) == ["note", "other"]


async def test_backfill(cast: Cast) -> None:
    """A new follow brings what is known of the followed: posts and their own threads, no answers, nothing private."""
    other = await cast.say(cast.bob)
    await cast.say(cast.alice, "old", published=ago(days=2))
    await cast.say(cast.alice, "followers", visibility="followers")
    await cast.reply(cast.alice, other, "answer")
    await cast.say(cast.alice, "direct", visibility="direct", mentions=[cast.bob])
    gone = await cast.say(cast.alice, "gone")
    async with cast.database.write() as session:
        await objects.delete(session, gone.id, cast.alice)
    await cast.say(cast.alice, "auf deutsch", language="de")
    await cast.follow(cast.eve, cast.alice, languages=["en"])
    for _ in range(2):
        async with cast.database.write() as session:
            await feeds.backfill(session, cast.eve.id, cast.alice.id)
        assert await _home(cast, cast.eve) == ["old", "followers"]


async def test_backfill_is_limited_to_the_newest(cast: Cast) -> None:
    """Only so many of the newest posts come."""
    await cast.store(*[cast.draft(cast.alice, str(number)) for number in range(5)])
    async with cast.database.write() as session:
        await feeds.backfill(session, cast.eve.id, cast.alice.id, limit=2)
    assert await _home(cast, cast.eve) == ["3", "4"]


async def test_backfill_of_a_list(cast: Cast) -> None:
    """A new member's posts at home come onto the list; an exclusive one takes them over."""
    await cast.say(cast.alice, "soup")
    for exclusive, home in ((False, ["soup"]), (True, [])):
        made = await cast.list_of(cast.bob, cast.alice, exclusive=exclusive)
        async with cast.database.write() as session:
            await feeds.backfill_list(session, made.id, cast.bob.id, [cast.alice.id])
        assert await _list(cast, made) == ["soup"]
        assert await _home(cast, cast.bob) == home


async def test_removing(cast: Cast) -> None:
    """Unfollowing takes out what came by someone; muting also what others boosted of them, in every feed."""
    await cast.follow(cast.bob, cast.carol)
    made = await cast.list_of(cast.bob, cast.alice)
    await cast.say(cast.alice, "a")
    await cast.say(cast.carol, "c")
    await _boost(cast, cast.alice, await cast.say(cast.frank, "f"))
    async with cast.database.write() as session:
        await feeds.remove_source(session, cast.bob.id, cast.carol.id)
    assert await _home(cast, cast.bob) == ["a", "boost of f"]
    async with cast.database.write() as session:
        await feeds.remove_host(session, cast.bob.id, cast.frank.host)
    assert await _home(cast, cast.bob) == await _list(cast, made) == ["a"]
    async with cast.database.write() as session:
        await feeds.remove_author(session, cast.bob.id, cast.alice.id)
    assert await _home(cast, cast.bob) == await _list(cast, made) == []
    assert await _home(cast, cast.alice) == ["a", "boost of f"]


async def test_sweep(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long feed keeps its newest entries, a short one all."""
    monkeypatch.setattr(feeds, "KEEP", 3)
    await cast.store(*[cast.draft(cast.alice, str(number)) for number in range(5)])
    for _ in range(2):
        async with cast.database.write() as session:
            await feeds.sweep(session, cast.bob.id)
        assert await _home(cast, cast.bob) == ["2", "3", "4"]
    assert len(await _home(cast, cast.alice)) == 5
