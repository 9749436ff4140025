"""Private messages to a blog: read and answered at its desk, in its name; nobody learns whose it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from potluck.federation.model import Delivery
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.social import keys, views
from potluck.social.blogs import authors, making
from potluck.social.blogs.making import Wishes
from potluck.social.model import Actor, Conversation, Mention, Notification, Object
from web.conftest import Browser, Site

PAIRS = keys.make_pairs()


async def blog(site: Site) -> Actor:
    """Alice's blog, in which Eve writes and Mia looks after everything."""
    async with site.database.write() as session:
        alice = await session.get_one(Actor, site.cast.alice.id)
        made = await making.create(session, alice, "crumbs", Wishes("Crumbs"), pairs=PAIRS)
        for person, role in ((site.cast.eve, "author"), (site.cast.mia, "editor")):
            await authors.invite(session, alice, made, await session.get_one(Actor, person.id), role)
        return made


async def says(site: Site, who: Actor, text: str, **more: Any) -> Object:
    """A private message."""
    async with site.database.write() as session:
        return await notes.compose(session, await session.get_one(Actor, who.id),
                                   NoteRequest(text, visibility="direct", **more))


async def desk(site: Site, blog: Actor) -> str:
    """The address of the one conversation of a blog."""
    async with site.database.read() as session:
        found = (await session.scalars(select(Conversation).where(Conversation.reader_id == blog.id))).one()
    return f"/@{blog.name}/desk/messages/{found.id}"


async def texts(browser: Browser, path: str) -> list[bool]:
    """Which of the two sides are on a page."""
    page = (await browser.get(path)).text
    return ["Is there rye?" in page, "Plenty" in page]


async def test_a_message_is_read_and_answered_in_the_blogs_name(site: Site) -> None:
    """Owner and editors have it at the desk; the answer is the blog's, goes to who asked, and names nobody else."""
    made = await blog(site)
    asked = await says(site, site.cast.bob, "@crumbs Is there rye?")
    alice, mia = await site.browser(site.cast.alice), await site.browser(site.cast.mia)
    assert "1 new message<" in (await alice.get("/blogs")).text
    assert "Messages (1)" in (await alice.get("/@crumbs/desk")).text
    path = await desk(site, made)
    assert path in (await mia.get("/@crumbs/desk/messages")).text
    assert await texts(mia, path) == [True, False]
    assert "new message" not in (await alice.get("/blogs")).text
    page = await mia.page_after(await mia.post(path, {"text": "Plenty"}))
    assert "Plenty" in page
    async with site.database.read() as session:
        answer = (await session.scalars(select(Object).where(Object.author_id == made.id))).one()
        named = set((await session.scalars(select(Mention.actor_id).where(Mention.object_id == answer.id))).all())
        seen = await views.load_objects(session, [answer.id], site.cast.bob.id)
    assert (answer.visibility, answer.in_reply_to_id, named) == ("direct", asked.id, {site.cast.bob.id})
    assert answer.id in seen
    bob = await site.browser(site.cast.bob)
    assert "Plenty" in (await bob.get("/conversations")).text
    for name in ("mia", "alice"):
        assert name not in answer.content


async def test_nobody_else_reads_it(site: Site) -> None:
    """Neither authors of the blog nor strangers, at no address; whoever looks after it has it nowhere but there."""
    made = await blog(site)
    asked = await says(site, site.cast.bob, "@crumbs Is there rye?")
    path = await desk(site, made)
    for person in (site.cast.eve, site.cast.dave):
        browser = await site.browser(person)
        for page in ("/@crumbs/desk/messages", path):
            assert (await browser.get(page)).status_code in (403, 404), page
        assert (await browser.post(path, {"text": "Plenty"})).status_code in (403, 404)
    alice = await site.browser(site.cast.alice)
    for page in ("/conversations", "/notifications", "/home"):
        assert "Is there rye?" not in (await alice.get(page)).text
    assert (await alice.get(f"/@bob/{asked.id}")).status_code == 404
    assert (await (await site.browser(site.cast.bob)).get(path)).status_code in (403, 404)
    async with site.database.read() as session:
        assert (await session.scalars(select(Notification.id).where(Notification.object_id == asked.id))).all() == []


async def test_what_cannot_be_answered(site: Site) -> None:
    """Nothing said, too much, another blog's conversation; what was typed stays, and the list can be cleared."""
    made = await blog(site)
    await says(site, site.cast.bob, "@crumbs Is there rye?")
    path = await desk(site, made)
    alice = await site.browser(site.cast.alice)
    for text in ("  ", "word " * 3000):
        found = await alice.post(path, {"text": text})
        assert found.status_code == 422
        assert "field-error" in found.text
    async with site.database.write() as session:
        other = await making.create(session, await session.get_one(Actor, site.cast.alice.id), "salt", Wishes("Salt"),
                                    pairs=PAIRS)
    assert (await alice.get(path.replace("@crumbs", f"@{other.name}"))).status_code == 404
    assert (await alice.post(path, {"remove": "1"})).headers["location"] == "/@crumbs/desk/messages"
    assert "No messages" in (await alice.get("/@crumbs/desk/messages")).text
    async with site.database.read() as session:
        assert (await session.scalars(select(Delivery.id))).all() == []
