"""Who was active just now: gathered in memory by every look-up of a session or token, written from time to time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.social.model import AppPassword, OAuthToken, User, WebSession

_users: set[int] = set()
_sessions: set[int] = set()
_tokens: set[int] = set()
_app_passwords: set[int] = set()

_MOST = 20_000  # of each; what comes after is not noted until the next flush
_CHUNK = 1000


def note(*, user_id: int | None = None, session_id: int | None = None, token_id: int | None = None,
         app_password_id: int | None = None) -> None:
    """Remember that these were used."""
    for gathered, value in ((_users, user_id), (_sessions, session_id), (_tokens, token_id),
                            (_app_passwords, app_password_id)):
        if value is not None and len(gathered) < _MOST:
            gathered.add(value)


async def flush(session: AsyncSession) -> None:
    """Write what was gathered; times are exact to the hour, of users to the day."""
    moment = now()
    today = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    hour = moment.replace(minute=0, second=0, microsecond=0)
    for table, gathered, column, value in (
        (User, _users, User.last_active_at, today),
        (WebSession, _sessions, WebSession.last_used_at, hour),
        (OAuthToken, _tokens, OAuthToken.last_used_at, hour),
        (AppPassword, _app_passwords, AppPassword.last_used_at, hour),
    ):
        found = sorted(gathered)
        gathered.clear()
        for start in range(0, len(found), _CHUNK):
            await _write(session, table, found[start:start + _CHUNK], column, value)


async def _write(session: AsyncSession, table: Any, row_ids: list[int], column: Any, value: Any) -> None:
    outdated = or_(column.is_(None), column < value - timedelta(microseconds=1))
    await session.execute(update(table).where(table.id.in_(row_ids), outdated).values({column: value})
                          .execution_options(synchronize_session=False))
