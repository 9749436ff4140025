"""Puts activities on their way: one body and its delivery rows, written in the transaction of the act.

The inboxes are found and numbered by one INSERT … SELECT, so that a hundred thousand followers cost no memory.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import case, delete, func, insert, literal, or_, select, true, union, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import BigInt, now
from potluck.db.ids import ids
from potluck.federation import activities, strictjson
from potluck.federation.delivery_ids import delivery_ids
from potluck.federation.dialects import Rendered
from potluck.federation.model import Delivery, Outgoing, Relay
from potluck.federation.writing import with_context
from potluck.social import live
from potluck.social.model import Actor, Follow, Server

_DELIVERY: Any = Delivery.__table__
_OUTGOING: Any = Outgoing.__table__

TOPIC = "delivery"


@dataclass(frozen=True, slots=True)
class Audience:
    """To whom an activity goes. Local actors among them are passed over.

    Attributes:
        followers_of: actors whose accepted followers get it, at their shared inboxes.
        actors: ids of further actors.
        personal: use personal inboxes for `actors` (Follow, Accept, Block, Flag, … : protocol §10).
        relays: relays this server subscribed to.
        everyone: one inbox of every known server (deletion of an account).
        without_host: host that has it already (forwarding).
        only_software, without_software: only those whose server runs one of these; without those.
    """

    followers_of: Collection[int] = ()
    actors: Collection[int] = field(default_factory=frozenset)
    personal: bool = False
    relays: bool = False
    everyone: bool = False
    without_host: str | None = None
    only_software: frozenset[str] = frozenset()
    without_software: frozenset[str] = frozenset()


async def send(
    session: AsyncSession,
    actor: Actor,
    activity: Mapping[str, Any],
    audience: Audience,
    *,
    object_id: int | None = None,
    linked_data: bool = False,
    key_id: int | None = None,
) -> int | None:
    """Queue an activity of a local actor.

    Public ones get an FEP-8b32 proof (and with `linked_data` an LD signature) when they are first delivered;
    private ones are never signed in a way that could be shown around.

    Returns:
        Id of the outgoing row, None when there is nobody to send it to.
    """
    public = activities.is_public(activity)
    followers_only = not public and bool(audience.followers_of) and activity["type"] in ("Create", "Update")
    row = {"uri": activity["id"], "type": activity["type"], "object_id": object_id,
           "followers_only": followers_only, "key_id": key_id, "proof": public,
           "linked_data": public and linked_data, "sealed": False,
           "body": strictjson.dump(with_context(activity)).decode()}
    return await _queue(session, actor, row, audience)


async def send_rendered(
    session: AsyncSession, actor: Actor, rendered: Rendered, audience: Audience, *, object_id: int | None = None,
    linked_data: bool = False,
) -> bool:
    """Queue an activity in each of its forms, for those who take that form (`potluck.federation.dialects`).

    Returns:
        Whether anybody gets it.
    """
    others = frozenset(software for dialect in rendered.variants for software in dialect.software)
    queued = [await send(session, actor, rendered.plain, replace(audience, without_software=others),
                         object_id=object_id, linked_data=linked_data)]
    for dialect, activity in rendered.variants.items():
        queued.append(await send(session, actor, activity, replace(audience, only_software=dialect.software),
                                 object_id=object_id, linked_data=linked_data))
    return any(outgoing_id is not None for outgoing_id in queued)


@dataclass(frozen=True, slots=True)
class Letter:
    """An activity of an actor that goes to the actor's followers and to the server of one other."""

    activity: Mapping[str, Any]
    also: int | None = None
    object_id: int | None = None


async def send_many(session: AsyncSession, actor: Actor, letters: Sequence[Letter]) -> list[Letter]:
    """Queue activities for an actor's followers, in their order, by a fixed number of statements.

    Returns:
        Those that somebody gets.
    """
    inboxes = _inboxes(Audience(followers_of=[actor.id])).subquery()
    many = await session.scalar(select(func.count()).select_from(inboxes)) or 0
    moment = now()
    queued = {ids.new(): letter for letter in letters}
    await session.execute(insert(_OUTGOING), [
        {"id": outgoing_id, "actor_id": actor.id, "uri": letter.activity["id"], "type": letter.activity["type"],
         "object_id": letter.object_id, "followers_only": False, "key_id": None,
         "proof": activities.is_public(letter.activity), "linked_data": False, "sealed": False, "created_at": moment,
         "body": strictjson.dump(with_context(letter.activity)).decode()} for outgoing_id, letter in queued.items()])
    found = _to_each(queued, inboxes).subquery()
    number = func.row_number().over(order_by=(found.c.outgoing_id, found.c.inbox))
    due = case((found.c.retry_at > moment, found.c.retry_at), else_=literal(moment, _DELIVERY.c.next_at.type))
    start = delivery_ids.reserve((many + 1) * len(queued))
    await session.execute(insert(_DELIVERY).from_select(
        ["id", "outgoing_id", "host", "inbox", "attempts", "next_at"],
        select(delivery_ids.column(start, number), found.c.outgoing_id, found.c.host, found.c.inbox, literal(0), due),
        include_defaults=False))
    taken = set((await session.scalars(select(_DELIVERY.c.outgoing_id).distinct().where(
        _DELIVERY.c.outgoing_id.in_(queued)))).all())
    if len(taken) < len(queued):
        await session.execute(delete(_OUTGOING).where(_OUTGOING.c.id.in_(queued.keys() - taken)))
    if taken:
        await live.wake(session, TOPIC)
    return [letter for outgoing_id, letter in queued.items() if outgoing_id in taken]


def _to_each(queued: Mapping[int, Letter], inboxes: Any) -> Any:
    """A query for (outgoing_id, inbox, host, retry_at): for each letter all of these inboxes, and that of `also`."""
    everyone = select(_OUTGOING.c.id.label("outgoing_id"), inboxes.c.inbox, inboxes.c.host, inboxes.c.retry_at).join(
        inboxes, true()).where(_OUTGOING.c.id.in_(queued))
    named = [select(literal(outgoing_id, BigInt).label("outgoing_id"), literal(letter.also, BigInt).label("actor_id"))
             for outgoing_id, letter in queued.items() if letter.also is not None]
    if not named:
        return everyone
    pairs = union_all(*named).subquery()
    reachable = _reachable(func.coalesce(Actor.shared_inbox, Actor.inbox)).join(pairs, pairs.c.actor_id == Actor.id)
    others = reachable.add_columns(pairs.c.outgoing_id).subquery()
    return union(everyone, select(others.c.outgoing_id, others.c.inbox, others.c.host, others.c.retry_at))


async def send_to(
    session: AsyncSession, actor: Actor, activity: Mapping[str, Any], inboxes: Sequence[tuple[str, str]]
) -> int:
    """Queue an activity for certain inboxes, given as (host, inbox): relays that are not known as actors."""
    outgoing_id, moment = ids.new(), now()
    await session.execute(insert(_OUTGOING).values(
        id=outgoing_id, actor_id=actor.id, uri=activity["id"], type=activity["type"], object_id=None,
        followers_only=False, key_id=None, proof=False, linked_data=False, sealed=True, created_at=moment,
        body=strictjson.dump(with_context(activity)).decode()))
    start = delivery_ids.reserve(len(inboxes))
    await session.execute(insert(_DELIVERY), [
        {"id": delivery_ids.id_of(start + number), "outgoing_id": outgoing_id, "host": host, "inbox": inbox,
         "attempts": 0, "next_at": moment} for number, (host, inbox) in enumerate(inboxes, 1)])
    await live.wake(session, TOPIC)
    return outgoing_id


async def forward(
    session: AsyncSession,
    actor: Actor,
    activity: Mapping[str, Any],
    audience: Audience,
    *,
    body: str,
    object_id: int | None = None,
) -> int | None:
    """Queue somebody else's activity as it was received (inbox forwarding, protocol §6); `actor` signs."""
    row = {"uri": str(activity.get("id", "")), "type": str(activity.get("type", "")), "object_id": object_id,
           "followers_only": False, "key_id": None, "proof": False, "linked_data": False, "sealed": True,
           "body": body}
    return await _queue(session, actor, row, audience)


async def _queue(
    session: AsyncSession, actor: Actor, row: Mapping[str, Any], audience: Audience
) -> int | None:
    most = await _most(session, audience)
    if not most:
        return None
    outgoing_id, moment = ids.new(), now()
    await session.execute(insert(_OUTGOING).values(
        id=outgoing_id, actor_id=actor.id, created_at=moment, **row))
    start = delivery_ids.reserve(most)
    inboxes = _inboxes(audience).subquery()
    number = func.row_number().over(order_by=inboxes.c.inbox)
    due = case((inboxes.c.retry_at > moment, inboxes.c.retry_at), else_=literal(moment, _DELIVERY.c.next_at.type))
    rows = select(delivery_ids.column(start, number), literal(outgoing_id), inboxes.c.host, inboxes.c.inbox,
                  literal(0), due)
    inserted: Any = await session.execute(insert(_DELIVERY).from_select(
        ["id", "outgoing_id", "host", "inbox", "attempts", "next_at"], rows, include_defaults=False))
    if not inserted.rowcount:
        await session.execute(delete(_OUTGOING).where(_OUTGOING.c.id == outgoing_id))
        return None
    await live.wake(session, TOPIC)
    return outgoing_id


async def _most(session: AsyncSession, audience: Audience) -> int:
    """How many deliveries there can be at the most: that many ids are reserved."""
    most = len(audience.actors)
    if audience.followers_of:
        most += await session.scalar(select(func.count()).select_from(Follow).where(
            Follow.followed_id.in_(audience.followers_of), Follow.state == "accepted")) or 0
    if audience.everyone:
        most += await session.scalar(select(func.count()).select_from(Server)) or 0
    if audience.relays:
        most += await session.scalar(select(func.count()).select_from(Relay).where(Relay.state == "accepted")) or 0
    return most


def _inboxes(audience: Audience) -> Any:
    """A query for the distinct (inbox, host, retry_at) of an audience."""
    parts: list[Any] = []
    shared = func.coalesce(Actor.shared_inbox, Actor.inbox)
    if audience.followers_of:
        parts.append(_reachable(shared).join(Follow, Follow.follower_id == Actor.id).where(
            Follow.followed_id.in_(audience.followers_of), Follow.state == "accepted"))
    if audience.actors:
        column = Actor.inbox if audience.personal else shared
        parts.append(_reachable(column).where(Actor.id.in_(audience.actors)))
    if audience.everyone:
        parts.append(_reachable(func.max(shared)).group_by(Server.id, Server.host, Server.retry_at))
    if audience.relays:
        parts.append(select(Relay.inbox.label("inbox"), Server.host.label("host"),
                            Server.retry_at.label("retry_at"))
                     .join(Server, Server.id == Relay.server_id).where(Relay.state == "accepted"))
    if audience.only_software:
        parts = [part.where(Server.software.in_(audience.only_software)) for part in parts]
    if audience.without_software:
        parts = [part.where(func.coalesce(Server.software, "").not_in(audience.without_software)) for part in parts]
    if audience.without_host:
        parts = [part.where(Server.host != audience.without_host) for part in parts]
    return parts[0].distinct() if len(parts) == 1 else union(*parts)


def _reachable(inbox: Any) -> Any:
    """Remote actors that are there and whose server has not been given up."""
    return (
        select(inbox.label("inbox"), Server.host.label("host"), Server.retry_at.label("retry_at"))
        .select_from(Actor).join(Server, Server.id == Actor.server_id)
        .where(Actor.host != "", Actor.deleted_at.is_(None), Actor.suspended_at.is_(None),
               or_(Actor.inbox.is_not(None), Actor.shared_inbox.is_not(None)), Server.gone_at.is_(None))
    )
