"""Hashtags of objects: made when first used, attached in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social.model import Hashtag, ObjectTag
from potluck.text.hashtags import normalise_hashtag


async def ensure_hashtags(session: AsyncSession, names: Iterable[str]) -> dict[str, int]:
    """Ids of hashtags by normalised name; those never seen are made. Names that are no hashtags are left out."""
    displays: dict[str, str] = {}
    for name in names:
        normalised = normalise_hashtag(name)
        if normalised:
            displays.setdefault(normalised, name.lstrip("#"))
    if not displays:
        return {}
    query = select(Hashtag.name, Hashtag.id).where(Hashtag.name.in_(displays))
    found = dict((await session.execute(query)).all())
    missing = [name for name in displays if name not in found]
    if missing:
        await session.execute(insert_or_ignore(session, Hashtag), [
            {"id": ids.new(), "name": name, "display": displays[name], "created_at": now()} for name in missing])
        found = dict((await session.execute(query)).all())
    return found


async def attach_hashtags(session: AsyncSession, tagged: Sequence[tuple[int, list[str]]]) -> None:
    """Attach hashtags (as written) to objects: (object id, names) each."""
    if not tagged:
        return
    known = await ensure_hashtags(session, [name for _, names in tagged for name in names])
    rows = {(known[key], object_id) for object_id, names in tagged for name in names
            if (key := normalise_hashtag(name)) and key in known}
    if rows:
        await session.execute(insert(ObjectTag.__table__), [  # type: ignore[arg-type]
            {"hashtag_id": tag_id, "object_id": object_id} for tag_id, object_id in sorted(rows)])


async def replace_hashtags(session: AsyncSession, object_id: int, names: list[str]) -> None:
    """Give an object exactly these hashtags."""
    await session.execute(delete(ObjectTag).where(ObjectTag.object_id == object_id))
    await attach_hashtags(session, [(object_id, names)])
