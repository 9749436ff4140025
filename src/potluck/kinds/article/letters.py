"""Articles by mail: a job a quarter of an hour after an article came out, so that slips can be mended first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import jobs
from potluck.db.base import now
from potluck.jobs import Job
from potluck.social.accounts.email import MailNotSent, send
from potluck.social.blogs import subscribing
from potluck.social.model import Actor, Blog, BlogSubscriber, Object
from potluck.social.visibility import OPEN
from potluck.text.longform import for_others

log = structlog.get_logger(__name__)

NAME = "mail_article"
WAIT = timedelta(minutes=15)
_AT_ONCE = 50


async def plan(session: AsyncSession, rows: Sequence[Object]) -> None:
    """Have new articles of blogs that send letters sent to whoever reads by mail."""
    for row in rows:
        sent = row.visibility in OPEN and row.state == "published"
        if sent and await subscribing.has_readers(session, row.author_id):
            await jobs.enqueue(session, NAME, row.id, key=f"mail_article:{row.id}", run_at=now() + WAIT)


@jobs.define(NAME, queue="general", label="Sending an article by mail")
async def mail_article(job: Job, object_id: int) -> None:
    """Send an article to the readers of its blog; a restart goes on behind the last letter that was noted."""
    after = 0
    while True:
        async with job.db.read() as session:
            row, blog = await _there(session, object_id)
            readers = await subscribing.readers(session, blog.id, after, _AT_ONCE) if row and blog else ()
        if row is None or blog is None or not readers:
            return
        await job.step(f"after {after}", partial(_send, row, blog, readers))
        after = readers[-1].id


async def _there(session: AsyncSession, object_id: int) -> tuple[Object | None, Actor | None]:
    """The article and its blog, as long as everybody may read them."""
    row = await session.get(Object, object_id)
    if row is None or row.deleted_at is not None or row.visibility not in OPEN:
        return None, None
    blog, actor = await session.get(Blog, row.author_id), await session.get(Actor, row.author_id)
    fine = blog is not None and blog.mail and actor is not None and not actor.suspended_at and not actor.deleted_at
    return (row, actor) if fine else (None, None)


async def _send(row: Object, blog: Actor, readers: Sequence[BlogSubscriber]) -> None:
    html = for_others(row.content)
    for reader in readers:
        try:
            await send(subscribing.letter(blog, row.title or "", html, row.url or row.uri, reader))
        except MailNotSent as error:
            log.warning("letter_not_sent", blog=blog.name, error=str(error))
