"""Taglines: sentences of the staff, one of which apps show above the listings. Only this API knows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy.errors import refused
from potluck.apis.lemmy.words import Json, moment
from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social import kept_values

MOST = 100
LONGEST = 1000
_NAME = "taglines"


async def read(session: AsyncSession) -> list[Json]:
    """All of them, in the order they were given."""
    kept = await kept_values.get(session, _NAME)
    return list(msgspec.json.decode(kept)) if kept else []


async def replace(session: AsyncSession, wanted: Sequence[str]) -> None:
    """Keep these and no others; those that were there before stay what they are.

    Raises:
        ApiError: there are too many, or one is too long.
    """
    texts = list(dict.fromkeys(text.strip() for text in wanted if text.strip()))
    if len(texts) > MOST or any(len(text) > LONGEST for text in texts):
        raise refused("invalid_body_field", message=f"At most {MOST} taglines of {LONGEST} characters each")
    known: dict[str, Any] = {row["content"]: row for row in await read(session)}
    rows = [known.get(text) or {"id": ids.new(), "local_site_id": 1, "content": text, "published": moment(now())}
            for text in texts]
    await kept_values.put(session, _NAME, msgspec.json.encode(rows).decode())
