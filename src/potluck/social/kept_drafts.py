"""Drafts a person put aside, to go on with later; `drafts` are something else, objects on their way in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import KeptDraft
from potluck.social.paging import Page, rows_of

MAX_DRAFTS = 200
MAX_BYTES = 512 * 1024


async def save(session: AsyncSession, owner_id: int, kind: str, request: dict[str, Any], *,
               media_ids: Sequence[int] = (), draft_id: int | None = None) -> KeptDraft:
    """Put something aside: anew, or over an earlier draft.

    Raises:
        NotFound: there is no such draft of this person.
        Invalid: it is too long, or there are too many.
    """
    if len(msgspec.json.encode(request)) > MAX_BYTES:
        raise Invalid("status", "Validation failed: The draft is too long", "too_long")
    if draft_id is not None:
        row = await one(session, owner_id, draft_id)
    else:
        count = await session.scalar(select(func.count()).select_from(KeptDraft).where(
            KeptDraft.owner_id == owner_id)) or 0
        if count >= MAX_DRAFTS:
            raise Invalid("status", "Validation failed: You have exceeded the limit of %(most)s drafts", "too_many",
                          most=MAX_DRAFTS)
        row = KeptDraft(id=ids.new(), owner_id=owner_id)
        session.add(row)
    row.kind, row.request, row.media_ids, row.updated_at = kind, request, list(media_ids), now()
    await session.flush()
    return row


async def page(session: AsyncSession, owner_id: int, part: Page) -> list[KeptDraft]:
    """A page of a person's drafts, last begun first."""
    query = select(KeptDraft).where(KeptDraft.owner_id == owner_id)
    return await rows_of(session, query, KeptDraft.id, part)


async def one(session: AsyncSession, owner_id: int, draft_id: int) -> KeptDraft:
    """One draft of a person.

    Raises:
        NotFound: it does not exist, or is someone else's.
    """
    row: KeptDraft | None = await session.scalar(select(KeptDraft).where(
        KeptDraft.id == draft_id, KeptDraft.owner_id == owner_id))
    if row is None:
        raise NotFound
    return row


async def delete(session: AsyncSession, owner_id: int, draft_id: int) -> None:
    """Throw a draft away (or: it was published).

    Raises:
        NotFound: it does not exist, or is someone else's.
    """
    await session.delete(await one(session, owner_id, draft_id))
    await session.flush()
