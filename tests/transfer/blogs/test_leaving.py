"""A blog is taken away as text files or as WordPress' export, and what comes back is the same."""

from __future__ import annotations

import json
import zipfile
from typing import Any
from xml.parsers import expat

from potluck.jobs import Progress
from potluck.social.model import Actor
from potluck.transfer import archive_out
from potluck.transfer.blogs import packing, sources, xml_items
from potluck.transfer.blogs.items import Item
from support.cast import Cast
from transfer.blogs import samples
from transfer.blogs.moving import articles, blog, bring, drafts, enqueue_as, work
from transfer.blogs.samples import Notes
from transfer.test_archive_out import pack as pack_account

ODD = """---
title: "Odd: ]]> & <b>"
date: 2015-06-07T08:09:10Z
updated: 2016-01-01
tags: [bread, rye]
summary: |
  Two
  lines
content_warning: "hot"
pinned: true
comments: approve
lang: ar
---
Text with ]]> and &amp; <em>html</em> and $x^2$ #tagged

![two words](img/red.png "title") `![no](img/red.png)`
"""


async def pack(cast: Cast, owner: Actor, target: Actor, form: str = "markdown", *, with_drafts: bool = True,
               ) -> Progress:
    """Have a blog packed."""
    return await work(cast, await enqueue_as(cast, packing.PACK, owner, packing.key_of(owner.id, target.id), target.id,
                                             form, with_drafts))


async def filled(cast: Cast) -> Actor:
    """A blog with something of everything."""
    crumbs = await blog(cast, cast.alice)
    await bring(cast, cast.alice, crumbs, samples.zipped(samples.MARKDOWN | {"odd.md": ODD.encode()}))
    await bring(cast, cast.alice, crumbs, samples.wxr().encode())
    return crumbs


def facts(row: Any, place: Any) -> dict[str, Any]:
    """What must be the same elsewhere."""
    return {"title": row.title, "summary": row.summary, "language": row.language, "published": row.published,
            "edited": row.edited_at, "visibility": row.visibility, "sensitive": row.sensitive,
            "type": row.source_type, "warning": row.extra.get("warning"), "tags": row.extra.get("own_tags"),
            "cover": (row.extra.get("cover") or {}).get("alt"), "page": place.page, "pinned": place.pinned is not None,
            "comments": place.comments}


async def test_there_and_back(cast: Cast) -> None:
    """Texts, dates, tags, states, pictures: all as before, drafts too; pictures are uploads again."""
    crumbs = await filled(cast)
    job = await pack(cast, cast.alice, crumbs)
    assert job.state == "done", job
    ready = packing.ready(cast.alice.id, crumbs.id)
    assert ready is not None
    with zipfile.ZipFile(ready.path) as made:
        names = made.namelist()
        assert made.testzip() is None
        assert "title: Crumbs" in made.read("blog.yaml").decode()
    assert {"posts/2020-04-05-sour.md", "pages/post-about.html", "posts/2015-06-07-odd.md"} <= set(names)
    assert len(names) == len(set(names))
    again = await blog(cast, cast.bob, "again")
    job = await bring(cast, cast.bob, again, ready.path.read_bytes())
    before, after = await articles(cast, crumbs), await articles(cast, again)
    assert (job.message_data["failed"], set(after)) == (0, set(before))
    for slug, (row, place) in before.items():
        came, where = after[slug]
        assert facts(came, where) == facts(row, place), slug
        if "img" not in row.content:
            assert (came.source, came.content) == (row.source, row.content)
    odd = after["odd"][0]
    assert "img/red.png)`" in (odd.source or "")
    assert "/media/" in odd.content
    assert odd.content.count("<img") == 1
    mine, theirs = await drafts(cast, cast.alice), await drafts(cast, cast.bob)
    assert set(mine) == set(theirs)
    assert {title: row.request["text"] for title, row in mine.items()} == {
        title: row.request["text"] for title, row in theirs.items()}
    job = await bring(cast, cast.alice, crumbs, ready.path.read_bytes())
    assert (job.message_data["articles"], job.message_data["drafts"]) == (0, 0)  # a blog knows its own


async def test_wordpress_takes_it(cast: Cast) -> None:
    """The file is well-formed, has what the importer asks for, and our own reader finds the same in it."""
    crumbs = await filled(cast)
    assert (await pack(cast, cast.alice, crumbs, "wxr")).state == "done"
    ready = packing.ready(cast.alice.id, crumbs.id)
    assert ready is not None
    text = ready.path.read_text()
    expat.ParserCreate(namespace_separator=" ").Parse(text, True)
    for words in ('xmlns:wp="http://wordpress.org/export/1.2/"', "<wp:wxr_version>1.2</wp:wxr_version>",
                  "<wp:author_login><![CDATA[crumbs]]>"):
        assert words in text
    entries = [entry for _, entry in xml_items.entries(ready.path)]
    numbers = [entry.text("wp:post_id") for entry in entries]
    assert len(set(numbers)) == len(numbers)
    for entry in entries:
        for name in ("title", "guid", "wp:post_id", "wp:post_date", "wp:status", "wp:post_type"):
            assert entry.text(name) or (name == "title" and entry.text("wp:status") == "draft"), name
    assert [entry.text("wp:attachment_url") for entry in entries if entry.text("wp:post_type") == "attachment"]
    notes = Notes()
    read = [item for item in sources.read_file(ready.path, "a.xml", notes) if isinstance(item, Item)]
    found = {item.slug: item for item in read}
    before = await articles(cast, crumbs)
    assert set(before) <= set(found)
    for slug, (row, place) in before.items():
        item = found[slug]
        assert (item.title, item.page, item.pinned) == (row.title, place.page, place.pinned is not None)
        assert f"{item.published:%Y-%m-%d}" == f"{row.published:%Y-%m-%d}"
        assert item.tags == list(row.extra.get("own_tags") or ())
    assert "]]&gt; and" in found["odd"].text
    assert found["sour"].cover_alt == before["sour"][0].extra["cover"]["alt"]
    assert sum(item.state == "draft" for item in read) == len(await drafts(cast, cast.alice))


async def test_a_closed_blog_stays_closed(cast: Cast) -> None:
    """What it holds is private in WordPress, and a draft in an open blog here; without drafts there are none."""
    diary = await blog(cast, cast.alice, "diary", visibility="private")
    await bring(cast, cast.alice, diary, b"---\ntitle: Secret\n---\nwords", "a.md")
    await bring(cast, cast.alice, diary, b"---\ntitle: Later\ndraft: true\n---\nwords", "b.md")
    await pack(cast, cast.alice, diary, "wxr", with_drafts=False)
    ready = packing.ready(cast.alice.id, diary.id)
    assert ready is not None
    text = ready.path.read_text()
    assert "<wp:status><![CDATA[private]]>" in text
    assert "Later" not in text
    await pack(cast, cast.alice, diary)
    ready = packing.ready(cast.alice.id, diary.id)
    assert ready is not None
    assert ready.form == "markdown"
    crumbs = await blog(cast, cast.bob)
    await bring(cast, cast.bob, crumbs, ready.path.read_bytes())
    assert await articles(cast, crumbs) == {}
    assert (await drafts(cast, cast.bob))["Secret"].request["visibility"] == "followers"


async def test_only_the_owner(cast: Cast) -> None:
    """A job that somebody else asked for fails, and nothing of it stays."""
    crumbs = await blog(cast, cast.alice)
    job = await pack(cast, cast.eve, crumbs)
    assert job.message == "Only the owner of a blog can take it away."
    assert packing.ready(cast.eve.id, crumbs.id) is None


async def test_the_archive_of_an_account(cast: Cast) -> None:
    """Drafts with their versions, and each blog as a zip of its own that can be given in again."""
    crumbs = await filled(cast)
    assert (await pack_account(cast, cast.alice)).state == "done"
    ready = archive_out.ready(cast.alice.id)
    assert ready is not None
    with zipfile.ZipFile(ready.path) as made:
        assert made.testzip() is None
        kept = json.loads(made.read("drafts.json"))["orderedItems"]
        inner = made.read("blogs/crumbs.zip")
    assert {item["text"]["title"] for item in kept} == set(await drafts(cast, cast.alice))
    again = await blog(cast, cast.bob, "again")
    assert (await bring(cast, cast.bob, again, inner)).message_data["articles"] == len(await articles(cast, crumbs))
