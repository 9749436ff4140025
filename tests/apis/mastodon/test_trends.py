"""What trends, and preview cards as apps see them."""

from __future__ import annotations

from sqlalchemy import select

from potluck.social import preview_cards, trends
from potluck.social.model import PreviewCard

from . import fields
from .conftest import Person, Server

PAGE = {"title": "Soup", "description": "Hot", "image_url": "https://news.example/a.jpg", "width": 800, "height": 600,
        "author_name": "Ada", "author_url": "https://news.example/ada", "provider_name": "News",
        "provider_url": "https://news.example", "language": "en"}


async def refreshed(server: Server) -> None:
    """The engine has looked at what happened."""
    trends.forget_all()
    async with server.db.write() as session:
        await trends.refresh(session)


async def fetched(server: Server, **page: object) -> None:
    """The engine has fetched all pages."""
    async with server.db.write() as session:
        for row in (await session.scalars(select(PreviewCard))).all():
            await preview_cards.settle(session, row.id, PAGE | page)


async def test_hashtags(server: Server, alice: Person, bob: Person) -> None:
    """Those that at least two people use."""
    for person in (alice, bob):
        await person.say("#trending now")
    await alice.say("#lonely")
    await refreshed(server)
    for path in ("/api/v1/trends", "/api/v1/trends/tags"):
        found = (await server.http.get(path)).json()
        fields.check_all(found, "Tag")
        assert [item["name"] for item in found] == ["trending"]
        assert found[0]["history"][0]["accounts"] == "2"


async def test_cards_and_links(server: Server, alice: Person, bob: Person) -> None:
    """A link has a card once its page was fetched; what several people link to trends, and has a timeline."""
    preview_cards.install()
    said = [await person.say("see https://news.example/soup") for person in (alice, bob)]
    assert said[0]["card"] is None
    await fetched(server)
    status = await alice.get(f"/api/v1/statuses/{said[0]['id']}")
    fields.check(status, "SignedInStatus")
    assert (status["card"]["title"], status["card"]["url"]) == ("Soup", "https://news.example/soup")
    assert "/proxy/" in status["card"]["image"]  # the page's server does not learn who reads it
    assert await alice.get(f"/api/v1/statuses/{said[0]['id']}/card") == status["card"]
    await refreshed(server)
    found = (await server.http.get("/api/v1/trends/links")).json()
    fields.check_all(found, "TrendsLink")
    assert [(item["title"], item["history"][0]["accounts"]) for item in found] == [("Soup", "2")]
    await alice.say("see https://news.example/soup", visibility="private")
    linked = (await server.http.get("/api/v1/timelines/link?url=https://news.example/soup")).json()
    fields.check_all(linked, "Status")
    assert [item["id"] for item in linked] == [said[1]["id"], said[0]["id"]]
    assert (await server.http.get("/api/v1/timelines/link")).status_code == 400


async def test_a_player_is_a_frame(server: Server, alice: Person) -> None:
    """A video's card has the frame that apps show."""
    preview_cards.install()
    said = await alice.say("see https://video.example/1")
    await fetched(server, type="video", player_url="https://video.example/e?a=1&b=2")
    card = (await alice.get(f"/api/v1/statuses/{said['id']}"))["card"]
    fields.check(card, "PreviewCard")
    assert card["html"].startswith('<iframe src="https://video.example/e?a=1&amp;b=2" width="800"')


async def test_statuses(server: Server, alice: Person, bob: Person, carol: Person) -> None:
    """What at least two people liked or boosted, by people who want to be found; not what one hides."""
    found_ = await server.person("found", discoverable=True)
    liked = await found_.say("liked")
    loved = await found_.say("loved")
    hidden = await alice.say("not to be found")
    for person, statuses in ((bob, (liked, loved, hidden)), (carol, (liked, loved, hidden)), (alice, (loved,))):
        for status in statuses:
            await person.post(f"/api/v1/statuses/{status['id']}/favourite")
    await found_.say("@bob nobody likes it")
    await refreshed(server)
    found = (await server.http.get("/api/v1/trends/statuses")).json()
    fields.check_all(found, "Status")
    assert [item["id"] for item in found] == [loved["id"], liked["id"]]
    assert [item["id"] for item in await bob.get("/api/v1/trends/statuses?limit=1&offset=1")] == [liked["id"]]
    await bob.post(f"/api/v1/accounts/{found_.id}/mute")
    assert await bob.get("/api/v1/trends/statuses") == []
    await found_.delete(f"/api/v1/statuses/{loved['id']}")
    assert len((await server.http.get("/api/v1/trends/statuses")).json()) == 1
