"""The log of what moderators and administrators did."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social.model import AuditEntry
from potluck.social.paging import Page, in_order, paged

_MOST = 200


async def record(session: AsyncSession, user_id: int | None, action: str, target: str,
                 details: dict[str, Any] | None = None) -> AuditEntry:
    """Write an entry.

    Args:
        user_id: who acted; None for the command line.
        action: a word such as suspend_actor.
        target: what it was done to, in words that outlive the row.
        details: what else belongs to it; no secrets.
    """
    row = AuditEntry(id=ids.new(), user_id=user_id, action=action, target=target, details=details or {},
                     created_at=now())
    session.add(row)
    await session.flush()
    return row


async def page(session: AsyncSession, part: Page) -> list[AuditEntry]:
    """A page of the log, newest first."""
    rows = (await session.scalars(paged(select(AuditEntry), AuditEntry.id, part.at_most(_MOST)))).all()
    return in_order(list(rows), part)
