"""Exports are taken over: quietly, once, never more public than they were, with nothing changed that is here."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import Any

from sqlalchemy import func, select

from potluck.federation.model import Delivery
from potluck.jobs import JobEngine, JobRow
from potluck.kinds.article import actions
from potluck.social import kept_drafts
from potluck.social.live import Waker
from potluck.social.model import (
    Actor,
    FeedEntry,
    Hashtag,
    ImportedPost,
    Media,
    Notification,
    Object,
    ObjectTag,
)
from potluck.transfer.blogs import looking, taking
from potluck.transfer.blogs.spool import opened
from support.cast import Cast
from support.databases import statements
from transfer.blogs import samples
from transfer.blogs.moving import articles, blog, bring, drafts, enqueue, give, look, take, work
from transfer.test_archive_out import engine


async def count(cast: Cast, what: Any) -> int:
    """How many rows there are."""
    async with cast.database.read() as session:
        return await session.scalar(select(func.count()).select_from(what)) or 0


async def test_a_wordpress_site(cast: Cast) -> None:
    """Articles with all that belongs to them; what few could read comes as a draft; nobody is told."""
    crumbs = await blog(cast, cast.alice)
    await cast.follow(cast.bob, crumbs)
    await cast.follow(cast.frank, crumbs)
    looked = await look(cast, cast.alice, crumbs, samples.wxr().encode(), "crumbs.xml")
    assert looked.state == "done", looked
    found = looking.summary(looking.spool_of(cast.alice.id, crumbs.id))
    assert found is not None
    assert (found["articles"], found["pages"], found["fates"], found["facts"]["comments"]) == (7, 1, {"new": 7}, "3")
    assert await articles(cast, crumbs) == {}
    job = await take(cast, cast.alice, crumbs)
    assert job.message_data == {"articles": 3, "drafts": 4, "here": 0, "failed": 0}
    made = await articles(cast, crumbs)
    assert set(made) == {"rye-bread", "хлеб", "post-about"}  # a word of ours
    rye, place = made["rye-bread"]
    assert (rye.title, rye.summary, rye.language, f"{rye.published:%Y-%m-%d}", f"{rye.edited_at:%Y}") == (
        "Rye", "All about rye", "en-GB", "2019-03-04", "2020")
    assert (place.pinned, place.comments, place.writer_id, place.page) == (1, "closed", cast.alice.id, False)
    assert made["post-about"][1].page
    assert "<script" not in made["хлеб"][0].content
    assert 'src="https://crumbs.example/up/loaf.jpg"' in rye.content
    assert 'src="https://crumbs.example/up/cover.jpg"' in rye.content  # it stays there, so it stands in the text
    async with cast.database.read() as session:
        names = (await session.scalars(select(Hashtag.name).join(ObjectTag, ObjectTag.hashtag_id == Hashtag.id).where(
            ObjectTag.object_id == rye.id))).all()
    assert set(names) == {"rye", "homebaking"}
    kept = await drafts(cast, cast.alice)
    assert {title: row.request["visibility"] for title, row in kept.items()} == {
        "Not yet": "public", "Mine": "followers", "Behind a word": "followers", "Later": "public"}
    assert all(row.request["blog_id"] == crumbs.id for row in kept.values())
    assert [await count(cast, table) for table in (FeedEntry, Notification, Delivery)] == [0, 0, 0]
    async with cast.database.read() as session:
        assert not (await session.scalars(select(JobRow.id).where(JobRow.name == "mail_article"))).all()


async def test_a_second_time(cast: Cast) -> None:
    """Nothing is doubled, nothing changed; only if asked, a changed text becomes the draft of a new version."""
    crumbs = await blog(cast, cast.alice)
    data = samples.wxr().encode()
    await bring(cast, cast.alice, crumbs, data)
    before = {slug: row.version for slug, (row, _) in (await articles(cast, crumbs)).items()}
    job = await bring(cast, cast.alice, crumbs, data)
    assert job.message_data == {"articles": 0, "drafts": 0, "here": 7, "failed": 0}
    found = looking.summary(looking.spool_of(cast.alice.id, crumbs.id))
    assert found is not None
    assert found["fates"] == {"here": 3, "drafted": 4}
    changed = data.replace(b"First line", b"Another line")
    assert (await bring(cast, cast.alice, crumbs, changed)).message_data["here"] == 7
    job = await bring(cast, cast.alice, crumbs, changed, again="draft")
    assert job.message_data == {"articles": 0, "drafts": 1, "here": 6, "failed": 0}
    made = await articles(cast, crumbs)
    assert {slug: row.version for slug, (row, _) in made.items()} == before
    version = (await drafts(cast, cast.alice))["Rye"]
    assert version.object_id == made["rye-bread"][0].id
    assert "Another line" in version.request["text"]
    job = await bring(cast, cast.alice, crumbs, changed.replace(b"Another", b"A third"), again="draft")
    assert job.message_data["drafts"] == 0  # that draft is not written over
    async with cast.database.write() as session:
        await actions.delete(session, cast.alice, made["rye-bread"][0].id)
    assert (await bring(cast, cast.alice, crumbs, data)).message_data["articles"] == 1  # deleted, then wanted again


async def test_the_same_address(cast: Cast) -> None:
    """What is here under the address keeps it; another title beside it gets another one, the same title is the same."""
    crumbs = await blog(cast, cast.alice)
    await bring(cast, cast.alice, crumbs, b"---\ntitle: Rye\nslug: rye-bread\n---\nmine", "a.md")
    await bring(cast, cast.alice, crumbs, b"---\ntitle: Other\nslug: rye-bread\n---\nother", "b.md")
    await bring(cast, cast.alice, crumbs, samples.wxr().encode())
    made = await articles(cast, crumbs)
    assert {slug: row.source for slug, (row, _) in made.items() if slug.startswith("rye")} == {
        "rye-bread": "mine", "rye-bread-2": "other"}


async def test_a_closed_blog(cast: Cast) -> None:
    """What was closed is for those whom the blog lets in, in a closed blog; in an open one it is a draft."""
    data = samples.as_json(samples.writefreely())
    diary = await blog(cast, cast.alice, "diary", visibility="private")
    await bring(cast, cast.alice, diary, data, origin="diary")
    made = await articles(cast, diary)
    assert {slug: row.visibility for slug, (row, _) in made.items()} == {"slug-3": "followers"}
    crumbs = await blog(cast, cast.alice, "crumbs")
    job = await bring(cast, cast.alice, crumbs, data)
    assert job.message_data == {"articles": 2, "drafts": 2, "here": 0, "failed": 0}
    assert (await drafts(cast, cast.alice))["Title 3"].request["visibility"] == "followers"


async def test_own_profile_and_drafts(cast: Cast) -> None:
    """Without a blog it is one's own profile; everything can come as drafts, and once."""
    await blog(cast, cast.alice)
    data = samples.medium_zip()
    for wanted in ({"articles": 0, "drafts": 2, "here": 0}, {"articles": 0, "drafts": 0, "here": 2}):
        job = await bring(cast, cast.alice, cast.alice, data, drafts=True)
        assert {key: job.message_data[key] for key in wanted} == wanted
    assert (await drafts(cast, cast.alice))["Oven & stone"].request["blog_id"] is None
    job = await bring(cast, cast.eve, cast.eve, samples.as_json(samples.ghost()))
    assert job.message_data["articles"] == 3


async def test_pictures_of_an_archive(cast: Cast) -> None:
    """They become uploads of the blog with their descriptions; the text names the new addresses."""
    crumbs = await blog(cast, cast.alice)
    job = await bring(cast, cast.alice, crumbs, samples.zipped(samples.MARKDOWN))
    assert job.message_data["articles"] == 4, job
    row, _ = (await articles(cast, crumbs))["sour"]
    async with cast.database.read() as session:
        media = (await session.scalars(select(Media).where(Media.object_id == row.id))).all()
    assert [(item.owner_id, item.description, item.state) for item in media] == [(crumbs.id, "a red square", "ready")]
    assert row.extra["cover_id"] == media[0].id
    assert f"]({media[0].url})" in (row.source or "")
    assert f'src="{media[0].url}"' in row.content


async def test_what_cannot_come(cast: Cast, monkeypatch: Any) -> None:
    """Each thing is named with its reason, in the preview or the report, and the rest comes."""
    monkeypatch.setattr(kept_drafts, "MAX_DRAFTS", 1)
    crumbs = await blog(cast, cast.alice)
    files = samples.MARKDOWN | {"x/empty.md": b"---\ntitle: Nothing\n---\n", "x/bad.md": b"---\ntitle: Bad\nlang: "
                                b"no-such-language-at-all-really\n---\ntext",
                                "x/mark.html": b"<p>&lt;b&gt; &nosuch;</p>"}
    job = await bring(cast, cast.alice, crumbs, samples.zipped(files))
    assert job.message_data == {"articles": 6, "drafts": 1, "here": 0, "failed": 1}
    with opened(looking.spool_of(cast.alice.id, crumbs.id)) as spool:
        told = {problem.name: problem.message for _, problem in spool.problems(0, 50)}
    assert told == {
        "broken.md": "The front matter of this file cannot be read.", "Nothing": "There is no text in this article.",
        "Jekyll": "You have %(most)s drafts already; no more are taken."}


async def test_nothing_that_can_be_read(cast: Cast) -> None:
    """Its owner reads why, and nothing of it stays."""
    crumbs = await blog(cast, cast.alice)
    for data, name, words in ((b"<html></html>", "a.xml", "neither a feed"), (b"PK\3\4 broken", "a.zip", "no archive"),
                              (b"", "a.md", "no text"), (samples.zipped({"a.png": b"x"}), "a.zip", "no articles")):
        job = await look(cast, cast.alice, crumbs, data, name)
        assert (job.state, words in job.message) == ("failed", True), job
        assert not looking.folder_of(cast.alice.id, crumbs.id).exists()


async def test_many_of_one_second(cast: Cast) -> None:
    """Articles of the same second and title get ids and addresses of their own, in a bounded number of statements."""
    crumbs = await blog(cast, cast.alice)
    posts = [{"id": f"post{number:06}", "title": "Same", "slug": "same", "body": f"text {number}", "tags": [],
              "created": "2012-01-01T00:00:00Z", "collection": {"alias": "crumbs", "public": True}}
             for number in range(120)]
    job = await bring(cast, cast.alice, crumbs, json.dumps(posts).encode())
    assert job.message_data["articles"] == 120
    assert set(await articles(cast, crumbs)) == {"same", *(f"same-{number}" for number in range(2, 121))}


async def test_no_statement_for_each(cast: Cast) -> None:
    """Fifty articles take as many statements as ten."""
    sent: dict[int, int] = {}
    for number in (10, 50):
        target = await blog(cast, cast.alice, f"blog_{number}")
        posts = [{"id": f"p{number}x{one:06}", "title": f"T {one}", "slug": f"t-{one}", "body": f"text {one} #tag",
                  "tags": ["bread"], "created": f"2012-01-01T00:{one:02}:00Z",
                  "collection": {"alias": "crumbs", "public": True}} for one in range(number)]
        assert (await look(cast, cast.alice, target, json.dumps(posts).encode())).state == "done"
        job_id = await enqueue(cast, taking.TAKE, cast.alice, target, {"pictures": False})
        with statements(cast.database) as seen:
            await JobEngine(cast.database, Waker(cast.database)).drain()
        sent[number] = len(seen)
        async with cast.database.read() as session:
            assert (await session.get_one(JobRow, job_id)).message_data["articles"] == number
    assert sent[50] <= sent[10] + 3, sent
    assert sent[50] < 75, sent


async def test_somebody_who_writes_there_no_more(cast: Cast) -> None:
    """Nothing is published for them."""
    crumbs = await blog(cast, cast.alice)
    await look(cast, cast.alice, crumbs, samples.wxr().encode())
    source, target = looking.folder_of(cast.alice.id, crumbs.id), looking.folder_of(cast.eve.id, crumbs.id)
    source.rename(target)
    job = await work(cast, await enqueue(cast, taking.TAKE, cast.eve, crumbs, {}))
    assert job.message == "You do not write in this blog any more."
    assert await articles(cast, crumbs) == {}
    give(cast.alice, crumbs, b"x")
    async with cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Object).where(Object.kind == "article")) == 0


async def test_what_nobody_touches(cast: Cast) -> None:
    """Exports and reports are gone after two weeks."""
    give(cast.alice, cast.alice, b"x")
    give(cast.bob, cast.bob, b"x")
    os.utime(looking.folder_of(cast.bob.id, cast.bob.id), (1, 1))
    looking.sweep()
    assert looking.folder_of(cast.alice.id, cast.alice.id).exists()
    assert not looking.folder_of(cast.bob.id, cast.bob.id).exists()


# ---- a killed engine --------------------------------------------------------------------------------------------

POSTS = 600


async def came(cast: Cast, target: Actor) -> int:
    """How many articles have come."""
    async with cast.database.read() as session:
        return await session.scalar(select(func.count()).select_from(ImportedPost).where(
            ImportedPost.actor_id == target.id)) or 0


async def test_a_killed_engine_goes_on(cast: Cast) -> None:
    """`kill -9` in the middle: the next engine goes on, and every article is there exactly once."""
    crumbs = await blog(cast, cast.alice)
    posts = [{"id": f"post{number:06}", "title": f"Number {number}", "slug": f"number-{number}", "body": "text " * 400,
              "created": f"2012-01-{number % 28 + 1:02}T00:00:00Z", "collection": {"alias": "crumbs", "public": True}}
             for number in range(POSTS)]
    assert (await look(cast, cast.alice, crumbs, json.dumps(posts).encode())).state == "done"
    job_id = await enqueue(cast, taking.TAKE, cast.alice, crumbs, {"pictures": False})
    first = engine(cast)
    try:
        async with asyncio.timeout(60):
            while await came(cast, crumbs) < 50:  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.005)
    finally:
        first.send_signal(signal.SIGKILL)
        await asyncio.to_thread(first.wait)
    between = await came(cast, crumbs)
    assert 50 <= between < POSTS
    job = await work(cast, job_id)
    assert (job.state, job.message_data["articles"]) == ("done", POSTS)
    assert set(await articles(cast, crumbs)) == {f"number-{number}" for number in range(POSTS)}
