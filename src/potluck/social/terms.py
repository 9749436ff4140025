"""The terms of service: versions, each with the day from which it holds; and a draft of the next one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social import announcements
from potluck.social.accounts.mail_texts import fill
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Terms
from potluck.social.site_texts import MAX_TEXT, html_of

MAX_CHANGELOG = 2000
_ANNOUNCED = "From %(day)s other terms of service hold here: [read them](%(url)s)."


async def published(session: AsyncSession) -> list[Terms]:
    """Every published version of the terms, newest first."""
    return list((await session.scalars(select(Terms).where(Terms.published_at.is_not(None)).order_by(
        Terms.effective_date.desc()))).all())


def in_force(versions: Sequence[Terms]) -> Terms | None:
    """Of `published` those that hold today; before the first ones hold, those that will."""
    today = now().date()
    return next((row for row in versions if row.effective_date <= today), versions[-1] if versions else None)


def successor(row: Terms, versions: Sequence[Terms]) -> Terms | None:
    """Of `published` those that come after these."""
    later = [item for item in versions if item.effective_date > row.effective_date]
    return later[-1] if later else None


async def exist(session: AsyncSession) -> bool:
    """Whether any are published."""
    return await session.scalar(select(Terms.id).where(Terms.published_at.is_not(None)).limit(1)) is not None


async def draft(session: AsyncSession) -> Terms | None:
    """The next version as far as it is written."""
    found: Terms | None = await session.scalar(select(Terms).where(Terms.published_at.is_(None)).limit(1))
    return found


async def save(session: AsyncSession, source: str, effective_date: date, changelog: str = "", *,
               publish: bool = True) -> Terms:
    """Write the next version; it takes the place of the draft, and is one itself unless it is published.

    Raises:
        Invalid: it is blank or too long, or the date is past or taken.
    """
    row = await draft(session)
    if effective_date < now().date():
        raise Invalid("effective_date", "Validation failed: Effective date is in the past")
    if await session.scalar(select(Terms.id).where(
            Terms.effective_date == effective_date, Terms.id != (row.id if row else 0))):
        raise Invalid("effective_date", "Validation failed: Effective date has already been taken", "taken")
    if not source.strip():
        raise Invalid("text", "Validation failed: Text can't be blank", "blank")
    if len(changelog) > MAX_CHANGELOG:
        raise Invalid("changelog", "Validation failed: Text is too long (maximum is %(most)s characters)", "too_long",
                      most=MAX_CHANGELOG)
    row = row or Terms(id=ids.new(), created_at=now())
    session.add(row)
    row.source, row.content, row.changelog = source[:MAX_TEXT + 1], html_of(source), changelog.strip()
    row.effective_date, row.published_at = effective_date, now() if publish else None
    await session.flush()
    return row


async def withdraw(session: AsyncSession, terms_id: int) -> Terms:
    """Take back a version that does not hold yet, or the draft.

    Raises:
        NotFound: there is none, or it holds or held already.
    """
    row = await session.get(Terms, terms_id)
    if row is None or (row.published_at is not None and row.effective_date <= now().date()):
        raise NotFound
    await session.delete(row)
    await session.flush()
    return row


async def announce(session: AsyncSession, row: Terms) -> None:
    """Tell everyone with an account, on the site and in apps, in the server's language."""
    text = fill(current().language, _ANNOUNCED, day=row.effective_date.isoformat(),
                url=f"{current().url}/terms-of-service/{row.effective_date}")
    await announcements.save(session, text if not row.changelog else f"{text}\n\n{row.changelog}")
