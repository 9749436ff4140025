"""Views: what is shown beside a post, loaded for many in a fixed number of statements."""

import pytest

from potluck.kinds.note.model import PollDraft
from potluck.kinds.note.polls import vote
from potluck.social import reactions, views
from potluck.social.drafts import AttachmentDraft
from potluck.social.model import Object
from support.cast import Cast
from support.databases import statements


async def _views(cast: Cast, *rows: Object, viewer: int | None = None) -> list[views.ObjectView]:
    async with cast.database.read() as session:
        found = await views.load_objects(session, [row.id for row in rows], viewer)
    return [found[row.id] for row in rows]


async def test_views_come_in_the_order_asked_for(cast: Cast) -> None:
    """The database may give rows in any order; archives, reports and decisions show them as they are named."""
    ids = [(await cast.say(cast.alice, f"<p>{number}</p>")).id for number in range(4)]
    wanted = [ids[2], ids[0], ids[3], ids[1]]
    async with cast.database.read() as session:
        assert list(await views.load_objects(session, wanted, cast.alice.id)) == wanted
        assert list(await views.load_for_moderation(session, wanted)) == wanted


async def test_everything_beside_a_post(cast: Cast) -> None:
    """Author, named mentions, hashtags, media in order, group, emoji, quote and poll are all there."""
    quoted = await cast.say(cast.carol, "quoted", hashtags=["inner"])
    row = await cast.say(
        cast.alice, mentions=[cast.bob], silent=[cast.mia], hashtags=["soup", "Pie"], quote_id=quoted.id,
        group_id=cast.mona.id, type="Question", kind_data=PollDraft([("a", 0), ("b", 0)]),
        attachments=[AttachmentDraft("image", f"https://x.example/{number}.png") for number in (2, 1)])
    async with cast.database.write() as session:
        await reactions.react(session, cast.bob, row.id, "emoji", "🍲")
    [view] = await _views(cast, row)
    assert view.author.name == "alice"
    assert [actor.name for actor in view.mentions] == ["bob"]
    assert [tag.display for tag in view.hashtags] == ["Pie", "soup"]
    assert [item.url for item in view.media] == ["https://x.example/2.png", "https://x.example/1.png"]
    assert view.group is not None
    assert view.group.name == "mona"
    assert view.reactions == [("🍲", None, 1)]
    assert view.quote is not None
    assert (view.quote.object.content, [tag.name for tag in view.quote.hashtags]) == ("quoted", ["inner"])
    assert [title for title, _ in view.kind_data.poll.options] == ["a", "b"]


async def test_quotes_are_one_level_deep(cast: Cast) -> None:
    """Posts that quote each other, even themselves, do not become an endless view."""
    one, two = await cast.store(*(cast.draft(cast.carol, word) for word in ("one", "two")))
    await cast.change(one, quote_id=two.id, quote_uri=two.uri)
    await cast.change(two, quote_id=one.id, quote_uri=one.uri)
    for view in await _views(cast, one, two):
        assert view.quote is not None
        assert view.quote.quote is None
    await cast.change(one, quote_id=one.id)
    [view] = await _views(cast, one)
    assert view.quote is not None
    assert view.quote.quote is None


@pytest.mark.parametrize("state", ["pending", "rejected", "revoked", "deleted", "unauthorized"])
async def test_quotes_need_consent(cast: Cast, state: str) -> None:
    """A quote that was not, or is no longer, allowed does not show what it quotes."""
    quoted = await cast.say(cast.carol)
    [view] = await _views(cast, await cast.say(cast.alice, quote_id=quoted.id, quote_state=state))
    assert view.quote is None


async def test_marks(cast: Cast) -> None:
    """A viewer sees what they did themselves, on the quoted post too; others see none of it."""
    quoted = await cast.say(cast.carol, "q")
    row = await cast.say(cast.alice, quote_id=quoted.id)
    reply = await cast.reply(cast.bob, row)
    async with cast.database.write() as session:
        await reactions.react(session, cast.alice, row.id)
        await reactions.react(session, cast.alice, row.id, "emoji", "🍲")
        await reactions.announce(session, cast.alice, row.id)
        await reactions.bookmark(session, cast.alice, row.id)
        await reactions.pin(session, cast.alice, row.id)
        await reactions.mute_thread(session, cast.alice, reply.id)
        await reactions.react(session, cast.alice, quoted.id, "dislike")
    mine, other = await _views(cast, row, reply, viewer=cast.alice.id)
    assert mine.marks == views.Marks(True, False, True, True, True, True, ["🍲"])
    assert other.marks == views.Marks(thread_muted=True)
    assert mine.quote is not None
    assert mine.quote.marks.disliked
    for viewer in (None, cast.bob.id):
        [view] = await _views(cast, row, viewer=viewer)
        assert view.marks == views.Marks()


async def test_entries(cast: Cast) -> None:
    """Entries keep their order; boosts come with their booster; what is gone or hidden is left out."""
    post, private = await cast.say(cast.carol), await cast.say(cast.alice, visibility="followers")
    async with cast.database.write() as session:
        boost = await reactions.announce(session, cast.alice, post.id)
    refs = [views.EntryRef(boost.id, post.id, boost.id), views.EntryRef(private.id, private.id),
            views.EntryRef(7, post.id, 7), views.EntryRef(post.id, post.id), views.EntryRef(8, 8)]
    async with cast.database.read() as session:
        found = await views.load_entries(session, refs, cast.eve.id)
    assert [(entry.entry_id, entry.booster and entry.booster.name) for entry in found] == [
        (boost.id, "alice"), (post.id, None)]
    await cast.change(cast.alice, suspended_at=post.published)
    async with cast.database.read() as session:
        found = await views.load_entries(session, refs, cast.eve.id)
    assert [entry.entry_id for entry in found] == [post.id]


async def test_constant_number_of_statements(cast: Cast) -> None:
    """A page of forty posts with everything costs as many statements as a page of one."""
    quoted = await cast.say(cast.carol)
    rows = await cast.store(*[cast.draft(
        cast.alice, mentions=[cast.bob], hashtags=["soup"], quote_id=quoted.id, quote_state="accepted", type="Question",
        kind_data=PollDraft([("a", 0), ("b", 0)]), attachments=[AttachmentDraft("image", "https://x.example/1.png")])
        for _ in range(40)])
    async with cast.database.write() as session:
        for row in rows:
            await reactions.react(session, cast.bob, row.id, "emoji", "🍲")
            await vote(session, cast.bob, row.id, [0])
    counts = []
    for part in (rows[:1], rows):
        with statements(cast.database) as sent:
            assert len(await _views(cast, *part, viewer=cast.bob.id)) == len(part)
        counts.append(len(sent))
    assert counts[0] == counts[1] < 16


async def test_nothing_wanted(cast: Cast) -> None:
    """No ids, no views, no error."""
    async with cast.database.read() as session:
        assert await views.load_objects(session, [], None) == {}
        assert await views.load_entries(session, [], cast.bob.id) == []
        assert await views.load_actors(session, []) == {}
        assert await views.load_marks(session, {}, cast.bob.id) == {}
