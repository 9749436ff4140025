"""The pages of background work: one's own, everybody's for staff, and posts that wait for their files."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select, update

from potluck import jobs
from potluck.db.ids import ids
from potluck.jobs import queueing
from potluck.jobs.model import JobRow
from potluck.kinds.note import actions
from potluck.social.model import Media, Object
from web.conftest import Site
from web.test_live import Listener, listen

__all__ = ["listen"]


@pytest.fixture(autouse=True)
def _baking() -> Iterator[None]:
    @jobs.define("bake", queue="general", label="Preparing a file")
    async def bake(job: jobs.Job) -> None:
        """Nobody runs it here."""

    yield
    del jobs.registry.definitions["bake"]


async def _job(site: Site, **values: Any) -> int:
    async with site.database.write() as session:
        job_id = await jobs.enqueue(session, "bake", owner_id=site.cast.alice.id, subject="bread <3.mp4")
        if values:
            await session.execute(update(JobRow).where(JobRow.id == job_id).values(**values))
    return job_id


async def _state(site: Site, job_id: int) -> str:
    async with site.database.read() as session:
        found = await jobs.one(session, job_id)
    assert found is not None
    return found.state


async def test_one_sees_ones_own_jobs_and_how_far_they_are(site: Site) -> None:
    """With the words of what is done; nobody else's, and no errors of the program."""
    await _job(site, state="running", progress=0.4, message="Preparing the video in %(lines)s lines",
               message_data={"lines": 720})
    await _job(site, state="failed", message="This is longer than a day.", detail="OSError: secret path")
    page = (await (await site.browser(site.cast.alice)).get("/settings/jobs")).text
    assert 'value="40"' in page
    assert "Preparing the video in 720 lines" in page
    assert "This is longer than a day." in page
    assert "bread &lt;3.mp4" in page
    assert "secret path" not in page
    assert "bread" not in (await (await site.browser(site.cast.bob)).get("/settings/jobs")).text


async def test_one_cancels_and_retries_ones_own_jobs_only(site: Site) -> None:
    """Somebody else's are not even there."""
    alice, bob = await site.browser(site.cast.alice), await site.browser(site.cast.bob)
    job_id = await _job(site)
    assert (await bob.post(f"/settings/jobs/{job_id}/cancel")).status_code == 404
    assert "It is being cancelled." in await alice.page_after(await alice.post(f"/settings/jobs/{job_id}/cancel"))
    assert await _state(site, job_id) == "cancelled"
    assert "It is over already." in await alice.page_after(await alice.post(f"/settings/jobs/{job_id}/cancel"))
    assert (await bob.post(f"/settings/jobs/{job_id}/retry")).status_code == 404
    await alice.post(f"/settings/jobs/{job_id}/retry")
    assert await _state(site, job_id) == "waiting"
    assert (await alice.post(f"/settings/jobs/{job_id}/explode")).status_code == 404


async def test_staff_see_all_jobs_with_their_errors(site: Site) -> None:
    """By state; they may cancel and retry, and it is written down."""
    job_id = await _job(site, state="failed", message="This is longer than a day.", detail="OSError: disk <full>")
    mona = await site.browser(site.cast.mona)
    page = (await mona.get("/admin/jobs?state=failed")).text
    assert "OSError: disk &lt;full&gt;" in page
    assert "@alice" in page
    assert "bread" not in (await mona.get("/admin/jobs?state=running")).text
    assert "bread" in (await mona.get("/admin/jobs?state=nonsense&before=x")).text
    await mona.post(f"/admin/jobs/{job_id}/retry")
    assert await _state(site, job_id) == "waiting"
    assert (await mona.post("/admin/jobs/5/retry")).status_code == 404
    assert (await (await site.browser(site.cast.alice)).get("/admin/jobs")).status_code in {403, 404}


async def test_progress_is_told_to_open_pages_of_the_owner(
        site: Site, listen: Callable[..., Awaitable[Listener]]) -> None:
    """In their language, with the file it prepares; nobody else hears of it."""
    alice = await listen(await site.browser(site.cast.alice), "notifications")
    bob = await listen(await site.browser(site.cast.bob), "notifications")
    async with site.database.write() as session:
        await jobs.enqueue(session, "bake", 5, owner_id=site.cast.alice.id)
        row = (await session.scalars(select(JobRow))).one()
        row.name, row.state, row.progress, row.message, row.message_data = (
            "process_media", "running", 0.25, "Preparing the video in %(lines)s lines", {"lines": 720})
        await queueing.tell(session, row)
    event = await alice.next()
    assert event.startswith("event: job\ndata: ")
    assert json.loads(event.partition("data: ")[2]) == {
        "id": str(row.id), "media": "5", "state": "running", "progress": 0.25,
        "message": "Preparing the video in 720 lines"}
    await bob.silence()


async def test_long_lists_have_pages(site: Site) -> None:
    """The next page begins where the last ended."""
    for _ in range(42):
        await _job(site)
    alice = await site.browser(site.cast.alice)
    page = (await alice.get("/settings/jobs")).text
    assert page.count("data-job=") == 40
    link = page.partition('href="/settings/jobs?before=')[2].partition('"')[0]
    assert (await alice.get(f"/settings/jobs?before={link}")).text.count("data-job=") == 2


async def test_posts_that_wait_for_their_files_can_be_deleted(site: Site) -> None:
    """Only by their author, and only while they wait."""
    media = Media(id=ids.new(), owner_id=site.cast.alice.id, type="video", state="processing")
    async with site.database.write() as session:
        session.add(media)
        await session.flush()
        post = await actions.compose(session, site.cast.alice, actions.NoteRequest(
            "Look at my bread", media_ids=[media.id], wait_for_media=True))
    alice, bob = await site.browser(site.cast.alice), await site.browser(site.cast.bob)
    assert "Look at my bread" in (await alice.get("/settings/jobs")).text
    assert "Look at my bread" not in (await bob.get("/settings/jobs")).text
    assert (await bob.post(f"/settings/jobs/posts/{post.id}/delete")).status_code == 404
    await alice.post(f"/settings/jobs/posts/{post.id}/delete")
    async with site.database.read() as session:
        assert (await session.get_one(Object, post.id)).deleted_at is not None
    assert (await alice.post(f"/settings/jobs/posts/{post.id}/delete")).status_code == 404
