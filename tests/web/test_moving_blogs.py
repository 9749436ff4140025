"""Blogs move in and out through the pages, without scripts; strangers do not even learn that there is something."""

from __future__ import annotations

import pytest

from potluck import assembly, jobs
from potluck.jobs import JobEngine
from potluck.social.live import Waker
from potluck.social.model import Actor
from potluck.transfer.blogs import looking
from transfer.blogs import samples
from transfer.blogs.moving import articles, blog
from web.conftest import Browser, Site


async def send(browser: Browser, path: str, name: str, data: bytes, **fields: str) -> int:
    """Send the form with a file."""
    await browser.get(path)
    found = await browser.client.post(path, data={"_csrf": browser.token, **fields}, files={"file": (name, data)})
    return found.status_code


async def work(site: Site) -> None:
    """Do what waits to be done."""
    await JobEngine(site.database, Waker(site.database)).drain()


async def test_moving_in(site: Site) -> None:
    """Given in, looked at, chosen, taken; the page says each time how it stands, and at last what came of it."""
    assembly.install()
    crumbs = await blog(site.cast, site.cast.alice)
    alice = await site.browser(site.cast.alice)
    page = "/@crumbs/desk/import"
    assert "/@crumbs/desk/import" in (await alice.get("/@crumbs/desk")).text
    assert await send(alice, page, "a.xml", b"") == 422
    assert await send(alice, page, "", b"", url="ftp://x.example/") == 422
    assert await send(alice, page, "crumbs.xml", samples.wxr().encode()) == 303
    assert await send(alice, page, "crumbs.xml", samples.wxr().encode()) == 422  # one at a time
    assert "data-job" in (await alice.get(page)).text
    await work(site)
    shown = (await alice.get(page)).text
    for words in ("WordPress export", "Crumbs &amp; Crusts", "Rye", "private, comes as a draft", "There is no text in",
                  "Comments of readers", "2019"):
        assert words in shown, words
    assert await articles(site.cast, crumbs) == {}
    await alice.post(f"{page}/start", {"as": "state", "again": "skip"})
    await work(site)
    report = (await alice.get(page)).text
    assert "now a draft" in report
    assert "published" in report
    assert "3 articles and 4 drafts came along" in (await alice.get("/settings/jobs")).text
    assert "Rye" in (await alice.get("/@crumbs")).text
    assert "Rye" in (await alice.get("/@crumbs.atom")).text
    await alice.post(f"{page}/drop", {})
    assert "Look through" in (await alice.get(page)).text
    assert not looking.folder_of(site.cast.alice.id, crumbs.id).exists()


async def test_only_who_writes_there(site: Site) -> None:
    """Others get 404, for a blog as for a name that nobody has; without sign-in one is asked for it."""
    assembly.install()
    await blog(site.cast, site.cast.alice, visibility="private")
    eve = await site.browser(site.cast.eve)
    for path in ("/@crumbs/desk/import", "/@nobody/desk/import", "/@alice/desk/import"):
        assert (await eve.get(path)).status_code == 404, path
        assert (await eve.post(f"{path}/start", {})).status_code == 404
        assert (await eve.post(f"{path}/drop", {})).status_code == 404
        assert await send(eve, path, "a.md", b"text") == 404
    assert (await eve.get("/@eve/desk/import")).status_code == 200
    forged = await eve.client.post("/@eve/desk/import", data={"_csrf": "x"}, files={"file": ("a.md", b"x")})
    assert forged.status_code == 403


async def test_a_feed_that_cannot_be_had(site: Site) -> None:
    """Its owner reads why, and the form is there again."""
    assembly.install()
    alice = await site.browser(site.cast.alice)
    assert await send(alice, "/@alice/desk/import", "", b"", url="https://127.0.0.1/feed") == 303
    await work(site)
    page = (await alice.get("/@alice/desk/import")).text
    assert "This server fetches nothing just now." in page
    assert "Look through" in page


@pytest.fixture
async def someone(site: Site) -> Actor:
    """Alice."""
    return site.cast.alice


async def test_texts_are_shown_as_text(site: Site, someone: Actor) -> None:
    """What an export says of itself is nowhere markup."""
    assembly.install()
    alice = await site.browser(someone)
    evil = samples.WXR.replace("Crumbs &amp; Crusts", "<![CDATA[<script>1</script>]]>").format(
        items=samples.wp_item(1, "<script>2</script>", "", name="<script>3") + samples.wp_item(
            2, "<img onerror=4>", "x"))
    assert await send(alice, "/@alice/desk/import", "<script>5.xml", evil.encode()) == 303
    await work(site)
    page = (await alice.get("/@alice/desk/import")).text
    for number in range(1, 6):
        assert f"<script>{number}" not in page
    assert "<img onerror" not in page
    async with site.database.read() as session:
        assert (await jobs.progress(session, [looking.key_of(someone.id, someone.id)])) != {}


async def test_moving_out(site: Site) -> None:
    """Packed, found on the page, fetched whole or in part; others get 404 for all of it, also for a private blog."""
    assembly.install()
    await blog(site.cast, site.cast.alice, visibility="private")
    alice, eve = await site.browser(site.cast.alice), await site.browser(site.cast.eve)
    assert await send(alice, "/@crumbs/desk/import", "a.md", b"---\ntitle: Secret\n---\nwords") == 303
    await work(site)
    await alice.post("/@crumbs/desk/import/start", {"as": "state"})
    await work(site)
    page = "/@crumbs/desk/export"
    assert "1 article can be taken along" in (await alice.get(page)).text
    for form, name, start in (("markdown", "markdown.zip", b"PK"), ("wxr", "wxr.xml", b"<?xml")):
        await alice.post(page, {"form": form, "drafts": "1"})
        await work(site)
        assert f"{page}/{name}" in (await alice.get(page)).text
        whole = await alice.get(f"{page}/{name}")
        assert whole.content.startswith(start)
        part = await alice.get(f"{page}/{name}", range="bytes=2-5")
        assert (part.status_code, part.content) == (206, whole.content[2:6])
        assert (await eve.get(f"{page}/{name}")).status_code == 404
    assert (await alice.get(f"{page}/markdown.zip")).status_code == 404  # the one before is gone
    for path in (page, "/@alice/desk/export", "/@nobody/desk/export", f"{page}/wxr.xml"):
        assert (await eve.get(path)).status_code == 404
    assert (await eve.post(page, {"form": "wxr"})).status_code == 404
    assert (await eve.post(f"{page}/drop", {})).status_code == 404
    assert (await eve.get("/@eve/desk/export")).status_code == 200
    await alice.post(f"{page}/drop", {})
    assert (await alice.get(f"{page}/wxr.xml")).status_code == 404
