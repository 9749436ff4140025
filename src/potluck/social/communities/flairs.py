"""Tags of a community at its posts (flair): kept so that the posts with one are found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import insert_or_ignore
from potluck.social.model import Object, PostFlair

MOST = 5
"""Tags of one post that count."""

FEW = 2000
"""Posts with a tag that are read and sorted; where there are more, one is met soon on the way along an order."""

_FLAIR: Any = PostFlair.__table__


def key(name: str) -> str:
    """A tag as it is compared: without differences of case and white space."""
    return " ".join(name.split()).casefold()[:100]


def names_of(row: Object) -> list[str]:
    """The tags a post bears."""
    found = row.extra.get("flairs")
    return [str(name) for name in found if key(str(name))][:MOST] if isinstance(found, list) else []


async def note(session: AsyncSession, rows: Sequence[Object]) -> None:
    """Remember the tags of posts that are new in their communities."""
    values = [{"community_id": row.group_id, "name": name, "object_id": row.id}
              for row in rows if row.group_id is not None for name in sorted(set(map(key, names_of(row))))]
    if values:
        await session.execute(insert_or_ignore(session, PostFlair), values)


async def forget(session: AsyncSession, object_ids: Collection[int]) -> None:
    """The posts are in no community any more, or have other tags."""
    await session.execute(delete(_FLAIR).where(_FLAIR.c.object_id.in_(object_ids)))


def bearing(community_id: int, name: str) -> Any:
    """A query for the ids of a community's posts with a tag."""
    return select(_FLAIR.c.object_id).where(_FLAIR.c.community_id == community_id, _FLAIR.c.name == key(name))


async def few(session: AsyncSession, community_id: int, name: str) -> list[int] | None:
    """The ids of all posts with a tag, None when there are many."""
    found = list((await session.scalars(bearing(community_id, name).limit(FEW + 1))).all())
    return found if len(found) <= FEW else None
