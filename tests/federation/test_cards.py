"""Preview cards: fetched once for an address, by the safe client, and never in the way of a post."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import delete, select, update

from potluck.db.base import now
from potluck.federation.cards import CardWorker
from potluck.social import objects, preview_cards, views
from potluck.social.drafts import AttachmentDraft, Draft
from potluck.social.live import Waker
from potluck.social.model import Actor, Object, ObjectCard, PreviewCard

from .conftest import Wire


@dataclass
class Site:
    """A web site on loopback."""

    base: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    status: int = 200

    def link(self, path: str) -> str:
        return f'<p>look <a href="{self.base}{path}" rel="nofollow">{self.base}{path}</a></p>'


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A web site with an article and a video."""
    made = Site()

    async def answer(request: web.Request) -> web.Response:
        made.asked.append(request.path)
        kind = "application/json" if request.path == "/oembed" else "text/html"
        if request.path not in made.pages:
            return web.Response(status=404)
        return web.Response(status=made.status, text=made.pages[request.path], content_type=kind)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    server = TestServer(app)
    await server.start_server()
    made.base = str(server.make_url("")).rstrip("/")
    made.pages["/article"] = ('<html lang="en"><meta property="og:title" content="Soup"><meta name="description"'
                              ' content="Hot"><meta name="fediverse:creator" content="@alice@potluck.test">')
    made.pages["/video"] = '<title>Film</title><link rel="alternate" type="application/json+oembed" href="/oembed">'
    made.pages["/oembed"] = ('{"type":"video","title":"The film","provider_name":"V","width":640,"height":360,'
                             '"html":"<iframe src=\\"https://v.example/e\\"></iframe>"}')
    yield made
    await server.close()


@pytest.fixture(autouse=True)
def subscribed() -> None:
    """Objects are looked at as they are in every process."""
    preview_cards.install()


def worker(wire: Wire) -> CardWorker:
    """The part of the engine that fetches cards, driven by hand."""
    return CardWorker(wire.db, wire.federation.client, wire.federation.is_blocked, Waker(wire.db))


async def say(wire: Wire, author: Actor, content: str, **more: object) -> Object:
    """Someone posts."""
    async with wire.db.write() as session:
        stored = await objects.store(session, [Draft(
            kind="note", type="Note", published=now(), author_id=author.id, content=content, **more)])
    assert stored[0].object is not None
    return stored[0].object


async def card_of(wire: Wire, row: Object) -> PreviewCard | None:
    """What is shown with a post."""
    async with wire.db.read() as session:
        return (await views.load_objects(session, [row.id], None))[row.id].card


async def test_a_link_gets_a_card(wire: Wire, site: Site) -> None:
    """Once for everyone who links to it; the post is shown anew; a credited author must agree."""
    alice = await wire.local("alice", extra={"attribution_domains": ["127.0.0.1"]})
    first = await say(wire, alice, site.link("/article"))
    second = await say(wire, alice, site.link("/article#part"))
    assert await card_of(wire, first) is None
    assert await worker(wire).fetch_due() == 1
    card = await card_of(wire, first)
    assert card is not None
    assert (card.title, card.description, card.language, card.author_id) == ("Soup", "Hot", "en", alice.id)
    assert (await card_of(wire, second)) is not None
    async with wire.db.read() as session:
        assert (await session.get_one(Object, first.id)).version == first.version + 1
    third = await say(wire, alice, site.link("/article"))
    assert await card_of(wire, third) is not None
    assert await worker(wire).fetch_due() == 0
    assert site.asked == ["/article"]


async def test_oembed_is_followed(wire: Wire, site: Site) -> None:
    """A video's player comes from the document the page names."""
    row = await say(wire, await wire.local("alice"), site.link("/video"))
    await worker(wire).fetch_due()
    card = await card_of(wire, row)
    assert card is not None
    assert (card.type, card.title, card.player_url, card.width) == ("video", "The film", "https://v.example/e", 640)


async def test_posts_without_card(wire: Wire, site: Site) -> None:
    """With media, a quote, only mentions and hashtags, or links to this server nothing is asked."""
    alice = await wire.local("alice")
    picture = AttachmentDraft(type="image", url="https://far.example/cat.jpg")
    await say(wire, alice, site.link("/article"), attachments=[picture])
    await say(wire, alice, site.link("/article"), quote_uri="https://far.example/1")
    await say(wire, alice, '<a href="https://far.example/@bo" class="u-url mention">@bo</a>'
                           ' <a href="https://far.example/tags/x" class="mention hashtag" rel="tag">#x</a>'
                           ' <a href="https://potluck.test/@alice/1">mine</a>')
    assert await worker(wire).fetch_due() == 0
    assert site.asked == []


async def test_a_page_that_cannot_be_had(wire: Wire, site: Site) -> None:
    """Gone ones are asked once, ones in trouble thrice; a blocked site is never asked."""
    alice = await wire.local("alice")
    gone = await say(wire, alice, site.link("/nothing"))
    await worker(wire).fetch_due()
    assert await card_of(wire, gone) is None
    site.status = 503
    await say(wire, alice, site.link("/article"))
    for _ in range(5):
        await worker(wire).fetch_due()
        async with wire.db.write() as session:
            await session.execute(update(PreviewCard).where(PreviewCard.due_at.is_not(None)).values(due_at=now()))
    assert site.asked == ["/nothing", "/article", "/article", "/article"]
    async with wire.db.read() as session:
        assert set((await session.scalars(select(PreviewCard.state))).all()) == {"failed"}


async def test_an_edit_changes_the_card(wire: Wire, site: Site) -> None:
    """To the page linked to now, or to none."""
    alice = await wire.local("alice")
    row = await say(wire, alice, site.link("/article"))
    await worker(wire).fetch_due()

    async def edit(content: str) -> None:
        async with wire.db.write() as session:
            await objects.edit(session, row.id, Draft(kind="note", type="Note", published=now(), author_id=alice.id,
                                                      content=content, edited_at=now()), alice)

    await edit(site.link("/video"))
    await worker(wire).fetch_due()
    card = await card_of(wire, row)
    assert card is not None
    assert card.title == "The film"
    await edit("<p>no link</p>")
    assert await card_of(wire, row) is None


async def test_an_old_card_is_fetched_again(wire: Wire, site: Site) -> None:
    """After two weeks, when somebody links to the page anew; until then the old one is shown."""
    alice = await wire.local("alice")
    row = await say(wire, alice, site.link("/article"))
    await worker(wire).fetch_due()
    async with wire.db.write() as session:
        await session.execute(update(PreviewCard).values(fetched_at=now() - timedelta(days=15)))
    site.pages["/article"] = "<title>Stew</title>"
    await say(wire, alice, site.link("/article"))
    await worker(wire).fetch_due()
    card = await card_of(wire, row)
    assert card is not None
    assert card.title == "Stew"


async def test_cards_that_nobody_needs_go(wire: Wire, site: Site) -> None:
    """When no post has them any more, after some time."""
    alice = await wire.local("alice")
    row = await say(wire, alice, site.link("/article"))
    await say(wire, alice, site.link("/video"))
    await worker(wire).fetch_due()
    async with wire.db.write() as session:
        await session.execute(update(PreviewCard).values(created_at=now() - timedelta(days=15)))
        await objects.delete(session, row.id, await session.get_one(Actor, alice.id))
        await session.execute(delete(ObjectCard).where(ObjectCard.object_id == row.id))
        await preview_cards.sweep(session)
        assert (await session.scalars(select(PreviewCard.url))).all() == [f"{site.base}/video"]
