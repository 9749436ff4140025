"""Quotes: their state, counted as long as it is accepted; who may quote one's posts, and taking that back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import events, live
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, Object
from potluck.social.visibility import OPEN, visible_to

_OBJECT: Any = Object.__table__

POLICIES = ("public", "followers", "nobody")
FINAL = frozenset({"revoked", "rejected"})
"""The quoted author said no: whatever the quoting side says later."""


def counts(row: Object) -> bool:
    """Whether a quote is counted and listed where everyone sees it."""
    return row.quote_id is not None and row.visibility in OPEN and row.quote_state in (None, "accepted")


async def set_state(
    session: AsyncSession, object_id: int, state: str, *, quoted_id: int | None = None, stamp: str | None = None,
) -> Object:
    """Give a quoting object another state; the count of what it quotes follows.

    Args:
        quoted_id: what it quotes, where that was not known yet.
        stamp: id of the author's permission.
    """
    row = await session.get_one(Object, object_id, populate_existing=True)
    before = counts(row), row.quote_id
    row.quote_state = state
    row.quote_id = row.quote_id if quoted_id is None else quoted_id
    row.quote_authorization_uri = row.quote_authorization_uri if stamp is None else stamp
    row.version += 1
    await session.flush()
    if before != (counts(row), row.quote_id) and row.deleted_at is None:
        if before[0]:
            await _bump(session, before[1], -1)
        if counts(row):
            await _bump(session, row.quote_id, 1)
    await live.publish(session, "status.update", object_id=row.id)
    return row


async def _bump(session: AsyncSession, object_id: int | None, step: int) -> None:
    column = _OBJECT.c.quotes_count
    value = column + 1 if step > 0 else case((column > 0, column - 1), else_=0)
    await session.execute(update(_OBJECT).where(_OBJECT.c.id == object_id).values(
        {column: value, _OBJECT.c.version: _OBJECT.c.version + 1}))


async def revoke(session: AsyncSession, author: Actor, quoted_id: int, quoting_id: int) -> Object:
    """Take one's post out of somebody's quote, for good.

    Raises:
        NotFound: no such post of this author, or it is not quoted there.
    """
    quoted = await _own(session, author, quoted_id)
    quoting = await session.scalar(select(Object).where(
        Object.id == quoting_id, Object.quote_id == quoted.id, visible_to(author.id)))
    if quoting is None:
        raise NotFound
    if quoting.quote_state != "revoked":
        quoting = await set_state(session, quoting.id, "revoked")
        await events.emit(session, events.QuoteDecided(quoting, quoted, False))
    return quoting


async def set_policy(session: AsyncSession, author: Actor, object_id: int, policy: str) -> Object:
    """Change who may quote one's post from now on; quotes there are stay.

    Raises:
        NotFound: no such post of this author.
        Invalid: no such policy.
    """
    row = await _own(session, author, object_id)
    if policy not in POLICIES:
        raise Invalid("quote_approval_policy", "Validation failed: Quote policy is not included in the list",
                      "inclusion")
    if row.quote_policy != policy:
        row.quote_policy = policy
        row.version += 1
        await session.flush()
        await live.publish(session, "status.update", object_id=row.id)
        await events.emit(session, events.ObjectEdited(row, author, silent=True))
    return row


async def _own(session: AsyncSession, author: Actor, object_id: int) -> Object:
    row = await session.get(Object, object_id)
    if row is None or row.author_id != author.id or row.deleted_at is not None:
        raise NotFound
    return row
