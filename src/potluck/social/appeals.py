"""Appeals: a person asks that a strike be taken back; a moderator agrees, and it is, or refuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social import audit, strikes
from potluck.social.accounts.email import Mail
from potluck.social.accounts.mail_texts import fill
from potluck.social.accounts.mailing import send_after_commit
from potluck.social.errors import Conflict, Invalid, NotAllowed
from potluck.social.model import Actor, Appeal, Strike, User

MAX_TEXT = 2000
TIME = timedelta(days=20)
"""How long after a strike one may appeal (as Mastodon)."""

_APPROVED = """\
Your appeal was accepted: what the moderators decided on %(day)s about %(handle)s is taken back. They are sorry."""
_REJECTED = """\
Your appeal about what the moderators decided on %(day)s about %(handle)s was looked at. The decision stands."""


def is_open_to_appeal(strike: Strike) -> bool:
    """Whether one may still appeal, if one has not yet."""
    return strike.overruled_at is None and now() - strike.created_at < TIME


def state(appeal: Appeal) -> str:
    """pending, approved or rejected, as Mastodon names it."""
    return "approved" if appeal.approved_at else "rejected" if appeal.rejected_at else "pending"


async def of_strikes(session: AsyncSession, strike_ids: Sequence[int]) -> dict[int, Appeal]:
    """The appeals against strikes, by the strike's id."""
    if not strike_ids:
        return {}
    rows = await session.scalars(select(Appeal).where(Appeal.strike_id.in_(strike_ids)))
    return {row.strike_id: row for row in rows.all()}


async def make(session: AsyncSession, actor: Actor, strike: Strike, text: str) -> Appeal:
    """Appeal against one's own strike, once.

    Raises:
        NotAllowed: it is somebody else's, taken back already, or too long ago.
        Conflict: there is an appeal already.
        Invalid: there is no text, or too much.
    """
    if strike.target_id != actor.id or not is_open_to_appeal(strike):
        raise NotAllowed("It is too late to appeal against this")
    if not text.strip():
        raise Invalid("text", "Please say why it is a mistake", "blank")
    if len(text) > MAX_TEXT:
        raise Invalid("text", "This is too long", "too_long")
    if await session.scalar(select(Appeal.id).where(Appeal.strike_id == strike.id)):
        raise Conflict("You have appealed against this already")
    row = Appeal(id=ids.new(), strike_id=strike.id, text=text.strip(), created_at=now())
    session.add(row)
    await session.flush()
    return row


async def decide(session: AsyncSession, moderator: User, appeal: Appeal, *, accept: bool) -> None:
    """Accept an appeal, which undoes the strike, or refuse it. The person gets a mail.

    Raises:
        Conflict: it is decided already.
    """
    row = await session.get_one(Appeal, appeal.id)
    if row.approved_at or row.rejected_at:
        raise Conflict("This appeal is decided already")
    strike = await session.get_one(Strike, row.strike_id)
    target = await session.get_one(Actor, strike.target_id)
    if accept:
        row.approved_at = now()
        await strikes.undo(session, strike)
    else:
        row.rejected_at = now()
    row.decided_by_id = moderator.id
    await session.flush()
    await audit.record(session, moderator.id, "approve_appeal" if accept else "reject_appeal", audit.handle(target),
                       {"strike_id": strike.id})
    user = await strikes.user_of(session, target)
    if user is not None:
        text = fill(user.locale, _APPROVED if accept else _REJECTED, day=f"{strike.created_at:%Y-%m-%d}",
                    handle=f"@{target.name}@{current().domain}")
        send_after_commit(session, Mail(user.email, fill(user.locale, "Your appeal"), text))
