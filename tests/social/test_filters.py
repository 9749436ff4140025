"""Filters: whose they are, what they may hold, and what they catch."""

from __future__ import annotations

from datetime import timedelta

import pytest

from potluck.db.base import now
from potluck.social import filtering, filters, views
from potluck.social.errors import Invalid, NotFound
from potluck.social.filtering import Match
from potluck.social.filters import KeywordChange
from potluck.social.model import Actor, Object
from support.cast import Cast
from support.databases import statements


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """No filters are remembered from another test."""
    filtering.forget_all()


async def make(cast: Cast, owner: Actor, *words: str, **more: object) -> filters.FilterView:
    """A filter with words."""
    values: dict[str, object] = {"title": "cats", "contexts": ["home"]} | more
    async with cast.database.write() as session:
        return await filters.create(session, owner.id, keywords=[KeywordChange(keyword=word) for word in words],
                                    **values)


async def caught(cast: Cast, reader: Actor, row: Object) -> tuple[Match, ...]:
    """What a reader's filters say about a post."""
    async with cast.database.read() as session:
        view = (await views.load_objects(session, [row.id], reader.id))[row.id]
        return (await filtering.of_reader(session, reader.id)).of_view(view)


async def test_words_are_found_where_people_read_them(cast: Cast) -> None:
    """In text, warning and title, whatever the case, whole words only; never in one's own posts."""
    await make(cast, cast.bob, "cat", "quantum  leap")
    assert [match.words for match in await caught(cast, cast.bob, await cast.say(cast.alice, "<p>A CAT!</p>"))] == [
        ("cat",)]
    assert await caught(cast, cast.bob, await cast.say(cast.alice, "<p>concatenate</p>")) == ()
    assert await caught(cast, cast.bob, await cast.say(cast.alice, "x", summary="Quantum leap"))
    assert await caught(cast, cast.bob, await cast.say(cast.alice, "x", title="Cat show"))
    assert await caught(cast, cast.bob, await cast.say(cast.bob, "<p>my cat</p>")) == ()
    assert await caught(cast, cast.eve, await cast.say(cast.alice, "<p>A cat</p>")) == ()


async def test_a_post_can_be_named(cast: Cast) -> None:
    """It is caught without any word; what the reader may not see cannot be named."""
    row = await cast.say(cast.alice, "plain")
    secret = await cast.say(cast.alice, "secret", visibility="direct")
    view = await make(cast, cast.bob)
    async with cast.database.write() as session:
        named = await filters.add_status(session, cast.bob.id, view.filter.id, row.id)
        with pytest.raises(NotFound):
            await filters.add_status(session, cast.bob.id, view.filter.id, secret.id)
        with pytest.raises(Invalid):
            await filters.add_status(session, cast.bob.id, view.filter.id, row.id)
    assert [match.named for match in await caught(cast, cast.bob, row)] == [True]
    async with cast.database.write() as session:
        await filters.remove_status(session, cast.bob.id, named.id)
    assert await caught(cast, cast.bob, row) == ()


async def test_a_filter_hides_or_warns_where_it_is_meant_to(cast: Cast) -> None:
    """Hiding and warning are asked for by context."""
    await make(cast, cast.bob, "cat", action="hide", contexts=["public", "home"])
    await make(cast, cast.bob, "dog", title="Dogs", action="blur", contexts=["thread"])
    cat = await caught(cast, cast.bob, await cast.say(cast.alice, "cat"))
    dog = await caught(cast, cast.bob, await cast.say(cast.alice, "dog"))
    assert [filtering.hides(cat, context) for context in filters.CONTEXTS] == [True, False, True, False, False]
    assert not any(filtering.hides(dog, context) for context in filters.CONTEXTS)
    found = filtering.warning(dog, "thread")
    assert found is not None
    assert found.rule.title == "Dogs"
    assert filtering.warning(dog, "home") is None
    assert filtering.warning(cat, "home") is None


async def test_filters_end_by_themselves(cast: Cast) -> None:
    """One that has expired catches nothing, and can be given more time."""
    view = await make(cast, cast.bob, "cat", expires_at=now() - timedelta(seconds=1))
    row = await cast.say(cast.alice, "cat")
    assert await caught(cast, cast.bob, row) == ()
    async with cast.database.write() as session:
        await filters.update(session, cast.bob.id, view.filter.id, expires_at=None)
    assert await caught(cast, cast.bob, row)


async def test_an_edit_is_judged_anew(cast: Cast) -> None:
    """A verdict belongs to a version of the post."""
    await make(cast, cast.bob, "cat")
    row = await cast.say(cast.alice, "cat")
    assert await caught(cast, cast.bob, row)
    await cast.change(row, content="dog", version=row.version + 1)
    assert await caught(cast, cast.bob, row) == ()


async def test_filters_are_their_owners(cast: Cast) -> None:
    """Nobody else reads or changes them, nor their words."""
    view = await make(cast, cast.bob, "cat")
    async with cast.database.write() as session:
        for refused in (filters.one(session, cast.eve.id, view.filter.id),
                        filters.update(session, cast.eve.id, view.filter.id, title="x"),
                        filters.delete(session, cast.eve.id, view.filter.id),
                        filters.keyword(session, cast.eve.id, view.keywords[0].id)):
            with pytest.raises(NotFound):
                await refused
        other = await filters.create(session, cast.bob.id, title="other", contexts=["home"])
        with pytest.raises(NotFound):
            await filters.update(session, cast.bob.id, other.filter.id,
                                 keywords=[KeywordChange(view.keywords[0].id, "dog")])


@pytest.mark.parametrize("bad", [{"title": " "}, {"title": "x" * 257}, {"contexts": []}, {"contexts": ["elsewhere"]},
                                 {"action": "burn"}, {"keywords": [KeywordChange(keyword=" ")]},
                                 {"keywords": [KeywordChange(keyword="x" * 513)]}])
async def test_values_that_cannot_be_used(cast: Cast, bad: dict[str, object]) -> None:
    """They are refused."""
    async with cast.database.write() as session:
        with pytest.raises(Invalid):
            await filters.create(session, cast.bob.id, **({"title": "t", "contexts": ["home"]} | bad))


async def test_many_readers_at_once(cast: Cast) -> None:
    """Each gets their own rules, however many there are in three queries; who has none in force is left out."""
    await make(cast, cast.bob, "cat")
    named = await make(cast, cast.alice, "dog")
    await make(cast, cast.eve, "owl", expires_at=now() - timedelta(minutes=1))
    row = await cast.say(cast.bob, "plain")
    async with cast.database.write() as session:
        await filters.add_status(session, cast.alice.id, named.filter.id, row.id)
    async with cast.database.read() as session:
        with statements(cast.database) as seen:
            found = await filtering.of_readers(session, {cast.alice.id, cast.bob.id, cast.eve.id})
    assert len([line for line in seen if line.startswith("SELECT")]) == 3
    assert found.keys() == {cast.alice.id, cast.bob.id}
    assert [match.words for match in found[cast.bob.id].judge(1, 1, "cat and dog")] == [("cat",)]
    assert [match.named for match in found[cast.alice.id].judge(row.id, 1, "x")] == [True]


async def test_asking_again_costs_nothing(cast: Cast) -> None:
    """Filters are compiled once for a reader, also when there are none, until they change."""
    async with cast.database.read() as session:
        assert not await filtering.of_reader(session, cast.bob.id)
        with statements(cast.database) as seen:
            assert not await filtering.of_reader(session, cast.bob.id)
    assert seen == []
    await make(cast, cast.bob, "cat")
    async with cast.database.read() as session:
        assert await filtering.of_reader(session, cast.bob.id)
