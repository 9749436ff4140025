"""The durable work on uploads: `process_media` makes what is shown, `process_renditions` the resolutions for HLS.

What is shown comes first: when it is there, the attachment is ready, and objects that waited for it are published.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from potluck import jobs
from potluck.jobs import Job, JobRow
from potluck.media import files, moving, picturing, renditions
from potluck.media.facts import Facts, read_facts
from potluck.media.making import GONE, Making, making, media_row
from potluck.media.moving import Shown
from potluck.media.purposes import arrived
from potluck.media.shown import remember
from potluck.media.uploads import PROCESS
from potluck.settings import Settings
from potluck.social import publishing
from potluck.social.model import Media

RENDITIONS = "process_renditions"
CANCELLED = "This was cancelled."


async def _failed(session: AsyncSession, row: JobRow) -> None:
    """Tell the attachment why it is not there."""
    media = await session.get(Media, row.args[0], with_for_update=True)
    if media is not None and media.state != "ready":
        media.state = "failed"
        media.error = (row.message % row.message_data if row.message_data else row.message) or CANCELLED
        await session.flush()


@jobs.define(PROCESS, queue="transcoding", label="Preparing a file", ended=_failed)
async def process_media(job: Job, media_id: int) -> None:
    """Make of an upload what is shown of it."""
    async with job.db.write() as session:
        media = await media_row(session, media_id)
        if media.state == "ready":
            return
        media.state, media.error = "processing", None
    async with making(job, media_id) as work:
        shown, facts = await _make(work, media)

        async def ready(session: AsyncSession) -> None:
            await moving.show(session, work, shown)
            await arrived(session, work.storage, await media_row(session, media_id))
            if shown.type == "video" and facts is not None and wants_renditions(facts, work.settings):
                await enqueue_renditions(session, await media_row(session, media_id))
            await publishing.media_ready(session, media_id)

        job.report(0.98)
        await job.step_in("ready", ready)


async def _make(work: Making, media: Media) -> tuple[Shown, Facts | None]:
    if await picturing.is_picture(work, media):
        return await picturing.picture(work, media), None
    facts = await moving.look(work)
    if facts.picture is not None:
        return await moving.video(work, facts), facts
    return await moving.audio(work, facts), facts


def wants_renditions(facts: Facts, settings: Settings) -> bool:
    """Whether HLS is made of a video: not of short ones, which are loaded faster as they are."""
    return bool(settings.video_resolutions) and facts.seconds >= settings.renditions_from_seconds


async def enqueue_renditions(session: AsyncSession, media: Media) -> int:
    """Have the renditions of a video made (again)."""
    return await jobs.enqueue(session, RENDITIONS, media.id, owner_id=media.owner_id, key=f"renditions:{media.id}",
                              subject=str(media.meta.get("file_name", "")))


@jobs.define(RENDITIONS, queue="transcoding", label="Preparing further resolutions")
async def process_renditions(job: Job, media_id: int) -> None:
    """Make the resolutions of a video that is ready."""
    async with job.db.read() as session:
        variants = (await files.variants_of(session, [media_id])).get(media_id, {})
    if files.ORIGINAL not in variants or "stream" not in variants:
        raise jobs.JobFailed(GONE)
    facts = read_facts(variants[files.ORIGINAL][0].meta["probe"])
    async with making(job, media_id) as work:
        await renditions.make(work, facts, variants)

        async def note(session: AsyncSession) -> None:
            await remember(session, work.storage, await media_row(session, media_id))

        await job.step_in("note", note)
