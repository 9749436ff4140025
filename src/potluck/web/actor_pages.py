"""Whose page an address is, the tabs that such pages have, and what is wrong in the form of a new one."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.exceptions import HTTPException
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import actors
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor
from potluck.web.i18n import said


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


def errors_of_new(error: Invalid | NotAllowed) -> dict[str, str]:
    """What is wrong in the form of a new community or blog; what concerns no field stands at its name."""
    field = error.field if isinstance(error, Invalid) and error.field != "username" else "name"
    return {field: said(error)}
