"""What Mastodon has no word for is a whole status: a made-up kind proves that no real one is needed for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from potluck.kinds.link import KIND as LINK
from potluck.social import preview_cards, registry
from potluck.social.drafts import AttachmentDraft
from potluck.social.glances import Glance, beginning
from potluck.social.model import Actor, PreviewCard
from potluck.social.views import ObjectView

from . import fields
from .conftest import Person, Server


def _glance(view: ObjectView) -> Glance:
    row = view.object
    return Glance(row.title or "?", ["Serves 4", "30 <minutes>"], beginning(row), row.extra.get("link"))


RECIPE = replace(LINK, name="recipe", types=frozenset({"Recipe"}), label="Recipe", lens=None, glance=_glance)


@pytest.fixture
async def cook(server: Server, dana: Actor) -> AsyncIterator[Actor]:
    """Dana, whose server has recipes; the kind is there as long as the test runs."""
    registry.register(RECIPE)
    preview_cards.install()
    yield dana
    registry._kinds.pop("recipe")
    registry._by_type.pop("Recipe")


async def read(person: Person, object_id: int) -> Any:
    """A status with every documented field."""
    found = await person.get(f"/api/v1/statuses/{object_id}")
    fields.check(found, "SignedInStatus")
    return found


async def test_a_kind_says_what_matters(server: Server, alice: Person, cook: Actor) -> None:
    """Linked title, facts and text; its own page is the card, with its picture; media are attachments."""
    picture = AttachmentDraft(type="image", url="https://far.example/soup.jpg", width=800, height=600)
    row = await server.arrives(cook, "<p>Boil <b>water</b>.</p>", kind="recipe", type="Recipe", title="Soup & bread",
                               attachments=[picture], hashtags=["soup"])
    found = await read(alice, row.id)
    assert found["content"] == (
        f'<p><a href="{row.url}" rel="nofollow noopener">Soup &amp; bread</a></p>'
        "<p>Serves 4<br>30 &lt;minutes&gt;</p><p>Boil <b>water</b>.</p>")
    assert (found["card"]["url"], found["card"]["title"], found["card"]["image"]) == (
        row.url, "Soup & bread", found["media_attachments"][0]["url"])
    assert found["card"]["description"] == "Serves 4 · 30 <minutes> · Boil water."
    assert [item["type"] for item in found["media_attachments"]] == ["image"]
    assert [item["name"] for item in found["tags"]] == ["soup"]
    assert found["spoiler_text"] == ""


async def test_what_it_is_about_is_linked(server: Server, alice: Person, cook: Actor) -> None:
    """A page it is about is linked and carded, once that page was fetched with what the page says."""
    row = await server.arrives(cook, "", kind="recipe", type="Recipe", title="Stew",
                               extra={"link": "https://news.example/stew"})
    found = await read(alice, row.id)
    assert 'href="https://news.example/stew"' in found["content"]
    assert (found["card"]["url"], found["card"]["title"]) == ("https://news.example/stew", "Stew")
    async with server.db.write() as session:
        card = (await session.scalars(select(PreviewCard))).one()
        await preview_cards.settle(session, card.id, {"title": "A stew", "provider_name": "News"})
    assert (await read(alice, row.id))["card"]["title"] == "A stew"


@pytest.mark.parametrize(("said", "shown"), [
    ({"title": "Title", "summary": "One\nTwo"}, "<p>One</p><p>Two</p>"),
    ({"title": "Title", "content": "<p>short</p>"}, "<p>short</p>"),
    ({"title": None, "content": ""}, "Thing</a>")])
async def test_a_kind_that_says_nothing(server: Server, alice: Person, dana: Actor, said: dict[str, Any],
                                        shown: str) -> None:
    """Title and summary, or the text; of what nobody knows at least its type, linked: never nothing."""
    row = await server.arrives(dana, said.pop("content", "<p>body</p>"), kind="unknown", type="Thing", **said)
    assert shown in (await read(alice, row.id))["content"]


async def test_a_long_text_is_cut(server: Server, alice: Person, dana: Actor) -> None:
    """An article of many pages is not read in a timeline; its first words are."""
    row = await server.arrives(dana, "<p>" + "word " * 5000 + "</p>", kind="unknown", type="Article", title="Long")
    found = await read(alice, row.id)
    assert len(found["content"]) < 2000
    assert "word word" in found["content"]


async def test_every_kind_can_be_acted_on(server: Server, alice: Person, cook: Actor) -> None:
    """Liked, boosted, bookmarked, answered, found on its profile and at home, as any status."""
    await alice.post(f"/api/v1/accounts/{cook.id}/follow")
    row = await server.arrives(cook, "<p>x</p>", kind="recipe", type="Recipe", title="Soup")
    for act in ("favourite", "reblog", "bookmark"):
        await alice.post(f"/api/v1/statuses/{row.id}/{act}")
    await alice.say("@dana@far.example nice", in_reply_to_id=str(row.id))
    found = await read(alice, row.id)
    assert (found["favourited"], found["reblogged"], found["bookmarked"], found["replies_count"]) == (
        True, True, True, 1)
    assert str(row.id) in [item["id"] for item in await alice.get(f"/api/v1/accounts/{cook.id}/statuses")]
    assert str(row.id) in [item["id"] for item in await alice.get("/api/v1/timelines/public")]


async def test_an_article_is_whole(server: Server, alice: Person, dana: Actor) -> None:
    """Linked title and the full text without pictures, which are attachments; the card is its page."""
    picture = AttachmentDraft(type="image", url="https://far.example/rye.jpg", width=800, height=600)
    row = await server.arrives(
        dana, '<h2>Salt</h2><p>x <img src="https://far.example/rye.jpg"> y</p><p>z</p>', kind="article",
        type="Article", title="On rye", summary="All of it", attachments=[picture], hashtags=["bread"],
        extra={"cover": {"url": "https://far.example/rye.jpg", "alt": ""}})
    found = await read(alice, row.id)
    assert found["content"] == (f'<p><a href="{row.url}" rel="nofollow noopener">On rye</a></p>'
                                "<h2>Salt</h2><p>x  y</p><p>z</p>")
    assert (found["card"]["url"], found["card"]["title"]) == (row.url, "On rye")
    assert (len(found["media_attachments"]), found["spoiler_text"]) == (1, "")
