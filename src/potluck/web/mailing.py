"""Sends mail in the background, so that an answer's time tells nothing about who has an account."""

from __future__ import annotations

import asyncio

import structlog

from potluck.social.accounts.email import Mail, MailNotSent, send

log = structlog.get_logger(__name__)
_sending: set[asyncio.Task[None]] = set()


def send_soon(mail: Mail) -> None:
    """Send a mail without waiting for it; where that fails, it is in the log, and can be asked for again."""
    task = asyncio.create_task(_send(mail))
    _sending.add(task)
    task.add_done_callback(_sending.discard)


async def _send(mail: Mail) -> None:
    try:
        await send(mail)
    except MailNotSent as error:
        log.warning("mail_not_sent", to=mail.to, error=str(error))
