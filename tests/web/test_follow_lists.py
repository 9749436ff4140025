"""Tidying up: follows sorted and ended many at once, mutes with an end, follows with wishes; limited accounts."""

import pytest
from sqlalchemy import select

from potluck.social import search
from potluck.social.model import Follow, Mute
from support.cast import ago
from web.conftest import Site


async def test_sorting_and_ending(site: Site) -> None:
    """Silent people can be told from active ones, and be unfollowed together; followers be removed."""
    cast = site.cast
    for actor, days in ((cast.eve, 1), (cast.mia, 400), (cast.frank, 10)):
        await cast.follow(cast.alice, actor)
        await cast.change(actor, last_post_at=ago(days=days))
    alice = await site.browser(cast.alice)
    page = (await alice.get("/settings/follows?order=active")).text
    assert page.index("@eve@") < page.index("@frank@") < page.index("@mia@")
    silent = (await alice.get("/settings/follows?which=dormant")).text
    assert "@mia@" in silent
    assert "@eve@" not in silent
    assert "@frank@" in (await alice.get("/settings/follows?which=mutual")).text
    assert "@frank@" not in (await alice.get("/settings/follows?which=one_way")).text
    await alice.post("/settings/follows", {"side": "following", "people": [str(cast.mia.id), str(cast.eve.id), "7"]})
    async with site.database.read() as session:
        left = (await session.scalars(select(Follow.followed_id).where(Follow.follower_id == cast.alice.id))).all()
    assert left == [cast.frank.id]
    assert "@bob@" in (await alice.get("/settings/follows?side=followers&order=name")).text
    await alice.post("/settings/follows", {"side": "followers", "people": [str(cast.bob.id)]})
    assert "@bob@" not in (await alice.get("/settings/follows?side=followers")).text
    for odd in ("order=x", "which=x", "offset=99999999999", "side=x"):
        assert (await alice.get(f"/settings/follows?{odd}")).status_code == 200


async def test_how_one_follows(site: Site) -> None:
    """Boosts, notifications and languages are set for each follow; without one there is nothing to set."""
    cast = site.cast
    await cast.follow(cast.alice, cast.eve)
    alice = await site.browser(cast.alice)
    path = f"/people/{cast.eve.id}/options"
    assert "Only posts in these languages" in (await alice.get(path)).text
    await alice.post(path, {"notify": "1", "languages": ["de", "xx"]})
    async with site.database.read() as session:
        row = (await session.scalars(select(Follow).where(Follow.follower_id == cast.alice.id))).one()
    assert (row.show_boosts, row.notify, row.languages) == (False, True, ["de"])
    assert (await alice.get(f"/people/{cast.mia.id}/options")).status_code == 404
    assert (await alice.post(f"/people/{cast.mia.id}/options")).status_code == 404


async def test_muting_for_a_while(site: Site) -> None:
    """A mute may end by itself and leave notifications alone; the list of mutes says so."""
    cast = site.cast
    alice = await site.browser(cast.alice)
    assert "For how long?" in (await alice.get(f"/people/{cast.eve.id}/mute")).text
    await alice.post(f"/people/{cast.eve.id}/mute", {"duration": "86400", "keep_notifications": "1"})
    async with site.database.read() as session:
        row = (await session.scalars(select(Mute))).one()
    assert row.expires_at is not None
    assert not row.notifications
    assert "Their notifications are shown" in (await alice.get("/blocks")).text


async def test_limited_profiles(site: Site) -> None:
    """A limited account stands behind a notice for strangers and guests, not for followers and itself."""
    cast = site.cast
    await cast.say(cast.alice, "<p>plum cake</p>")
    await cast.change(cast.alice, silenced_at=ago(days=1))
    for browser in (site.guest(), await site.browser(cast.eve)):
        assert "plum cake" not in (await browser.get("/@alice")).text
        assert "plum cake" in (await browser.get("/@alice?shown=1")).text
    for actor in (cast.alice, cast.bob):
        assert "plum cake" in (await (await site.browser(actor)).get("/@alice")).text


@pytest.mark.parametrize(("name", "words", "found"), [
    ("eve", "ali", False), ("eve", "alice", True), ("bob", "ali", True)])
async def test_limited_people_in_searches(site: Site, name: str, words: str, found: bool) -> None:
    """Strangers find a limited account by its whole name only, followers as ever."""
    cast = site.cast
    await cast.change(cast.alice, silenced_at=ago(days=1))
    async with site.database.read() as session:
        rows = await search.accounts(session, words, viewer_id=getattr(cast, name).id)
    assert ("alice" in {row.name for row in rows}) is found
