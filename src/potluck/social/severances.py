"""Follows that end at once by a decision about a server or an account: counted, kept as a list, told to each person.

Counting does not change anything and is also the preview of such a decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social import audit, notifications
from potluck.social.errors import NotFound
from potluck.social.model import Actor, Follow, Severance, SeveredFollow
from potluck.social.notifications import Notice
from potluck.social.paging import Page, rows_of
from potluck.social.severing import sever

DOMAIN, OWN_DOMAIN, ACCOUNT = "domain_block", "user_domain_block", "account_suspension"
_CHUNK = 1000
_MOST = 40
_LOCAL, _REMOTE = aliased(Actor), aliased(Actor)


@dataclass(slots=True)
class _Cause:
    """Why follows end, and what was written down for whom: reader id -> [severance id, followers, following]."""

    type: str
    name: str
    reader_id: int | None = None
    events: dict[int, list[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many follows between people here and those concerned there are."""

    followers: int = 0  # of people here
    following: int = 0  # by people here
    people: int = 0  # here

    @property
    def follows(self) -> int:
        """Both directions together."""
        return self.followers + self.following


def _incoming(there: Any) -> ColumnElement[bool]:
    return and_(Follow.follower_id.in_(there), Follow.state == "accepted")


def _outgoing(there: Any) -> ColumnElement[bool]:
    return and_(Follow.followed_id.in_(there), Follow.state == "accepted")


async def count(session: AsyncSession, there: Any) -> Counts:
    """How many follows would end.

    Args:
        there: a selection of actor ids, none of them local.
    """
    local = select(Actor.id).where(Actor.host == "")
    followers = await session.scalar(select(func.count()).select_from(Follow).where(
        _incoming(there), Follow.followed_id.in_(local))) or 0
    following = await session.scalar(select(func.count()).select_from(Follow).where(
        _outgoing(there), Follow.follower_id.in_(local))) or 0
    readers = select(Follow.followed_id).where(_incoming(there), Follow.followed_id.in_(local)).union(
        select(Follow.follower_id).where(_outgoing(there), Follow.follower_id.in_(local))).subquery()
    people = await session.scalar(select(func.count()).select_from(readers)) or 0
    return Counts(followers, following, people)


async def of_account(session: AsyncSession, target: Actor) -> None:
    """An account is suspended: follows between it and people here end."""
    await _cut(session, select(Actor.id).where(Actor.id == target.id),
               _Cause(ACCOUNT, audit.handle(target).removeprefix("@")))


async def of_server(session: AsyncSession, there: Any, domain: str) -> None:
    """A server is suspended: follows between it and people here end.

    Args:
        there: a selection of the ids of its people.
    """
    await _cut(session, there, _Cause(DOMAIN, domain))


async def _cut(session: AsyncSession, there: Any, cause: _Cause) -> None:
    await _write_down(session, there, cause)
    await sever(session, or_(Follow.follower_id.in_(there), Follow.followed_id.in_(there)))


async def _write_down(session: AsyncSession, there: Any, cause: _Cause) -> None:
    """One severance for each local person concerned, with its list, and a notification; before they are cut."""
    for incoming in (True, False):
        last = 0
        while rows := await _part(session, there, cause, incoming=incoming, last=last):
            last = rows[-1].id
            await _keep(session, rows, cause, incoming=incoming)
    if not cause.events:
        return
    severance: Any = Severance.__table__
    await (await session.connection()).execute(
        update(severance).where(severance.c.id == bindparam("b_id")).values(
            followers_count=bindparam("f"), following_count=bindparam("g")),
        [{"b_id": event[0], "f": event[1], "g": event[2]} for event in cause.events.values()])
    await notifications.notify(session, [
        Notice(reader_id, "severed_relationships", reader_id, event_id=event[0])
        for reader_id, event in cause.events.items()])


async def _part(session: AsyncSession, there: Any, cause: _Cause, *, incoming: bool, last: int) -> Sequence[Any]:
    mine, theirs = (Follow.followed_id, Follow.follower_id) if incoming else (Follow.follower_id, Follow.followed_id)
    condition = _incoming(there) if incoming else _outgoing(there)
    query = select(Follow.id, mine.label("reader_id"), _REMOTE.name, _REMOTE.host, Follow.show_boosts, Follow.notify,
                   Follow.languages).join(_LOCAL, and_(_LOCAL.id == mine, _LOCAL.host == "")).join(
        _REMOTE, _REMOTE.id == theirs).where(condition, Follow.id > last)
    if cause.reader_id is not None:
        query = query.where(mine == cause.reader_id)
    return (await session.execute(query.order_by(Follow.id).limit(_CHUNK))).all()


async def _keep(session: AsyncSession, rows: Sequence[Any], cause: _Cause, *, incoming: bool) -> None:
    fresh = [reader_id for reader_id in dict.fromkeys(row.reader_id for row in rows) if reader_id not in cause.events]
    for reader_id in fresh:
        cause.events[reader_id] = [ids.new(), 0, 0]
    if fresh:
        await session.execute(insert(Severance), [
            {"id": cause.events[reader_id][0], "reader_id": reader_id, "type": cause.type, "target_name": cause.name,
             "followers_count": 0, "following_count": 0, "created_at": now()} for reader_id in fresh])
    await session.execute(insert(SeveredFollow), [
        {"id": ids.new(), "severance_id": cause.events[row.reader_id][0],
         "acct": f"{row.name}@{row.host or current().domain}", "incoming": incoming, "show_boosts": row.show_boosts,
         "notify": row.notify, "languages": row.languages} for row in rows])
    for row in rows:
        cause.events[row.reader_id][1 if incoming else 2] += 1


async def by_oneself(session: AsyncSession, reader: Actor, there: Any, domain: str) -> None:
    """Write down what a person loses by hiding a whole server; ending the follows is the caller's business."""
    await _write_down(session, there, _Cause(OWN_DOMAIN, domain, reader.id))


async def of_reader(session: AsyncSession, reader_id: int, part: Page) -> list[Severance]:
    """A page of what a person lost, newest first."""
    query = select(Severance).where(Severance.reader_id == reader_id)
    return await rows_of(session, query, Severance.id, part.at_most(_MOST))


async def one(session: AsyncSession, reader_id: int, severance_id: int) -> Severance:
    """A severance of a person.

    Raises:
        NotFound: it does not exist or is somebody else's.
    """
    row = await session.get(Severance, severance_id)
    if row is None or row.reader_id != reader_id:
        raise NotFound
    return row
