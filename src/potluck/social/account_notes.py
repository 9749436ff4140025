"""Private notes about people: seen by nobody but who wrote them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import insert_or_ignore
from potluck.social.errors import Invalid
from potluck.social.model import AccountNote, Actor

MAX_COMMENT = 2000

_NOTE: Any = AccountNote.__table__


async def set_note(session: AsyncSession, actor: Actor, target: Actor, comment: str) -> None:
    """Write down something about someone; an empty text removes the note.

    Raises:
        Invalid: it is too long.
    """
    comment = comment.strip()
    if len(comment) > MAX_COMMENT:
        raise Invalid("comment", "Validation failed: Comment is too long (maximum is %(most)s characters)", "too_long",
                      most=MAX_COMMENT)
    mine = (_NOTE.c.actor_id == actor.id) & (_NOTE.c.target_id == target.id)
    if not comment:
        await session.execute(delete(_NOTE).where(mine))
        return
    await session.execute(insert_or_ignore(session, _NOTE).values(
        actor_id=actor.id, target_id=target.id, comment=comment))
    await session.execute(update(_NOTE).where(mine).values(comment=comment))
