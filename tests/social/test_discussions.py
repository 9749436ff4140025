"""The discussion below a post: its order, its pages, its gaps, and that a page reads no more than it shows."""

from __future__ import annotations

import math
import random
import time
from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, delete, insert, select, text, update

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.db.migrate import config
from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.social import blocks, deleting, leaving, storing, threads
from potluck.social.communities import (
    comment_places,
    comments,
    joining,
    making,
    moderating,
    posts,
    ranking,
    sweeping,
    withdrawing,
)
from potluck.social.communities.comments import Node
from potluck.social.communities.making import Wishes
from potluck.social.drafts import Draft
from potluck.social.errors import Invalid
from potluck.social.model import Actor, CommentPlace, GroupPost, Object, User
from support.databases import statements

MANY = 120
WHOLE = 10_000


@pytest.fixture
async def people(session, local) -> dict[str, Actor]:
    """Alice, who leads the community, Bob and Charlie, with logins of their own."""
    made = {}
    for number, name in enumerate(("alice", "bob", "charlie"), 1):
        made[name] = await local(name, owner_id=number)
        session.add(User(id=number, email=f"{name}@mail.test", actor_id=made[name].id, password_hash="x"))
    await session.flush()
    return made


@pytest.fixture
async def post(session, people, pairs) -> Object:
    """Alice's post in the community she leads."""
    group = await making.create(session, people["alice"], "soups", Wishes("Soups"), pairs=pairs)
    return await links.compose(session, people["alice"], LinkRequest(group.id, "A broth"))


async def say(session, author: Actor, parent: Object, words: str = "Mm") -> Object:
    return await notes.compose(session, author, NoteRequest(words, in_reply_to_id=parent.id))


async def grow(session, post: Object, author: Actor, parents: list[int | None], **columns: list[Any]) -> list[Object]:
    """A comment for each entry of `parents`: the number of the comment it answers, None for the post."""
    begun = now() - timedelta(days=2)
    rows: list[dict[str, Any]] = []
    for number, parent in enumerate(parents):
        published = begun + timedelta(seconds=number * 10)
        rows.append({
            "id": ids.at(published), "uri": f"https://far.example/{number}",
            "kind": "note", "type": "Note", "author_id": author.id, "local": False, "visibility": "public",
            "state": "published", "group_id": post.group_id, "group_claimed": False, "thread_root_id": post.id,
            "quote_policy": "public",
            "in_reply_to_id": post.id if parent is None else rows[parent]["id"], "in_reply_to_uri": "x", "extra": {},
            "published": published, "content": str(number), "likes_count": 0, "dislikes_count": 0, "deleted_at": None,
            **{name: values[number] for name, values in columns.items()}})
    await session.execute(insert(Object.__table__), rows)
    made = [Object(**row) for row in rows]
    await posts.add(session, made)
    return made


async def read(session, top: Object, viewer: Actor | None = None, **wanted: Any) -> list[Node]:
    """All nodes of a page in reading order."""
    return (await comments.tree(session, top, viewer.id if viewer else None, **wanted)).flat()


async def words(session, top: Object, viewer: Actor | None = None, **wanted: Any) -> list[str]:
    """The texts of a page in reading order, gaps in brackets."""
    nodes = await read(session, top, viewer, **wanted)
    rows = dict((await session.execute(select(Object.id, Object.source).where(
        Object.id.in_([node.leaf.id for node in nodes])))).all())
    return [f"[{node.leaf.gone}]" if node.leaf.gone else rows[node.leaf.id] for node in nodes]


def naive(rows: list[Object], top: int, sort: str) -> list[int]:
    """Reading order by sorting everything in memory."""
    moment = time.time()

    def hot(row: Object) -> tuple[Any, ...]:
        hours = (moment - row.published.timestamp()) / 3600
        return (math.log10(max(2, row.likes_count - row.dislikes_count + 2)) / (hours + 2) ** 1.8,)

    def torn(row: Object) -> tuple[Any, ...]:
        least, most = sorted((row.likes_count, row.dislikes_count))
        return ((least + most) ** (least / most) if least else 0.0,)

    keys: dict[str, Any] = {
        "hot": hot, "controversial": torn, "top": lambda row: (row.likes_count - row.dislikes_count,),
        "new": lambda row: (), "old": lambda row: ()}
    children: dict[int, list[Object]] = defaultdict(list)
    for row in rows:
        children[row.in_reply_to_id or 0].append(row)
    for siblings in children.values():
        siblings.sort(key=lambda row: (*keys[sort](row), row.id), reverse=sort != "old")
    found, stack = [], children[top][::-1]
    while stack:
        row = stack.pop()
        found.append(row.id)
        stack += children[row.id][::-1]
    return found


@pytest.fixture
async def large(session, post, remote) -> list[Object]:
    """A discussion of random shape, with votes."""
    chosen = random.Random(7)
    parents = [None if number == 0 or chosen.random() < 0.2 else chosen.randrange(number) for number in range(MANY)]
    return await grow(session, post, await remote("dora@far.example"), parents,
                      likes_count=[chosen.randrange(6) for _ in parents],
                      dislikes_count=[chosen.randrange(4) for _ in parents])


@pytest.mark.parametrize("sort", comments.SORTS)
async def test_pages_put_together_are_the_whole_discussion(session, post, large, sort) -> None:
    """In every order, page after page by the last comment as well as by number: each comment once, in its place."""
    expected = naive(large, post.id, sort)
    assert [node.leaf.id for node in await read(session, post, sort=sort, limit=WHOLE, depth=WHOLE)] == expected
    found, after = [], None
    for _ in range(99):
        page = await comments.tree(session, post, None, sort=sort, after=after, limit=29, depth=WHOLE)
        found += page.shown
        after = page.following
        if after is None:
            break
    assert found == expected
    by_number = [await read(session, post, sort=sort, offset=start, limit=50, depth=WHOLE)
                 for start in range(0, MANY, 50)]
    assert [node.leaf.id for page in by_number for node in page] == expected


async def test_a_branch_is_read_by_itself(session, post, large) -> None:
    """Below a comment there is what answers it, at any depth, page by page, and nothing else; so many are counted."""
    top = max(large, key=lambda row: len(naive(large, row.id, "top")))
    expected = naive(large, top.id, "top")
    first = await comments.tree(session, top, None, sort="top", limit=5, depth=WHOLE)
    rest = await comments.tree(session, top, None, sort="top", limit=WHOLE, depth=WHOLE, after=first.following)
    assert (first.shown + rest.shown, first.total) == (expected, len(expected))
    assert (await comments.tree(session, post, None)).total == MANY


async def test_a_page_that_begins_elsewhere_begins_anew(session, post, large, people) -> None:
    """What is not below the post, or no comment at all, is no place to go on from; an unknown order is refused."""
    first = await read(session, post, limit=9)
    for nowhere in (1, post.id):
        assert [node.leaf.id for node in await read(session, post, limit=9, after=nowhere)] == [
            node.leaf.id for node in first]
    with pytest.raises(Invalid):
        await comments.tree(session, post, None, sort="best")


async def test_numbered_pages_end(session, post, large, monkeypatch) -> None:
    """Beyond the last one that is counted off there is an empty page, not the same one again."""
    monkeypatch.setattr(comments, "MAX_OFFSET", 20)
    assert len(await read(session, post, offset=20, limit=10, depth=WHOLE)) == 10
    beyond = await comments.tree(session, post, None, offset=30, limit=10, depth=WHOLE)
    assert (beyond.nodes, beyond.following, beyond.total) == ([], None, MANY)


async def test_what_is_too_deep_is_counted_and_read_on_its_own_page(session, post, remote) -> None:
    """A chain of answers: as many levels as wanted, and a number where it goes on; the next page skips the depths."""
    author = await remote("dora@far.example")
    chain = await grow(session, post, author, [None, *range(59), None])
    nodes = await read(session, post, sort="old")
    assert [node.depth for node in nodes] == [*range(1, comments.MAX_DEPTH + 1), 1]
    assert [node.hidden for node in nodes] == [0] * 7 + [52, 0]
    page = await comments.tree(session, post, None, sort="old", limit=comments.MAX_DEPTH)
    assert [node.leaf.id for node in await read(session, post, sort="old", after=page.following)] == [chain[-1].id]
    deeper = await read(session, chain[7], sort="old")
    assert [node.leaf.id for node in deeper] == [row.id for row in chain[8:16]]


@pytest.mark.parametrize("size", [30, 300])
async def test_a_page_costs_the_same_however_long_the_discussion_is(database: Database, session, post, remote, size,
                                                                    ) -> None:
    """The statements are as many, and they fetch only what is shown: one by one along the index, nothing is sorted."""
    await grow(session, post, await remote("dora@far.example"), [None] * size)
    with statements(database) as sent:
        page = await comments.tree(session, post, None, limit=10)
    assert (len(page.shown), len(sent)) == (10, 3)
    plan = await _plan(session, sent[0], post)
    assert "ix_comment_place_hot" in plan
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan.split("SCAN way")[0]


async def _plan(session, statement: str, post: Object) -> str:
    """How the database goes about it."""
    if session.get_bind().dialect.name == "sqlite":
        values = [post.id] * statement.count("?")
        rows = (await (await session.connection()).exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement}", tuple(values))).all()
        return "\n".join(row[3] for row in rows)
    await session.execute(text("SET LOCAL enable_seqscan = off"))
    await session.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
    await session.execute(text("SET LOCAL enable_sort = off"))
    await (await session.connection()).exec_driver_sql(f"PREPARE shown AS {statement}")
    arguments = ", ".join(["NULL"] * max(int(part.split(":")[0].split(")")[0].split(",")[0].split(" ")[0])
                                         for part in statement.split("$")[1:]))
    rows = (await session.execute(text(f"EXPLAIN EXECUTE shown({arguments})"))).scalars().all()
    return "\n".join(rows)


async def test_removed_comments_leave_a_gap_while_something_is_below(session, post, people) -> None:
    """Moderators see all gaps; a gap closes when what was below it goes, and fills again when it is restored."""
    alice, bob = people["alice"], people["bob"]
    first = await say(session, bob, post, "first")
    answer = await say(session, people["charlie"], first, "answer")
    lone = await say(session, bob, post, "lone")
    for row in (first, lone):
        await moderating.remove(session, alice, row.id)
    assert await words(session, post, sort="old") == ["[removed]", "answer"]
    assert await words(session, post, sort="old", with_removed=True) == ["[removed]", "answer", "[removed]"]
    await moderating.remove(session, alice, answer.id)
    assert await words(session, post, sort="old") == []
    await moderating.restore(session, alice, first.id)
    assert await words(session, post, sort="old") == ["first"]
    assert (await comments.tree(session, post, None)).total == 1


async def test_what_was_taken_back_can_be_put_back_where_it_stood(session, post, people) -> None:
    """Its author sees the gap, nobody else; what is deleted for good has none."""
    bob = people["bob"]
    row = await say(session, bob, post, "hasty")
    await withdrawing.withdraw(session, bob, row.id)
    assert await words(session, post, people["charlie"]) == []
    (node,) = await read(session, post, bob)
    assert (node.leaf.gone, node.leaf.put_back) == ("deleted", True)
    await deleting.delete(session, row.id, bob)
    assert await read(session, post, bob) == []


async def test_people_a_reader_has_blocked_are_left_out_with_what_answers_them(session, post, people) -> None:
    """The rest of the page is full all the same, and a gap that has only them below it is none."""
    alice, bob, charlie = people["alice"], people["bob"], people["charlie"]
    gap = await say(session, alice, post, "gone")
    hidden = await say(session, bob, gap, "bob's")
    await say(session, alice, hidden, "to bob")
    for number in range(3):
        await say(session, bob, post, f"bob's {number}")
    await say(session, alice, post, "alice's")
    await moderating.remove(session, alice, gap.id)
    await blocks.block(session, charlie, bob)
    assert await words(session, post, charlie, sort="old") == ["alice's"]
    assert (await words(session, post, sort="old"))[:3] == ["[removed]", "bob's", "to bob"]


async def test_private_answers_are_for_those_they_name(session, post, people) -> None:
    """They are in nobody else's page, and in no number."""
    first = await say(session, people["bob"], post, "open")
    await notes.compose(session, people["bob"], NoteRequest(
        "@charlie psst", in_reply_to_id=first.id, visibility="direct"))
    assert await words(session, post) == ["open"]
    assert await words(session, post, people["alice"]) == ["open"]
    assert await words(session, post, people["charlie"]) == ["open", "@charlie psst"]
    assert (await session.get_one(CommentPlace, first.id, populate_existing=True)).below == 0


async def test_votes_and_time_move_a_comment(session, post, people) -> None:
    """A vote counts at once in every order; a week later only the score counts, once the chore has been there."""
    first, second = [await say(session, people["bob"], post, word) for word in ("first", "second")]
    assert await words(session, post, sort="top") == ["second", "first"]
    await joining.vote(session, people["charlie"], first.id, 1)
    for sort in ("top", "hot"):
        assert await words(session, post, sort=sort) == ["first", "second"]
    for voter, direction in (("charlie", -1), ("alice", 1)):
        await joining.vote(session, people[voter], second.id, direction)
    assert await words(session, post, sort="controversial") == ["second", "first"]
    await session.execute(update(CommentPlace).values(published_s=ranking.seconds() - 8 * 86400))
    await ranking.refresh_comments(session)
    places = {row.object_id: row.hot for row in (await session.scalars(select(CommentPlace).execution_options(
        populate_existing=True))).all()}
    assert 0 > places[first.id] > places[second.id]


async def test_a_moderators_word_stands_first_but_not_by_time(session, post, people) -> None:
    """Whatever the others' scores are; until it is an ordinary comment again."""
    rule = await say(session, people["alice"], post, "be kind")
    await say(session, people["bob"], post, "newer")
    await moderating.distinguish(session, people["alice"], rule.id)
    await joining.vote(session, people["charlie"], rule.id, -1)
    for sort in ("hot", "top", "controversial"):
        assert await words(session, post, sort=sort) == ["be kind", "newer"]
    assert await words(session, post, sort="new") == ["newer", "be kind"]
    assert (await read(session, post))[0].leaf.marked
    await moderating.distinguish(session, people["alice"], rule.id, marked=False)
    assert await words(session, post, sort="top") == ["newer", "be kind"]


async def test_comments_that_come_before_what_they_answer_find_their_place(session, post, people, remote) -> None:
    """A branch whose beginning arrives last hangs in the discussion with all that is below it, and is counted."""
    dora = await remote("dora@far.example")

    def draft(uri: str, parent: str) -> Draft:
        return Draft(kind="note", type="Note", uri=uri, author_id=dora.id, content=f"<p>{uri[-1]}</p>", source=uri[-1],
                     in_reply_to_uri=parent, published=now(), visibility="public", group_id=post.group_id)

    await storing.store(session, [draft("https://far.example/c", "https://far.example/b")])
    await storing.store(session, [draft("https://far.example/b", "https://far.example/a")])
    assert await read(session, post) == []
    await storing.store(session, [draft("https://far.example/a", post.uri)])
    assert await words(session, post) == ["a", "b", "c"]
    assert [node.leaf.below for node in await read(session, post)] == [2, 1, 0]


async def test_a_post_claimed_later_brings_its_discussion(session, post, people, large) -> None:
    """Everything that was said below it before has its place then."""
    expected = [node.leaf.id for node in await read(session, post, limit=WHOLE, depth=WHOLE)]
    below = dict((await session.execute(select(CommentPlace.object_id, CommentPlace.below))).all())
    await session.execute(delete(CommentPlace))
    await comment_places.add_thread(session, post.id)
    assert [node.leaf.id for node in await read(session, post, limit=WHOLE, depth=WHOLE)] == expected
    assert dict((await session.execute(select(CommentPlace.object_id, CommentPlace.below))).all()) == below


@pytest.mark.parametrize("how", ["swept", "left"])
async def test_counts_follow_when_much_goes_at_once(session, post, people, how) -> None:
    """All that somebody said is taken down, or they leave: no number counts it any more."""
    alice, bob = people["alice"], people["bob"]
    first = await say(session, alice, post)
    second = await say(session, bob, first)
    await say(session, bob, second)
    await say(session, alice, second, "stays")
    if how == "swept":
        await sweeping.of_author(session, bob.id)
    else:
        await leaving.delete_local(session, bob)
    below = dict((await session.execute(select(CommentPlace.object_id, CommentPlace.below))).all())
    assert (below[first.id], below[second.id]) == (1, 1)
    assert (await session.get_one(GroupPost, post.id, populate_existing=True)).comments == 2
    assert len(await read(session, post)) == 3
    if how == "swept":
        await sweeping.of_author(session, bob.id, removed=False)
        assert (await session.get_one(CommentPlace, first.id, populate_existing=True)).below == 3


async def test_mastodon_apps_get_the_same_discussion_by_age(session, post, large) -> None:
    """Depth-first, the older first, no more than wanted; and what leads to a comment."""
    expected = naive(large, post.id, "old")
    assert (await threads.context(session, post.id, None))[1] == expected
    assert (await threads.context(session, post.id, None, descendants=60))[1] == expected[:60]
    deep = max(large, key=lambda row: len(naive(large, row.id, "old")))
    above, below = await threads.context(session, deep.id, None)
    assert above[0] == post.id
    assert below == naive(large, deep.id, "old")


async def test_the_migration_gives_places_as_the_program_does(session, database: Database, post, large, people) -> None:
    """The step to this schema fills in what discussions had before: parents, counts, marks and ranks."""
    await moderating.distinguish(session, people["alice"], (await say(session, people["alice"], post)).id)
    await moderating.remove(session, people["alice"], large[3].id)
    await session.execute(update(Object).where(Object.id == large[5].id).values(
        published=now() - timedelta(days=20)))
    await session.execute(update(CommentPlace).where(CommentPlace.object_id == large[5].id).values(
        published_s=CommentPlace.published_s - 18 * 86400))
    await ranking.rank_comments(session, [large[5].id])
    before = await _places(session)
    await session.commit()
    async with database.engine.begin() as connection:
        await connection.run_sync(_again)
    async with database.read() as reader:
        after = await _places(reader)
    assert before.keys() == after.keys()
    for key, values in before.items():
        if key != large[5].id:
            assert after[key] == pytest.approx(values, rel=1e-4), key


async def _places(session) -> dict[int, list[float]]:
    table: Any = CommentPlace.__table__
    rows = (await session.execute(select(*table.c))).all()
    return {row.object_id: [float(value) for value in row[1:]] for row in rows}


def _again(connection: Connection) -> None:
    command.downgrade(config(connection), "0029")
    command.upgrade(config(connection), "head")
