"""Whose page an address is, and the tabs that such pages have."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.exceptions import HTTPException
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import actors
from potluck.social.errors import NotFound
from potluck.social.model import Actor


@dataclass(frozen=True, slots=True)
class Tab:
    """An entry of `tabs`."""

    url: str
    label: str
    current: bool
    count: int | None = None


class Gone(HTTPException):
    """It was there, and was deleted."""

    status_code = 410


async def find_actor(session: AsyncSession, handle: str) -> Actor:
    """The actor of a profile address `@name` or `@name@host`.

    Raises:
        NotFound: the address has no such form, nobody is known by it, or they are suspended.
        Gone: they deleted their account.
    """
    if not handle.startswith("@") or len(handle) > 320:
        raise NotFound
    found = await actors.by_handle(session, handle[1:])
    if found is None or found.suspended_at:
        raise NotFound
    if found.deleted_at:
        raise Gone
    return found
