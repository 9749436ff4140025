"""Conversations around a post: the order of a thread, its limits, and what is left out."""

import pytest

from potluck.social import objects, threads
from potluck.social.model import Object
from support.cast import Cast
from support.databases import statements


async def _context(cast: Cast, row: Object, viewer: int | None = None, **more: int) -> tuple[list[str], list[str]]:
    async with cast.database.read() as session:
        above, below = await threads.context(session, row.id, viewer, **more)
        found = await objects.by_ids(session, above + below)
    return [found[value].content for value in above], [found[value].content for value in below]


@pytest.fixture
async def tree(cast: Cast) -> dict[str, Object]:
    """a ── b ── c ── d, with e under b and f under a."""
    rows = {"a": await cast.say(cast.carol, "a")}
    for name, parent in ("b", "a"), ("c", "b"), ("d", "c"), ("e", "b"), ("f", "a"):
        rows[name] = await cast.reply(cast.carol, rows[parent], name)
    return rows


async def test_order(cast: Cast, tree: dict[str, Object]) -> None:
    """Ancestors from the root down, descendants depth-first, older branches first."""
    assert await _context(cast, tree["a"]) == ([], ["b", "c", "d", "e", "f"])
    assert await _context(cast, tree["b"]) == (["a"], ["c", "d", "e"])
    assert await _context(cast, tree["d"]) == (["a", "b", "c"], [])


async def test_limits(cast: Cast, tree: dict[str, Object]) -> None:
    """The nearest ancestors, the first descendants, only so many levels."""
    assert await _context(cast, tree["d"], ancestors=2) == (["b", "c"], [])
    assert await _context(cast, tree["a"], descendants=2) == ([], ["b", "c"])
    assert await _context(cast, tree["a"], depth=1) == ([], ["b", "f"])
    assert await _context(cast, tree["a"], depth=2) == ([], ["b", "c", "e", "f"])


async def test_no_ancestors_wanted(cast: Cast, tree: dict[str, Object]) -> None:
    """None means none."""
    assert await _context(cast, tree["d"], ancestors=0, descendants=0) == ([], [])


async def test_unknown_objects_have_no_context(cast: Cast) -> None:
    """There is nothing around what is not there."""
    async with cast.database.read() as session:
        assert await threads.context(session, 1, None) == ([], [])


async def test_hidden_people_are_left_out(cast: Cast, tree: dict[str, Object]) -> None:
    """A reader does not meet those they muted in a conversation, but those who answered them."""
    await cast.reply(cast.frank, tree["b"], "frank's")
    await cast.mute(cast.eve, cast.carol)
    assert await _context(cast, tree["b"], cast.eve.id) == ([], ["frank's"])
    assert await _context(cast, tree["b"], cast.bob.id) == (["a"], ["c", "d", "e", "frank's"])


async def test_a_circle_ends(cast: Cast) -> None:
    """Hostile posts that answer each other hang nobody up."""
    one, two = cast.draft(cast.carol, "1"), cast.draft(cast.carol, "2")
    one.in_reply_to_uri, two.in_reply_to_uri = two.uri, one.uri
    rows = await cast.store(one, two)
    await cast.change(rows[0], in_reply_to_id=rows[1].id, thread_root_id=rows[0].id)
    await cast.change(rows[1], in_reply_to_id=rows[0].id, thread_root_id=rows[0].id)
    above, below = await _context(cast, rows[0])
    assert set(above) <= {"1", "2"}
    assert below == ["2"]


async def test_few_statements_for_a_long_thread(cast: Cast) -> None:
    """However long a conversation is, finding what is above and below takes two statements."""
    root = await cast.say(cast.carol)
    await cast.store(*[cast.draft(cast.carol, in_reply_to_uri=root.uri) for _ in range(200)])
    with statements(cast.database) as sent:
        _, below = await _context(cast, root)
    assert len(below) == 200
    assert len([statement for statement in sent if statement.startswith(("SELECT", "WITH"))]) == 3
