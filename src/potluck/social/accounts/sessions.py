"""Browsers that are signed in: a random secret in a cookie, its hash in a row that can be listed and ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social.accounts import activity, secret_values
from potluck.social.errors import NotFound
from potluck.social.model import Actor, User, WebSession

LIFETIME = timedelta(days=90)
MOST = 50
"""Sessions of one user; the oldest ends when another begins."""

_USER_AGENT = 300


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with its login and main actor, as of now."""

    session: WebSession
    user: User
    actor: Actor


async def start(session: AsyncSession, user: User, *, ip: str = "", user_agent: str = "") -> str:
    """Sign a browser in.

    Returns:
        The secret for its cookie; it cannot be read again.
    """
    secret = secret_values.make()
    moment = now()
    session.add(WebSession(
        id=ids.new(), user_id=user.id, token_hash=secret_values.digest(secret), ip=ip,
        user_agent=user_agent[:_USER_AGENT], created_at=moment, last_used_at=moment, expires_at=moment + LIFETIME))
    await session.flush()
    newest = select(WebSession.id).where(WebSession.user_id == user.id).order_by(WebSession.id.desc()).limit(MOST)
    await session.execute(delete(WebSession).where(WebSession.user_id == user.id, WebSession.id.not_in(newest)))
    return secret


async def find(session: AsyncSession, secret: str) -> SignedIn | None:
    """Who a cookie's secret stands for, in one query; None when it is unknown, over, or the login may not be used."""
    row = (await session.execute(
        select(WebSession, User, Actor).join(User, User.id == WebSession.user_id)
        .join(Actor, Actor.id == User.actor_id)
        .where(WebSession.token_hash == secret_values.digest(secret), WebSession.expires_at > now(),
               User.disabled_at.is_(None), Actor.deleted_at.is_(None)))).one_or_none()
    if row is None:
        return None
    found, user, actor = row
    activity.note(user_id=user.id, session_id=found.id)
    return SignedIn(found, user, actor)


async def all_of(session: AsyncSession, user_id: int) -> Sequence[WebSession]:
    """A user's sessions, last used first."""
    return (await session.scalars(select(WebSession).where(WebSession.user_id == user_id, WebSession.expires_at > now())
                                  .order_by(WebSession.last_used_at.desc(), WebSession.id.desc()))).all()


async def end(session: AsyncSession, user_id: int, session_id: int) -> None:
    """End one session of a user.

    Raises:
        NotFound: it does not exist or is someone else's.
    """
    gone = await session.scalar(delete(WebSession).where(
        WebSession.id == session_id, WebSession.user_id == user_id).returning(WebSession.id))
    if gone is None:
        raise NotFound


async def end_by_secret(session: AsyncSession, secret: str) -> None:
    """Sign a browser out."""
    await session.execute(delete(WebSession).where(WebSession.token_hash == secret_values.digest(secret)))


async def end_all(session: AsyncSession, user_id: int, *, but: int | None = None) -> None:
    """End every session of a user, except perhaps the one that asks."""
    condition = WebSession.user_id == user_id
    if but is not None:
        condition &= WebSession.id != but
    await session.execute(delete(WebSession).where(condition))
