"""The log of what moderators and administrators did."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social.model import Actor, AuditEntry
from potluck.social.paging import Page, rows_of

_MOST = 200


def handle(actor: Actor) -> str:
    """An account as the log names it."""
    return f"@{actor.name}@{actor.host or current().domain}"


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


async def page(session: AsyncSession, part: Page, *, user_id: int | None = None, action: str = "",
               words: str = "") -> list[AuditEntry]:
    """A page of the log, newest first.

    Args:
        user_id: only what this moderator did.
        action: only acts whose name begins so.
        words: only with this in the name of what it was done to.
    """
    query = select(AuditEntry)
    if user_id is not None:
        query = query.where(AuditEntry.user_id == user_id)
    if action:
        query = query.where(AuditEntry.action.startswith(action, autoescape=True))
    if words:
        query = query.where(AuditEntry.target.icontains(words, autoescape=True))
    return await rows_of(session, query, AuditEntry.id, part.at_most(_MOST))
