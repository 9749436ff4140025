"""The pages of blogs: starting one, reading, closed doors, comments, feeds; what is closed stays closed everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import select, update

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.jobs import JobRow
from potluck.kinds.article import actions, letters
from potluck.kinds.article.actions import ArticleRequest
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.settings import current
from potluck.social import keys
from potluck.social.accounts import mailing
from potluck.social.accounts.email import Mail
from potluck.social.blogs import authors, making, subscribing
from potluck.social.blogs.making import Wishes
from potluck.social.errors import Invalid
from potluck.social.model import Actor, BlogSubscriber, Object
from potluck.web.blogs.domains import OwnDomains, path_of
from web.conftest import Site

PAIRS = keys.make_pairs()
TEXT = "A sour[^1] for *three* days #bread\n\n## Salt\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[^1]: Fed twice."


@pytest.fixture(autouse=True)
def _quick(monkeypatch) -> None:
    async def ready() -> keys.KeyPairs:
        return PAIRS

    monkeypatch.setattr(keys, "generate", ready)


async def blog(site: Site, name: str = "crumbs", **changes: Any) -> Actor:
    """A blog of Alice's."""
    async with site.database.write() as session:
        alice = await session.get_one(Actor, site.cast.alice.id)
        return await making.create(session, alice, name, Wishes(**{"title": name.title(), **changes}), pairs=PAIRS)


async def publish(site: Site, of: Actor, **changes: Any) -> Object:
    request = ArticleRequest(**{"text": TEXT, "title": "Rye", "blog_id": of.id, **changes})
    prepared = await actions.prepare(site.database, None, request)
    async with site.database.write() as session:
        return await actions.publish(session, await session.get_one(Actor, site.cast.alice.id), request, prepared)


async def comment(site: Site, author: Actor, parent: Object, text: str) -> Object:
    async with site.database.write() as session:
        return await notes.compose(session, await session.get_one(Actor, author.id),
                                   NoteRequest(text, in_reply_to_id=parent.id))


async def test_from_an_idea_to_readers(site: Site) -> None:
    """Starting a blog, its page, an article with all that articles have, its tag, feeds and metadata."""
    browser = await site.browser(site.cast.alice)
    page = await browser.page_after(await browser.post("/blogs/new", {
        "name": "crumbs", "title": "Crumbs & co", "description": "On *bread*", "visibility": "public",
        "comments": "open", "css": "h2{color:red} p{position:fixed}"}))
    assert "Crumbs &amp; co" in page
    async with site.database.read() as session:
        made = (await authors.blogs_of(session, site.cast.alice.id))[0][0]
    await publish(site, made, summary="All on rye")
    guest = site.guest()
    home = (await guest.get("/@crumbs")).text
    assert "All on rye" in home
    assert "<em>bread</em>" in home
    assert "alice" not in home.lower()
    found = await guest.get("/@crumbs/rye")
    assert found.status_code == 200
    for part in ('<h2 id="text-salt">Salt</h2>', '<table tabindex="0">', 'class="footnotes"', "1 minute", "BlogPosting",
                 'property="og:title" content="Rye"', "json+oembed",
                 f'class="article h-entry blog-{made.id}"'):
        assert part in found.text, part
    assert "alice" not in found.text.lower()
    css = await guest.get("/@crumbs/blog-css")
    assert css.text == f".blog-{made.id} h2 {{ color: red; }}"
    assert css.headers["content-type"] == "text/css; charset=utf-8"
    assert "Rye" in (await guest.get("/@crumbs/tagged/bread")).text
    assert "Rye" in (await guest.get("/read")).text
    assert "Rye" in (await guest.get("/read?tag=bread")).text
    assert "Rye" not in (await guest.get("/read?tag=cake")).text
    for path in ("/@crumbs.rss", "/@crumbs.atom", "/@crumbs/tagged/bread.rss", "/@crumbs/tagged/bread.atom"):
        feed = await guest.get(path)
        ElementTree.fromstring(feed.content)
        assert "footnotes" in feed.text, path
        assert "https://potluck.test/@crumbs/rye" in feed.text


async def test_every_address_leads_to_the_proper_one(site: Site) -> None:
    """By number, by the number alone, and in capitals; apps get the document."""
    row = await publish(site, await blog(site))
    guest = site.guest()
    for path in (f"/@crumbs/{row.id}", f"/posts/{row.id}"):
        assert (await guest.get(path)).headers["location"] == "/@crumbs/rye"
    assert (await guest.get("/@crumbs/rye", accept="application/activity+json")).headers["location"] == row.uri
    for path in ("/@crumbs/no-such", "/@alice/rye", "/@nobody/rye", "/@crumbs/" + "x" * 300, "/@alice/blog-css"):
        assert (await guest.get(path)).status_code == 404, path


@pytest.mark.parametrize("visibility", ["private", "password"])
async def test_a_closed_blog_is_closed_everywhere(site: Site, visibility: str) -> None:
    """No page, feed, tag or reader shows what is in it; its authors and followers read, and who knows the password."""
    made = await blog(site, visibility=visibility, password="open sesame" if visibility == "password" else None)
    row = await publish(site, made, title="Secret rye")
    stranger = await site.browser(site.cast.eve)
    for browser in (site.guest(), stranger):
        for path in ("/@crumbs", "/@crumbs/secret-rye", f"/posts/{row.id}", f"/@crumbs/{row.id}", "/@crumbs.rss",
                     "/@crumbs/tagged/bread", "/@crumbs/tagged/bread.rss", "/read", "/tags/bread", "/tags/bread.rss",
                     "/@crumbs/with_replies", "/@crumbs/media", "/search?q=rye", "/local", f"/posts/{row.id}/article"):
            found = await browser.get(path)
            assert "Secret rye" not in found.text, path
            assert "three" not in found.text, path
    owner = await site.browser(site.cast.alice)
    assert "<em>three</em>" in (await owner.get("/@crumbs/secret-rye")).text
    await site.cast.follow(site.cast.bob, made)
    follower = await site.browser(site.cast.bob)
    assert "<em>three</em>" in (await follower.get("/@crumbs/secret-rye")).text
    guest = site.guest()
    answer = await guest.post("/@crumbs/unlock", {"password": "wrong words"})
    if visibility == "private":
        assert answer.status_code == 404
        return
    assert "That is not the password." in await guest.page_after(answer)
    assert "Secret rye" in await guest.page_after(await guest.post("/@crumbs/unlock", {"password": "open sesame"}))
    page = await guest.get("/@crumbs/secret-rye")
    assert "<em>three</em>" in page.text
    assert 'name="robots" content="noindex' in page.text
    async with site.database.write() as session:
        await making.update(session, site.cast.alice, made, Wishes("Crumbs", visibility="password", password="another"))
    assert (await guest.get("/@crumbs/secret-rye")).status_code == 404


async def test_letters_to_a_closed_blog_stay_letters(site: Site) -> None:
    """Who is let in reads the comments of followers, but not what somebody wrote to the blog alone."""
    made = await blog(site, visibility="password", password="open sesame")
    row = await publish(site, made)
    await site.cast.follow(site.cast.bob, made)
    async with site.database.write() as session:
        bob = await session.get_one(Actor, site.cast.bob.id)
        for text, audience in (("@crumbs Among us", "followers"), ("@crumbs My telephone number", "direct")):
            await notes.compose(session, bob, NoteRequest(text, in_reply_to_id=row.id, visibility=audience))
    guest = site.guest()
    await guest.get("/@crumbs")
    await guest.post("/@crumbs/unlock", {"password": "open sesame"})
    page = (await guest.get("/@crumbs/rye")).text
    assert "Among us" in page
    assert "telephone" not in page
    assert "telephone" in (await (await site.browser(site.cast.bob)).get("/@crumbs/rye")).text


async def test_looking_after_comments(site: Site) -> None:
    """They wait at the desk; strangers cannot reach it."""
    made = await blog(site, comments="approve")
    row = await publish(site, made)
    said = await comment(site, site.cast.bob, row, "Lovely crumbs")
    owner, stranger = await site.browser(site.cast.alice), await site.browser(site.cast.eve)
    assert "Lovely crumbs" not in (await stranger.get("/@crumbs/rye")).text
    assert "1 comment waits" in (await owner.get("/@crumbs")).text
    assert "Lovely crumbs" in (await owner.get("/@crumbs/desk/comments")).text
    for path in ("/@crumbs/desk", "/@crumbs/desk/comments", "/@crumbs/desk/delete"):
        assert (await stranger.get(path)).status_code == 403
    for verb in ("show", "hide"):
        assert (await stranger.post(f"/posts/{said.id}/{verb}-comment", {})).status_code == 404
    assert "The comment is shown." in await owner.page_after(await owner.post(f"/posts/{said.id}/show-comment", {}))
    assert "Lovely crumbs" in (await stranger.get("/@crumbs/rye")).text
    await owner.post(f"/posts/{said.id}/hide-comment", {"back": "/@crumbs/rye"})
    assert "Lovely crumbs" not in (await stranger.get("/@crumbs/rye")).text
    assert "Lovely crumbs" in (await owner.get("/@crumbs/desk/comments?show=hidden")).text


async def test_comments_on_ones_own_articles(site: Site) -> None:
    """They wait at a desk of one's own, which nobody else opens."""
    request = ArticleRequest("words", title="Mine", comments="approve")
    prepared = await actions.prepare(site.database, None, request)
    async with site.database.write() as session:
        row = await actions.publish(session, await session.get_one(Actor, site.cast.alice.id), request, prepared)
    said = await comment(site, site.cast.bob, row, "Lovely mine")
    owner, stranger = await site.browser(site.cast.alice), await site.browser(site.cast.eve)
    assert "1 comment on your articles waits" in (await owner.get("/blogs")).text
    assert "Lovely mine" in (await owner.get("/@alice/desk/comments")).text
    assert (await stranger.get("/@alice/desk/comments")).status_code == 404
    await owner.post(f"/posts/{said.id}/show-comment", {})
    assert "Lovely mine" in (await stranger.get("/@alice/mine")).text


async def test_the_desk(site: Site) -> None:
    """Settings, authors, requests to read, the end."""
    made = await blog(site, visibility="private")
    owner = await site.browser(site.cast.alice)
    assert "Crumbs" in (await owner.get("/blogs")).text
    await owner.get("/@crumbs/desk")
    fields = {"title": "Fine crumbs", "visibility": "private", "comments": "closed", "language": "ar"}
    assert "Fine crumbs" in await owner.page_after(await owner.post("/@crumbs/desk", fields))
    wrong = await owner.post("/@crumbs/desk", {**fields, "title": ""})
    assert (wrong.status_code, "A title has 1 to 255 characters" in wrong.text) == (422, True)
    await owner.post("/@crumbs/desk/authors", {"handle": "@bob", "role": "editor"})
    assert "Bob" in (await owner.get("/@crumbs/desk")).text
    nobody = await owner.post("/@crumbs/desk/authors", {"handle": "@nobody", "role": "editor"})
    assert "Nobody here has this name" in nobody.text
    await owner.post("/@crumbs/desk/authors", {"person": str(site.cast.bob.id), "part": "1"})
    reader = await site.browser(site.cast.eve)
    await reader.post(f"/people/{made.id}/follow", {})
    assert "Who asks to read" in (await owner.get("/@crumbs/desk")).text
    await owner.post("/@crumbs/desk/requests", {"person": str(site.cast.eve.id)})
    row = await publish(site, made)
    assert "<em>three</em>" in (await reader.get("/@crumbs/rye")).text
    await owner.post(f"/posts/{row.id}/pin-article", {})
    assert "Pinned" in (await owner.get("/@crumbs")).text
    assert "Delete this article?" in (await owner.get(f"/posts/{row.id}/delete-article")).text
    assert (await reader.post(f"/posts/{row.id}/delete-article", {})).status_code == 404
    assert "The article is gone." in await owner.page_after(await owner.post(f"/posts/{row.id}/delete-article", {}))
    assert "The blog is gone." in await owner.page_after(await owner.post("/@crumbs/desk/delete", {}))
    assert (await owner.get("/@crumbs")).status_code == 410


async def test_an_article_from_elsewhere(site: Site) -> None:
    """It opens in the reader, whole, with its pictures through our proxy and the way to its own page."""
    row = (await site.cast.store(site.cast.draft(
        site.cast.carol, '<h2>Salt</h2><p>x <img src="https://carol.example/i.png" alt="loaf"></p>', kind="article",
        type="Article", title="Afar", summary="short", url="https://carol.example/afar", extra={"words": 900})))[0]
    page = (await site.guest().get(f"/@carol@carol.example/{row.id}")).text
    for part in ("<h2>Salt</h2>", "Afar", "4 minutes", "Read on carol.example", 'alt="loaf"'):
        assert part in page, part
    assert 'src="https://carol.example' not in page
    assert "<h2>Salt" not in (await site.guest().get("/@carol@carol.example")).text


async def test_how_others_see_it(site: Site) -> None:
    """For whoever wrote it, of every kind; for nobody else."""
    row = await publish(site, await blog(site), summary="All on rye")
    note = await site.cast.say(site.cast.alice, "<p>just a note</p>")
    owner, stranger = await site.browser(site.cast.alice), await site.browser(site.cast.eve)
    page = (await owner.get(f"/posts/{row.id}/elsewhere")).text
    for part in ("Mastodon", "All on rye", "Pixelfed", "does not show it", "@crumbs/rye"):
        assert part in page, part
    assert "just a note" in (await owner.get(f"/posts/{note.id}/elsewhere")).text
    for object_id in (row.id, note.id, 1):
        assert (await stranger.get(f"/posts/{object_id}/elsewhere")).status_code == 404


@dataclass
class FakeJob:
    """A job that is run by hand."""

    db: Database

    async def step(self, _name: str, work: Any) -> Any:
        return await work()


async def test_reading_by_mail(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gives an address confirms it; an article goes to those who did, and each letter has its end."""
    sent: list[Mail] = []

    async def keep(mail: Mail) -> None:
        sent.append(mail)

    monkeypatch.setattr(mailing, "send", keep)
    monkeypatch.setattr(letters, "send", keep)
    made = await blog(site)
    guest = site.guest()
    await guest.get("/@crumbs")
    for email in ("Ann@mail.example", "ann@mail.example", "zoe@mail.example"):
        assert "We sent you a letter." in await guest.page_after(await guest.post("/@crumbs/letters", {"email": email}))
    await mailing.sent()
    assert [mail.to for mail in sent] == ["ann@mail.example", "zoe@mail.example"]
    assert "not an e-mail address" in await guest.page_after(await guest.post("/@crumbs/letters", {"email": "x"}))
    link = next(line for line in sent[0].text.splitlines() if "/letters/" in line).removeprefix("https://potluck.test")
    assert "Shall new articles" in (await guest.get(link)).text
    assert "New articles will come by mail." in await guest.page_after(await guest.post(link, {}))
    row = await publish(site, made)
    async with site.database.read() as session:
        job = (await session.scalars(select(JobRow).where(JobRow.name == letters.NAME))).one()
        assert (job.args, job.run_at > row.created_at) == ([row.id], True)
    sent.clear()
    await letters.mail_article(FakeJob(site.database), row.id)
    (letter,) = sent
    assert (letter.to, letter.subject) == ("ann@mail.example", "Crumbs: Rye")
    assert "three days" in letter.text
    assert "alice" not in letter.text.lower()
    assert letter.unsubscribe == f"https://potluck.test{link}/leave"
    assert (await guest.post(f"{link}/leave", {}, csrf=False)).status_code == 303
    assert (await guest.get(link)).status_code == 404
    sent.clear()
    await letters.mail_article(FakeJob(site.database), row.id)
    assert not sent


async def test_many_blogs_do_not_fill_one_mail_box(site: Site) -> None:
    """An address is asked for few blogs in a day, however many there are; the next day it may be asked again."""
    async with site.database.write() as session:
        owner = await session.get_one(Actor, site.cast.alice.id)
        blogs = [await making.create(session, owner, f"crumbs_{number}", making.Wishes(title="Crumbs"), pairs=PAIRS)
                 for number in range(subscribing.MAX_ASKED_A_DAY + 1)]
        sent = [await subscribing.subscribe(session, one, "Reader@mail.test", "en") for one in blogs]
        assert [mail is not None for mail in sent] == [True] * subscribing.MAX_ASKED_A_DAY + [False]
        assert await subscribing.subscribe(session, blogs[-1], "other@mail.test", "en") is not None
        await session.execute(update(BlogSubscriber).values(created_at=now() - timedelta(days=2)))
        assert await subscribing.subscribe(session, blogs[-1], "reader@mail.test", "en") is not None


async def test_closed_blogs_send_no_letters(site: Site) -> None:
    """Nor do those that want none, and strangers' addresses are no blogs."""
    await blog(site, visibility="private")
    await blog(site, "stones", mail=False)
    guest = site.guest()
    for path in ("/@crumbs/letters", "/@stones/letters"):
        assert (await guest.post(path, {"email": "ann@mail.example"})).status_code == 403
    assert (await guest.post("/@alice/letters", {"email": "ann@mail.example"})).status_code == 404


async def test_sitemaps(site: Site) -> None:
    """Of blogs that want to be found, with their articles; of no other."""
    await publish(site, await blog(site))
    await publish(site, await blog(site, "hidden", visibility="unlisted"))
    guest = site.guest()
    index, own = await guest.get("/sitemap.xml"), await guest.get("/@crumbs/sitemap.xml")
    ElementTree.fromstring(index.content)
    ElementTree.fromstring(own.content)
    assert "https://potluck.test/@crumbs/sitemap.xml" in index.text
    assert "hidden" not in index.text
    assert "https://potluck.test/@crumbs/rye" in own.text
    assert (await guest.get("/@hidden/sitemap.xml")).status_code == 404


@pytest.mark.parametrize(("path", "leads_to"), [
    ("/", "/@crumbs"), ("/rye", "/@crumbs/rye"), ("/tagged/bread", "/@crumbs/tagged/bread"), ("/feed", "/@crumbs.rss"),
    ("/sitemap.xml", "/@crumbs/sitemap.xml"), ("/static/app.css", "/static/app.css"), ("/@crumbs/rye", "/@crumbs/rye"),
    ("/@crumbs/letters", "/@crumbs/letters"), ("/signin", None), ("/@alice", None), ("/@alice/1", None), ("/a/b", None),
    ("/.well-known/webfinger", None), ("/api/v1/instance", None), ("/users/crumbs", None)])
def test_what_a_domain_of_its_own_answers(path: str, leads_to: str | None) -> None:
    """The blog's pages and what they need; nothing else of the site."""
    assert path_of("crumbs", path) == leads_to


async def test_a_domain_of_its_own(site: Site) -> None:
    """The blog's host shows the blog, other hosts the site; what is not the blog's leads there."""
    made = await blog(site, domain="https://Crumbs.example/")
    await publish(site, made)
    assert made.extra["blog"]["domain"] == "crumbs.example"
    served = OwnDomains(site.app, lambda: site.database, current)
    client = AsyncClient(transport=ASGITransport(served), base_url="https://crumbs.example")
    for path, part in (("/", "Crumbs"), ("/rye", "<em>three</em>"), ("/feed", "<rss")):
        found = await client.get(path)
        assert (found.status_code, part in found.text) == (200, True), path
    away = await client.get("/local?lens=posts")
    assert (away.status_code, away.headers["location"]) == (302, "https://potluck.test/local?lens=posts")
    for host in ("https://potluck.test", "https://other.example"):
        assert (await client.get(f"{host}/about")).status_code == 200
    for domain in ("crumbs.example", "127.0.0.1", "blog.potluck.test"):
        async with site.database.write() as session:
            with pytest.raises(Invalid):
                await making.create(session, await session.get_one(Actor, site.cast.alice.id), "second",
                                    Wishes("Second", domain=domain), pairs=PAIRS)
