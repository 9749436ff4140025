"""People shown on one's profile."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social import follows
from potluck.social.errors import Invalid
from potluck.social.follows import Listed
from potluck.social.model import Actor, Endorsement
from potluck.social.paging import Page, in_order, paged

_MOST = 80


async def endorse(session: AsyncSession, actor: Actor, target: Actor) -> None:
    """Show someone on one's profile.

    Raises:
        Invalid: one does not follow them.
    """
    link = await follows.find(session, actor.id, target.id)
    if link is None or link.state != "accepted":
        raise Invalid("target", "Validation failed: You must be following the account you want to endorse")
    await session.execute(insert_or_ignore(session, Endorsement).values(
        id=ids.new(), actor_id=actor.id, target_id=target.id))


async def unendorse(session: AsyncSession, actor: Actor, target: Actor) -> None:
    """Show someone no longer."""
    await session.execute(delete(Endorsement).where(
        Endorsement.actor_id == actor.id, Endorsement.target_id == target.id))


async def endorsed(session: AsyncSession, actor_id: int, page: Page) -> list[Listed]:
    """A page of those someone shows on their profile, latest first (the cursor is the row's id)."""
    query: Any = select(Endorsement.id, Actor).join(Actor, Actor.id == Endorsement.target_id).where(
        Endorsement.actor_id == actor_id, Actor.deleted_at.is_(None), Actor.suspended_at.is_(None))
    rows = (await session.execute(paged(query, Endorsement.id, page.at_most(_MOST)))).all()
    return in_order([Listed(*row) for row in rows], page)
