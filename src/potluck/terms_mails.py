"""Mails about new terms of service to everyone with an account: a job, so that a restart sends nobody two."""

from __future__ import annotations

from functools import partial

import structlog
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import jobs
from potluck.settings import current
from potluck.social.accounts.email import Mail, MailNotSent, send
from potluck.social.accounts.mail_texts import fill
from potluck.social.model import Terms, User

log = structlog.get_logger(__name__)
NAME = "terms_mails"
BATCH = 20
_SUBJECT = "%(title)s: the terms of service change"
_TEXT = """\
From %(day)s other terms of service hold on %(title)s:
%(link)s

%(changelog)s"""


def _everyone() -> tuple[ColumnElement[bool], ...]:
    return User.confirmed_at.is_not(None), User.approved_at.is_not(None), User.disabled_at.is_(None)


@jobs.define(NAME, queue="general", label="Telling everyone about new terms of service")
async def tell_everyone(job: jobs.Job, terms_id: int) -> None:
    """Send the mails, some people in each step."""
    async with job.db.read() as session:
        terms = await session.get(Terms, terms_id)
        total = await session.scalar(select(func.count()).select_from(User).where(*_everyone())) or 0
    if terms is None:  # taken back meanwhile
        return
    after, done = 0, 0
    while True:
        async with job.db.read() as session:
            people = await _next(session, after)
        if not people:
            break
        await job.step(f"after {after}", partial(_send, terms, people))
        after, done = people[-1].id, done + len(people)
        job.report(done / max(done, total), "%(number)s of %(total)s", number=done, total=max(done, total))
    job.conclude("%(number)s of %(total)s", number=done, total=done)


async def _next(session: AsyncSession, after: int) -> list[User]:
    rows = await session.scalars(select(User).where(User.id > after, *_everyone()).order_by(User.id).limit(BATCH))
    return list(rows.all())


async def _send(terms: Terms, people: list[User]) -> None:
    for user in people:
        values = {"title": current().title, "day": terms.effective_date.isoformat(), "changelog": terms.changelog,
                  "link": f"{current().url}/terms-of-service/{terms.effective_date}"}
        try:
            await send(Mail(user.email, fill(user.locale, _SUBJECT, **values), fill(user.locale, _TEXT, **values)))
        except MailNotSent as error:  # one mailbox that is gone must not keep the others from knowing
            log.warning("mail_not_sent", to=user.email, error=str(error))
