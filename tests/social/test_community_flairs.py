"""Tags of posts in communities, by which listings are narrowed; and the same picture found in several communities."""

from __future__ import annotations

from importlib.resources import files
from runpy import run_path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection

from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.social.communities import claims, flairs, listing, making
from potluck.social.communities.listing import Wanted
from potluck.social.communities.making import Wishes
from potluck.social.model import Actor, GroupPost, Media, Object, User


@pytest.fixture
async def alice(session, local) -> Actor:
    """Somebody with a login."""
    actor = await local("alice")
    session.add(User(id=1, email="alice@mail.test", actor_id=actor.id, password_hash="x"))
    actor.owner_id = 1
    await session.flush()
    return actor


@pytest.fixture
async def soups(session, alice, pairs) -> Actor:
    """A community with tags."""
    return await making.create(session, alice, "soups", Wishes(
        "Soups", flairs=[{"name": "Question"}, {"name": "Recipe"}]), pairs=pairs)


async def bring(session, author: Actor, group: Actor, title: str = "A broth", **changes) -> Object:
    return await links.compose(session, author, LinkRequest(group.id, title, **changes))


async def listed(session, group: Actor, flair: str, **wanted) -> list[int]:
    return (await listing.page(session, None, Wanted(
        "community", group.id, flair=flair, **({"sort": "old"} | wanted)))).object_ids


@pytest.mark.parametrize("many", [False, True])
async def test_a_listing_is_narrowed_by_a_tag(session, alice, soups, monkeypatch, many: bool) -> None:
    """In every order and page by page, however many have it; spelling counts for nothing; edits are followed."""
    monkeypatch.setattr(flairs, "FEW", 0 if many else 2000)
    first = await bring(session, alice, soups, flairs=["Question"])
    second = await bring(session, alice, soups, flairs=["Recipe", " question "])
    plain = await bring(session, alice, soups)
    for sort in listing.SORTS:
        assert set(await listed(session, soups, "QUESTION", sort=sort)) == {first.id, second.id}
    page = await listing.page(session, None, Wanted("community", soups.id, sort="old", flair="question", limit=1))
    assert (page.object_ids, await listed(session, soups, "question", cursor=page.next_cursor)) == (
        [first.id], [second.id])
    assert await listed(session, soups, "Recipe") == [second.id]
    assert await listed(session, soups, "none") == []
    assert await listed(session, soups, "") == [first.id, second.id, plain.id]
    await links.revise(session, alice, first.id, LinkRequest(soups.id, "A broth", flairs=["Recipe"]))
    assert await listed(session, soups, "Recipe") == [first.id, second.id]
    assert await listed(session, soups, "question") == [second.id]


async def test_a_tag_is_one_of_its_community(session, alice, soups, pairs) -> None:
    """The same word in another community is another tag, and what left a community has none."""
    stews = await making.create(session, alice, "stews", Wishes("Stews", flairs=[{"name": "Question"}]), pairs=pairs)
    here, there = [await bring(session, alice, group, flairs=["Question"]) for group in (soups, stews)]
    assert (await listed(session, soups, "question"), await listed(session, stews, "question")) == (
        [here.id], [there.id])
    await claims.let_go(session, [here])
    assert await listed(session, soups, "question") == []


@pytest.mark.parametrize("extra", [
    {"flairs": "x"}, {"flairs": [None, 5, "", {"a": 1}] * 50}, {"flairs": ["x" * 5000]}, {}])
def test_odd_tags_of_others_do_no_harm(extra) -> None:
    """Whatever a document held, a few short words come of it."""
    names = flairs.names_of(Object(extra=extra))
    assert len(names) <= flairs.MOST
    assert all(len(flairs.key(name)) <= 100 for name in names)


async def test_the_same_picture_is_found(session, alice, soups, pairs) -> None:
    """By its address elsewhere, or by the one address that equal uploads have here; an edit to another one counts."""
    stews = await making.create(session, alice, "stews", Wishes("Stews"), pairs=pairs)
    url = "https://pictures.example/broth.jpg"
    first, second = [await bring(session, alice, group, link=address) for group, address in (
        (soups, f"{url}?utm_source=x"), (stews, url))]
    for number in (1, 2, 3):
        session.add(Media(id=number, owner_id=alice.id, type="image", media_type="image/webp", state="ready",
                          url=f"https://potluck.test/media/{'ab' if number < 3 else 'cd'}.webp"))
    await session.flush()
    uploads = [await bring(session, alice, group, media_ids=[number]) for group, number in (
        (soups, 1), (stews, 2), (soups, 3))]

    async def same(row: Object) -> list[int]:
        return await listing.same_link(session, await session.get_one(GroupPost, row.id))

    assert (await same(first), await same(second)) == ([second.id], [first.id])
    assert [await same(row) for row in uploads] == [[uploads[1].id], [uploads[0].id], []]
    assert [place.object_id for place in await listing.of_link(session, url, stews.id)] == [second.id, first.id]
    await links.revise(session, alice, second.id, LinkRequest(
        stews.id, "A broth", link="https://pictures.example/b.png"))
    session.expire_all()
    assert await same(first) == []


async def test_tags_of_old_posts_are_found_after_an_upgrade(session, alice, soups) -> None:
    """The migration reads them out of what posts hold already."""
    post = await bring(session, alice, soups, flairs=["Question"])
    await bring(session, alice, soups)
    await flairs.forget(session, [post.id])
    assert await listed(session, soups, "question") == []
    source = files("potluck.db.migrations") / "versions" / "0032_tags_of_posts_in_communities.py"
    migration = run_path(str(source))

    def fill(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            migration["_fill"]()

    await (await session.connection()).run_sync(fill)
    assert await listed(session, soups, "question") == [post.id]
