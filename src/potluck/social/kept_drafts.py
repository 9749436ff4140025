"""Drafts a person put aside, to go on with later; `drafts` are something else, objects on their way in.

What is written for long is saved while it is written: see `draft_history`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import KeptDraft
from potluck.social.paging import Page, rows_of

MAX_DRAFTS = 200
MAX_BYTES = 512 * 1024
_OPENING = 140


@dataclass(frozen=True, slots=True)
class Coming:
    """Something to be put aside; `key` names it, so that it comes once."""

    key: str
    request: dict[str, Any]
    media_ids: Sequence[int] = ()
    object_id: int | None = None


async def save(session: AsyncSession, owner_id: int, kind: str, request: dict[str, Any], *,
               media_ids: Sequence[int] = (), draft_id: int | None = None) -> KeptDraft:
    """Put something aside: anew, or over an earlier draft.

    Raises:
        NotFound: there is no such draft of this person.
        Invalid: it is too long, or there are too many.
    """
    size_of(request)
    if draft_id is not None:
        row = await one(session, owner_id, draft_id)
    else:
        await check_room(session, owner_id)
        row = KeptDraft(id=ids.new(), owner_id=owner_id, revision=0)
        session.add(row)
    row.kind = kind
    put(row, request, media_ids)
    await session.flush()
    return row


def put(row: KeptDraft, request: dict[str, Any], media_ids: Sequence[int]) -> None:
    """Have a draft say something else."""
    row.request, row.media_ids, row.opening, row.updated_at = request, list(media_ids), opening(request), now()
    row.revision += 1


def opening(request: dict[str, Any]) -> str:
    """The title of what is put aside, else its first words, '' if it has none."""
    parts = (str(request.get(name) or "")[:_OPENING * 4] for name in ("summary", "text"))
    text = " ".join(str(request.get("title") or "").split()) or " ".join(" ".join(parts).split())
    return text[:_OPENING] + "…" if len(text) > _OPENING else text


def size_of(request: dict[str, Any], most: int = MAX_BYTES) -> int:
    """How many bytes a request takes.

    Raises:
        Invalid: more than `most`.
    """
    size = len(msgspec.json.encode(request))
    if size > most:
        raise Invalid("status", "Validation failed: The draft is too long", "too_long")
    return size


async def check_room(session: AsyncSession, owner_id: int) -> None:
    """Refuse one more draft where there are too many.

    Raises:
        Invalid: there are.
    """
    count = await session.scalar(select(func.count()).select_from(KeptDraft).where(
        KeptDraft.owner_id == owner_id)) or 0
    if count >= MAX_DRAFTS:
        raise Invalid("status", "Validation failed: You have exceeded the limit of %(most)s drafts", "too_many",
                      most=MAX_DRAFTS)


async def add_many(session: AsyncSession, owner_id: int, kind: str, coming: Sequence[Coming]) -> list[str]:
    """Put many things aside at once, as imports bring them; nothing that is there is touched.

    Returns:
        What became of each: 'new', 'known' (its key, or its object, has a draft already), or 'full' (too many).
    """
    wanted = or_(KeptDraft.key.in_([item.key for item in coming]),
                 KeptDraft.object_id.in_([item.object_id for item in coming if item.object_id]))
    known = (await session.execute(select(KeptDraft.key, KeptDraft.object_id).where(
        KeptDraft.owner_id == owner_id, wanted))).all()
    keys, objects = {row[0] for row in known}, {row[1] for row in known if row[1]}
    room = MAX_DRAFTS - (await session.scalar(select(func.count()).select_from(KeptDraft).where(
        KeptDraft.owner_id == owner_id)) or 0)
    found: list[str] = []
    for item in coming:
        if item.key in keys or (item.object_id and item.object_id in objects):
            found.append("known")
        elif room <= 0:
            found.append("full")
        else:
            room -= 1
            keys.add(item.key)
            row = KeptDraft(id=ids.new(), owner_id=owner_id, kind=kind, revision=0, key=item.key,
                            object_id=item.object_id)
            put(row, item.request, item.media_ids)
            session.add(row)
            found.append("new")
    await session.flush()
    return found


async def page(session: AsyncSession, owner_id: int, part: Page) -> list[KeptDraft]:
    """A page of a person's drafts, last begun first."""
    query = select(KeptDraft).where(KeptDraft.owner_id == owner_id)
    return await rows_of(session, query, KeptDraft.id, part)


async def listed(session: AsyncSession, owner_id: int) -> Sequence[KeptDraft]:
    """All drafts of a person, last begun first, without what is in them."""
    rows = await session.scalars(select(KeptDraft).options(defer(KeptDraft.request, raiseload=True)).where(
        KeptDraft.owner_id == owner_id).order_by(KeptDraft.id.desc()).limit(MAX_DRAFTS))
    return rows.all()


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
