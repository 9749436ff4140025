"""The editor of articles: saving while one writes, and the same with a plain form."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from httpx import Response
from sqlalchemy import func, select, update

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.kinds.article.drafts import Writing, as_words
from potluck.kinds.article.publishing import LATER
from potluck.kinds.publishing_later import Publisher
from potluck.social.blogs import making
from potluck.social.model import Actor, KeptDraft, Media, Object, ScheduledPost
from web.conftest import Browser, Site


async def send(browser: Browser, text: str, **more: Any) -> Response:
    """What the page sends while one writes."""
    if not browser.token:
        await browser.get("/write")
    body = {"words": as_words(Writing(title="Bread", text=text)), "key": "k", "by": "tab", **more}
    return await browser.client.post("/write/save", json=body, headers={"x-csrf-token": browser.token})


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the editor."""
    return {name: value for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
            if name != "_csrf"}


async def test_saved_while_one_writes(site: Site) -> None:
    """Each save has a number; the draft is on the page of drafts and goes on from there."""
    alice = await site.browser(site.cast.alice)
    first = (await send(alice, "Flour")).json()
    assert first["revision"] == 1
    again = await send(alice, "Flour & <water>", base=1, draft_id=first["draft_id"])
    assert again.json()["revision"] == 2
    assert f'href="/write/{first["draft_id"]}"' in (await alice.get("/drafts")).text
    page = (await alice.get(f"/write/{first['draft_id']}")).text
    assert "Flour &amp; &lt;water&gt;</textarea>" in page
    assert "data-writing-words>1<" in page
    assert hidden(page)["base"] == "2"


async def test_the_other_tab_is_told(site: Site) -> None:
    """Nothing is overwritten unseen; what stands there comes with the answer."""
    alice = await site.browser(site.cast.alice)
    draft_id = (await send(alice, "Base")).json()["draft_id"]
    await send(alice, "One", base=1, draft_id=draft_id)
    refused = await send(alice, "Two", base=1, draft_id=draft_id, by="other")
    assert refused.status_code == 409
    assert (refused.json()["revision"], refused.json()["words"]["text"]) == (2, "One")
    assert (await send(alice, "Two", base=1, draft_id=draft_id, by="other", over=True)).json()["revision"] == 3
    page = (await alice.get(f"/write/{draft_id}/history")).text
    assert "One" in page


async def test_earlier_versions_come_back(site: Site) -> None:
    """They are looked at, and restored; other people find nothing."""
    alice, bob = await site.browser(site.cast.alice), await site.browser(site.cast.bob)
    draft_id = (await send(alice, "The first text")).json()["draft_id"]
    await send(alice, "The second text", base=1, draft_id=draft_id)
    versions = (await alice.get(f"/write/{draft_id}/history")).text
    match = re.search(rf'href="(/write/{draft_id}/history/\d+)"', versions)
    assert match is not None
    assert "The first text</pre>" in (await alice.get(match[1])).text
    for path in (f"/write/{draft_id}", f"/write/{draft_id}/history", match[1]):
        assert (await bob.get(path)).status_code == 404
    assert (await bob.post(match[1])).status_code == 404
    page = await alice.page_after(await alice.post(match[1]))
    assert "The first text</textarea>" in page
    assert "The second text" in (await alice.get(f"/write/{draft_id}/history")).text


async def test_the_plain_form_saves_too(site: Site) -> None:
    """Kept, changed and kept again; what another page saved meanwhile is shown beside one's own, and both stay."""
    alice = await site.browser(site.cast.alice)
    fields = hidden((await alice.get("/write")).text)
    page = await alice.page_after(await alice.post("/write", {
        **fields, "title": "Bread", "text": "  indented\r\nlines ", "language": "de", "keep": "1"}))
    assert "Your draft is saved." in page
    fields = hidden(page)
    async with site.database.read() as session:
        row = await session.scalar(select(KeptDraft))
    assert row is not None
    assert (row.request["text"], row.request["language"], row.key) == ("  indented\nlines ", "de", fields["key"])
    await send(alice, "From the other tab", draft_id=row.id, base=1)
    refused = await alice.post("/write", {**fields, "title": "Bread", "text": "From the form", "keep": "1"})
    assert refused.status_code == 409
    assert "From the form</textarea>" in refused.text
    assert "From the other tab" in refused.text
    page = await alice.page_after(await alice.post("/write", {
        **hidden(refused.text), "title": "Bread", "text": "From the form", "over": "1"}))
    assert "From the form</textarea>" in page
    assert "From the other tab" in (await alice.get(f"/write/{row.id}/history")).text


UNUSABLE = (
    b"{", b"[]", b'{"words": 1}', b'{"words": {"text": 1}}', b'{"words": {"visibility": "secret"}}',
    b'{"words": {"content_type": "text/x-php"}}', b'{"words": {"title": "' + b"x" * 501 + b'"}}',
    b'{"words": {"text": "x"}, "by": "' + b"x" * 99 + b'"}', b'{"words": {"text": "x"}, "key": "' + b"x" * 99 + b'"}',
    b'{"words": {"text": "x"}, "draft_id": 99999999999999999999}', b'{"words": {"text": "\\ud800"}}',
    b'{"words": {"text": "x"}, "base": -1e400}',
)


async def test_what_cannot_be_saved(site: Site) -> None:
    """The answer says so in JSON, and nothing is kept."""
    alice = await site.browser(site.cast.alice)
    await alice.get("/write")
    for body in UNUSABLE:
        found = await alice.client.post("/write/save", content=body, headers={"x-csrf-token": alice.token})
        assert found.status_code in {404, 422}, body
        assert found.json()["error"]
    async with site.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(KeptDraft)) == 0


async def test_characters_no_database_takes(site: Site) -> None:
    """They are left out."""
    alice = await site.browser(site.cast.alice)
    draft_id = (await send(alice, "a\x00b\x07\r\nc")).json()["draft_id"]
    assert "ab\nc</textarea>" in (await alice.get(f"/write/{draft_id}")).text


async def test_who_may_write(site: Site) -> None:
    """Guests are led to the sign-in page; other sites' pages save nothing."""
    guest, alice = site.guest(), await site.browser(site.cast.alice)
    await guest.get("/about")
    assert (await guest.get("/write")).status_code == 303
    assert (await send(guest, "x")).status_code in {303, 403}
    alice.token = "wrong"
    assert (await send(alice, "x")).status_code == 403


async def publish(browser: Browser, **fields: Any) -> Response:
    """Press Publish on a fresh page."""
    page = (await browser.get("/write")).text
    return await browser.post("/write", {**hidden(page), "title": "On bread", "text": "Flour, *water*, salt",
                                         "language": "en", "publish": "1", **fields})


async def articles(site: Site) -> list[Object]:
    """What is published."""
    async with site.database.read() as session:
        return list((await session.scalars(select(Object).where(Object.kind == "article").order_by(Object.id))).all())


async def test_published(site: Site) -> None:
    """At once, with everything that was said about it; the draft is gone."""
    alice = await site.browser(site.cast.alice)
    draft = (await send(alice, "Flour")).json()
    page = (await alice.get(f"/write/{draft['draft_id']}")).text
    found = await alice.post("/write", {
        **hidden(page), "title": "On bread", "text": "Flour, *water*, salt #baking", "language": "en",
        "tags": "bread, slow food", "summary": "How it rises", "slug": "rising", "visibility": "unlisted",
        "warning": "Gluten", "comments": "closed", "publish": "1"})
    assert found.status_code == 303, found.text
    assert found.headers["location"].endswith("/rising")
    [row] = await articles(site)
    assert (row.title, row.visibility, row.summary, row.language) == ("On bread", "unlisted", "How it rises", "en")
    assert "<em>water</em>" in row.content
    assert row.extra["own_tags"] == ["bread", "slowfood"]
    assert row.extra["warning"] == "Gluten"
    again = (await alice.get(f"/posts/{row.id}/article")).text
    assert 'value="Gluten"' in again
    assert '<option value="closed" selected>' in again
    async with site.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(KeptDraft)) == 0


async def test_published_with_an_earlier_text_is_not(site: Site) -> None:
    """Whoever publishes what another tab has changed is asked first; pressing twice publishes once."""
    alice = await site.browser(site.cast.alice)
    draft_id = (await send(alice, "Base")).json()["draft_id"]
    fields = {**hidden((await alice.get(f"/write/{draft_id}")).text), "title": "T", "text": "Mine", "publish": "1"}
    await send(alice, "Theirs", draft_id=draft_id, base=1)
    assert (await alice.post("/write", fields)).status_code == 409
    assert await articles(site) == []
    assert (await alice.post("/write", {**fields, "over": "1"})).status_code == 303
    page = await alice.page_after(await alice.post("/write", {**fields, "over": "1"}))
    assert "This draft is not there any more" in page
    assert [row.source for row in await articles(site)] == ["Mine"]


UNPUBLISHABLE: tuple[tuple[dict[str, str], str], ...] = (
    ({"text": "  "}, "text"), ({"title": "x" * 400}, "title"), ({"tags": "no!"}, "tags"),
    ({"blog_id": "17"}, "blog_id"), ({"publish_at": "2020-01-01T00:00"}, "publish_at"),
    ({"publish_at": "soon"}, "publish_at"),
)


async def test_what_cannot_be_published(site: Site) -> None:
    """It is said at its field, the text stays, nothing is published."""
    alice = await site.browser(site.cast.alice)
    for fields, field in UNPUBLISHABLE:
        found = await publish(alice, **fields)
        assert found.status_code == 422, fields
        assert f'href="#{field}"' in found.text
        assert hidden(found.text)["key"]
    assert await articles(site) == []


async def test_a_new_version(site: Site) -> None:
    """An edit is a draft first, seen by nobody; then it is the article, under the same address."""
    alice, bob = await site.browser(site.cast.alice), await site.browser(site.cast.bob)
    address = (await publish(alice, slug="bread")).headers["location"]
    [row] = await articles(site)
    assert (await bob.get(f"/posts/{row.id}/article")).status_code == 404
    page = (await alice.get(f"/posts/{row.id}/article")).text
    assert "Flour, *water*, salt</textarea>" in page
    for browser, object_id in ((bob, row.id), (alice, 12345)):
        assert (await send(browser, "Mine now", object_id=object_id, key=None)).status_code == 404
    saved = await send(alice, "Flour and butter", object_id=row.id, key=None)
    assert saved.status_code == 200
    assert (await articles(site))[0].source == "Flour, *water*, salt"
    page = (await alice.get(f"/posts/{row.id}/article")).text
    assert "Flour and butter</textarea>" in page
    fields = hidden(page)
    found = await alice.post("/write", {**fields, "title": "On cake", "text": "Flour and butter", "publish": "1"})
    assert found.headers["location"] == address
    [row] = await articles(site)
    assert (row.title, row.source) == ("On cake", "Flour and butter")
    assert row.edited_at is not None


async def test_the_cover_of_a_blogs_article_stays(site: Site) -> None:
    """Published with a blog's article, a picture is the blog's; a new version shows it, however one goes on."""
    async with site.database.write() as session:
        writer = await session.get_one(Actor, site.cast.alice.id)
        blog = await making.create(session, writer, "crumbs", making.Wishes(title="Crumbs"))
        cover = ids.new()
        session.add(Media(id=cover, owner_id=writer.id, type="image", url="https://potluck.test/m/a.png",
                          purpose="attachment", state="ready", description="a loaf"))
    alice, bob = await site.browser(site.cast.alice), await site.browser(site.cast.bob)
    await publish(alice, blog_id=str(blog.id), cover_id=str(cover), media_id=str(cover))
    [row] = await articles(site)
    chosen = f'name="cover_id" value="{cover}" checked'
    page = (await alice.get(f"/posts/{row.id}/article")).text
    assert chosen in page
    sent = {**hidden(page), "title": "On bread", "text": "More", "cover_id": str(cover), "media_id": str(cover)}
    assert chosen in (await alice.post("/write", {**sent, "preview": "1"})).text
    assert chosen in await alice.page_after(await alice.post("/write", {**sent, "keep": "1"}))
    stolen = await bob.post("/write", {**sent, "keep": "", "preview": "", "attach": "1", "draft_id": ""})
    assert "m/a.png" not in stolen.text


async def test_published_later(site: Site) -> None:
    """It waits among the drafts, may become a draft again, and comes out when its time has come."""
    alice = await site.browser(site.cast.alice)
    when = (now() + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    assert (await publish(alice, publish_at=when)).headers["location"] == "/drafts"
    assert "On bread" in (await alice.get("/drafts")).text
    publisher = Publisher(site.database, site.federation, [LATER])
    assert await publisher.publish_due() == 0
    async with site.database.write() as session:
        await session.execute(update(ScheduledPost).values(scheduled_at=now() - timedelta(seconds=1)))
    assert await publisher.publish_due() == 1
    assert [row.title for row in await articles(site)] == ["On bread"]
    assert await publisher.publish_due() == 0
    await publish(alice, publish_at=when)
    async with site.database.read() as session:
        waiting = await session.scalar(select(ScheduledPost.id))
    await alice.post(f"/scheduled/{waiting}/draft")
    async with site.database.read() as session:
        draft_id = await session.scalar(select(KeptDraft.id))
    assert "Flour, *water*, salt</textarea>" in (await alice.get(f"/write/{draft_id}")).text


async def test_preview(site: Site) -> None:
    """As it will be published, by the same hand, and nothing is kept."""
    alice = await site.browser(site.cast.alice)
    page = await publish(alice, publish="", preview="1", text="A note[^1] <script>alert(1)</script>\n\n[^1]: here")
    assert page.status_code == 200
    shown = page.text.partition('id="writing-preview"')[2].partition("</section>")[0]
    assert "On bread" in shown
    assert "footnote" in shown
    assert "<script" not in shown
    assert await articles(site) == []


async def test_writing_for_a_blog(site: Site) -> None:
    """Blogs one writes in are offered; others are refused."""
    async with site.database.write() as session:
        writer = await session.get_one(Actor, site.cast.alice.id)
        blog = await making.create(session, writer, "crumbs", making.Wishes(title="Crumbs"))
    alice, bob = await site.browser(site.cast.alice), await site.browser(site.cast.bob)
    assert "Crumbs (@crumbs)" in (await alice.get(f"/write?blog={blog.id}")).text
    assert "Crumbs" not in (await bob.get(f"/write?blog={blog.id}")).text
    assert (await publish(bob, blog_id=str(blog.id))).status_code == 422
    assert (await publish(alice, blog_id=str(blog.id))).status_code == 303
    assert [row.author_id for row in await articles(site)] == [blog.id]


async def test_the_editor_without_a_connection(site: Site) -> None:
    """A service worker for the editor alone; signing out clears what the browser keeps."""
    found = await site.guest().get("/write/offline.js")
    assert (found.status_code, found.headers["service-worker-allowed"]) == (200, "/write")
    assert found.headers["content-type"].startswith("text/javascript")
    assert "connect-src 'self'" in found.headers["content-security-policy"]
    alice = await site.browser(site.cast.alice)
    assert (await alice.post("/signout")).headers["clear-site-data"] == '"storage"'
