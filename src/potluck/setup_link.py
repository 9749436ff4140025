"""The one-time link with which the first administrator is made, and the lines printed when the server is up."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from typing import TextIO

from sqlalchemy import func, select

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.settings import Settings
from potluck.social.accounts import roles
from potluck.social.model import Invite, User

_VALID = timedelta(days=7)


async def setup_link(db: Database) -> str | None:
    """The address of the first-run wizard, or None once there is an administrator.

    A link that is still valid is given again, so that a restart does not make another.
    """
    async with db.write() as session:
        if await session.scalar(select(func.count()).select_from(User).where(User.role.in_(roles.ADMINS))):
            return None
        code = await session.scalar(select(Invite.code).where(
            Invite.role == "admin", Invite.uses == 0, Invite.expires_at > now() + timedelta(hours=1)).limit(1))
        if code is None:
            code = secrets.token_urlsafe(24)
            session.add(Invite(id=ids.new(), code=code, creator_id=None, role="admin", max_uses=1,
                               expires_at=now() + _VALID))
    return f"{db.settings.url}/setup/{code}"


def _reachable(host: str) -> str:
    """An address by which a listener on `host` can be reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host.strip("[]"))  # noqa: S104 - compared, not bound


async def announce_address(settings: Settings, out: TextIO) -> None:
    """Once the port answers, print where the server is and, on a new server, the set-up link."""
    host, _, port = settings.bind.rpartition(":")
    while True:
        try:
            _, writer = await asyncio.open_connection(_reachable(host), int(port))
            writer.close()
            break
        except OSError:
            await asyncio.sleep(0.05)
    db = Database(settings, pool_size=1)
    try:
        link = await setup_link(db)
    finally:
        await db.close()
    print(f"Potluck is at {settings.url}", file=out, flush=True)
    if link:
        print(f"Create the first account (link works once): {link}", file=out, flush=True)
