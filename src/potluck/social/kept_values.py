"""Values the server keeps in the database, the same for all its processes: most are made once."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore, upsert
from potluck.social.model import KeptValue


async def get(session: AsyncSession, name: str) -> str | None:
    """The value of a name, None if there is none yet."""
    found: str | None = await session.scalar(select(KeptValue.value).where(KeptValue.name == name))
    return found


async def ensure(session: AsyncSession, name: str, make: Callable[[], str]) -> str:
    """The value of a name, made by `make` the first time, whoever comes first."""
    found = await get(session, name)
    if found is None:
        await session.execute(insert_or_ignore(session, KeptValue).values(name=name, value=make()))
        found = await get(session, name)
    assert found is not None  # noqa: S101 - it was just written
    return found


async def put(session: AsyncSession, name: str, value: str) -> None:
    """Set the value of a name."""
    await session.execute(upsert(session, KeptValue, ["name"], {"name": name, "value": value, "created_at": now()},
                                 {"value": value}))
