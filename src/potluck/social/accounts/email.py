"""Mail: composed within a transaction, sent after it; to the log where no mail server is set."""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

import structlog

from potluck.db.base import now
from potluck.settings import Settings, current

log = structlog.get_logger(__name__)

_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Mail:
    """A plain text mail to one person. `unsubscribe`: where a mail program may end letters by one POST (RFC 8058)."""

    to: str
    subject: str
    text: str
    unsubscribe: str = ""


class MailNotSent(Exception):
    """The mail server could not be reached or refused. Perhaps it works later."""


async def send(mail: Mail) -> None:
    """Send a mail. Call it after the transaction that made it.

    Raises:
        MailNotSent: the mail server could not be reached or refused.
    """
    settings = current()
    if not settings.smtp_host:
        # In development the log is the mail box: the text holds the link one needs to go on.
        log.warning("mail_not_sent_no_server", to=mail.to, subject=mail.subject, text=mail.text)
        return
    import aiosmtplib  # with what it needs half a MiB, for servers that send mail

    try:
        await aiosmtplib.send(
            _message(settings, mail), hostname=settings.smtp_host, port=settings.smtp_port,
            username=settings.smtp_user or None, password=settings.smtp_password or None, timeout=_SECONDS,
            use_tls=settings.smtp_security == "tls", start_tls=settings.smtp_security == "starttls")
    except (aiosmtplib.SMTPException, OSError) as error:
        log.warning("mail_failed", error=str(error))
        raise MailNotSent(str(error)) from error


def _message(settings: Settings, mail: Mail) -> EmailMessage:
    message = EmailMessage()
    message["From"] = settings.smtp_from or str(
        Address(settings.title, "no-reply", settings.domain.partition(":")[0]))
    message["To"] = mail.to
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(now())
    message["Message-ID"] = make_msgid(domain=settings.domain.partition(":")[0])
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    return message
