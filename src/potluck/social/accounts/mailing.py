"""Sends mails without anybody waiting for the mail server: an answer's time tells nothing about who has an account."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import after_commit
from potluck.social.accounts.email import Mail, MailNotSent, send

log = structlog.get_logger(__name__)
_sending: set[asyncio.Task[None]] = set()


def send_after_commit(session: AsyncSession, mail: Mail) -> None:
    """Send a mail when the transaction of `session` is committed; where that fails, it is in the log."""
    after_commit(session, lambda: send_soon(mail))


def send_soon(mail: Mail) -> None:
    """Send a mail without waiting for it; where that fails, it is in the log, and can be asked for again."""
    task = asyncio.get_running_loop().create_task(_send(mail))
    _sending.add(task)
    task.add_done_callback(_sending.discard)


async def sent() -> None:
    """Wait until the mails under way have gone out: for commands, whose process ends."""
    while _sending:
        await asyncio.gather(*_sending)


async def _send(mail: Mail) -> None:
    try:
        await send(mail)
    except MailNotSent as error:
        log.warning("mail_not_sent", to=mail.to, error=str(error))
