"""The delivery queue in the database: what is due, what became of it, how hosts are doing."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.federation.model import Delivery, Outgoing
from potluck.social import live
from potluck.social.model import Server

_DELIVERY: Any = Delivery.__table__
_OUTGOING: Any = Outgoing.__table__
_SERVER: Any = Server.__table__

TOPIC = "delivery"
GIVE_UP = timedelta(days=7)
KEEP_FAILED = timedelta(days=14)
MAX_BACKOFF = 12 * 3600.0
_FIRST_BACKOFF = 5.0
_FACTOR = 3.0


def backoff(failures: int, rng: random.Random | None = None) -> float:
    """Seconds to wait after so many failures in a row: 5 s, 15 s, 45 s, … up to 12 h, with up to a fifth of jitter.

    Short at first, so that a host that only restarts is found again soon.
    """
    base = min(MAX_BACKOFF, _FIRST_BACKOFF * _FACTOR ** max(0, min(failures - 1, 20)))
    return base * (1 + 0.2 * (rng or random).random())


@dataclass(frozen=True, slots=True)
class Due:
    """One activity for one inbox."""

    id: int
    outgoing_id: int
    host: str
    inbox: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Body:
    """An activity as it is sent, the same for all its deliveries."""

    id: int
    uri: str
    actor_id: int
    type: str
    object_id: int | None
    followers_only: bool
    key_id: int | None
    proof: bool
    linked_data: bool
    sealed: bool
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try.

    Attributes:
        done: delivered, or finally refused: the row goes.
        host_failed: the host did not answer properly: everything for it waits.
        retry_after: seconds the host asked to wait.
    """

    due: Due
    object_id: int | None
    created_at: datetime
    done: bool
    host_failed: bool = False
    error: str = ""
    retry_after: float | None = None


async def due(session: AsyncSession, limit: int, without_hosts: Collection[str]) -> Sequence[Due]:
    """Deliveries whose time has come, in the order of their ids."""
    query = select(_DELIVERY.c.id, _DELIVERY.c.outgoing_id, _DELIVERY.c.host, _DELIVERY.c.inbox,
                   _DELIVERY.c.attempts).where(_DELIVERY.c.failed_at.is_(None), _DELIVERY.c.next_at <= now())
    if without_hosts:
        query = query.where(_DELIVERY.c.host.not_in(without_hosts))
    rows = await session.execute(query.order_by(_DELIVERY.c.next_at, _DELIVERY.c.id).limit(limit))
    return sorted((Due(*row) for row in rows.all()), key=lambda row: row.id)


async def bodies(session: AsyncSession, outgoing_ids: Collection[int]) -> dict[int, Body]:
    """The activities of deliveries."""
    columns = [_OUTGOING.c[name] for name in Body.__dataclass_fields__]
    rows = await session.execute(select(*columns).where(_OUTGOING.c.id.in_(outgoing_ids)))
    return {row.id: Body(*row) for row in rows.all()}


async def seal(session: AsyncSession, sealed: Iterable[tuple[int, str]]) -> None:
    """Keep the sealed bodies: what was sent once is sent the same way ever after."""
    rows = [{"b_id": outgoing_id, "text": body} for outgoing_id, body in sealed]
    if rows:
        await (await session.connection()).execute(
            update(_OUTGOING).where(_OUTGOING.c.id == bindparam("b_id")).values(body=bindparam("text"), sealed=True),
            rows)


async def settle(session: AsyncSession, outcomes: Sequence[Outcome]) -> None:
    """Write what became of many tries in one go."""
    finished = [outcome for outcome in outcomes if outcome.done]
    if finished:
        await session.execute(delete(_DELIVERY).where(_DELIVERY.c.id.in_([item.due.id for item in finished])))
        await _remove_finished_bodies(session, {item.due.outgoing_id for item in finished})
    await _hosts_answer(session, {item.due.host for item in outcomes if not item.host_failed})
    for item in outcomes:
        if not item.done and not item.host_failed:
            await _postpone_object(session, item)
    failed: dict[str, Outcome] = {item.due.host: item for item in outcomes if item.host_failed}
    for host, item in failed.items():
        await _host_fails(session, host, item)


async def _remove_finished_bodies(session: AsyncSession, outgoing_ids: Collection[int]) -> None:
    left = exists().where(_DELIVERY.c.outgoing_id == _OUTGOING.c.id)
    await session.execute(delete(_OUTGOING).where(_OUTGOING.c.id.in_(outgoing_ids), ~left))


async def _hosts_answer(session: AsyncSession, hosts: Collection[str]) -> None:
    """Close the breakers of hosts that answered, whatever they said."""
    if hosts:
        moment = now()
        stale = or_(_SERVER.c.failures > 0, _SERVER.c.gone_at.is_not(None), _SERVER.c.last_seen_at.is_(None),
                    _SERVER.c.last_seen_at < moment - timedelta(hours=1))
        await session.execute(update(_SERVER).where(_SERVER.c.host.in_(hosts), stale).values(
            failures=0, failing_since=None, retry_at=None, gone_at=None, last_seen_at=moment))


async def _postpone_object(session: AsyncSession, item: Outcome) -> None:
    """This activity later again; what is queued behind it about the same object waits with it (order)."""
    if item.created_at < now() - GIVE_UP:
        await _give_up(session, _DELIVERY.c.id == item.due.id, item.error)
        return
    later = now() + timedelta(seconds=item.retry_after or backoff(item.due.attempts + 1))
    await session.execute(update(_DELIVERY).where(_DELIVERY.c.id == item.due.id).values(
        attempts=item.due.attempts + 1, next_at=later, error=item.error[:1000]))
    if item.object_id is not None:
        same = select(_OUTGOING.c.id).where(_OUTGOING.c.object_id == item.object_id)
        await session.execute(update(_DELIVERY).where(
            _DELIVERY.c.host == item.due.host, _DELIVERY.c.id > item.due.id, _DELIVERY.c.failed_at.is_(None),
            _DELIVERY.c.outgoing_id.in_(same)).values(next_at=later))


async def _host_fails(session: AsyncSession, host: str, item: Outcome) -> None:
    """Open the breaker: everything for the host waits. After a week it is given up until it shows itself."""
    moment = now()
    state = (await session.execute(select(_SERVER.c.failures, _SERVER.c.failing_since).where(
        _SERVER.c.host == host))).one_or_none()
    failures = (state.failures if state else item.due.attempts) + 1
    since = (state.failing_since if state else None) or moment
    wait = max(item.retry_after or 0.0, backoff(failures))
    retry_at = moment + timedelta(seconds=wait)
    gone_at = moment if moment - since > GIVE_UP else None
    await session.execute(update(_SERVER).where(_SERVER.c.host == host).values(
        failures=failures, failing_since=since, retry_at=retry_at, gone_at=gone_at))
    waiting = (_DELIVERY.c.host == host) & _DELIVERY.c.failed_at.is_(None)
    if gone_at is not None:
        await _give_up(session, waiting, item.error)
        return
    await session.execute(update(_DELIVERY).where(_DELIVERY.c.id == item.due.id).values(
        attempts=_DELIVERY.c.attempts + 1, error=item.error[:1000]))
    await session.execute(update(_DELIVERY).where(waiting, _DELIVERY.c.next_at < retry_at).values(next_at=retry_at))


async def _give_up(session: AsyncSession, condition: Any, error: str) -> None:
    await session.execute(update(_DELIVERY).where(condition).values(failed_at=now(), error=error[:1000]))


async def retry_host(session: AsyncSession, host: str) -> None:
    """Try a host again now, also what was given up (an administrator's wish)."""
    await session.execute(update(_SERVER).where(_SERVER.c.host == host).values(
        retry_at=None, gone_at=None, failures=0, failing_since=None))
    await session.execute(update(_DELIVERY).where(_DELIVERY.c.host == host).values(
        next_at=now(), failed_at=None, attempts=0))
    await live.wake(session, TOPIC)


@dataclass(frozen=True, slots=True)
class HostHealth:
    """A host that does not take what is for it, for the administrator's page."""

    host: str
    waiting: int
    failures: int
    failing_since: datetime | None
    retry_at: datetime | None
    gone_at: datetime | None


async def troubled_hosts(session: AsyncSession, limit: int = 100) -> list[HostHealth]:
    """Hosts that are failing, those with most waiting first."""
    waiting = select(_DELIVERY.c.host, func.count().label("number")).group_by(_DELIVERY.c.host).subquery()
    number = func.coalesce(waiting.c.number, 0)
    rows = await session.execute(
        select(_SERVER.c.host, number, _SERVER.c.failures, _SERVER.c.failing_since, _SERVER.c.retry_at,
               _SERVER.c.gone_at)
        .outerjoin(waiting, waiting.c.host == _SERVER.c.host)
        .where(or_(_SERVER.c.failures > 0, _SERVER.c.gone_at.is_not(None))).order_by(number.desc()).limit(limit))
    return [HostHealth(*row) for row in rows.all()]


async def waiting_count(session: AsyncSession) -> tuple[int, int]:
    """(deliveries waiting, deliveries given up)."""
    row = (await session.execute(select(func.count(), func.count(_DELIVERY.c.failed_at)))).one()
    return row[0] - row[1], row[1]


async def trim(session: AsyncSession) -> None:
    """Forget deliveries given up long ago, and bodies without deliveries."""
    await session.execute(delete(_DELIVERY).where(_DELIVERY.c.failed_at < now() - KEEP_FAILED))
    left = exists().where(_DELIVERY.c.outgoing_id == _OUTGOING.c.id)
    await session.execute(delete(_OUTGOING).where(_OUTGOING.c.created_at < now() - timedelta(hours=1), ~left))
