"""When the missing parts of a conversation are asked for elsewhere, and how far that has come.

Opening a thread asks; not again before a pause that grows with the age of the post, so that an old thread which
many people read costs other servers little. `potluck.federation` does the fetching.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.social import events, follows
from potluck.social.model import Object, ThreadFetch
from potluck.social.visibility import OPEN

_FETCH: Any = ThreadFetch.__table__

LONGEST = timedelta(minutes=5)
"""What runs longer was broken off."""

_KEEP = timedelta(days=2)
_MIN_AGE = timedelta(minutes=5)
_PAUSES = ((timedelta(days=1), timedelta(minutes=15)), (timedelta(days=7), timedelta(hours=1)))
_LONGEST_PAUSE = timedelta(hours=6)


async def current(session: AsyncSession, row: Object) -> ThreadFetch | None:
    """The fetch of a conversation that runs now."""
    found = await _latest(session, row)
    return found if found is not None and is_running(found) else None


def is_running(fetch: ThreadFetch) -> bool:
    """Whether a fetch still goes on."""
    return fetch.state == "running" and fetch.started_at > now() - LONGEST


async def is_worthwhile(session: AsyncSession, row: Object) -> bool:
    """Whether to ask elsewhere for what may be missing of a conversation, now."""
    if row.visibility not in OPEN:
        return False
    latest = await _latest(session, row)
    if latest is not None and latest.started_at > now() - _pause(row):
        return False
    if row.in_reply_to_uri is not None and row.in_reply_to_id is None:
        return True
    if not row.local and await _is_still_arriving(session, row):
        return False
    return await session.scalar(select(Object.id).where(
        Object.thread_root_id == _root(row), ~Object.local,
        or_(Object.replies_uri.is_not(None), Object.context_uri.like("http%"))).limit(1)) is not None


async def begin(session: AsyncSession, row: Object) -> ThreadFetch | None:
    """Begin to ask for what is missing, if that is worthwhile; else the fetch that runs, if one does."""
    running = await current(session, row)
    if running is not None or not await is_worthwhile(session, row):
        return running
    fetch = ThreadFetch(id=ids.new(), object_id=row.id, root_id=_root(row), state="running", found=0, started_at=now())
    session.add(fetch)
    await session.flush()
    await events.emit(session, events.ThreadWanted(row, fetch.id))
    return fetch


async def by_id(session: AsyncSession, fetch_id: int) -> ThreadFetch | None:
    """A fetch, as long as it is remembered."""
    return await session.get(ThreadFetch, fetch_id)


async def note(session: AsyncSession, fetch_id: int, *, found: int, finished: bool = False) -> None:
    """Say how far a fetch has come."""
    values: dict[str, Any] = {"found": found}
    if finished:
        root = select(Object.thread_root_id).where(Object.id == _FETCH.c.object_id).scalar_subquery()
        values |= {"state": "finished", "finished_at": now(), "root_id": root}
    await session.execute(update(_FETCH).where(_FETCH.c.id == fetch_id).values(values))


async def sweep(session: AsyncSession) -> None:
    """Forget old fetches."""
    await session.execute(delete(_FETCH).where(_FETCH.c.started_at < now() - _KEEP))


async def _latest(session: AsyncSession, row: Object) -> ThreadFetch | None:
    found: ThreadFetch | None = await session.scalar(select(ThreadFetch).where(
        or_(ThreadFetch.root_id == _root(row), ThreadFetch.object_id == row.id))
        .order_by(ThreadFetch.started_at.desc()).limit(1))
    return found


def _root(row: Object) -> int:
    return row.thread_root_id or row.id


def _pause(row: Object) -> timedelta:
    age = now() - row.published
    return next((pause for limit, pause in _PAUSES if age < limit), _LONGEST_PAUSE)


async def _is_still_arriving(session: AsyncSession, row: Object) -> bool:
    """Whether replies are likely to be pushed here: the post is young and somebody here follows its author."""
    return now() - row.published < _MIN_AGE and await follows.has_local_followers(session, row.author_id)
