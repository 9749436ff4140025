"""Timelines: pages of what belongs there, and the paging every API of ours relies on."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from potluck.db.engine import Database, sqlite_path
from potluck.social import reactions, timelines
from potluck.social.drafts import AttachmentDraft
from potluck.social.model import Actor, Object
from potluck.social.paging import Page, in_order
from potluck.social.views import EntryRef
from support.cast import Cast, ago


async def _several(cast: Cast, author: Actor, count: int, **changes: object) -> list[Object]:
    return await cast.store(*[cast.draft(author, str(number), **changes) for number in range(count)])


async def test_pages(cast: Cast) -> None:
    """`max_id` goes on downwards, `since_id` gives the newest, `min_id` the nearest; the answer is newest first."""
    rows = [row.id for row in await _several(cast, cast.alice, 10)][::-1]

    async def page(**part: int) -> list[int]:
        async with cast.database.read() as session:
            return [rows.index(ref.entry_id) for ref in await timelines.public(session, None, Page(**part))]

    assert await page(limit=3) == [0, 1, 2]
    assert await page(limit=3, max_id=rows[2]) == [3, 4, 5]
    assert await page(limit=3, since_id=rows[5]) == [0, 1, 2]
    assert await page(limit=3, min_id=rows[5]) == [2, 3, 4]
    assert await page(limit=3, min_id=rows[5], max_id=rows[3]) == [4]
    assert await page(limit=3, max_id=rows[-1]) == []
    assert await page(limit=0) == [0]
    assert await page(limit=10_000) == list(range(10))


async def test_a_page_has_its_limit(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody gets more at once than the limit of the house, in any timeline."""
    monkeypatch.setattr(timelines, "MAX_LIMIT", 2)
    rows = await _several(cast, cast.alice, 4, hashtags=["soup"])
    async with cast.database.write() as session:
        for row in rows:
            await reactions.react(session, cast.bob, row.id)
            await reactions.bookmark(session, cast.bob, row.id)
    whole, bob = Page(limit=1000), cast.bob.id
    async with cast.database.read() as session:
        for refs in (await timelines.home(session, bob, whole), await timelines.public(session, bob, whole),
                     await timelines.hashtag(session, bob, ["soup"], whole),
                     await timelines.profile(session, cast.alice.id, bob, whole),
                     await timelines.favourites(session, bob, whole), await timelines.bookmarks(session, bob, whole)):
            assert [ref.object_id for ref in refs] == [rows[3].id, rows[2].id]


@given(st.sets(st.integers(1, 60)), st.integers(1, 7))
def test_every_entry_is_met_once_while_paging(cursors: set[int], limit: int) -> None:
    """Going down with `max_id`, or up with `min_id`, meets each entry exactly once."""
    def page(max_id: int | None = None, min_id: int | None = None) -> list[int]:
        found = [item for item in cursors if (max_id is None or item < max_id) and (min_id is None or item > min_id)]
        return in_order(sorted(found, reverse=min_id is None)[:limit], Page(max_id, None, min_id, limit))

    down: list[int] = []
    while part := page(max_id=down[-1] if down else None):
        down += part
    up: list[int] = []
    while part := page(min_id=up[0] if up else 0):
        up = part + up
    assert down == up == sorted(cursors, reverse=True)


async def test_public(cast: Cast) -> None:
    """Public posts without answers; of here, of elsewhere, with media only, or of some kinds."""
    local = await cast.say(cast.alice, "local")
    remote = await cast.say(cast.carol, "remote", attachments=[AttachmentDraft("image", "https://carol.example/1.png")])
    other = await cast.say(cast.carol, "other", kind="unknown", type="Recipe")
    await cast.reply(cast.bob, local)
    await cast.say(cast.alice, visibility="unlisted")
    await cast.say(cast.alice, visibility="local")
    expected = {
        (): [other, remote, local], ("local",): [local], ("remote",): [other, remote], ("only_media",): [remote],
    }
    async with cast.database.read() as session:
        for options, rows in expected.items():
            refs = await timelines.public(session, None, Page(), **dict.fromkeys(options, True))
            assert refs == [EntryRef(row.id, row.id) for row in rows]
        refs = await timelines.public(session, None, Page(), kinds=["unknown"])
        assert refs == [EntryRef(other.id, other.id)]


@pytest.mark.parametrize("how", ["mute", "block", "server"])
async def test_own_wishes_hold_everywhere(cast: Cast, how: str) -> None:
    """Whom a reader muted or blocked, or whose server, they meet in no public timeline, hashtag or boost."""
    await cast.say(cast.carol, hashtags=["soup"])
    boosted = await cast.say(cast.carol, visibility="unlisted")
    async with cast.database.write() as session:
        await reactions.announce(session, cast.alice, boosted.id)
    if how == "server":
        await cast.mute_server(cast.eve, cast.carol.host)
    else:
        await getattr(cast, how)(cast.eve, cast.carol)
    async with cast.database.read() as session:
        for viewer, count in ((cast.eve.id, 0), (cast.bob.id, 1), (None, 1)):
            assert len(await timelines.public(session, viewer, Page())) == count
            assert len(await timelines.hashtag(session, viewer, ["soup"], Page())) == count
            assert len(await timelines.profile(session, cast.alice.id, viewer, Page())) == count


async def test_hashtags(cast: Cast) -> None:
    """Any of some names, all of others, none of the rest; answers count here, private posts do not."""
    soup = await cast.say(cast.alice, hashtags=["soup"])
    both = await cast.reply(cast.alice, soup, hashtags=["soup", "pie"])
    pie = await cast.say(cast.carol, hashtags=["pie"])
    await cast.say(cast.alice, hashtags=["soup"], visibility="unlisted")

    async def found(*names: str, **more: object) -> list[int]:
        async with cast.database.read() as session:
            return [ref.object_id for ref in await timelines.hashtag(session, None, names, Page(), **more)]

    assert await found("soup") == [both.id, soup.id]
    assert await found("soup", "pie") == [pie.id, both.id, soup.id]
    assert await found("soup", all_names=["pie"]) == [both.id]
    assert await found("soup", "pie", no_names=["pie"]) == [soup.id]
    assert await found("soup", "pie", local=True) == [both.id, soup.id]
    assert await found("soup", "pie", remote=True) == [pie.id]
    assert await found("unheard") == await found() == []


async def test_profile(cast: Cast) -> None:
    """Posts and boosts in one order; without answers to others, without boosts, with media or a hashtag only."""
    other = await cast.say(cast.carol, "other")
    first = await cast.say(cast.alice, "first", published=ago(days=1), hashtags=["soup"])
    own = await cast.reply(cast.alice, first, "own thread")
    answer = await cast.reply(cast.alice, other, "answer")
    async with cast.database.write() as session:
        boost = await reactions.announce(session, cast.alice, other.id)
    media = await cast.say(cast.alice, "media", attachments=[AttachmentDraft("image", "https://x.example/1.png")])

    async def found(**more: object) -> list[int]:
        async with cast.database.read() as session:
            refs = await timelines.profile(session, cast.alice.id, None, more.pop("page", Page()), **more)
            return [ref.entry_id for ref in refs]

    everything = [media.id, boost.id, answer.id, own.id, first.id]
    assert await found() == everything
    assert await found(replies=False) == [media.id, boost.id, own.id, first.id]
    assert await found(boosts=False) == [media.id, answer.id, own.id, first.id]
    assert await found(only_media=True) == [media.id]
    assert await found(tagged="soup") == [first.id]
    assert await found(page=Page(limit=2)) == everything[:2]
    assert await found(page=Page(limit=2, max_id=boost.id)) == everything[2:4]
    assert await found(page=Page(limit=2, min_id=first.id)) == everything[2:4]


async def test_pinned(cast: Cast) -> None:
    """Pinned posts, the latest pin first, as far as the viewer may see them."""
    rows = [await cast.say(cast.alice), await cast.say(cast.alice, visibility="followers"), await cast.say(cast.alice)]
    async with cast.database.write() as session:
        for row in rows:
            await reactions.pin(session, cast.alice, row.id)

    async def found(viewer: int | None) -> list[int]:
        async with cast.database.read() as session:
            refs = await timelines.profile(session, cast.alice.id, viewer, Page(), pinned=True)
            return [ref.object_id for ref in refs]

    assert await found(cast.bob.id) == [rows[2].id, rows[1].id, rows[0].id]
    assert await found(None) == [rows[2].id, rows[0].id]


async def test_favourites_and_bookmarks(cast: Cast) -> None:
    """In the order in which they were given; the cursor is the like's or bookmark's own id."""
    old, new = await cast.say(cast.carol), await cast.say(cast.carol)
    async with cast.database.write() as session:
        for row in (new, old):
            await reactions.react(session, cast.alice, row.id)
            await reactions.react(session, cast.alice, row.id, "emoji", "🍲")
            await reactions.bookmark(session, cast.alice, row.id)
    async with cast.database.read() as session:
        for function in (timelines.favourites, timelines.bookmarks):
            first, second = await function(session, cast.alice.id, Page())
            assert [first.object_id, second.object_id] == [old.id, new.id]
            assert first.position > second.position
            assert await function(session, cast.alice.id, Page(max_id=first.position)) == [second]


async def test_favourites_that_became_private(cast: Cast) -> None:
    """What the viewer may not see any more is not in their lists either."""
    row = await cast.say(cast.alice)
    async with cast.database.write() as session:
        await reactions.react(session, cast.eve, row.id)
        await reactions.bookmark(session, cast.eve, row.id)
    await cast.block(cast.alice, cast.eve)
    async with cast.database.read() as session:
        assert await timelines.favourites(session, cast.eve.id, Page()) == []
        assert await timelines.bookmarks(session, cast.eve.id, Page()) == []


async def test_quotes(cast: Cast) -> None:
    """Only quotes with consent are listed, and only for who may see them."""
    post = await cast.say(cast.alice)
    good = await cast.say(cast.bob, quote_id=post.id, quote_state="accepted")
    await cast.say(cast.bob, quote_id=post.id, quote_state="pending")
    await cast.say(cast.bob, quote_id=post.id, quote_state="accepted", visibility="followers")
    async with cast.database.read() as session:
        assert [ref.object_id for ref in await timelines.quotes_of(session, post.id, None, Page())] == [good.id]


@pytest.mark.parametrize(("local", "expected"), [
    (False, "SCAN object USING INDEX ix_object_public"),
    (True, "SEARCH object USING INDEX ix_object_local_public (local=?)")])
async def test_public_timelines_read_their_index(database: Database, local: bool, expected: str) -> None:
    """The public timelines never look at other people's private posts to find their page (SQLite's plan)."""
    if not database.is_sqlite:
        return
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        asked.append((statement, parameters))

    event.listen(database.engine_for_reading.sync_engine, "before_cursor_execute", note)
    async with database.read() as session:
        await timelines.public(session, 1, Page(), local=local)
    with sqlite3.connect(sqlite_path(database.settings)) as connection:
        statement, parameters = asked[-1]
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert plan[0] == expected
